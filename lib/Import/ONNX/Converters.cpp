//===- Converters.cpp - The table of supported ONNX ops -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "QuantizedOperators.h"
#include "Sequences.h"

#include "qnn/Import/ONNX/Importer.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// For ops that exist only on constants.
static LogicalResult refuseComputed(NodeImporter &node) {
  return node.unsupported("on computed tensors, only on constants");
}

/// For ops that other nodes stand for, unless inputs are missing.
static LogicalResult refuseFew(NodeImporter &node) {
  return node.error() << "expected one output and inputs of ONNX's definition";
}

static constexpr int kAny = -1;

static constexpr StringRef kRecurrentForms =
    "all directions, layouts, biases, initial states, peepholes, clip; "
    "sequences of full length, which are unrolled";

static constexpr StringRef kReduceForms =
    "axes as attribute or constant input; keepdims; noop_with_empty_axes";

/// Sorted by name. Columns: op, inputs (least, most), on computed tensors, on
/// constants, accepted forms.
static const OpEntry kOps[] = {
    {"Abs", 1, 1, convertFunction, foldUnary, ""},
    {"Acos", 1, 1, convertFunction, nullptr, ""},
    {"Acosh", 1, 1, convertFunction, nullptr, ""},
    {"Add", 2, 2, convertAdd, foldBinary, "NumPy broadcasting"},
    {"And", 2, 2, convertIntegers, foldBinary, ""},
    {"ArgMax", 1, 1, convertArgMax, nullptr, "select_last_index"},
    {"ArgMin", 1, 1, convertArgMax, nullptr, "select_last_index"},
    {"Asin", 1, 1, convertFunction, nullptr, ""},
    {"Asinh", 1, 1, convertFunction, nullptr, ""},
    {"Atan", 1, 1, convertFunction, nullptr, ""},
    {"Atanh", 1, 1, convertFunction, nullptr, ""},
    {"AveragePool", 1, 1, convertAveragePool, nullptr,
     "1-D to 3-D; auto_pad, ceil_mode, count_include_pad, dilations"},
    {"BatchNormalization", 5, 5, convertBatchNormalization, nullptr,
     "inference only; any rank >= 2"},
    {"BitwiseAnd", 2, 2, convertIntegers, nullptr, "int32, int64"},
    {"BitwiseNot", 1, 1, convertNot, nullptr, "int32, int64"},
    {"BitwiseOr", 2, 2, convertIntegers, nullptr, "int32, int64"},
    {"BitwiseXor", 2, 2, convertIntegers, nullptr, "int32, int64"},
    {"Cast", 1, 1, convertCast, foldCast,
     "float, bool and integers of at most 16 bits, int32 and int64; half, "
     "bfloat16 and double are float; constants: to all integers"},
    {"CastLike", 2, 2, convertCast, nullptr, "as Cast"},
    {"Ceil", 1, 1, convertFunction, foldUnary, ""},
    {"Celu", 1, 1, convertElu, nullptr, ""},
    {"CenterCropPad", 2, 2, convertCenterCropPad, nullptr, "constant shape"},
    {"Clip", 1, 3, convertClip, nullptr,
     "bounds as attributes or inputs, each optional; ReLU6"},
    {"Col2Im", 3, 3, convertCol2Im, nullptr, "constant shapes"},
    {"Compress", 2, 2, convertCompress, nullptr, "constant condition"},
    {"Concat", 1, kAny, convertConcat, nullptr, "any axis"},
    {"Constant", 0, 0, convertConstant, nullptr,
     "value, value_float(s), value_int(s)"},
    {"ConstantOfShape", 1, 1, refuseComputed, foldConstantOfShape, ""},
    {"Conv", 2, 3, convertConv, nullptr,
     "1-D to 3-D; group, dilations, strides, pads, auto_pad; weight and bias "
     "constant or computed"},
    {"ConvInteger", 2, 4, convertConvInteger, nullptr,
     "as Conv; exact sums; zero points constant or computed"},
    {"ConvTranspose", 2, 3, convertConvTranspose, nullptr,
     "1-D to 3-D; group, dilations, strides, pads, auto_pad, output_padding, "
     "output_shape; weight and bias constant or computed"},
    {"Cos", 1, 1, convertFunction, nullptr, ""},
    {"Cosh", 1, 1, convertFunction, nullptr, ""},
    {"CumSum", 2, 2, convertCumSum, nullptr,
     "floats, along at most 4096 elements; exclusive, reverse"},
    {"DepthToSpace", 1, 1, convertDepthToSpace, nullptr, "modes DCR and CRD"},
    {"DequantizeLinear", 2, 3, convertDequantizeLinear, nullptr,
     "of int8, uint8, int16, uint16, int4, uint4, int32; constant scales: per "
     "tensor, per axis, blocked; computed ones: not blocked"},
    {"Div", 2, 2, convertDiv, foldBinary, "NumPy broadcasting"},
    {"Dropout", 1, 3, convertDropout, nullptr,
     "inference only, or of ratio 0 (the identity)"},
    {"DynamicQuantizeLinear", 1, 1, convertDynamicQuantizeLinear, nullptr, ""},
    {"Einsum", 1, kAny, convertEinsum, nullptr, ""},
    {"Elu", 1, 1, convertElu, nullptr, ""},
    {"Equal", 2, 2, convertCompare, foldBinary, ""},
    {"Erf", 1, 1, convertErf, nullptr, ""},
    {"Exp", 1, 1, convertFunction, nullptr, ""},
    {"Expand", 2, 2, convertExpand, nullptr, "constant shape"},
    {"EyeLike", 1, 1, convertEyeLike, nullptr, ""},
    {"Flatten", 1, 1, convertFlatten, nullptr, "any axis"},
    {"Floor", 1, 1, convertFunction, foldUnary, ""},
    {"GRU", 3, 6, convertGRU, nullptr, kRecurrentForms},
    {"Gather", 2, 2, convertGather, nullptr, "constant or computed indices"},
    {"GatherElements", 2, 2, convertGatherElements, nullptr,
     "constant or computed indices"},
    {"GatherND", 2, 2, convertGatherND, nullptr,
     "constant or computed indices; batch_dims"},
    {"Gelu", 1, 1, convertGelu, nullptr, "approximate none, tanh"},
    {"Gemm", 2, 3, convertGemm, nullptr,
     "alpha, beta, transA, transB; C optional, broadcast"},
    {"GlobalAveragePool", 1, 1, convertGlobalAveragePool, nullptr, "rank >= 3"},
    {"GlobalLpPool", 1, 1, convertGlobalLpPool, nullptr, "rank >= 3"},
    {"GlobalMaxPool", 1, 1, convertGlobalMaxPool, nullptr, "rank >= 3"},
    {"Greater", 2, 2, convertCompare, foldBinary, ""},
    {"GreaterOrEqual", 2, 2, convertCompare, foldBinary, ""},
    {"GridSample", 2, 2, convertGridSample, nullptr,
     "images; all modes and paddings"},
    {"GroupNormalization", 3, 3, convertGroupNormalization, nullptr, ""},
    {"HardSigmoid", 1, 1, convertHardSigmoid, nullptr, ""},
    {"HardSwish", 1, 1, convertHardSwish, nullptr, ""},
    {"Hardmax", 1, 1, convertHardmax, nullptr,
     "any axis; coerced to a matrix before opset 13"},
    {"Identity", 1, 1, convertIdentity, nullptr, ""},
    {"InstanceNormalization", 3, 3, convertInstanceNormalization, nullptr, ""},
    {"IsInf", 1, 1, convertIsSpecial, nullptr, ""},
    {"IsNaN", 1, 1, convertIsSpecial, nullptr, ""},
    {"LRN", 1, 1, convertLRN, nullptr, ""},
    {"LSTM", 3, 8, convertLSTM, nullptr, kRecurrentForms},
    {"LayerNormalization", 2, 3, convertLayerNormalization, nullptr,
     "any axis; outputs Mean and InvStdDev"},
    {"LeakyRelu", 1, 1, convertLeakyRelu, nullptr, ""},
    {"Less", 2, 2, convertCompare, foldBinary, ""},
    {"LessOrEqual", 2, 2, convertCompare, foldBinary, ""},
    {"Log", 1, 1, convertFunction, nullptr, ""},
    {"LogSoftmax", 1, 1, convertLogSoftmax, nullptr,
     "any axis; coerced to a matrix before opset 13"},
    {"LpNormalization", 1, 1, convertLpNormalization, nullptr, "p 1 and 2"},
    {"LpPool", 1, 1, convertLpPool, nullptr,
     "1-D to 3-D; auto_pad, ceil_mode, dilations"},
    {"MatMul", 2, 2, convertMatMul, nullptr,
     "any ranks, batch dimensions broadcast"},
    {"MatMulInteger", 2, 4, convertMatMulInteger, nullptr,
     "exact sums; zero points constant, or computed with constant weights"},
    {"Max", 1, kAny, convertMinMax, foldBinary, "NumPy broadcasting"},
    {"MaxPool", 1, 1, convertMaxPool, nullptr,
     "1-D to 3-D; auto_pad, ceil_mode, dilations, storage_order"},
    {"Mean", 1, kAny, convertSum, nullptr, "NumPy broadcasting"},
    {"MeanVarianceNormalization", 1, 1, convertMeanVarianceNormalization,
     nullptr, ""},
    {"Min", 1, kAny, convertMinMax, foldBinary, "NumPy broadcasting"},
    {"Mish", 1, 1, convertFunction, nullptr, ""},
    {"Mod", 2, 2, convertIntegers, foldBinary, "integers; floats with fmod"},
    {"Mul", 2, 2, convertMul, foldBinary, "NumPy broadcasting"},
    {"Neg", 1, 1, convertFunction, foldUnary, ""},
    {"NonZero", 1, 1, refuseComputed, foldNonZero, ""},
    {"Not", 1, 1, convertNot, foldUnary, ""},
    {"OneHot", 3, 3, convertOneHot, nullptr, "constant depth"},
    {"Or", 2, 2, convertIntegers, foldBinary, ""},
    {"PRelu", 2, 2, convertPRelu, nullptr, ""},
    {"Pad", 1, 4, convertPad, nullptr,
     "modes constant, edge, reflect, wrap; constant pads, also negative, and "
     "value; axes"},
    {"Pow", 2, 2, convertPow, foldBinary,
     "floats and integers; whole exponents from 2 to 16 are products"},
    {"QLinearConv", 8, 9, refuseFew, nullptr, "as Conv; scales per channel"},
    {"QLinearMatMul", 8, 8, refuseFew, nullptr,
     "as MatMul; scales per row and per column"},
    {"QuantizeLinear", 2, 3, convertQuantizeLinear, nullptr,
     "to int8, uint8, int16, uint16, int4, uint4; constant scales: per tensor, "
     "per axis, blocked; computed ones: not blocked"},
    {"RMSNormalization", 2, 2, convertLayerNormalization, nullptr, "any axis"},
    {"RNN", 3, 6, convertRNN, nullptr, kRecurrentForms},
    {"Range", 3, 3, refuseComputed, foldRange, ""},
    {"Reciprocal", 1, 1, convertFunction, nullptr, ""},
    {"ReduceL1", 1, 2, convertReduce, nullptr, kReduceForms},
    {"ReduceL2", 1, 2, convertReduce, nullptr, kReduceForms},
    {"ReduceLogSum", 1, 2, convertReduce, nullptr, kReduceForms},
    {"ReduceLogSumExp", 1, 2, convertReduce, nullptr, kReduceForms},
    {"ReduceMax", 1, 2, convertReduce, foldReduce, kReduceForms},
    {"ReduceMean", 1, 2, convertReduceMean, nullptr, kReduceForms},
    {"ReduceMin", 1, 2, convertReduce, foldReduce, kReduceForms},
    {"ReduceProd", 1, 2, convertReduce, foldReduce, kReduceForms},
    {"ReduceSum", 1, 2, convertReduce, foldReduce, kReduceForms},
    {"ReduceSumSquare", 1, 2, convertReduce, nullptr, kReduceForms},
    {"Relu", 1, 1, convertRelu, nullptr, ""},
    {"Reshape", 2, 2, convertReshape, nullptr,
     "constant shape with 0 and -1; allowzero"},
    {"Resize", 1, 4, convertResize, nullptr,
     "modes nearest, linear, cubic; all coordinate and nearest modes; constant "
     "scales or sizes, axes, keep_aspect_ratio_policy, exclude_outside, "
     "antialias"},
    {"ReverseSequence", 2, 2, convertReverseSequence, nullptr,
     "constant lengths"},
    {"RoiAlign", 3, 3, convertRoiAlign, nullptr,
     "mode avg, sampling_ratio > 0"},
    {"Round", 1, 1, convertFunction, nullptr, ""},
    {"Scatter", 3, 3, convertScatterElements, nullptr, "constant indices"},
    {"ScatterElements", 3, 3, convertScatterElements, nullptr,
     "constant indices; all reductions"},
    {"ScatterND", 3, 3, convertScatterND, nullptr,
     "constant indices; all reductions"},
    {"Selu", 1, 1, convertElu, nullptr, ""},
    {"Shape", 1, 1, convertShape, nullptr, "start, end"},
    {"Shrink", 1, 1, convertShrink, nullptr, ""},
    {"Sigmoid", 1, 1, convertSigmoid, nullptr, ""},
    {"Sign", 1, 1, convertFunction, nullptr, ""},
    {"SimplifiedLayerNormalization", 2, 2, convertLayerNormalization, nullptr,
     "ONNX Runtime's name of RMSNormalization"},
    {"Sin", 1, 1, convertFunction, nullptr, ""},
    {"Sinh", 1, 1, convertFunction, nullptr, ""},
    {"Size", 1, 1, convertSize, nullptr, ""},
    {"Slice", 1, 5, convertSlice, nullptr,
     "attributes or constant inputs; negative steps"},
    {"Softmax", 1, 1, convertSoftmax, nullptr,
     "any axis; coerced to a matrix before opset 13"},
    {"Softplus", 1, 1, convertFunction, nullptr, ""},
    {"Softsign", 1, 1, convertFunction, nullptr, ""},
    {"SpaceToDepth", 1, 1, convertDepthToSpace, nullptr, ""},
    {"Split", 1, 2, convertSplit, nullptr,
     "sizes as attribute or constant input; num_outputs"},
    {"Sqrt", 1, 1, convertSqrt, foldUnary, ""},
    {"Squeeze", 1, 2, convertSqueeze, nullptr,
     "axes as attribute or constant input"},
    {"Sub", 2, 2, convertSub, foldBinary, "NumPy broadcasting"},
    {"Sum", 1, kAny, convertSum, nullptr, "NumPy broadcasting"},
    {"Tan", 1, 1, convertFunction, nullptr, ""},
    {"Tanh", 1, 1, convertTanh, nullptr, ""},
    {"ThresholdedRelu", 1, 1, convertThresholdedRelu, nullptr, ""},
    {"Tile", 2, 2, convertTile, nullptr, "constant repeats"},
    {"TopK", 1, 2, convertTopK, nullptr, "constant k; sorted"},
    {"Transpose", 1, 1, convertTranspose, nullptr, ""},
    {"Trilu", 1, 2, convertTrilu, nullptr, "constant k"},
    {"Unsqueeze", 1, 2, convertUnsqueeze, nullptr,
     "axes as attribute or constant input"},
    {"Upsample", 1, 2, convertUpsample, nullptr,
     "modes nearest and linear; constant scales"},
    {"Where", 3, 3, convertWhere, foldWhere, "NumPy broadcasting"},
    {"Xor", 2, 2, convertIntegers, nullptr, ""},
};

