//===- Functions.cpp - Functions, comparisons, selections, casts ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"
#include "Quantization.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

//===----------------------------------------------------------------------===//
// Unary functions
//===----------------------------------------------------------------------===//

/// Those without parameters.
static std::optional<UnaryFunction> getFunction(StringRef op) {
  using F = UnaryFunction;
  return llvm::StringSwitch<std::optional<F>>(op)
      .Case("Softplus", F::Softplus)
      .Case("Softsign", F::Softsign)
      .Case("Mish", F::Mish)
      .Case("Neg", F::Neg)
      .Case("Abs", F::Abs)
      .Case("Sign", F::Sign)
      .Case("Ceil", F::Ceil)
      .Case("Floor", F::Floor)
      .Case("Round", F::Round)
      .Case("Exp", F::Exp)
      .Case("Log", F::Log)
      .Case("Reciprocal", F::Reciprocal)
      .Case("Sin", F::Sin)
      .Case("Cos", F::Cos)
      .Case("Tan", F::Tan)
      .Case("Asin", F::Asin)
      .Case("Acos", F::Acos)
      .Case("Atan", F::Atan)
      .Case("Sinh", F::Sinh)
      .Case("Cosh", F::Cosh)
      .Case("Asinh", F::Asinh)
      .Case("Acosh", F::Acosh)
      .Case("Atanh", F::Atanh)
      .Default(std::nullopt);
}

/// Neg, Abs and Sign of integers; Ceil, Floor and Round are the identity.
static Value applyToIntegers(Emitter &e, UnaryFunction function, Value x) {
  if (!x)
    return {};
  Value zero = e.integers({}, {0}, x);
  Value negated = e.binary(BinaryFunction::Sub, zero, x);
  switch (function) {
  case UnaryFunction::Neg:
    return negated;
  case UnaryFunction::Abs:
    return e.binary(BinaryFunction::Max, x, negated);
  case UnaryFunction::Sign:
    x = e.binary(BinaryFunction::Min, x, e.integers({}, {1}, x));
    return e.binary(BinaryFunction::Max, x, e.integers({}, {-1}, x));
  default:
    return x;
  }
}

LogicalResult import::convertFunction(NodeImporter &node) {
  UnaryFunction function = *getFunction(node.getOpType());
  Emitter e{node};
  if (!node.isFloat(0) && !node.failed()) {
    Value x = node.getAny(0);
    if (x && elementOf(x).isInteger(1))
      return node.unsupported("of bools");
    return node.setResult(applyToIntegers(e, function, x));
  }
  return node.setResult(e.unary(function, node.getValue(0)));
}

LogicalResult import::convertElu(NodeImporter &node) {
  StringRef op = node.getOpType();
  float alpha =
      node.getFloat("alpha", op == "Selu" ? 1.67326319217681884765625f : 1.0f);
  float beta = 1.0f, gamma = 1.0f;
  if (op == "Selu") {
    beta = node.getFloat("gamma", 1.05070102214813232421875f);
    alpha *= beta;
  } else if (op == "Celu") {
    gamma = 1.0f / alpha;
  }
  return node.setResult(Emitter{node}.unary(
      UnaryFunction::Elu, node.getValue(0), alpha, beta, gamma));
}

LogicalResult import::convertThresholdedRelu(NodeImporter &node) {
  return node.setResult(Emitter{node}.unary(UnaryFunction::ThresholdedRelu,
                                            node.getValue(0),
                                            node.getFloat("alpha", 1.0f)));
}

