//===- Functions.cpp - Functions, comparisons, selections, casts ----------===//
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
using namespace mlir::qnn::tflite;

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

static UnaryFunction getFunction(BuiltinOperator code) {
  switch (code) {
  case BuiltinOperator::ABS:
    return UnaryFunction::Abs;
  case BuiltinOperator::CEIL:
    return UnaryFunction::Ceil;
  case BuiltinOperator::COS:
    return UnaryFunction::Cos;
  case BuiltinOperator::EXP:
    return UnaryFunction::Exp;
  case BuiltinOperator::FLOOR:
    return UnaryFunction::Floor;
  case BuiltinOperator::LOG:
    return UnaryFunction::Log;
  case BuiltinOperator::NEG:
    return UnaryFunction::Neg;
  case BuiltinOperator::ROUND:
    return UnaryFunction::Round;
  case BuiltinOperator::SIGN:
    return UnaryFunction::Sign;
  default:
    return UnaryFunction::Sin;
  }
}

/// ABS, NEG, SIGN of integers.
static Value applyToIntegers(Emitter &e, UnaryFunction function, Value x) {
  Value negated = e.binary(BinaryFunction::Sub, e.scalar(0, x), x);
  if (function == UnaryFunction::Neg)
    return negated;
  if (function == UnaryFunction::Abs)
    return e.binary(BinaryFunction::Max, x, negated);
  x = e.binary(BinaryFunction::Min, x, e.scalar(1, x));
  return e.binary(BinaryFunction::Max, x, e.scalar(-1, x));
}

LogicalResult tflite::convertFunction(OpImporter &node) {
  UnaryFunction function = getFunction(node.getCode());
  Emitter e{node};
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  bool onIntegers = function == UnaryFunction::Abs ||
                    function == UnaryFunction::Neg ||
                    function == UnaryFunction::Sign;
  if (onIntegers && (elementOf(x).isInteger(32) || elementOf(x).isInteger(64)))
    return node.setResult(applyToIntegers(e, function, x));
  return node.setResult(e.unary(function, node.getValue(0)));
}

LogicalResult tflite::convertElu(OpImporter &node) {
  return node.setResult(Emitter{node}.unary(
      UnaryFunction::Elu, node.getValue(0), 1.0f, 1.0f, 1.0f));
}

LogicalResult tflite::convertLogicalNot(OpImporter &node) {
  Value x = node.getAny(0);
  if (x && !elementOf(x).isInteger(1))
    return node.error() << "expected BOOL, got "
                        << formatType(node.getInput(0).type);
  Emitter e{node};
  return node.setResult(e.binary(BinaryFunction::Xor, x, e.scalar(1, x)));
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

/// Floats are divided, rounded down and, for FLOOR_MOD, multiplied back.
LogicalResult tflite::convertFloorDiv(OpImporter &node) {
  auto [a, b] = node.getPair();
  if (node.failed())
    return failure();
  Emitter e{node};
  bool isMod = node.getCode() == BuiltinOperator::FLOOR_MOD;
  if (elementOf(a).isInteger(1))
    return node.unsupported("of bools");
  if (elementOf(a).isF32()) {
    Value quotient = e.unary(UnaryFunction::Floor, e.div(a, b));
    return node.setResult(isMod ? e.sub(a, e.mul(quotient, b)) : quotient);
  }
  Value rest = e.binary(BinaryFunction::Mod, a, b); // has the sign of b
  if (isMod)
    return node.setResult(rest);
  return node.setResult(
      e.binary(BinaryFunction::Div, e.binary(BinaryFunction::Sub, a, rest), b));
}

LogicalResult tflite::convertPow(OpImporter &node) {
  Value x = node.getValue(0);
  Emitter e{node};
  if (x && node.isConstant(1) && !node.getInput(1).isInteger()) {
    std::vector<float> exponent = node.getReals(1);
    bool isOne =
        exponent.size() == 1 && node.getShape(1).size() <= shapeOf(x).size();
    if (isOne && exponent[0] == 2.0f)
      return node.setResult(e.mul(x, x));
    if (isOne && exponent[0] == 0.5f)
      return node.setResult(e.unary<SqrtOp>(x));
  }
  return node.setResult(e.binary(BinaryFunction::Pow, x, node.getValue(1)));
}

LogicalResult tflite::convertLogical(OpImporter &node) {
  auto [a, b] = node.getPair();
  if (a && !elementOf(a).isInteger(1))
    return node.error() << "expected BOOL, got "
                        << formatType(node.getInput(0).type);
  return node.setResult(Emitter{node}.binary(
      node.getCode() == BuiltinOperator::LOGICAL_AND ? BinaryFunction::And
                                                     : BinaryFunction::Or,
      a, b));
}

LogicalResult tflite::convertCompare(OpImporter &node) {
  BuiltinOperator code = node.getCode();
  auto [a, b] = node.getPair();
  if (node.failed())
    return failure();
  Emitter e{node};
  if (code == BuiltinOperator::EQUAL || code == BuiltinOperator::NOT_EQUAL) {
    Value equal = e.compare(CompareFunction::Equal, a, b);
    return node.setResult(
        code == BuiltinOperator::EQUAL
            ? equal
            : e.binary(BinaryFunction::Xor, equal, e.scalar(1, equal)));
  }
  if (elementOf(a).isInteger(1))
    return node.unsupported("of bools");
  if (code == BuiltinOperator::GREATER ||
      code == BuiltinOperator::GREATER_EQUAL)
    std::swap(a, b);
  bool orEqual = code == BuiltinOperator::GREATER_EQUAL ||
                 code == BuiltinOperator::LESS_EQUAL;
  return node.setResult(e.compare(
      orEqual ? CompareFunction::LessOrEqual : CompareFunction::Less, a, b));
}

/// SELECT has a condition of one row that chooses slices of the others.
LogicalResult tflite::convertSelect(OpImporter &node) {
  Value condition = node.getAny(0), yes = node.getAny(1), no = node.getAny(2);
  if (node.failed())
    return failure();
  if (!elementOf(condition).isInteger(1) || elementOf(yes) != elementOf(no))
    return node.error() << "expected a BOOL and two operands of one type";
  SmallVector<int64_t> shape(shapeOf(condition));
  size_t rank = shapeOf(yes).size();
  if (node.getCode() == BuiltinOperator::SELECT && shape.size() == 1 &&
      rank > 1) {
    shape.resize(rank, 1);
    condition = node.reshape(condition, shape);
  }
  return node.setResult(Emitter{node}.select(condition, yes, no));
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// The cast of quantized values ignores their scale; here that must be 1.
static bool isPlain(const TensorInfo &info) {
  return !info.isQuantized() || info.isPlain ||
         (info.scales.size() == 1 && info.scales[0] == 1.0f &&
          info.zeroPoints[0] == 0);
}

LogicalResult tflite::convertCast(OpImporter &node) {
  const TensorInfo &from = node.getInput(0), &to = node.getOutput();
  Emitter e{node};
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (!isPlain(from) || !isPlain(to))
    return node.unsupported("of quantized values, only DEQUANTIZE and "
                            "QUANTIZE are");
  MLIRContext *context = node.getBuilder().getContext();
  if (Type element = getIntegerType(context, to.type))
    return node.setResult(e.cast(x, element));
  // To bytes towards zero; the rest saturates.
  if (to.isQuantized() && elementOf(x).isF32())
    x = e.cast(x, node.getBuilder().getI32Type());
  return node.setResult(e.cast(x, node.getBuilder().getF32Type()));
}
