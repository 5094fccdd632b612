//===- ElementWise.cpp - Arithmetic, activations, softmax, mean -----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <typename OpTy>
static Value createBinary(OpImporter &node, Value lhs, Value rhs,
                          const OpImporter::Clamp &clamp = {}) {
  if (node.failed() || !lhs || !rhs)
    return {};
  return node.activate(node.create<OpTy>(lhs, rhs, clamp.low, clamp.high),
                       clamp);
}

static Value createScalar(OpImporter &node, float value) {
  return node.createConstant({}, value);
}

template <typename OpTy, typename Options>
static LogicalResult convertBinary(OpImporter &node) {
  OpImporter::Clamp clamp;
  if (auto *options = node.findOptions<Options>())
    clamp = node.getClamp(options->fused_activation_function());
  Value lhs = node.getValue(0), rhs = node.getValue(1);
  return node.setResult(createBinary<OpTy>(node, lhs, rhs, clamp));
}

LogicalResult tflite::convertAdd(OpImporter &node) {
  return convertBinary<AddOp, AddOptions>(node);
}
LogicalResult tflite::convertSub(OpImporter &node) {
  return convertBinary<SubOp, SubOptions>(node);
}
LogicalResult tflite::convertMul(OpImporter &node) {
  return convertBinary<MulOp, MulOptions>(node);
}
LogicalResult tflite::convertDiv(OpImporter &node) {
  return convertBinary<DivOp, DivOptions>(node);
}

LogicalResult tflite::convertSquaredDifference(OpImporter &node) {
  Value difference =
      createBinary<SubOp>(node, node.getValue(0), node.getValue(1));
  return node.setResult(createBinary<MulOp>(node, difference, difference));
}

LogicalResult tflite::convertSquare(OpImporter &node) {
  Value input = node.getValue(0);
  return node.setResult(createBinary<MulOp>(node, input, input));
}

LogicalResult tflite::convertNeg(OpImporter &node) {
  return node.setResult(
      createBinary<SubOp>(node, createScalar(node, 0.0f), node.getValue(0)));
}

static Value createClip(OpImporter &node, Value input, float low, float high) {
  if (node.failed() || !input)
    return {};
  Builder &builder = node.getBuilder();
  return node.create<ClipOp>(input, builder.getF32FloatAttr(low),
                             builder.getF32FloatAttr(high));
}

