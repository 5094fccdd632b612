//===- MicrosoftOperators.cpp - Float ops of the domain com.microsoft -----===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ONNX Runtime's optimizer writes into the models that it saves: ONNX ops
// fused with what stood around them.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// `x` through the function that attribute `activation` names.
static Value activate(NodeImporter &node, Value x, ArrayRef<float> parameters) {
  std::string name = node.getString("activation", "");
  auto parameter = [&](size_t i, float missing) {
    return node.getBuilder().getF32FloatAttr(
        i < parameters.size() ? parameters[i] : missing);
  };
  if (!x || name.empty())
    return x;
  if (name == "Relu")
    return node.create<ReluOp>(x);
  if (name == "Sigmoid")
    return node.create<SigmoidOp>(x);
  if (name == "Tanh")
    return node.create<TanhOp>(x);
  if (name == "LeakyRelu")
    return node.create<LeakyReluOp>(x, parameter(0, 0.01f));
  if (name == "Clip" && parameters.size() == 2)
    return node.create<ClipOp>(x, parameter(0, 0), parameter(1, 0));
  if (name == "HardSigmoid")
    return node.create<HardSigmoidOp>(x, parameter(0, 0.2f),
                                      parameter(1, 0.5f));
  (void)node.unsupported("activation '" + name + "'");
  return {};
}

/// Conv, with a residual as input 3 and an activation.
static LogicalResult convertFusedConv(NodeImporter &node) {
  Value bias = node.hasInput(2) ? node.getValue(2) : Value();
  SmallVector<float> parameters = node.getFloatList("activation_params");
  return convertConvOf(
      node, Value(), Value(), bias, [&](Value result) -> LogicalResult {
        if (result && node.hasInput(3)) {
          Value residual = node.getValue(3);
          if (residual && shapeOf(residual) != shapeOf(result))
            return node.error() << "expected a residual of shape "
                                << formatShape(shapeOf(result)) << ", got "
                                << formatShape(shapeOf(residual));
          result = Emitter{node}.add(result, residual);
        }
        return node.setResult(activate(node, result, parameters));
      });
}

static LogicalResult convertFusedGemm(NodeImporter &node) {
  SmallVector<float> parameters;
  if (node.hasAttr("activation_alpha"))
    parameters = {node.getFloat("activation_alpha", 0.0f),
                  node.getFloat("activation_beta", 0.0f)};
  return node.setResult(activate(node, createGemm(node), parameters));
}

/// A matrix product of operands whose last dimensions may be swapped.
static LogicalResult convertFusedMatMul(NodeImporter &node) {
  float alpha = node.getFloat("alpha", 1.0f);
  if (node.getFlag("transBatchA", false) || node.getFlag("transBatchB", false))
    return node.unsupported("transBatchA and transBatchB");
  Value operands[2];
  for (int i = 0; i < 2; ++i) {
    operands[i] = node.getValue(i);
    bool swaps = node.getFlag(i == 0 ? "transA" : "transB", false);
    if (node.failed())
      return failure();
    int64_t rank = shapeOf(operands[i]).size();
    if (rank < 2)
      return node.unsupported("of a vector");
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(rank));
    std::swap(order[rank - 1], order[rank - 2]);
    if (swaps)
      operands[i] = node.transpose(operands[i], order);
  }
  if (node.failed())
    return failure();
  ArrayRef<int64_t> a = shapeOf(operands[0]), b = shapeOf(operands[1]);
  if (a.back() != b[b.size() - 2])
    return node.error() << "expected matrices with equal inner dimensions, got "
                        << formatShape(a) << " and " << formatShape(b);
  Value result;
  if (b.size() == 2 && operands[1].getDefiningOp<ConstantOp>())
    result = node.create<FullyConnectedOp>(
        operands[0], node.transpose(operands[1], {1, 0}), /*bias=*/Value(),
        /*residual=*/Value(), /*clamp_min=*/FloatAttr(),
        /*clamp_max=*/FloatAttr());
  else
    result = node.create<MatMulOp>(operands[0], operands[1],
                                   /*clamp_min=*/FloatAttr(),
                                   /*clamp_max=*/FloatAttr());
  Emitter e{node};
  return node.setResult(alpha == 1.0f ? result
                                      : e.mul(result, e.constant(alpha)));
}

/// BiasGelu, FastGelu (by tanh) and QuickGelu (x * sigmoid(alpha * x)).
static LogicalResult convertBiasedGelu(NodeImporter &node) {
  Emitter e{node};
  Value x = node.getValue(0);
  if (node.hasInput(1))
    x = e.add(x, node.getValue(1));
  if (node.getOpType() != "QuickGelu")
    return node.setResult(createGelu(node, x, node.getOpType() == "FastGelu"));
  Value scaled = e.mul(x, e.constant(node.getFloat("alpha", 1.702f)));
  return node.setResult(e.mul(x, e.unary<SigmoidOp>(scaled)));
}

/// The normalization of input + skip + bias. The simplified form has no mean
/// and no offset.
static LogicalResult convertSkipLayerNormalization(NodeImporter &node) {
  bool isSimplified = node.getOpType().starts_with("SkipSimplified");
  float epsilon = node.getFloat("epsilon", isSimplified ? 1e-5f : 1e-12f);
  Emitter e{node};
  Value sum = e.add(node.getValue(0), node.getValue(1));
  Value scale = node.getValue(2), offset;
  int next = 3;
  if (!isSimplified) {
    offset = node.hasInput(3) ? node.getValue(3) : Value();
    next = 4;
  }
  if (node.hasInput(next))
    sum = e.add(sum, node.getValue(next));
  if (node.hasOutput(1) || node.hasOutput(2))
    return node.unsupported("outputs mean and inv_std_var");
  if (node.failed() || !sum)
    return failure();
  int64_t axis = shapeOf(sum).size() - 1;
  if (axis < 0)
    return node.error() << "expected a tensor with a dimension to normalize";
  (void)node.setResult(sum, 3);
  return node.setResult(
      normalizeLayer(node, sum, axis, epsilon, scale, offset, isSimplified)
          .result);
}

static const OpEntry kOps[] = {
    {"BiasGelu", 2, 2, convertBiasedGelu, nullptr, ""},
    {"FastGelu", 1, 2, convertBiasedGelu, nullptr, ""},
    {"FusedConv", 2, 4, convertFusedConv, nullptr,
     "as Conv; activations Relu, LeakyRelu, Clip, HardSigmoid, Sigmoid, Tanh"},
    {"FusedGemm", 2, 3, convertFusedGemm, nullptr, "as Gemm and FusedConv"},
    {"FusedMatMul", 2, 2, convertFusedMatMul, nullptr, "transA, transB, alpha"},
    {"Gelu", 1, 1, convertGelu, nullptr, ""},
    {"QuickGelu", 1, 1, convertBiasedGelu, nullptr, ""},
    {"SkipLayerNormalization", 3, 5, convertSkipLayerNormalization, nullptr,
     "without the outputs mean and inv_std_var"},
    {"SkipSimplifiedLayerNormalization", 3, 4, convertSkipLayerNormalization,
     nullptr, "the same"},
};

ArrayRef<OpEntry> import::getMicrosoftOps() { return kOps; }
