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
/// Pads an NHWC image: so many elements before and after each dimension.
using PadImage =
    llvm::function_ref<Value(Value, ArrayRef<int64_t>, ArrayRef<int64_t>)>;
/// Conv of `x` and `w`, or of inputs 0 and 1 where they are null; `bias` may be
/// null. Padding that is not zeros is up to `pad`.
LogicalResult convertConvOf(NodeImporter &node, Value x, Value w, Value bias,
                            llvm::function_ref<LogicalResult(Value)> setResult,
                            PadImage pad = {});
LogicalResult convertMaxPool(NodeImporter &node);
LogicalResult convertAveragePool(NodeImporter &node);
LogicalResult convertGlobalAveragePool(NodeImporter &node);
LogicalResult convertGlobalMaxPool(NodeImporter &node);
LogicalResult convertLpPool(NodeImporter &node);
LogicalResult convertGlobalLpPool(NodeImporter &node);
LogicalResult convertBatchNormalization(NodeImporter &node);

// TransposedConv.cpp
LogicalResult convertConvTranspose(NodeImporter &node);

// MatrixProducts.cpp
LogicalResult convertGemm(NodeImporter &node);
/// The result of Gemm; null after an error.
Value createGemm(NodeImporter &node);
LogicalResult convertMatMul(NodeImporter &node);

// ElementWise.cpp
LogicalResult convertAdd(NodeImporter &node);
LogicalResult convertSub(NodeImporter &node);
LogicalResult convertMul(NodeImporter &node);
LogicalResult convertDiv(NodeImporter &node);
LogicalResult convertSum(NodeImporter &node);
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
LogicalResult convertDropout(NodeImporter &node);
LogicalResult convertIdentity(NodeImporter &node);

// Functions.cpp
LogicalResult convertFunction(NodeImporter &node);
LogicalResult convertElu(NodeImporter &node);
LogicalResult convertThresholdedRelu(NodeImporter &node);
LogicalResult convertShrink(NodeImporter &node);
LogicalResult convertIntegers(NodeImporter &node);
LogicalResult convertNot(NodeImporter &node);
LogicalResult convertCompare(NodeImporter &node);
LogicalResult convertPRelu(NodeImporter &node);
LogicalResult convertWhere(NodeImporter &node);
LogicalResult convertIsSpecial(NodeImporter &node);
LogicalResult convertMinMax(NodeImporter &node);
LogicalResult convertCast(NodeImporter &node);

// Powers.cpp
LogicalResult convertPow(NodeImporter &node);

// Einsum.cpp
LogicalResult convertEinsum(NodeImporter &node);

// Sampling.cpp
LogicalResult convertGridSample(NodeImporter &node);
LogicalResult convertRoiAlign(NodeImporter &node);

// Rearrangements.cpp
LogicalResult convertReverseSequence(NodeImporter &node);
LogicalResult convertCenterCropPad(NodeImporter &node);
LogicalResult convertCol2Im(NodeImporter &node);

// Scatter.cpp
LogicalResult convertScatterElements(NodeImporter &node);
LogicalResult convertScatterND(NodeImporter &node);

// Reductions.cpp
LogicalResult convertReduce(NodeImporter &node);
LogicalResult convertReduceMean(NodeImporter &node);
LogicalResult convertArgMax(NodeImporter &node);
LogicalResult convertTopK(NodeImporter &node);
LogicalResult convertLogSoftmax(NodeImporter &node);
LogicalResult convertHardmax(NodeImporter &node);
LogicalResult convertCumSum(NodeImporter &node);
/// The elements of `x` at `indices` (i32 or i64) along `axis`: GatherElements.
Value gatherElements(NodeImporter &node, Value x, Value indices, int64_t axis);

// Normalizations.cpp
LogicalResult convertInstanceNormalization(NodeImporter &node);
LogicalResult convertGroupNormalization(NodeImporter &node);
LogicalResult convertMeanVarianceNormalization(NodeImporter &node);
LogicalResult convertLpNormalization(NodeImporter &node);
LogicalResult convertLRN(NodeImporter &node);

// Indices.cpp
/// Gather whose indices, input 1, the network computes.
LogicalResult gatherComputed(NodeImporter &node, int64_t axis);
LogicalResult convertGatherElements(NodeImporter &node);
LogicalResult convertGatherND(NodeImporter &node);
LogicalResult convertTile(NodeImporter &node);
LogicalResult convertCompress(NodeImporter &node);
LogicalResult convertDepthToSpace(NodeImporter &node);
LogicalResult convertTrilu(NodeImporter &node);
LogicalResult convertOneHot(NodeImporter &node);
LogicalResult convertEyeLike(NodeImporter &node);

// Composites.cpp: ops of several qnn ops
LogicalResult convertGelu(NodeImporter &node);
/// By erf, or by its approximation; null for a null `x`.
Value createGelu(NodeImporter &node, Value x, bool byTanh);
LogicalResult convertLayerNormalization(NodeImporter &node);
struct NormalizedLayer {
  Value result, mean, deviation;
};
/// `x` over the dimensions from `axis` on. `offset` may be null; the simplified
/// form has no mean.
NormalizedLayer normalizeLayer(NodeImporter &node, Value x, int64_t axis,
                               float epsilon, Value scale, Value offset,
                               bool isSimplified);

// MicrosoftOperators.cpp
ArrayRef<OpEntry> getMicrosoftOps();

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
LogicalResult convertSlice(NodeImporter &node);
LogicalResult convertSplit(NodeImporter &node);
LogicalResult convertGather(NodeImporter &node);

// Padding.cpp: the same
LogicalResult convertPad(NodeImporter &node);
LogicalResult convertExpand(NodeImporter &node);

// QuantizeLinear.cpp
LogicalResult convertQuantizeLinear(NodeImporter &node);
LogicalResult convertDequantizeLinear(NodeImporter &node);

// IntegerOperators.cpp
LogicalResult convertConvInteger(NodeImporter &node);
LogicalResult convertMatMulInteger(NodeImporter &node);
LogicalResult convertDynamicQuantizeLinear(NodeImporter &node);

// Resize.cpp
LogicalResult convertResize(NodeImporter &node);
LogicalResult convertUpsample(NodeImporter &node);

// ConstantSources.cpp
/// The number of elements of a constant that folding creates; none after an
/// error.
std::optional<int64_t> checkedCount(NodeImporter &node,
                                    ArrayRef<int64_t> shape);
LogicalResult convertConstant(NodeImporter &node);
LogicalResult convertShape(NodeImporter &node);
LogicalResult convertSize(NodeImporter &node);
LogicalResult foldConstantOfShape(NodeImporter &node);
LogicalResult foldNonZero(NodeImporter &node);
LogicalResult foldRange(NodeImporter &node);

// ShapeFolding.cpp
LogicalResult foldCast(NodeImporter &node);
LogicalResult foldBinary(NodeImporter &node);
LogicalResult foldUnary(NodeImporter &node);
LogicalResult foldWhere(NodeImporter &node);
LogicalResult foldReduce(NodeImporter &node);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_CONVERTERS_H
