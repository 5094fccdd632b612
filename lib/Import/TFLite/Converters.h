//===- Converters.h - One function for each TFLite op -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which function imports an op? Converters.cpp names them in the table of
// supported ops.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_TFLITE_CONVERTERS_H
#define QNN_LIB_IMPORT_TFLITE_CONVERTERS_H

#include "OpImporter.h"

namespace mlir::qnn::tflite {

// Windows.cpp
LogicalResult convertConv2D(OpImporter &node);
LogicalResult convertDepthwiseConv2D(OpImporter &node);
LogicalResult convertTransposeConv(OpImporter &node);
LogicalResult convertAveragePool2D(OpImporter &node);
LogicalResult convertMaxPool2D(OpImporter &node);
LogicalResult convertL2Pool2D(OpImporter &node);

// Products.cpp
LogicalResult convertFullyConnected(OpImporter &node);
LogicalResult convertBatchMatMul(OpImporter &node);
/// The constant or computed weight `input`, its dimensions permuted.
Value getWeight(OpImporter &node, int input, ArrayRef<int64_t> permutation);
/// The bias `input` of a layer with activation input `activation` and weight
/// input `weight`; null when there is none.
Value getBias(OpImporter &node, int input, int activation, int weight,
              int64_t channels);

// ElementWise.cpp
LogicalResult convertAdd(OpImporter &node);
LogicalResult convertSub(OpImporter &node);
LogicalResult convertMul(OpImporter &node);
LogicalResult convertDiv(OpImporter &node);
LogicalResult convertAddN(OpImporter &node);
LogicalResult convertSquaredDifference(OpImporter &node);
LogicalResult convertSquare(OpImporter &node);
LogicalResult convertMaximumMinimum(OpImporter &node);
LogicalResult convertRelu(OpImporter &node);
LogicalResult convertClip(OpImporter &node);
LogicalResult convertLeakyRelu(OpImporter &node);
LogicalResult convertLogistic(OpImporter &node);
LogicalResult convertTanh(OpImporter &node);
LogicalResult convertHardSwish(OpImporter &node);
LogicalResult convertSqrt(OpImporter &node);
LogicalResult convertRsqrt(OpImporter &node);
LogicalResult convertGelu(OpImporter &node);
LogicalResult convertPrelu(OpImporter &node);
LogicalResult convertSoftmax(OpImporter &node);
LogicalResult convertQuantize(OpImporter &node);
LogicalResult convertDequantize(OpImporter &node);
LogicalResult convertDensify(OpImporter &node);

// Functions.cpp
LogicalResult convertFunction(OpImporter &node);
LogicalResult convertElu(OpImporter &node);
LogicalResult convertLogicalNot(OpImporter &node);
LogicalResult convertFloorDiv(OpImporter &node);
LogicalResult convertPow(OpImporter &node);
LogicalResult convertLogical(OpImporter &node);
LogicalResult convertCompare(OpImporter &node);
LogicalResult convertSelect(OpImporter &node);
LogicalResult convertCast(OpImporter &node);

// Reductions.cpp
LogicalResult convertMean(OpImporter &node);
LogicalResult convertReduce(OpImporter &node);
LogicalResult convertLogSoftmax(OpImporter &node);
LogicalResult convertL2Normalization(OpImporter &node);
LogicalResult convertLocalResponse(OpImporter &node);
LogicalResult convertCumsum(OpImporter &node);
LogicalResult convertArgMax(OpImporter &node);
LogicalResult convertTopK(OpImporter &node);

// Movement.cpp
LogicalResult convertConcatenation(OpImporter &node);
LogicalResult convertReshape(OpImporter &node);
LogicalResult convertSqueeze(OpImporter &node);
LogicalResult convertExpandDims(OpImporter &node);
LogicalResult convertTranspose(OpImporter &node);
LogicalResult convertPad(OpImporter &node);
LogicalResult convertMirrorPad(OpImporter &node);

// Resize.cpp
LogicalResult convertResizeNearest(OpImporter &node);
LogicalResult convertResizeBilinear(OpImporter &node);

// Blocks.cpp
LogicalResult convertPack(OpImporter &node);
LogicalResult convertUnpack(OpImporter &node);
LogicalResult convertSpaceToDepth(OpImporter &node);
LogicalResult convertDepthToSpace(OpImporter &node);
LogicalResult convertSpaceToBatch(OpImporter &node);
LogicalResult convertBatchToSpace(OpImporter &node);

// Slices.cpp
LogicalResult convertSplit(OpImporter &node);
LogicalResult convertSplitV(OpImporter &node);
LogicalResult convertSlice(OpImporter &node);
LogicalResult convertStridedSlice(OpImporter &node);

// Indices.cpp
LogicalResult convertGather(OpImporter &node);
LogicalResult convertGatherNd(OpImporter &node);
LogicalResult convertEmbeddingLookup(OpImporter &node);
LogicalResult convertOneHot(OpImporter &node);
LogicalResult convertScatterNd(OpImporter &node);

// Shapes.cpp
LogicalResult convertShape(OpImporter &node);
LogicalResult convertRange(OpImporter &node);
LogicalResult convertTile(OpImporter &node);
LogicalResult convertBroadcastTo(OpImporter &node);
LogicalResult convertBroadcastArgs(OpImporter &node);
LogicalResult convertFill(OpImporter &node);
LogicalResult convertZerosLike(OpImporter &node);
LogicalResult convertReverse(OpImporter &node);

} // namespace mlir::qnn::tflite

#endif // QNN_LIB_IMPORT_TFLITE_CONVERTERS_H
