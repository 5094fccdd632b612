//===- ElementWise.cpp - Arithmetic, activations, softmax -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// ADD, SUB, MUL, DIV of integers, which have no fused activation.
static LogicalResult convertIntegers(OpImporter &node, Value lhs, Value rhs,
                                     const OpImporter::Clamp &clamp) {
  if (node.failed())
    return failure();
  if (clamp.low || clamp.isTanh)
    return node.unsupported("integers with a fused activation");
  BinaryFunction function =
      node.getCode() == BuiltinOperator::ADD   ? BinaryFunction::Add
      : node.getCode() == BuiltinOperator::SUB ? BinaryFunction::Sub
      : node.getCode() == BuiltinOperator::MUL ? BinaryFunction::Mul
                                               : BinaryFunction::Div;
  if (elementOf(lhs).isInteger(1))
    return node.unsupported("of bools");
  return node.setResult(Emitter{node}.binary(function, lhs, rhs));
}

template <typename OpTy, typename Options>
static LogicalResult convertBinary(OpImporter &node) {
  OpImporter::Clamp clamp;
  if (auto *options = node.findOptions<Options>())
    clamp = node.getClamp(options->fused_activation_function());
  auto [lhs, rhs] = node.getPair();
  if (node.failed())
    return failure();
  if (!elementOf(lhs).isF32())
    return convertIntegers(node, lhs, rhs, clamp);
  Value result = node.create<OpTy>(lhs, rhs, clamp.low, clamp.high);
  return node.setResult(node.activate(result, clamp));
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

LogicalResult tflite::convertAddN(OpImporter &node) {
  Emitter e{node};
  Value sum = node.getAny(0);
  for (int i = 1; i < node.getNumInputs() && sum; ++i) {
    Value next = node.getAny(i);
    if (next && elementOf(next) != elementOf(sum))
      return node.error() << "expected operands of one type";
    sum = elementOf(sum).isF32() ? e.add(sum, next)
                                 : e.binary(BinaryFunction::Add, sum, next);
  }
  return node.setResult(sum);
}

/// The square of `x`, a float or an integer.
static Value createSquare(OpImporter &node, Value x) {
  Emitter e{node};
  if (!x)
    return {};
  return elementOf(x).isF32() ? e.mul(x, x)
                              : e.binary(BinaryFunction::Mul, x, x);
}

LogicalResult tflite::convertSquaredDifference(OpImporter &node) {
  auto [lhs, rhs] = node.getPair();
  if (node.failed())
    return failure();
  Emitter e{node};
  return node.setResult(createSquare(
      node, elementOf(lhs).isF32() ? e.sub(lhs, rhs)
                                   : e.binary(BinaryFunction::Sub, lhs, rhs)));
}

LogicalResult tflite::convertSquare(OpImporter &node) {
  return node.setResult(createSquare(node, node.getAny(0)));
}

static Value createClip(OpImporter &node, Value input, float low, float high) {
  if (node.failed() || !input)
    return {};
  Builder &builder = node.getBuilder();
  return node.create<ClipOp>(input, builder.getF32FloatAttr(low),
                             builder.getF32FloatAttr(high));
}

/// The value of a float constant of one element that does not widen the other
/// operand: a bound, whose form exists in integers too.
static std::optional<float> getBound(OpImporter &node, int i) {
  if (!node.isConstant(i) || node.getInput(i).isInteger() ||
      *countElements(node.getShape(i)) != 1 ||
      node.getShape(i).size() > node.getShape(1 - i).size())
    return std::nullopt;
  std::vector<float> values = node.getReals(i);
  if (node.failed() || std::isnan(values[0]))
    return std::nullopt;
  return values[0];
}

LogicalResult tflite::convertMaximumMinimum(OpImporter &node) {
  bool isMax = node.getCode() == BuiltinOperator::MAXIMUM;
  auto [lhs, rhs] = node.getPair();
  if (node.failed())
    return failure();
  for (int i : {0, 1})
    if (std::optional<float> bound = getBound(node, i))
      return node.setResult(createClip(node, i == 0 ? rhs : lhs,
                                       isMax ? *bound : -kInfinity,
                                       isMax ? kInfinity : *bound));
  return node.setResult(Emitter{node}.binary(
      isMax ? BinaryFunction::Max : BinaryFunction::Min, lhs, rhs));
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
  Emitter e{node};
  return node.setResult(
      e.div(e.constant(1.0f), e.unary<SqrtOp>(node.getValue(0))));
}

/// x / 2 * (1 + erf(x / sqrt 2)), or the same with a tanh.
LogicalResult tflite::convertGelu(OpImporter &node) {
  auto *options = node.findOptions<GeluOptions>();
  Value x = node.getValue(0);
  Emitter e{node};
  auto scaled = [&](Value value, float factor) {
    return e.mul(value, e.constant(factor));
  };
  Value step;
  if (options && options->approximate()) {
    Value cube = e.mul(e.mul(x, x), x);
    Value sum = e.add(x, scaled(cube, 0.044715f));
    step = e.unary<TanhOp>(scaled(sum, 0.7978845608f));
  } else {
    step = e.unary<ErfOp>(scaled(x, 0.70710678118f));
  }
  return node.setResult(e.mul(scaled(x, 0.5f), e.add(step, e.constant(1.0f))));
}

/// One slope is a leaky ReLU, which has an integer form.
LogicalResult tflite::convertPrelu(OpImporter &node) {
  Value x = node.getValue(0);
  if (x)
    if (std::optional<float> slope = getBound(node, 1))
      return node.setResult(node.create<LeakyReluOp>(
          x, node.getBuilder().getF32FloatAttr(*slope)));
  return node.setResult(
      Emitter{node}.binary(BinaryFunction::Prelu, x, node.getValue(1)));
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
  Emitter e{node};
  if (beta != 1.0f)
    input = e.mul(input, e.constant(beta));
  return node.setResult(node.create<SoftmaxOp>(input, rank - 1));
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

/// Of constants it has been read away.
LogicalResult tflite::convertDensify(OpImporter &node) {
  return node.error() << "expected a constant and a result of its type";
}