const OpEntry *import::findSupportedOp(StringRef domain, StringRef name) {
  bool isOnnx = isOnnxDomain(domain);
  // com.microsoft has Q and DQ of its own, the same as ONNX's of opset 21.
  bool isShared = domain == kMicrosoftDomain &&
                  (name == "QuantizeLinear" || name == "DequantizeLinear");
  ArrayRef<OpEntry> ops;
  if (isOnnx || isShared)
    ops = kOps;
  else if (domain == kMicrosoftDomain)
    ops = getMicrosoftOps();
  auto it = llvm::lower_bound(ops, name, [](const OpEntry &op, StringRef name) {
    return op.name < name;
  });
  return it != ops.end() && it->name == name ? it : nullptr;
}

void qnn::printSupportedOps(raw_ostream &os) {
  os << "| ONNX op | works on | forms and limits |\n| --- | --- | --- |\n";
  for (const OpEntry &op : kOps)
    os << "| " << op.name << " | "
       << (op.convert == refuseComputed ? "constants" : "tensors") << " | "
       << op.forms << " |\n";
  for (const auto &[name, forms] : getSequenceOps())
    os << "| " << name << " | tensors | " << forms << " |\n";
  for (const OpEntry &op : getMicrosoftOps())
    os << "| " << kMicrosoftDomain << "." << op.name << " | tensors | "
       << op.forms << " |\n";
  for (const auto &[name, forms] : getExpandedOps())
    os << "| " << name << " | tensors | " << forms << " |\n";
}
