//===- Converters.cpp - The table of supported TFLite ops -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

#include "qnn/Import/TFLite/Importer.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

/// For ops that exist only on constants.
static LogicalResult refuseComputed(OpImporter &node) {
  return node.unsupported("on computed tensors, only on constant integers");
}

static constexpr int kAny = -1;

/// Sorted by name. Columns: op, inputs (least, most), on computed tensors, on
/// constant integers, accepted forms.
static const OpEntry kOps[] = {
    {BuiltinOperator::ADD, 2, 2, convertAdd, foldBinary,
     "broadcasting, fused activation"},
    {BuiltinOperator::AVERAGE_POOL_2D, 1, 1, convertAveragePool2D, nullptr,
     "SAME, VALID, fused activation"},
    {BuiltinOperator::BATCH_MATMUL, 2, 2, convertBatchMatMul, nullptr,
     "adj_x, adj_y"},
    {BuiltinOperator::BATCH_TO_SPACE_ND, 3, 3, convertBatchToSpace, nullptr,
     "two spatial dimensions"},
    {BuiltinOperator::CAST, 1, 1, refuseComputed, foldCast, ""},
    {BuiltinOperator::CONCATENATION, 1, kAny, convertConcatenation,
     foldConcatenation, "any axis"},
    {BuiltinOperator::CONV_2D, 2, 3, convertConv2D, nullptr,
     "SAME, VALID, strides, dilations, groups, fused activation"},
    {BuiltinOperator::DEPTHWISE_CONV_2D, 2, 3, convertDepthwiseConv2D, nullptr,
     "SAME, VALID, strides, dilations, depth multiplier, fused activation"},
    {BuiltinOperator::DEPTH_TO_SPACE, 1, 1, convertDepthToSpace, nullptr, ""},
    {BuiltinOperator::DEQUANTIZE, 1, 1, convertDequantize, nullptr,
     "also of constants in FLOAT16, INT8, INT4"},
    {BuiltinOperator::DIV, 2, 2, convertDiv, foldBinary,
     "broadcasting, fused activation"},
    {BuiltinOperator::EXPAND_DIMS, 2, 2, convertExpandDims, foldReshape, ""},
    {BuiltinOperator::FLOOR_DIV, 2, 2, refuseComputed, foldBinary, ""},
    {BuiltinOperator::FULLY_CONNECTED, 2, 3, convertFullyConnected, nullptr,
     "keep_num_dims, fused activation"},
    {BuiltinOperator::GATHER, 2, 2, convertGather, foldGather,
     "constant indices, any axis, no batch_dims"},
    {BuiltinOperator::GELU, 1, 1, convertGelu, nullptr, "exact, approximate"},
    {BuiltinOperator::HARD_SWISH, 1, 1, convertHardSwish, nullptr, ""},
    {BuiltinOperator::LEAKY_RELU, 1, 1, convertLeakyRelu, nullptr, ""},
    {BuiltinOperator::LOGISTIC, 1, 1, convertLogistic, nullptr, ""},
    {BuiltinOperator::MAXIMUM, 2, 2, convertMaximumMinimum, foldBinary,
     "one computed tensor, a constant of one value"},
    {BuiltinOperator::MAX_POOL_2D, 1, 1, convertMaxPool2D, nullptr,
     "SAME, VALID, fused activation"},
    {BuiltinOperator::MEAN, 2, 2, convertMean, nullptr,
     "constant axes, keep_dims"},
    {BuiltinOperator::MINIMUM, 2, 2, convertMaximumMinimum, foldBinary,
     "one computed tensor, a constant of one value"},
    {BuiltinOperator::MIRROR_PAD, 2, 2, convertMirrorPad, nullptr,
     "REFLECT, SYMMETRIC, constant padding"},
    {BuiltinOperator::MUL, 2, 2, convertMul, foldBinary,
     "broadcasting, fused activation"},
    {BuiltinOperator::NEG, 1, 1, convertNeg, nullptr, ""},
    {BuiltinOperator::PACK, 1, kAny, convertPack, foldPack, "any axis"},
    {BuiltinOperator::PAD, 2, 2, convertPad, nullptr, "constant padding"},
    {BuiltinOperator::PADV2, 3, 3, convertPad, nullptr,
     "constant padding and value"},
    {BuiltinOperator::PRELU, 2, 2, convertPrelu, nullptr, ""},
    {BuiltinOperator::QUANTIZE, 1, 1, convertQuantize, nullptr,
     "to INT8, UINT8"},
    {BuiltinOperator::REDUCE_PROD, 2, 2, refuseComputed, foldReduceProd, ""},
    {BuiltinOperator::RELU, 1, 1, convertRelu, nullptr, ""},
    {BuiltinOperator::RELU6, 1, 1, convertClip, nullptr, ""},
    {BuiltinOperator::RELU_0_TO_1, 1, 1, convertClip, nullptr, ""},
    {BuiltinOperator::RELU_N1_TO_1, 1, 1, convertClip, nullptr, ""},
    {BuiltinOperator::RESHAPE, 1, 2, convertReshape, foldReshape,
     "constant shape with -1"},
    {BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, 2, 2, convertResizeNearest,
     nullptr, "align_corners, half_pixel_centers"},
    {BuiltinOperator::RSQRT, 1, 1, convertRsqrt, nullptr, ""},
    {BuiltinOperator::SHAPE, 1, 1, convertShape, nullptr, ""},
    {BuiltinOperator::SLICE, 3, 3, convertSlice, convertSlice,
     "constant start and size"},
    {BuiltinOperator::SOFTMAX, 1, 1, convertSoftmax, nullptr, "beta"},
    {BuiltinOperator::SPACE_TO_BATCH_ND, 3, 3, convertSpaceToBatch, nullptr,
     "two spatial dimensions"},
    {BuiltinOperator::SPACE_TO_DEPTH, 1, 1, convertSpaceToDepth, nullptr, ""},
    {BuiltinOperator::SPLIT, 2, 2, convertSplit, convertSplit, "constant axis"},
    {BuiltinOperator::SPLIT_V, 3, 3, convertSplitV, convertSplitV,
     "constant sizes and axis"},
    {BuiltinOperator::SQRT, 1, 1, convertSqrt, nullptr, ""},
    {BuiltinOperator::SQUARE, 1, 1, convertSquare, nullptr, ""},
    {BuiltinOperator::SQUARED_DIFFERENCE, 2, 2, convertSquaredDifference,
     nullptr, "broadcasting"},
    {BuiltinOperator::SQUEEZE, 1, 1, convertSqueeze, foldReshape, ""},
    {BuiltinOperator::STRIDED_SLICE, 4, 4, convertStridedSlice,
     convertStridedSlice, "constant bounds, negative strides, all masks"},
    {BuiltinOperator::SUB, 2, 2, convertSub, foldBinary,
     "broadcasting, fused activation"},
    {BuiltinOperator::TANH, 1, 1, convertTanh, nullptr, ""},
    {BuiltinOperator::TRANSPOSE, 2, 2, convertTranspose, nullptr,
     "constant permutation"},
    {BuiltinOperator::TRANSPOSE_CONV, 3, 4, convertTransposeConv, nullptr,
     "SAME, VALID, strides, fused activation; constant shape"},
    {BuiltinOperator::UNPACK, 1, 1, convertUnpack, nullptr, "any axis"},
};

const OpEntry *tflite::findSupportedOp(BuiltinOperator code) {
  auto *it =
      llvm::find_if(kOps, [&](const OpEntry &op) { return op.code == code; });
  return it == std::end(kOps) ? nullptr : it;
}

void qnn::printSupportedTFLiteOps(raw_ostream &os) {
  os << "| TFLite op | works on | forms and limits |\n| --- | --- | --- |\n";
  for (const OpEntry &op : kOps)
    os << "| " << EnumNameBuiltinOperator(op.code) << " | "
       << (op.convert == refuseComputed ? "constants" : "tensors") << " | "
       << op.forms << " |\n";
}
