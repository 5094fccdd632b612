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

static constexpr int kAny = -1;

/// Sorted by name. Columns: op, inputs (least, most), converter, accepted
/// forms.
static const OpEntry kOps[] = {
    {BuiltinOperator::ABS, 1, 1, convertFunction, "floats and integers"},
    {BuiltinOperator::ADD, 2, 2, convertAdd,
     "broadcasting, fused activation; integers"},
    {BuiltinOperator::ADD_N, 1, kAny, convertAddN, "floats and integers"},
    {BuiltinOperator::ARG_MAX, 2, 2, convertArgMax,
     "constant axis; the first of equal elements"},
    {BuiltinOperator::ARG_MIN, 2, 2, convertArgMax,
     "constant axis; the first of equal elements"},
    {BuiltinOperator::AVERAGE_POOL_2D, 1, 1, convertAveragePool2D,
     "SAME, VALID, fused activation"},
    {BuiltinOperator::BATCH_MATMUL, 2, 2, convertBatchMatMul, "adj_x, adj_y"},
    {BuiltinOperator::BATCH_TO_SPACE_ND, 3, 3, convertBatchToSpace,
     "constant block and borders"},
    {BuiltinOperator::BROADCAST_ARGS, 2, 2, convertBroadcastArgs,
     "constant shapes"},
    {BuiltinOperator::BROADCAST_TO, 2, 2, convertBroadcastTo, "constant shape"},
    {BuiltinOperator::CAST, 1, 1, convertCast,
     "among FLOAT32, INT32, INT64, BOOL, and bytes without scales"},
    {BuiltinOperator::CEIL, 1, 1, convertFunction, ""},
    {BuiltinOperator::CONCATENATION, 1, kAny, convertConcatenation, "any axis"},
    {BuiltinOperator::CONV_2D, 2, 3, convertConv2D,
     "SAME, VALID, strides, dilations, groups, fused activation"},
    {BuiltinOperator::COS, 1, 1, convertFunction, ""},
    {BuiltinOperator::CUMSUM, 2, 2, convertCumsum,
     "floats, along at most 4096 elements; exclusive, reverse"},
    {BuiltinOperator::DENSIFY, 1, 1, convertDensify, ""},
    {BuiltinOperator::DEPTHWISE_CONV_2D, 2, 3, convertDepthwiseConv2D,
     "SAME, VALID, strides, dilations, depth multiplier, fused activation"},
    {BuiltinOperator::DEPTH_TO_SPACE, 1, 1, convertDepthToSpace, ""},
    {BuiltinOperator::DEQUANTIZE, 1, 1, convertDequantize,
     "also of constants in FLOAT16, INT8, INT4"},
    {BuiltinOperator::DIV, 2, 2, convertDiv,
     "broadcasting, fused activation; integers"},
    {BuiltinOperator::ELU, 1, 1, convertElu, ""},
    {BuiltinOperator::EMBEDDING_LOOKUP, 2, 2, convertEmbeddingLookup, ""},
    {BuiltinOperator::EQUAL, 2, 2, convertCompare,
     "broadcasting; floats and integers"},
    {BuiltinOperator::EXP, 1, 1, convertFunction, ""},
    {BuiltinOperator::EXPAND_DIMS, 2, 2, convertExpandDims, ""},
    {BuiltinOperator::FILL, 2, 2, convertFill, "constant shape"},
    {BuiltinOperator::FLOOR, 1, 1, convertFunction, ""},
    {BuiltinOperator::FLOOR_DIV, 2, 2, convertFloorDiv,
     "broadcasting; floats and integers"},
    {BuiltinOperator::FLOOR_MOD, 2, 2, convertFloorDiv,
     "broadcasting; floats and integers"},
    {BuiltinOperator::FULLY_CONNECTED, 2, 3, convertFullyConnected,
     "keep_num_dims, fused activation"},
    {BuiltinOperator::GATHER, 2, 2, convertGather,
     "constant or computed indices, any axis, batch_dims"},
    {BuiltinOperator::GATHER_ND, 2, 2, convertGatherNd,
     "constant or computed indices"},
    {BuiltinOperator::GELU, 1, 1, convertGelu, "exact, approximate"},
    {BuiltinOperator::GREATER, 2, 2, convertCompare,
     "broadcasting; floats and integers"},
    {BuiltinOperator::GREATER_EQUAL, 2, 2, convertCompare,
     "broadcasting; floats and integers"},
    {BuiltinOperator::HARD_SWISH, 1, 1, convertHardSwish, ""},
    {BuiltinOperator::L2_NORMALIZATION, 1, 1, convertL2Normalization,
     "fused activation"},
    {BuiltinOperator::L2_POOL_2D, 1, 1, convertL2Pool2D,
     "SAME, VALID, fused activation"},
    {BuiltinOperator::LEAKY_RELU, 1, 1, convertLeakyRelu, ""},
    {BuiltinOperator::LESS, 2, 2, convertCompare,
     "broadcasting; floats and integers"},
    {BuiltinOperator::LESS_EQUAL, 2, 2, convertCompare,
     "broadcasting; floats and integers"},
    {BuiltinOperator::LOCAL_RESPONSE_NORMALIZATION, 1, 1, convertLocalResponse,
     ""},
    {BuiltinOperator::LOG, 1, 1, convertFunction, ""},
    {BuiltinOperator::LOGICAL_AND, 2, 2, convertLogical, "broadcasting"},
    {BuiltinOperator::LOGICAL_NOT, 1, 1, convertLogicalNot, ""},
    {BuiltinOperator::LOGICAL_OR, 2, 2, convertLogical, "broadcasting"},
    {BuiltinOperator::LOGISTIC, 1, 1, convertLogistic, ""},
    {BuiltinOperator::LOG_SOFTMAX, 1, 1, convertLogSoftmax, ""},
    {BuiltinOperator::MAXIMUM, 2, 2, convertMaximumMinimum,
     "broadcasting; floats and integers"},
    {BuiltinOperator::MAX_POOL_2D, 1, 1, convertMaxPool2D,
     "SAME, VALID, fused activation"},
    {BuiltinOperator::MEAN, 2, 2, convertMean, "constant axes, keep_dims"},
    {BuiltinOperator::MINIMUM, 2, 2, convertMaximumMinimum,
     "broadcasting; floats and integers"},
    {BuiltinOperator::MIRROR_PAD, 2, 2, convertMirrorPad,
     "REFLECT, SYMMETRIC, constant padding"},
    {BuiltinOperator::MUL, 2, 2, convertMul,
     "broadcasting, fused activation; integers"},
    {BuiltinOperator::NEG, 1, 1, convertFunction, "floats and integers"},
    {BuiltinOperator::NOT_EQUAL, 2, 2, convertCompare,
     "broadcasting; floats and integers"},
    {BuiltinOperator::ONE_HOT, 4, 4, convertOneHot, "constant depth, any axis"},
    {BuiltinOperator::PACK, 1, kAny, convertPack, "any axis"},
    {BuiltinOperator::PAD, 2, 2, convertPad, "constant padding"},
    {BuiltinOperator::PADV2, 3, 3, convertPad, "constant padding and value"},
    {BuiltinOperator::POW, 2, 2, convertPow, "floats, broadcasting"},
    {BuiltinOperator::PRELU, 2, 2, convertPrelu, ""},
    {BuiltinOperator::QUANTIZE, 1, 1, convertQuantize, "to INT8, UINT8"},
    {BuiltinOperator::RANGE, 3, 3, convertRange, "constant integers"},
    {BuiltinOperator::RANK, 1, 1, convertShape, ""},
    {BuiltinOperator::REDUCE_ALL, 2, 2, convertReduce,
     "constant axes, keep_dims"},
    {BuiltinOperator::REDUCE_ANY, 2, 2, convertReduce,
     "constant axes, keep_dims"},
    {BuiltinOperator::REDUCE_MAX, 2, 2, convertReduce,
     "constant axes, keep_dims; floats and integers"},
    {BuiltinOperator::REDUCE_MIN, 2, 2, convertReduce,
     "constant axes, keep_dims; floats and integers"},
    {BuiltinOperator::REDUCE_PROD, 2, 2, convertReduce,
     "constant axes, keep_dims; floats and integers"},
    {BuiltinOperator::RELU, 1, 1, convertRelu, ""},
    {BuiltinOperator::RELU6, 1, 1, convertClip, ""},
    {BuiltinOperator::RELU_0_TO_1, 1, 1, convertClip, ""},
    {BuiltinOperator::RELU_N1_TO_1, 1, 1, convertClip, ""},
    {BuiltinOperator::RESHAPE, 1, 2, convertReshape, "constant shape with -1"},
    {BuiltinOperator::RESIZE_BILINEAR, 2, 2, convertResizeBilinear,
     "align_corners, half_pixel_centers"},
    {BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, 2, 2, convertResizeNearest,
     "align_corners, half_pixel_centers"},
    {BuiltinOperator::REVERSE_V2, 2, 2, convertReverse, "constant axes"},
    {BuiltinOperator::ROUND, 1, 1, convertFunction, ""},
    {BuiltinOperator::RSQRT, 1, 1, convertRsqrt, ""},
    {BuiltinOperator::SCATTER_ND, 3, 3, convertScatterNd,
     "constant indices, each once; constant shape"},
    {BuiltinOperator::SELECT, 3, 3, convertSelect,
     "a condition of the same shape or of rows"},
    {BuiltinOperator::SELECT_V2, 3, 3, convertSelect, "broadcasting"},
    {BuiltinOperator::SHAPE, 1, 1, convertShape, ""},
    {BuiltinOperator::SIGN, 1, 1, convertFunction, "floats and integers"},
    {BuiltinOperator::SIN, 1, 1, convertFunction, ""},
    {BuiltinOperator::SLICE, 3, 3, convertSlice, "constant start and size"},
    {BuiltinOperator::SOFTMAX, 1, 1, convertSoftmax, "beta"},
    {BuiltinOperator::SPACE_TO_BATCH_ND, 3, 3, convertSpaceToBatch,
     "constant block and borders"},
    {BuiltinOperator::SPACE_TO_DEPTH, 1, 1, convertSpaceToDepth, ""},
    {BuiltinOperator::SPLIT, 2, 2, convertSplit, "constant axis"},
    {BuiltinOperator::SPLIT_V, 3, 3, convertSplitV, "constant sizes and axis"},
    {BuiltinOperator::SQRT, 1, 1, convertSqrt, ""},
    {BuiltinOperator::SQUARE, 1, 1, convertSquare, "floats and integers"},
    {BuiltinOperator::SQUARED_DIFFERENCE, 2, 2, convertSquaredDifference,
     "broadcasting; floats and integers"},
    {BuiltinOperator::SQUEEZE, 1, 1, convertSqueeze, ""},
    {BuiltinOperator::STRIDED_SLICE, 4, 4, convertStridedSlice,
     "constant bounds, negative strides, all masks"},
    {BuiltinOperator::SUB, 2, 2, convertSub,
     "broadcasting, fused activation; integers"},
    {BuiltinOperator::SUM, 2, 2, convertReduce,
     "constant axes, keep_dims; floats and integers"},
    {BuiltinOperator::TANH, 1, 1, convertTanh, ""},
    {BuiltinOperator::TILE, 2, 2, convertTile, "constant repeats"},
    {BuiltinOperator::TOPK_V2, 2, 2, convertTopK,
     "constant k; of equal elements the first"},
    {BuiltinOperator::TRANSPOSE, 2, 2, convertTranspose,
     "constant permutation"},
    {BuiltinOperator::TRANSPOSE_CONV, 3, 4, convertTransposeConv,
     "SAME, VALID, strides, fused activation; constant shape"},
    {BuiltinOperator::UNPACK, 1, 1, convertUnpack, "any axis"},
    {BuiltinOperator::ZEROS_LIKE, 1, 1, convertZerosLike, ""},
};

