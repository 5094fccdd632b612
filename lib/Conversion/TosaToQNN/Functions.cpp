//===- Functions.cpp - Functions of every element -----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fromtosa;

template <typename OpTy>
static FailureOr<Value> createUnary(Converter &converter, Operation *op) {
  if (converter.getScales().isScaled(op->getOperand(0)))
    return converter.refuse(op, "expected float operands, or a tosa.table");
  return converter.create<OpTy>(op->getLoc(), converter.get(op->getOperand(0)));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::SigmoidOp op) {
  return createUnary<qnn::SigmoidOp>(converter, op);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::TanhOp op) {
  return createUnary<qnn::TanhOp>(converter, op);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ErfOp op) {
  return createUnary<qnn::ErfOp>(converter, op);
}

static FailureOr<Value> createFunction(Converter &converter, Operation *op,
                                       UnaryFunction function) {
  Value input = converter.get(op->getOperand(0));
  if (!isFloatTensor(input.getType()))
    return converter.refuse(op, "expected float operands");
  APFloat none(0.0f);
  return converter.create<UnaryOp>(op->getLoc(), function, input, none, none,
                                   none);
}

/// Functions that tosa knows on floats only.
static FailureOr<Value> createFloatFunction(Converter &converter, Operation *op,
                                            UnaryFunction function) {
  if (converter.getScales().isScaled(op->getOperand(0)))
    return converter.refuse(op, "expected float operands, or a tosa.table");
  return createFunction(converter, op, function);
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ExpOp op) {
  return createFloatFunction(converter, op, UnaryFunction::Exp);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::LogOp op) {
  return createFloatFunction(converter, op, UnaryFunction::Log);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::CeilOp op) {
  return createFloatFunction(converter, op, UnaryFunction::Ceil);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::FloorOp op) {
  return createFloatFunction(converter, op, UnaryFunction::Floor);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::SinOp op) {
  return createFloatFunction(converter, op, UnaryFunction::Sin);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::CosOp op) {
  return createFloatFunction(converter, op, UnaryFunction::Cos);
}
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::ReciprocalOp op) {
  return createFloatFunction(converter, op, UnaryFunction::Reciprocal);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::AbsOp op) {
  return createFunction(converter, op, UnaryFunction::Abs);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::NegateOp op) {
  return createFunction(converter, op, UnaryFunction::Neg);
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::RsqrtOp op) {
  auto root = createUnary<SqrtOp>(converter, op);
  if (failed(root))
    return failure();
  return converter.create<DivOp>(op.getLoc(),
                                 converter.createScalar(op.getLoc(), 1.0f),
                                 *root, FloatAttr(), FloatAttr());
}

static FailureOr<Value> createRound(Converter &converter, Location loc,
                                    Value input) {
  APFloat none(0.0f);
  return converter.create<UnaryOp>(loc, UnaryFunction::Round, input, none, none,
                                   none);
}

/// Integers of at most 16 bits stand for themselves beside a cast, and are
/// rounded where they are stored.
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::CastOp op) {
  Value input = converter.get(op.getInput());
  const IntegerScales &scales = converter.getScales();
  Type target = getElementTypeOrSelf(op.getType());
  bool fromFloat = isFloatTensor(input.getType());
  if (target.isF32() && fromFloat)
    return input;
  if (scales.isScaled(op) && fromFloat)
    return isNarrowInteger(op.getType())
               ? FailureOr<Value>(input)
               : createRound(converter, op.getLoc(), input);
  if (!target.isF32() && !target.isInteger(1) && !target.isInteger(32) &&
      !target.isInteger(64))
    return converter.refuse(op, "expected f32, bools or integers");
  // To integers tosa rounds to nearest even, qnn.cast towards zero.
  if (fromFloat && !target.isInteger(1)) {
    auto rounded = createRound(converter, op.getLoc(), input);
    if (failed(rounded))
      return failure();
    input = *rounded;
  }
  return converter.createAs<qnn::CastOp>(op.getLoc(), target, input);
}

/// A table of 8 bits: a gather of its 256 reals.
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::TableOp op) {
  const IntegerScales &scales = converter.getScales();
  Location loc = op.getLoc();
  OpBuilder &builder = converter.getBuilder();
  auto table = converter.getIntegers(op.getTable());
  if (!table || table->size() != 256 || !scales.isScaled(op.getInput()) ||
      !isNarrowInteger(op.getType()))
    return converter.refuse(op, "expected a constant table of 8-bit integers");
  SmallVector<float> values;
  for (int64_t integer : *table)
    values.push_back(
        float(double(integer - scales.getZeroPoint(op)) * scales.getScale(op)));
  // q - z is a small integer, which one division finds but for rounding.
  auto steps = converter.create<DivOp>(
      loc, converter.get(op.getInput()),
      converter.createScalar(loc, scales.getScale(op.getInput())), FloatAttr(),
      FloatAttr());
  if (failed(steps))
    return failure();
  auto rounded = createRound(converter, loc, *steps);
  if (failed(rounded))
    return failure();
  Type i32 = builder.getI32Type();
  auto index = converter.createAs<qnn::CastOp>(loc, i32, *rounded);
  if (failed(index))
    return failure();
  int32_t first = int32_t(scales.getZeroPoint(op.getInput())) + 128;
  Value offset = builder.create<ConstantOp>(
      loc, getIntegerElements(builder.getContext(), {}, ArrayRef(first)));
  index = converter.createAs<BinaryOp>(loc, i32, BinaryFunction::Add, *index,
                                       offset);
  if (failed(index))
    return failure();
  return converter.create<qnn::GatherOp>(
      loc, createFloatConstant(builder, loc, 256, values), *index, int64_t(0));
}
