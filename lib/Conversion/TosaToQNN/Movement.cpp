//===- Movement.cpp - Constants, and ops that move values -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fromtosa;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// A constant; none where nothing but layers, paddings and the like read it,
/// which take the integers themselves.
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ConstOp op) {
  OpBuilder &builder = converter.getBuilder();
  auto type = cast<RankedTensorType>(op.getType());
  if (type.getElementType().isF32()) {
    auto values = getFloatValues(op.getValue());
    if (failed(values))
      return converter.refuse(op, "its data are missing");
    return createFloatConstant(builder, op.getLoc(), type.getShape(), *values);
  }
  const IntegerScales &scales = converter.getScales();
  auto integers = converter.getIntegers(op);
  if (!integers)
    return converter.refuse(op, "expected integers or f32 with their data");
  if (!scales.isScaled(op)) {
    if (isNarrowInteger(type))
      return Value();
    return Value(builder.create<ConstantOp>(op.getLoc(), op.getValue()));
  }
  if (!isNarrowInteger(type)) {
    SmallVector<float> values;
    for (int64_t integer : *integers)
      values.push_back(float(double(integer) * scales.getScale(op)));
    return createFloatConstant(builder, op.getLoc(), type.getShape(), values);
  }
  quant::UniformQuantizedType element = converter.getType(op);
  if (element.getStorageTypeIntegralWidth() != 8)
    return converter.refuse(op, "expected constants of 8 or 32 bits");
  SmallVector<int8_t> values(integers->begin(), integers->end());
  Value constant = builder.create<ConstantOp>(
      op.getLoc(), type.clone(element),
      getIntegerElements(builder.getContext(), type.getShape(), values));
  return Value(builder.create<quant::DequantizeCastOp>(
      op.getLoc(), type.clone(builder.getF32Type()), constant));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::IdentityOp op) {
  return converter.get(op.getInput1());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ReshapeOp op) {
  return converter.move<qnn::ReshapeOp>(
      op.getLoc(), converter.get(op.getInput1()), getShape(op));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::TransposeOp op) {
  auto permutation = converter.getIntegers(op.getPerms());
  if (!permutation)
    return converter.refuse(op, "expected a constant permutation");
  return converter.move<qnn::TransposeOp>(op.getLoc(),
                                          converter.get(op.getInput1()),
                                          ArrayRef<int64_t>(*permutation));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::PadOp op) {
  auto padding = converter.getIntegers(op.getPadding());
  if (!padding || llvm::any_of(*padding, [](int64_t p) { return p < 0; }))
    return converter.refuse(op, "expected a constant padding, not negative");
  SmallVector<int64_t> low, high;
  for (size_t i = 0; i + 1 < padding->size(); i += 2) {
    low.push_back((*padding)[i]);
    high.push_back((*padding)[i + 1]);
  }
  float fill = 0;
  const IntegerScales &scales = converter.getScales();
  Value input = op.getInput1(), constant = op.getPadConst();
  if (scales.isScaled(input)) {
    int64_t zeroPoint = scales.getZeroPoint(input);
    auto integer =
        constant
            ? converter.getIntegers(constant)
            : SmallVector<int64_t>{op.getQuantizationInfo() ? zeroPoint : 0};
    if (!integer)
      return converter.refuse(op, "expected a constant value to pad with");
    fill = float(double(integer->front() - zeroPoint) * scales.getScale(input));
  } else if (constant && converter.getIntegers(constant)) {
    fill = float(converter.getIntegers(constant)->front());
  } else if (constant) {
    auto value = getFloatValues(converter.get(constant));
    if (failed(value))
      return converter.refuse(op, "expected a constant value to pad with");
    fill = value->front();
  }
  return converter.create<qnn::PadOp>(op.getLoc(), converter.get(input), low,
                                      high, llvm::APFloat(fill));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ConcatOp op) {
  SmallVector<Value> inputs;
  for (Value input : op.getInput1())
    inputs.push_back(converter.get(input));
  return converter.createAs<qnn::ConcatOp>(op.getLoc(),
                                           getElementTypeOrSelf(inputs.front()),
                                           inputs, int64_t(op.getAxis()));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::SliceOp op) {
  return converter.move<qnn::SliceOp>(
      op.getLoc(), converter.get(op.getInput()), op.getStart(), getShape(op),
      SmallVector<int64_t>(op.getStart().size(), 1));
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::TileOp op) {
  FailureOr<Value> value = converter.get(op.getInput1());
  for (auto [axis, count] : llvm::enumerate(op.getMultiples())) {
    int64_t size = getShape(op.getInput1())[axis];
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < size * count; ++i)
      indices.push_back(i % size);
    if (count != 1 && succeeded(value))
      value = converter.move<TakeOp>(op.getLoc(), *value, int64_t(axis),
                                     ArrayRef<int64_t>(indices));
  }
  return value;
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ReverseOp op) {
  ArrayRef<int64_t> shape = getShape(op);
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  starts[op.getAxis()] = std::max<int64_t>(shape[op.getAxis()] - 1, 0);
  steps[op.getAxis()] = -1;
  return converter.move<qnn::SliceOp>(op.getLoc(), converter.get(op.getInput()),
                                      starts, shape, steps);
}
