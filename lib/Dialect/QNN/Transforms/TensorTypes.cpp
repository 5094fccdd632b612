//===- TensorTypes.cpp - From ranges to quantized types -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConcatScales.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

using namespace mlir;
using namespace mlir::qnn;

static quant::UniformQuantizedType getType(MLIRContext *context,
                                           const QuantParams &params) {
  return quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, IntegerType::get(context, 8),
      Float32Type::get(context), params.scale, params.zeroPoint, params.min,
      params.max);
}

/// The type of a result whose range mathematics fixes: 256 steps over it, with
/// a scale that is a power of two for the ranges our ops have.
static quant::UniformQuantizedType
getFixedType(MLIRContext *context, std::pair<double, double> range) {
  float scale = getFactor(range.second - range.first, 256);
  auto zeroPoint = static_cast<int32_t>(-128 - range.first / scale);
  return getType(context, {scale, zeroPoint, -128, 127});
}

/// The observer whose operand or result `tensor` is, or null.
static ObserveOp getObserver(Value tensor) {
  if (auto observe = tensor.getDefiningOp<ObserveOp>())
    return observe;
  for (Operation *user : tensor.getUsers())
    if (auto observe = dyn_cast<ObserveOp>(user))
      return observe;
  return nullptr;
}

/// True for the result of an op that moves or selects values of its operand.
static bool movesValues(Value tensor) {
  auto producer = tensor.getDefiningOp<CommutesWithQDQ>();
  return producer && producer.commutesWithQDQ() &&
         producer->getNumOperands() == 1;
}

/// The range of a constant activation is that of its values.
static FailureOr<quant::UniformQuantizedType> getConstantType(ConstantOp op) {
  FailureOr<SmallVector<float>> values = getFloatValues(op.getValue());
  if (failed(values)) {
    op.emitError("expected the data of constant '") << getLayerName(op) << "'";
    return failure();
  }
  double low = 0, high = 0;
  for (float value : *values) {
    if (!std::isfinite(value)) {
      op.emitError("expected finite values in constant '")
          << getLayerName(op) << "'; keep its user float with "
          << "qnn-assign-precision";
      return failure();
    }
    low = std::min<double>(low, value);
    high = std::max<double>(high, value);
  }
  return getType(op.getContext(), getActivationParams(low, high));
}

/// Finds the type of `tensor`; tensors quantized before need none.
static LogicalResult findType(Value tensor, TensorTypes &types) {
  Operation *producer = tensor.getDefiningOp();
  if (producer && isa<quant::DequantizeCastOp>(producer))
    return success();
  // A wide layer has a scale of its own.
  if (llvm::any_of(tensor.getUsers(), [](Operation *user) {
        return isa<quant::QuantizeCastOp>(user) &&
               !user->hasAttr(kWidePartAttr);
      }))
    return success();
  if (auto constant = tensor.getDefiningOp<ConstantOp>()) {
    FailureOr<quant::UniformQuantizedType> type = getConstantType(constant);
    if (failed(type))
      return failure();
    types[tensor] = *type;
    return success();
  }
  if (auto range = getFixedRange(tensor)) {
    types[tensor] = getFixedType(tensor.getContext(), *range);
    return success();
  }
  ObserveOp observe = getObserver(tensor);
  if (!observe && producer && leavesFloat(producer))
    return success();
  // Kept float between an observed tensor and a reader in int8: what an op
  // moves lies in the range of what it read.
  Value key = observe ? observe.getResult() : tensor;
  for (Value source = tensor; !observe && movesValues(source);) {
    source = source.getDefiningOp()->getOperand(0);
    observe = getObserver(source);
    if (auto range = getFixedRange(source)) {
      types[tensor] = getFixedType(tensor.getContext(), *range);
      return success();
    }
  }
  if (!observe) {
    emitError(tensor.getLoc())
        << "tensor '"
        << (producer ? getLayerName(producer) : StringRef("argument"))
        << "' needs a scale and is not observed; run qnn-insert-observers";
    return failure();
  }
  if (!observe.getMin())
    return observe.emitError("tensor '")
           << observe.getName()
           << "' has no range; calibrate and run qnn-apply-ranges";
  types[key] = getType(tensor.getContext(),
                       getActivationParams(observe.getMin()->convertToFloat(),
                                           observe.getMax()->convertToFloat()));
  return success();
}

FailureOr<TensorTypes> qnn::findTensorTypes(func::FuncOp func) {
  TensorTypes types;
  for (Value tensor : getScaledTensors(func))
    if (failed(findType(tensor, types)))
      return failure();
  shareConcatScales(func, types);
  return types;
}