/// Of a tensor and a constant of one value.
LogicalResult tflite::convertMaximumMinimum(OpImporter &node) {
  bool isMax = node.getCode() == BuiltinOperator::MAXIMUM;
  int constant = node.isConstant(1) ? 1 : 0;
  if (node.failed())
    return failure();
  if (!node.isConstant(constant) || node.isConstant(1 - constant))
    return node.unsupported("two computed operands");
  if (node.isConstantInts(constant))
    return node.unsupported("integers");
  std::vector<float> bound = node.getReals(constant);
  if (node.failed())
    return failure();
  if (bound.size() != 1 || std::isnan(bound[0]) ||
      node.getShape(constant).size() > node.getShape(1 - constant).size())
    return node.unsupported("a constant operand of shape " +
                            formatShape(node.getShape(constant)) +
                            ", only one value is");
  return node.setResult(createClip(node, node.getValue(1 - constant),
                                   isMax ? bound[0] : -kInfinity,
                                   isMax ? kInfinity : bound[0]));
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

template <typename OpTy, typename... Args>
static LogicalResult convertUnary(OpImporter &node, Args... args) {
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  return node.setResult(
      node.create<OpTy>(input, node.getBuilder().getF32FloatAttr(args)...));
}

LogicalResult tflite::convertRelu(OpImporter &node) {
  return convertUnary<ReluOp>(node);
}
LogicalResult tflite::convertLogistic(OpImporter &node) {
  return convertUnary<SigmoidOp>(node);
}
LogicalResult tflite::convertTanh(OpImporter &node) {
  return convertUnary<TanhOp>(node);
}
LogicalResult tflite::convertHardSwish(OpImporter &node) {
  return convertUnary<HardSwishOp>(node);
}
LogicalResult tflite::convertSqrt(OpImporter &node) {
  return convertUnary<SqrtOp>(node);
}

/// RELU6, RELU_N1_TO_1, RELU_0_TO_1.
LogicalResult tflite::convertClip(OpImporter &node) {
  float low = node.getCode() == BuiltinOperator::RELU_N1_TO_1 ? -1.0f : 0.0f;
  float high = node.getCode() == BuiltinOperator::RELU6 ? 6.0f : 1.0f;
  return node.setResult(createClip(node, node.getValue(0), low, high));
}

LogicalResult tflite::convertLeakyRelu(OpImporter &node) {
  auto *options = node.getOptions<LeakyReluOptions>();
  if (!options)
    return failure();
  if (!std::isfinite(options->alpha()))
    return node.error() << "expected a finite alpha";
  return convertUnary<LeakyReluOp>(node, options->alpha());
}

LogicalResult tflite::convertRsqrt(OpImporter &node) {
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  return node.setResult(createBinary<DivOp>(node, createScalar(node, 1.0f),
                                            node.create<SqrtOp>(input)));
}

/// x / 2 * (1 + erf(x / sqrt 2)), or the same with a tanh.
LogicalResult tflite::convertGelu(OpImporter &node) {
  auto *options = node.findOptions<GeluOptions>();
  Value x = node.getValue(0);
  auto scaled = [&](Value value, float factor) {
    return createBinary<MulOp>(node, value, createScalar(node, factor));
  };
  Value step;
  if (options && options->approximate()) {
    Value cube = createBinary<MulOp>(node, createBinary<MulOp>(node, x, x), x);
    Value sum = createBinary<AddOp>(node, x, scaled(cube, 0.044715f));
    if (Value inner = scaled(sum, 0.7978845608f))
      step = node.create<TanhOp>(inner);
  } else if (Value inner = scaled(x, 0.70710678118f)) {
    step = node.create<ErfOp>(inner);
  }
  Value factor = createBinary<AddOp>(node, step, createScalar(node, 1.0f));
  return node.setResult(createBinary<MulOp>(node, scaled(x, 0.5f), factor));
}

/// max(x, 0) + alpha * min(x, 0), exact because one term is always zero.
LogicalResult tflite::convertPrelu(OpImporter &node) {
  Value x = node.getValue(0);
  Value negative = createClip(node, x, -kInfinity, 0.0f);
  Value scaled = createBinary<MulOp>(node, negative, node.getValue(1));
  if (!scaled)
    return failure();
  return node.setResult(
      createBinary<AddOp>(node, node.create<ReluOp>(x), scaled));
}

LogicalResult tflite::convertSoftmax(OpImporter &node) {
  auto *options = node.getOptions<SoftmaxOptions>();
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  float beta = options->beta();
  int64_t rank = shapeOf(input).size();
  if (rank < 1 || !std::isfinite(beta) || beta <= 0)
    return node.error() << "expected a positive beta and rank 1 or more";
  if (beta != 1.0f)
    input = createBinary<MulOp>(node, input, createScalar(node, beta));
  return node.setResult(node.create<SoftmaxOp>(input, rank - 1));
}

LogicalResult tflite::convertMean(OpImporter &node) {
  auto *options = node.getOptions<ReducerOptions>();
  Value input = node.getValue(0);
  SmallVector<int64_t> axes = node.getInts(1, "the axes");
  if (node.failed())
    return failure();
  axes = node.normalizeAxes(axes, shapeOf(input).size());
  if (axes.empty())
    return node.setResult(input);
  return node.setResult(node.create<ReduceMeanOp>(
      input, ArrayRef<int64_t>(axes), options->keep_dims(), FloatAttr(),
      FloatAttr()));
}

//===----------------------------------------------------------------------===//
// Between types
//===----------------------------------------------------------------------===//

LogicalResult tflite::convertQuantize(OpImporter &node) {
  if (!node.getOutput().isQuantizedActivation())
    return node.unsupported("to " + formatType(node.getOutput().type));
  return node.forward(0);
}

/// Also of weights in half precision or 8 bits, which become f32.
LogicalResult tflite::convertDequantize(OpImporter &node) {
  if (node.isConstant(0) && node.getInput(0).isQuantized())
    node.remark("dequantized at compile time");
  return node.forward(0);
}