const OpEntry *tflite::findSupportedOp(BuiltinOperator code) {
  auto *it =
      llvm::find_if(kOps, [&](const OpEntry &op) { return op.code == code; });
  return it == std::end(kOps) ? nullptr : it;
}

StringRef tflite::whyRefused(BuiltinOperator code) {
  switch (code) {
  case BuiltinOperator::CUSTOM:
    return "custom op: convert the model without it, its inputs as outputs";
  case BuiltinOperator::IF:
  case BuiltinOperator::WHILE:
  case BuiltinOperator::CALL_ONCE:
    return "control flow: convert the model without loops and conditions";
  case BuiltinOperator::VAR_HANDLE:
  case BuiltinOperator::READ_VARIABLE:
  case BuiltinOperator::ASSIGN_VARIABLE:
    return "state: convert the model with its state as inputs and outputs";
  case BuiltinOperator::WHERE:
  case BuiltinOperator::UNIQUE:
  case BuiltinOperator::NON_MAX_SUPPRESSION_V4:
  case BuiltinOperator::NON_MAX_SUPPRESSION_V5:
    return "a result whose size depends on values: cut the model before it";
  default:
    return "unknown op";
  }
}

void qnn::printSupportedTFLiteOps(raw_ostream &os) {
  os << "| TFLite op | forms and limits |\n| --- | --- |\n";
  for (const OpEntry &op : kOps)
    os << "| " << EnumNameBuiltinOperator(op.code) << " | " << op.forms
       << " |\n";
}
