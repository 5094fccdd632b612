//===- Quantization.cpp - Casts between real and quantized tensors --------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Which channel of a quantized type an element belongs to; per-tensor types
/// have the one channel 0.
struct Channels {
  explicit Channels(RankedTensorType type) {
    auto perAxis =
        dyn_cast<quant::UniformQuantizedPerAxisType>(type.getElementType());
    if (!perAxis)
      return;
    int64_t axis = perAxis.getQuantizedDimension();
    count = type.getDimSize(axis);
    inner = ShapedType::getNumElements(type.getShape().drop_front(axis + 1));
  }
  int64_t of(int64_t position) const { return position / inner % count; }

  int64_t count = 1;
  int64_t inner = 1;
};
} // namespace

static SmallVector<QuantParams> getChannelParams(quant::QuantizedType type,
                                                 const Channels &channels) {
  SmallVector<QuantParams> params;
  for (int64_t c = 0; c < channels.count; ++c)
    params.push_back(getQuantParams(type, c));
  return params;
}

FailureOr<Tensor> qnn::quantizeTensor(Operation *op, const Tensor &input,
                                      RankedTensorType type) {
  quant::QuantizedType element = getQuantizedElementType(type);
  Channels channels(type);
  auto params = getChannelParams(element, channels);
  bool isBias = element.getStorageTypeIntegralWidth() > 16;
  bool fixed = usesFixedPoint(op);
  Tensor result(type);
  ArrayRef<float> from = input.floats();
  MutableArrayRef<int32_t> to = result.mutableIntegers();
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t c = channels.of(i);
    if (!isBias) {
      to[i] = fixed ? quantizeAway(from[i], params[c])
                    : quantize(from[i], params[c]);
      continue;
    }
    double q = quantizeBias(from[i], getScale(element, c));
    if (!(q >= params[c].min && q <= params[c].max))
      return op->emitOpError("expected values within 32 bits, got ")
             << from[i] << " / " << getScale(element, c) << " in channel " << c
             << ": use a larger scale or keep the layer float";
    to[i] = static_cast<int32_t>(q);
  }
  return result;
}

Tensor qnn::dequantizeTensor(const Tensor &input) {
  RankedTensorType type = input.getType();
  Channels channels(type);
  auto params = getChannelParams(getQuantizedElementType(type), channels);
  Tensor result(type.clone(Float32Type::get(type.getContext())));
  ArrayRef<int32_t> from = input.integers();
  MutableArrayRef<float> to = result.mutableFloats();
  for (int64_t i = 0; i < result.size(); ++i)
    to[i] = dequantize(from[i], params[channels.of(i)]);
  return result;
}

Tensor qnn::requantizeTensor(const Tensor &input, RankedTensorType type,
                             bool fixedPoint) {
  quant::QuantizedType from = getQuantizedElementType(input.getType());
  QuantParams output = getTensorParams(type);
  double outputScale = getScale(getQuantizedElementType(type), 0);
  Channels channels(input.getType());
  auto params = getChannelParams(from, channels);
  SmallVector<float> factors;
  SmallVector<FixedPointFactor> fixedFactors;
  for (int64_t c = 0; c < channels.count; ++c) {
    factors.push_back(getFactor(getScale(from, c), outputScale));
    fixedFactors.push_back(getRescaleFixedPoint(input.getType(), type, c));
  }
  Tensor result(type);
  ArrayRef<int32_t> x = input.integers();
  MutableArrayRef<int32_t> y = result.mutableIntegers();
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t c = channels.of(i);
    int32_t steps = x[i] - params[c].zeroPoint;
    if (fixedPoint)
      y[i] = saturateSteps(multiplyFixedPoint(steps, fixedFactors[c]), output);
    else
      y[i] = saturate(static_cast<float>(steps) * factors[c], output);
  }
  return result;
}

FailureOr<Tensor> qnn::evaluate(ConstantOp op, Operands) {
  return Tensor::fromElementsAttr(op.getValue(),
                                  cast<RankedTensorType>(op.getType()),
                                  [&] { return op.emitOpError(); });
}

FailureOr<Tensor> qnn::evaluate(ObserveOp, Operands operands) {
  return operands[0];
}

FailureOr<Tensor> qnn::evaluate(ToBF16Op op, Operands operands) {
  Tensor result(op.getType());
  for (auto [y, x] : llvm::zip(result.mutableFloats(), operands[0].floats()))
    y = fromBF16(toBF16(x));
  return result;
}

FailureOr<Tensor> qnn::evaluate(RequantizeOp op, Operands operands) {
  return requantizeTensor(operands[0], op.getType(), usesFixedPoint(op));
}

FailureOr<Tensor> qnn::evaluate(quant::QuantizeCastOp op, Operands operands) {
  if (!isFloatTensor(op.getArg().getType()) || !isQuantizedTensor(op.getType()))
    return op.emitOpError("expected a cast from f32 to a quantized tensor");
  return quantizeTensor(op, operands[0], cast<RankedTensorType>(op.getType()));
}

FailureOr<Tensor> qnn::evaluate(quant::DequantizeCastOp op, Operands operands) {
  if (!isQuantizedTensor(op.getArg().getType()) || !isFloatTensor(op.getType()))
    return op.emitOpError("expected a cast from a quantized tensor to f32");
  return dequantizeTensor(operands[0]);
}
