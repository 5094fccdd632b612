//===- Converters.h - One function for each ONNX op -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which function imports an op? `convert<Op>` emits qnn ops, `fold<Op>`
// computes constants. Converters.cpp names them in the table of supported ops.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_CONVERTERS_H
#define QNN_LIB_IMPORT_ONNX_CONVERTERS_H

#include "NodeImporter.h"

namespace mlir::qnn::import {

// Windows.cpp
LogicalResult convertConv(NodeImporter &node);
LogicalResult convertMaxPool(NodeImporter &node);
LogicalResult convertAveragePool(NodeImporter &node);
LogicalResult convertGlobalAveragePool(NodeImporter &node);
LogicalResult convertGlobalMaxPool(NodeImporter &node);
LogicalResult convertBatchNormalization(NodeImporter &node);

// MatrixProducts.cpp
LogicalResult convertGemm(NodeImporter &node);
LogicalResult convertMatMul(NodeImporter &node);

// ElementWise.cpp
LogicalResult convertAdd(NodeImporter &node);
LogicalResult convertSub(NodeImporter &node);
LogicalResult convertMul(NodeImporter &node);
LogicalResult convertDiv(NodeImporter &node);
LogicalResult convertSum(NodeImporter &node);
LogicalResult convertMinMax(NodeImporter &node);
LogicalResult convertRelu(NodeImporter &node);
LogicalResult convertClip(NodeImporter &node);
LogicalResult convertLeakyRelu(NodeImporter &node);
LogicalResult convertSigmoid(NodeImporter &node);
LogicalResult convertHardSigmoid(NodeImporter &node);
LogicalResult convertHardSwish(NodeImporter &node);
LogicalResult convertTanh(NodeImporter &node);
LogicalResult convertSqrt(NodeImporter &node);
LogicalResult convertErf(NodeImporter &node);
LogicalResult convertSoftmax(NodeImporter &node);
LogicalResult convertReduceMean(NodeImporter &node);
LogicalResult convertCast(NodeImporter &node);
LogicalResult convertDropout(NodeImporter &node);
LogicalResult convertIdentity(NodeImporter &node);

// Composites.cpp: ops of several qnn ops
LogicalResult convertPow(NodeImporter &node);
LogicalResult convertGelu(NodeImporter &node);
LogicalResult convertLayerNormalization(NodeImporter &node);

// RecurrentCells.cpp: Recurrent.h says how
LogicalResult convertRNN(NodeImporter &node);
LogicalResult convertGRU(NodeImporter &node);
LogicalResult convertLSTM(NodeImporter &node);

// Movement.cpp: these convert constants to constants too.
LogicalResult convertConcat(NodeImporter &node);
LogicalResult convertReshape(NodeImporter &node);
LogicalResult convertFlatten(NodeImporter &node);
LogicalResult convertSqueeze(NodeImporter &node);
LogicalResult convertUnsqueeze(NodeImporter &node);
LogicalResult convertTranspose(NodeImporter &node);
LogicalResult convertPad(NodeImporter &node);
LogicalResult convertSlice(NodeImporter &node);
LogicalResult convertSplit(NodeImporter &node);
LogicalResult convertGather(NodeImporter &node);
LogicalResult convertExpand(NodeImporter &node);

// Quantization.cpp
LogicalResult convertQuantizeLinear(NodeImporter &node);
LogicalResult convertDequantizeLinear(NodeImporter &node);

// Resize.cpp
LogicalResult convertResize(NodeImporter &node);
LogicalResult convertUpsample(NodeImporter &node);

// ShapeFolding.cpp
LogicalResult convertConstant(NodeImporter &node);
LogicalResult convertShape(NodeImporter &node);
LogicalResult convertSize(NodeImporter &node);
LogicalResult foldConstantOfShape(NodeImporter &node);
LogicalResult foldCast(NodeImporter &node);
LogicalResult foldBinary(NodeImporter &node);
LogicalResult foldUnary(NodeImporter &node);
LogicalResult foldWhere(NodeImporter &node);
LogicalResult foldRange(NodeImporter &node);
LogicalResult foldReduce(NodeImporter &node);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_CONVERTERS_H
