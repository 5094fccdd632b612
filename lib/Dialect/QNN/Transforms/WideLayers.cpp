//===- WideLayers.cpp - Layers with 16-bit activations --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WideLayers.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;

/// The largest h * 256 + l.
static constexpr int kLargest = 127 * 256 + 127;

namespace {
class WideLayerExpansion {
public:
  WideLayerExpansion(MLIRContext *context, const TensorTypes &types)
      : builder(context), types(types) {}

  LogicalResult expand(Operation *op);

private:
  FailureOr<float> findScale(Operation *op);
  template <typename OpTy, typename... Args>
  Value createFloat(Location loc, Args... args);
  Value createPair(Location loc, Value real, float scale);
  Value createPart(Operation *op, Value input, bool hasBias);
  void finish(Operation *op, Value sum, Value other);
  void finishProducer(Value tensor);

  OpBuilder builder;
  const TensorTypes &types;
};
} // namespace

/// The scale of 16 bits over the range that the input has in 8 bits, symmetric.
FailureOr<float> WideLayerExpansion::findScale(Operation *op) {
  Value root = getScaleRoot(
      cast<QuantizableOpInterface>(op).getActivationOperands().front()->get());
  quant::UniformQuantizedType type = types.lookup(root);
  if (!type)
    if (auto dequantize = root.getDefiningOp<quant::DequantizeCastOp>())
      type = getUniformElementType(dequantize.getArg().getType());
  if (!type)
    return op->emitError("expected a scale on the input of '")
           << getLayerName(op) << "'";
  QuantParams params = getQuantParams(type);
  int32_t reach =
      std::max(params.max - params.zeroPoint, params.zeroPoint - params.min);
  return getScaleOfWidth(double(params.scale) * reach, kLargest);
}

/// A part of a layer that stays float.
template <typename OpTy, typename... Args>
Value WideLayerExpansion::createFloat(Location loc, Args... args) {
  auto op = builder.create<OpTy>(loc, args...);
  op->setAttr(kPrecisionAttr, builder.getStringAttr("float"));
  op->setAttr(kWidePartAttr, builder.getUnitAttr());
  return op;
}

Value WideLayerExpansion::createPair(Location loc, Value real, float scale) {
  auto type = cast<RankedTensorType>(real.getType());
  auto element = quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, builder.getI8Type(),
      builder.getF32Type(), scale, /*zeroPoint=*/0, -128, 127);
  Value quantized =
      builder.create<quant::QuantizeCastOp>(loc, type.clone(element), real);
  quantized.getDefiningOp()->setAttr(kWidePartAttr, builder.getUnitAttr());
  return builder.create<quant::DequantizeCastOp>(loc, type, quantized);
}

/// The sums of `op` over `input`, as a layer that leaves them float.
Value WideLayerExpansion::createPart(Operation *op, Value input, bool hasBias) {
  Operation *part = builder.clone(*op);
  auto fusable = cast<RequantFusableOpInterface>(part);
  fusable.setClampMinAttr({});
  fusable.setClampMaxAttr({});
  fusable.getResidualRange()->clear();
  if (!hasBias) {
    fusable.getBiasRange()->clear();
    part->removeAttr(kBiasCorrectionAttr);
  }
  part->setOperand(0, input);
  return part->getResult(0);
}

/// Replaces the result of `op` by `sum` (+ `other`) + its residual, clamped.
void WideLayerExpansion::finish(Operation *op, Value sum, Value other) {
  auto fusable = cast<RequantFusableOpInterface>(op);
  FloatAttr low = fusable.getClampMinAttr(), high = fusable.getClampMaxAttr();
  MutableOperandRange residual = *fusable.getResidualRange();
  Location loc = op->getLoc();
  Type type = sum.getType();
  SmallVector<Value> terms;
  if (other)
    terms.push_back(other);
  if (!residual.empty())
    terms.push_back(residual[0].get());
  Value last = sum;
  for (auto [i, term] : llvm::enumerate(terms)) {
    bool isLast = i + 1 == terms.size();
    last = createFloat<AddOp>(loc, type, last, term, isLast ? low : FloatAttr(),
                              isLast ? high : FloatAttr());
  }
  if (terms.empty()) {
    float largest = std::numeric_limits<float>::max();
    last = createFloat<ClipOp>(loc, type, last,
                               low ? low : builder.getF32FloatAttr(-largest),
                               high ? high : builder.getF32FloatAttr(largest));
  }
  op->getResult(0).replaceAllUsesWith(last);
  op->erase();
}

/// Where an int8 layer rounds `tensor` behind a residual or a clamp, does these
/// in float, so that 16 bits of the tensor exist.
void WideLayerExpansion::finishProducer(Value tensor) {
  if (auto observe = tensor.getDefiningOp<ObserveOp>())
    tensor = observe.getInput();
  auto producer = tensor.getDefiningOp<QuantizableOpInterface>();
  if (!producer || !producer.getWeightOperand() || !computesInInt8(producer) ||
      hasWideActivations(producer) || endsInAccumulator(producer))
    return;
  builder.setInsertionPoint(producer);
  Value sum = createPart(producer, producer->getOperand(0), /*hasBias=*/true);
  finish(producer, sum, {});
}

LogicalResult WideLayerExpansion::expand(Operation *op) {
  FailureOr<float> scale = findScale(op);
  if (failed(scale))
    return failure();
  finishProducer(op->getOperand(0));
  builder.setInsertionPoint(op);
  Location loc = op->getLoc();
  Value input = op->getOperand(0);
  Value high = createPair(loc, input, *scale * 256);
  Value rest = createFloat<SubOp>(loc, input.getType(), input, high,
                                  FloatAttr(), FloatAttr());
  Value low = createPair(loc, rest, *scale);
  Value sum = createPart(op, high, /*hasBias=*/false);
  Value other = createPart(op, low, /*hasBias=*/true);
  for (Value part : {sum, other}) {
    part.getDefiningOp()->setAttr(kPrecisionAttr,
                                  builder.getStringAttr("int8"));
    part.getDefiningOp()->setAttr(kWidePartAttr, builder.getUnitAttr());
  }
  finish(op, sum, other);
  return success();
}

LogicalResult qnn::expandWideLayers(func::FuncOp func) {
  SmallVector<Operation *> layers;
  func.walk([&](Operation *op) {
    if (hasWideActivations(op) && computesInInt8(op))
      layers.push_back(op);
  });
  if (layers.empty())
    return success();
  FailureOr<TensorTypes> types = findTensorTypes(func);
  if (failed(types))
    return failure();
  WideLayerExpansion expansion(func.getContext(), *types);
  for (Operation *op : layers)
    if (failed(expansion.expand(op)))
      return failure();
  return success();
}
