//===- Converters.cpp - The table of supported ONNX ops -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

#include "qnn/Import/ONNX/Importer.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// For ops that exist only on constants.
static LogicalResult refuseComputed(NodeImporter &node) {
  return node.unsupported("on computed tensors, only on constants");
}

static constexpr int kAny = -1;

static constexpr StringRef kRecurrentForms =
    "all directions, layouts, biases, initial states, peepholes, clip; "
    "sequences of full length, which are unrolled";

/// Sorted by name. Columns: op, inputs (least, most), on computed tensors, on
/// constants, accepted forms.
static const OpEntry kOps[] = {
    {"Abs", 1, 1, refuseComputed, foldUnary, ""},
    {"Add", 2, 2, convertAdd, foldBinary, "NumPy broadcasting"},
    {"And", 2, 2, refuseComputed, foldBinary, ""},
    {"AveragePool", 1, 1, convertAveragePool, nullptr,
     "1-D, 2-D; auto_pad, ceil_mode, count_include_pad, dilations"},
    {"BatchNormalization", 5, 5, convertBatchNormalization, nullptr,
     "inference only; any rank >= 2"},
    {"Cast", 1, 1, convertCast, foldCast,
     "float to float; constants: to float, double, integers, bool"},
    {"Ceil", 1, 1, refuseComputed, foldUnary, ""},
    {"Clip", 1, 3, convertClip, nullptr,
     "bounds as attributes or constant inputs, each optional; ReLU6"},
    {"Concat", 1, kAny, convertConcat, nullptr, "any axis"},
    {"Constant", 0, 0, convertConstant, nullptr,
     "value, value_float(s), value_int(s)"},
    {"ConstantOfShape", 1, 1, refuseComputed, foldConstantOfShape, ""},
    {"Conv", 2, 3, convertConv, nullptr,
     "1-D, 2-D; group, dilations, strides, pads, auto_pad; weight and bias "
     "constant or computed"},
    {"DequantizeLinear", 2, 3, convertDequantizeLinear, nullptr,
     "of int8, uint8, int16, uint16, int4, uint4, and constant int32; constant "
     "scales: per tensor, per axis, blocked"},
    {"Div", 2, 2, convertDiv, foldBinary, "NumPy broadcasting"},
    {"Dropout", 1, 3, convertDropout, nullptr, "inference only (the identity)"},
    {"Equal", 2, 2, refuseComputed, foldBinary, ""},
    {"Erf", 1, 1, convertErf, nullptr, ""},
    {"Expand", 2, 2, convertExpand, nullptr, "constant shape"},
    {"Flatten", 1, 1, convertFlatten, nullptr, "any axis"},
    {"Floor", 1, 1, refuseComputed, foldUnary, ""},
    {"GRU", 3, 6, convertGRU, nullptr, kRecurrentForms},
    {"Gather", 2, 2, convertGather, nullptr,
     "constant indices; on computed tensors at most 64 runs of evenly "
     "spaced ones"},
    {"Gelu", 1, 1, convertGelu, nullptr, "approximate none, tanh"},
    {"Gemm", 2, 3, convertGemm, nullptr,
     "alpha, beta, transA, transB; C optional, broadcast"},
    {"GlobalAveragePool", 1, 1, convertGlobalAveragePool, nullptr, "rank >= 3"},
    {"GlobalMaxPool", 1, 1, convertGlobalMaxPool, nullptr, "rank >= 3"},
    {"Greater", 2, 2, refuseComputed, foldBinary, ""},
    {"GreaterOrEqual", 2, 2, refuseComputed, foldBinary, ""},
    {"HardSigmoid", 1, 1, convertHardSigmoid, nullptr, ""},
    {"HardSwish", 1, 1, convertHardSwish, nullptr, ""},
    {"Identity", 1, 1, convertIdentity, nullptr, ""},
    {"LSTM", 3, 8, convertLSTM, nullptr, kRecurrentForms},
    {"LayerNormalization", 2, 3, convertLayerNormalization, nullptr,
     "any axis; outputs Mean and InvStdDev"},
    {"LeakyRelu", 1, 1, convertLeakyRelu, nullptr, ""},
    {"Less", 2, 2, refuseComputed, foldBinary, ""},
    {"LessOrEqual", 2, 2, refuseComputed, foldBinary, ""},
    {"MatMul", 2, 2, convertMatMul, nullptr,
     "any ranks, batch dimensions broadcast"},
    {"Max", 1, kAny, convertMinMax, foldBinary,
     "one computed tensor, constants of one value"},
    {"MaxPool", 1, 1, convertMaxPool, nullptr,
     "1-D, 2-D; auto_pad, ceil_mode, dilations; no output Indices"},
    {"Min", 1, kAny, convertMinMax, foldBinary,
     "one computed tensor, constants of one value"},
    {"Mod", 2, 2, refuseComputed, foldBinary, "integers; floats with fmod"},
    {"Mul", 2, 2, convertMul, foldBinary, "NumPy broadcasting"},
    {"Neg", 1, 1, refuseComputed, foldUnary, ""},
    {"Not", 1, 1, refuseComputed, foldUnary, ""},
    {"Or", 2, 2, refuseComputed, foldBinary, ""},
    {"Pad", 1, 4, convertPad, nullptr,
     "mode constant; constant pads, also negative, and value"},
    {"Pow", 2, 2, convertPow, foldBinary,
     "floats; of a computed tensor the constant exponents 0.5, 1, 2, 3"},
    {"QuantizeLinear", 2, 3, convertQuantizeLinear, nullptr,
     "to int8, uint8, int16, uint16, int4, uint4; constant scales: per tensor, "
     "per axis, blocked"},
    {"RNN", 3, 6, convertRNN, nullptr, kRecurrentForms},
    {"Range", 3, 3, refuseComputed, foldRange, ""},
    {"ReduceMax", 1, 2, refuseComputed, foldReduce, ""},
    {"ReduceMean", 1, 2, convertReduceMean, nullptr,
     "axes as attribute or constant input; keepdims; noop_with_empty_axes"},
    {"ReduceMin", 1, 2, refuseComputed, foldReduce, ""},
    {"ReduceProd", 1, 2, refuseComputed, foldReduce, ""},
    {"ReduceSum", 1, 2, refuseComputed, foldReduce, ""},
    {"Relu", 1, 1, convertRelu, nullptr, ""},
    {"Reshape", 2, 2, convertReshape, nullptr,
     "constant shape with 0 and -1; allowzero"},
    {"Resize", 1, 4, convertResize, nullptr,
     "mode nearest; constant scales or sizes, axes; coordinate modes "
     "asymmetric, half_pixel, pytorch_half_pixel, align_corners; all four "
     "nearest modes"},
    {"Shape", 1, 1, convertShape, nullptr, "start, end"},
    {"Sigmoid", 1, 1, convertSigmoid, nullptr, ""},
    {"Size", 1, 1, convertSize, nullptr, ""},
    {"Slice", 1, 5, convertSlice, nullptr,
     "attributes or constant inputs; negative steps"},
    {"Softmax", 1, 1, convertSoftmax, nullptr,
     "any axis; coerced to a matrix before opset 13"},
    {"Split", 1, 2, convertSplit, nullptr,
     "sizes as attribute or constant input; num_outputs"},
    {"Sqrt", 1, 1, convertSqrt, foldUnary, ""},
    {"Squeeze", 1, 2, convertSqueeze, nullptr,
     "axes as attribute or constant input"},
    {"Sub", 2, 2, convertSub, foldBinary, "NumPy broadcasting"},
    {"Sum", 1, kAny, convertSum, nullptr, "NumPy broadcasting"},
    {"Tanh", 1, 1, convertTanh, nullptr, ""},
    {"Transpose", 1, 1, convertTranspose, nullptr, ""},
    {"Unsqueeze", 1, 2, convertUnsqueeze, nullptr,
     "axes as attribute or constant input"},
    {"Upsample", 1, 2, convertUpsample, nullptr,
     "mode nearest; constant scales"},
    {"Where", 3, 3, refuseComputed, foldWhere, ""},
};

ArrayRef<OpEntry> import::getSupportedOps() { return kOps; }

const OpEntry *import::findSupportedOp(StringRef name) {
  auto it =
      llvm::lower_bound(kOps, name, [](const OpEntry &op, StringRef name) {
        return op.name < name;
      });
  return it != std::end(kOps) && it->name == name ? it : nullptr;
}

void qnn::printSupportedOps(raw_ostream &os) {
  os << "| ONNX op | works on | forms and limits |\n| --- | --- | --- |\n";
  for (const OpEntry &op : kOps)
    os << "| " << op.name << " | "
       << (op.convert == refuseComputed ? "constants" : "tensors") << " | "
       << op.forms << " |\n";
}
