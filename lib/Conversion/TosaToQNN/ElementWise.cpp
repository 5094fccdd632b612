//===- ElementWise.cpp - Arithmetic on every element ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converter.h"

#include <cfloat>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fromtosa;

static FailureOr<Value> createBinary(Converter &converter, Operation *op,
                                     BinaryFunction function) {
  Value lhs = converter.get(op->getOperand(0));
  return converter.createAs<BinaryOp>(op->getLoc(), getElementTypeOrSelf(lhs),
                                      function, lhs,
                                      converter.get(op->getOperand(1)));
}

/// `OpTy` on reals, `function` on integers that stand for themselves.
template <typename OpTy>
static FailureOr<Value> createArithmetic(Converter &converter, Operation *op,
                                         BinaryFunction function) {
  Value lhs = converter.get(op->getOperand(0));
  if (!isFloatTensor(lhs.getType()))
    return createBinary(converter, op, function);
  return converter.create<OpTy>(op->getLoc(), lhs,
                                converter.get(op->getOperand(1)), FloatAttr(),
                                FloatAttr());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::AddOp op) {
  return createArithmetic<qnn::AddOp>(converter, op, BinaryFunction::Add);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::SubOp op) {
  return createArithmetic<qnn::SubOp>(converter, op, BinaryFunction::Sub);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::MulOp op) {
  if (op.getShift() != 0 && !converter.getScales().isScaled(op))
    return converter.refuse(op, "a shift of integers without a scale");
  return createArithmetic<qnn::MulOp>(converter, op, BinaryFunction::Mul);
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::IntDivOp op) {
  return createBinary(converter, op, BinaryFunction::Div);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::MaximumOp op) {
  return createBinary(converter, op, BinaryFunction::Max);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::MinimumOp op) {
  return createBinary(converter, op, BinaryFunction::Min);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::PowOp op) {
  return createBinary(converter, op, BinaryFunction::Pow);
}
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::LogicalAndOp op) {
  return createBinary(converter, op, BinaryFunction::And);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::LogicalOrOp op) {
  return createBinary(converter, op, BinaryFunction::Or);
}
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::LogicalXorOp op) {
  return createBinary(converter, op, BinaryFunction::Xor);
}
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::BitwiseAndOp op) {
  return createBinary(converter, op, BinaryFunction::And);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::BitwiseOrOp op) {
  return createBinary(converter, op, BinaryFunction::Or);
}
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::BitwiseXorOp op) {
  return createBinary(converter, op, BinaryFunction::Xor);
}

FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::LogicalNotOp op) {
  OpBuilder &builder = converter.getBuilder();
  auto type = RankedTensorType::get({}, builder.getI1Type());
  Value yes = builder.create<ConstantOp>(op.getLoc(),
                                         DenseElementsAttr::get(type, true));
  return converter.createAs<BinaryOp>(op.getLoc(), builder.getI1Type(),
                                      BinaryFunction::Xor,
                                      converter.get(op.getInput1()), yes);
}

static FailureOr<Value> createCompare(Converter &converter, Location loc,
                                      CompareFunction function, Value a,
                                      Value b) {
  return converter.createAs<CompareOp>(loc, converter.getBuilder().getI1Type(),
                                       function, converter.get(a),
                                       converter.get(b));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::EqualOp op) {
  return createCompare(converter, op.getLoc(), CompareFunction::Equal,
                       op.getInput1(), op.getInput2());
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::GreaterOp op) {
  return createCompare(converter, op.getLoc(), CompareFunction::Less,
                       op.getInput2(), op.getInput1());
}
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::GreaterEqualOp op) {
  return createCompare(converter, op.getLoc(), CompareFunction::LessOrEqual,
                       op.getInput2(), op.getInput1());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::SelectOp op) {
  Value yes = converter.get(op.getOnTrue());
  return converter.createAs<qnn::SelectOp>(
      op.getLoc(), getElementTypeOrSelf(yes), converter.get(op.getPred()), yes,
      converter.get(op.getOnFalse()));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ClampOp op) {
  Value input = converter.get(op.getInput());
  float low = op.getMinFp().convertToFloat();
  float high = op.getMaxFp().convertToFloat();
  const IntegerScales &scales = converter.getScales();
  if (scales.isScaled(op.getInput())) {
    double scale = scales.getScale(op.getInput());
    int64_t zeroPoint = scales.getZeroPoint(op.getInput());
    low = float((int64_t(op.getMinInt()) - zeroPoint) * scale);
    high = float((int64_t(op.getMaxInt()) - zeroPoint) * scale);
  }
  if (!isFloatTensor(input.getType()))
    return converter.refuse(op, "expected float or scaled operands");
  if (low == 0 && high >= FLT_MAX)
    return converter.create<ReluOp>(op.getLoc(), input);
  Builder &builder = converter.getBuilder();
  return converter.create<ClipOp>(op.getLoc(), input,
                                  builder.getF32FloatAttr(low),
                                  builder.getF32FloatAttr(high));
}

/// A rescale changes what integers stand for the numbers, not the numbers.
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::RescaleOp op) {
  return converter.get(op.getInput());
}
