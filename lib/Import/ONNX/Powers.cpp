//===- Powers.cpp - Pow ---------------------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// x to the power of a small whole number, by multiplications.
static Value multiplyOut(Emitter &e, Value x, int exponent) {
  Value result;
  for (Value square = x; exponent > 0; exponent /= 2) {
    if (exponent % 2 != 0)
      result = result ? e.mul(square, result) : square;
    if (exponent > 1)
      square = e.mul(square, square);
  }
  return result;
}

/// Exponents that multiplications or a square root compute are a constant of
/// one element.
static LogicalResult raiseFloats(NodeImporter &node) {
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  Emitter e{node};
  Type f32 = node.getBuilder().getF32Type();
  if (node.isConstant(1)) {
    HostTensor constant = node.getConstant(1, "exponent");
    bool isOne = constant.getNumElements() == 1 &&
                 constant.getShape().size() <= shapeOf(x).size();
    float exponent = !isOne ? 0.0f
                     : constant.isFloat()
                         ? constant.floats()[0]
                         : static_cast<float>(constant.ints()[0]);
    if (exponent == 1.0f)
      return node.forward(0);
    if (exponent == 0.5f)
      return node.setResult(e.unary<SqrtOp>(x));
    constexpr float kMostFactors = 16;
    if (exponent > 1.0f && exponent <= kMostFactors &&
        exponent == std::trunc(exponent))
      return node.setResult(multiplyOut(e, x, int(exponent)));
    if (!constant.isFloat() && !hasGraphType(constant.getType())) {
      std::vector<float> values(constant.ints().begin(), constant.ints().end());
      Value converted = node.createConstant(
          HostTensor::fromFloats(constant.getShape(), std::move(values)));
      return node.setResult(e.binary(BinaryFunction::Pow, x, converted));
    }
  }
  return node.setResult(
      e.binary(BinaryFunction::Pow, x, e.cast(node.getAny(1), f32)));
}

/// Integers to the power of integers, by squares for each bit of the exponent,
/// wrapped around. A negative power is 0 but for 1 and -1.
static Value raiseIntegers(Emitter &e, Value x, Value exponent) {
  using F = BinaryFunction;
  if (!x || !exponent)
    return {};
  Type type = elementOf(x);
  exponent = e.cast(exponent, type);
  Value zero = e.integers({}, {0}, x), one = e.integers({}, {1}, x);
  Value isNegative = e.compare(CompareFunction::Less, exponent, zero);
  Value rest = e.select(isNegative, e.binary(F::Sub, zero, exponent), exponent);
  Value result, square = x;
  // Every power of 2 beyond is 0, those of 1 and -1 repeat.
  constexpr int kBits = 6;
  for (int bit = 0; bit < kBits; ++bit) {
    Value isSet =
        e.compare(CompareFunction::Equal, e.binary(F::And, rest, one), one);
    Value factor = e.select(isSet, square, one);
    result = result ? e.binary(F::Mul, result, factor) : factor;
    square = e.binary(F::Mul, square, square);
    rest = e.binary(F::Div, rest, e.integers({}, {2}, x));
  }
  Value isUnit = e.compare(CompareFunction::Equal, e.binary(F::Mul, x, x), one);
  Value inverse = e.select(isUnit, result, zero);
  return e.select(isNegative, inverse, result);
}

/// The result has the type of the base.
LogicalResult import::convertPow(NodeImporter &node) {
  if (!node.failed() && node.isFloat(0))
    return raiseFloats(node);
  Emitter e{node};
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (elementOf(x).isInteger(1))
    return node.unsupported("of bools");
  if (!node.isFloat(1))
    return node.setResult(raiseIntegers(e, x, node.getAny(1)));
  // Next to a whole number it is that number: functions are not exact.
  Type f32 = node.getBuilder().getF32Type(), type = elementOf(x);
  Value power = e.binary(BinaryFunction::Pow, e.cast(x, f32), node.getAny(1));
  Value whole = e.unary(UnaryFunction::Round, power);
  Value distance = e.unary(UnaryFunction::Abs, e.sub(power, whole));
  Value bound = e.mul(e.unary(UnaryFunction::Abs, power), e.constant(0x1p-17f));
  Value isWhole = e.compare(CompareFunction::LessOrEqual, distance, bound);
  return node.setResult(e.cast(e.select(isWhole, whole, power), type));
}
