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

template <typename OpTy>
static FailureOr<Value> createBinary(Converter &converter, Operation *op) {
  return converter.create<OpTy>(op->getLoc(), converter.get(op->getOperand(0)),
                                converter.get(op->getOperand(1)), FloatAttr(),
                                FloatAttr());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::AddOp op) {
  return createBinary<qnn::AddOp>(converter, op);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::SubOp op) {
  return createBinary<qnn::SubOp>(converter, op);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::MulOp op) {
  return createBinary<qnn::MulOp>(converter, op);
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
  if (low == 0 && high >= FLT_MAX)
    return converter.create<ReluOp>(op.getLoc(), input);
  Builder &builder = converter.getBuilder();
  return converter.create<ClipOp>(op.getLoc(), input,
                                  builder.getF32FloatAttr(low),
                                  builder.getF32FloatAttr(high));
}

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

static FailureOr<Value> createQuotient(Converter &converter, Operation *op,
                                       Value divisor) {
  return converter.create<DivOp>(op->getLoc(),
                                 converter.createScalar(op->getLoc(), 1.0f),
                                 divisor, FloatAttr(), FloatAttr());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::RsqrtOp op) {
  auto root = createUnary<SqrtOp>(converter, op);
  return failed(root) ? root : createQuotient(converter, op, *root);
}

FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::ReciprocalOp op) {
  return createQuotient(converter, op, converter.get(op.getInput1()));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::NegateOp op) {
  return converter.create<SubOp>(
      op.getLoc(), converter.createScalar(op.getLoc(), 0.0f),
      converter.get(op.getInput1()), FloatAttr(), FloatAttr());
}

/// A rescale changes what integers stand for the numbers, not the numbers.
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::RescaleOp op) {
  return converter.get(op.getInput());
}