LogicalResult import::convertShrink(NodeImporter &node) {
  float limit = node.getFloat("lambd", 0.5f);
  return node.setResult(Emitter{node}.unary(UnaryFunction::Shrink,
                                            node.getValue(0), limit,
                                            node.getFloat("bias", 0.0f)));
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

/// Inputs 0 and 1, which have one type.
static std::pair<Value, Value> getPair(NodeImporter &node) {
  Value a = node.getAny(0), b = node.getAny(1);
  if (a && b && elementOf(a) != elementOf(b))
    node.error() << "expected operands of one type, got "
                 << formatType(node.getElementType(0)) << " and "
                 << formatType(node.getElementType(1));
  return node.failed() ? std::pair<Value, Value>() : std::pair(a, b);
}

/// What is left of floats after whole divisions, with the sign of `a`: to the
/// rounding of one product and one difference.
static Value createRemainder(Emitter &e, Value a, Value b) {
  using U = UnaryFunction;
  Value zero = e.constant(0.0f), size = e.unary(U::Abs, b);
  Value whole = e.unary(U::Abs, a);
  Value times = e.unary(U::Floor, e.div(whole, size));
  Value rest = e.sub(whole, e.mul(times, size));
  // The quotient may have been rounded over a whole number.
  rest = e.select(e.compare(CompareFunction::Less, rest, zero),
                  e.add(rest, size), rest);
  rest = e.select(e.compare(CompareFunction::LessOrEqual, size, rest),
                  e.sub(rest, size), rest);
  return e.select(e.compare(CompareFunction::Less, a, zero),
                  e.unary(U::Neg, rest), rest);
}

/// Add, Sub, Mul, Div, Mod and the logic of integers and bools.
LogicalResult import::convertIntegers(NodeImporter &node) {
  using F = BinaryFunction;
  auto function =
      llvm::StringSwitch<F>(node.getOpType())
          .Case("Add", F::Add)
          .Case("Sub", F::Sub)
          .Case("Mul", F::Mul)
          .Case("Div", F::Div)
          .Case("Mod", node.getFlag("fmod", false) ? F::Rem : F::Mod)
          .Cases("And", "BitwiseAnd", F::And)
          .Cases("Or", "BitwiseOr", F::Or)
          .Default(F::Xor);
  auto [a, b] = getPair(node);
  if (!a)
    return failure();
  Emitter e{node};
  if (elementOf(a).isF32() && function == F::Rem)
    return node.setResult(createRemainder(e, a, b));
  if (elementOf(a).isF32())
    return node.unsupported("of floats");
  return node.setResult(e.binary(function, a, b));
}

LogicalResult import::convertNot(NodeImporter &node) {
  Value x = node.getAny(0);
  if (!x)
    return failure();
  Value ones =
      Emitter{node}.integers({}, {elementOf(x).isInteger(1) ? 1 : -1}, x);
  return node.setResult(Emitter{node}.binary(BinaryFunction::Xor, x, ones));
}

LogicalResult import::convertCompare(NodeImporter &node) {
  StringRef op = node.getOpType();
  auto [a, b] = getPair(node);
  if (op.starts_with("Greater"))
    std::swap(a, b);
  CompareFunction function = op == "Equal" ? CompareFunction::Equal
                             : op.ends_with("OrEqual")
                                 ? CompareFunction::LessOrEqual
                                 : CompareFunction::Less;
  return node.setResult(Emitter{node}.compare(function, a, b));
}

LogicalResult import::convertPRelu(NodeImporter &node) {
  Value x = node.getValue(0);
  HostTensor slope;
  if (node.isConstant(1))
    slope = node.getConstant(1, "slope");
  // One slope is a leaky ReLU, which has an integer form.
  if (x && node.isConstant(1) && slope.isFloat() &&
      slope.getNumElements() == 1 &&
      slope.getShape().size() <= shapeOf(x).size())
    return node.setResult(node.create<LeakyReluOp>(
        x, node.getBuilder().getF32FloatAttr(slope.floats()[0])));
  return node.setResult(
      Emitter{node}.binary(BinaryFunction::Prelu, x, node.getValue(1)));
}

LogicalResult import::convertWhere(NodeImporter &node) {
  Value condition = node.getAny(0), yes = node.getAny(1), no = node.getAny(2);
  if (node.failed())
    return failure();
  if (!elementOf(condition).isInteger(1) || elementOf(yes) != elementOf(no))
    return node.error() << "expected a bool and two operands of one type";
  return node.setResult(Emitter{node}.select(condition, yes, no));
}

/// NaN is not equal to itself; infinities equal those asked for.
LogicalResult import::convertIsSpecial(NodeImporter &node) {
  Emitter e{node};
  Value x = node.getValue(0);
  if (!x)
    return failure();
  if (node.getOpType() == "IsNaN") {
    Value equal = e.compare(CompareFunction::Equal, x, x);
    return node.setResult(
        e.binary(BinaryFunction::Xor, equal, e.integers({}, {1}, equal)));
  }
  constexpr float infinity = std::numeric_limits<float>::infinity();
  Value none = e.constant(std::numeric_limits<float>::quiet_NaN());
  Value high =
      node.getFlag("detect_positive", true) ? e.constant(infinity) : none;
  Value low =
      node.getFlag("detect_negative", true) ? e.constant(-infinity) : none;
  return node.setResult(e.binary(BinaryFunction::Or,
                                 e.compare(CompareFunction::Equal, x, high),
                                 e.compare(CompareFunction::Equal, x, low)));
}

//===----------------------------------------------------------------------===//
// Minimum, maximum, powers
//===----------------------------------------------------------------------===//

/// Constants of one value, which do not widen the result, are bounds: their
/// form exists in integers too. None when others take part.
static std::optional<std::pair<int, float>> getBound(NodeImporter &node,
                                                     bool isMax) {
  std::optional<int> computed;
  float bound = isMax ? -std::numeric_limits<float>::infinity()
                      : std::numeric_limits<float>::infinity();
  size_t rank = 0;
  for (int i = 0; i < node.getNumInputs(); ++i) {
    if (!node.isFloat(i) || (!node.isConstant(i) && computed))
      return std::nullopt;
    if (!node.isConstant(i)) {
      computed = i;
      continue;
    }
    HostTensor constant = node.getConstant(i, "operand");
    if (constant.getNumElements() != 1)
      return std::nullopt;
    float value = constant.floats()[0];
    bound = isMax ? std::fmax(bound, value) : std::fmin(bound, value);
    rank = std::max(rank, constant.getShape().size());
  }
  if (!computed || rank > node.getShape(*computed).size())
    return std::nullopt;
  return std::pair(*computed, bound);
}

LogicalResult import::convertMinMax(NodeImporter &node) {
  bool isMax = node.getOpType() == "Max";
  auto bound = getBound(node, isMax);
  if (node.failed())
    return failure();
  if (bound) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    Builder &b = node.getBuilder();
    Value input = node.getValue(bound->first);
    if (!input)
      return failure();
    return node.setResult(node.create<ClipOp>(
        input, b.getF32FloatAttr(isMax ? bound->second : -infinity),
        b.getF32FloatAttr(isMax ? infinity : bound->second)));
  }
  Emitter e{node};
  Value result = node.getAny(0);
  for (int i = 1; i < node.getNumInputs() && result; ++i) {
    Value next = node.getAny(i);
    if (next && elementOf(next) != elementOf(result))
      return node.error() << "expected operands of one type";
    result = e.binary(isMax ? BinaryFunction::Max : BinaryFunction::Min, result,
                      next);
  }
  return node.setResult(result);
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// Half, bfloat16 and double are f32 in a graph: a cast among them is nothing.
/// Integers of at most 16 bits wrap around.
LogicalResult import::convertCast(NodeImporter &node) {
  ElementType type = node.getOpType() == "CastLike"
                         ? node.getElementType(1)
                         : ElementType(node.getInt("to", 0));
  if (node.failed())
    return failure();
  if (isAnyFloat(type))
    type = onnx::TensorProto::FLOAT;
  bool isNarrow = getIntegerRange(type).has_value();
  if (!hasGraphType(type) && !isNarrow)
    return node.unsupported("of a computed tensor to " + formatType(type));
  if (node.isConstant(0) && isNarrow)
    return foldCast(node);
  bool isInteger = node.getIntegerType(0) != onnx::TensorProto::UNDEFINED;
  Value input = isInteger ? getIntegersAsFloat(node, 0) : node.getAny(0);
  if (node.failed())
    return failure();
  Emitter e{node};
  if (!isNarrow)
    return node.setResult(
        e.cast(input, getMlirType(type, node.getBuilder().getContext())));
  if (!elementOf(input).isInteger(64))
    input = e.cast(input, node.getBuilder().getI32Type());
  return input ? setWrapped(node, input, type) : failure();
}
