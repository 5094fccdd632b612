//===- QuantizeWeights.cpp - Weights and biases as integers ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// One weighted op on its way to integers.
class WeightQuantizer {
public:
  WeightQuantizer(QuantizableOpInterface op, const QuantParams &input, int bits)
      : op(op), input(input) {
    result.bits = bits;
  }

  FailureOr<QuantizedWeights> run();

private:
  LogicalResult read();
  LogicalResult readAttributes();
  double findMagnitude(ArrayRef<float> channel) const;
  bool quantizeChannel(int64_t c);
  LogicalResult takeRounding(int64_t c);

  QuantizableOpInterface op;
  const QuantParams &input;
  SmallVector<float> weights, biases; ///< [channels][depth], [channels]
  SmallVector<int32_t> rounded;       ///< of the attribute, or empty
  int64_t channels = 0, depth = 0;
  QuantizedWeights result;
};
} // namespace

/// Replaces rounding to nearest in channel `c` by the attribute.
LogicalResult WeightQuantizer::takeRounding(int64_t c) {
  int32_t largest = getWeightParams(0, result.bits).max;
  for (int64_t i = c * depth; i < (c + 1) * depth; ++i) {
    double steps = weights[i] / result.scales[c];
    steps = std::min<double>(std::max<double>(steps, -largest), largest);
    if (std::abs(rounded[i]) > largest ||
        std::fabs(rounded[i] - steps) >= 1.001)
      return op.emitError("expected neighbours of weight / scale in '")
             << getRoundedWeightsAttr(result.bits) << "' of '"
             << getLayerName(op) << "'; round its weights again";
    result.weights[i] = static_cast<int8_t>(rounded[i]);
  }
  return success();
}

LogicalResult WeightQuantizer::readAttributes() {
  StringRef name = getRoundedWeightsAttr(result.bits);
  if (auto attr = op->getAttrOfType<ElementsAttr>(name)) {
    FailureOr<SmallVector<int32_t>> values = getIntegerValues(attr);
    if (failed(values) || values->size() != weights.size())
      return op.emitError("expected one i8 per weight in '")
             << name << "' of '" << getLayerName(op) << "'";
    rounded = std::move(*values);
  }
  if (auto attr = op->getAttrOfType<ElementsAttr>(kBiasCorrectionAttr)) {
    FailureOr<SmallVector<float>> values = getFloatValues(attr);
    if (failed(values) || values->size() != biases.size())
      return op.emitError("expected one f32 per bias in '")
             << kBiasCorrectionAttr << "' of '" << getLayerName(op) << "'";
    for (auto [bias, correction] : llvm::zip(biases, *values))
      bias += correction;
  }
  return success();
}

LogicalResult WeightQuantizer::read() {
  OpOperand *weight = op.getWeightOperand(), *bias = op.getBiasOperand();
  FailureOr<SmallVector<float>> read = getFloatValues(weight->get());
  FailureOr<SmallVector<float>> readBiases = SmallVector<float>();
  if (bias)
    readBiases = getFloatValues(bias->get());
  auto isFinite = [](float x) { return std::isfinite(x); };
  if (failed(read) || failed(readBiases) || !llvm::all_of(*read, isFinite) ||
      !llvm::all_of(*readBiases, isFinite))
    return op->emitError("expected finite weights and biases in '")
           << getLayerName(op) << "'";
  weights = std::move(*read);
  biases = std::move(*readBiases);
  channels = cast<RankedTensorType>(weight->get().getType()).getDimSize(0);
  depth = channels ? weights.size() / channels : 0;
  return readAttributes();
}

/// What the largest integer stands for: the largest weight or, of few bits,
/// less where clipping adds less to the squared error than finer steps take
/// from it.
double WeightQuantizer::findMagnitude(ArrayRef<float> channel) const {
  float largest = 0;
  for (float w : channel)
    largest = std::max(largest, std::fabs(w));
  if (result.bits == 8)
    return largest;
  double best = largest, least = std::numeric_limits<double>::infinity();
  for (int twentieths = 20; twentieths >= 10; --twentieths) {
    double magnitude = double(largest) * twentieths / 20, error = 0;
    QuantParams params = getWeightParams(magnitude, result.bits);
    for (float w : channel) {
      double difference = double(dequantize(quantize(w, params), params)) - w;
      error += difference * difference;
    }
    if (error < least) {
      least = error;
      best = magnitude;
    }
  }
  return best;
}

/// When bias or accumulator would leave i32 the scale of the channel is doubled
/// until they fit; returns false when no scale makes them fit.
bool WeightQuantizer::quantizeChannel(int64_t c) {
  ArrayRef<float> channel = ArrayRef(weights).slice(c * depth, depth);
  double magnitude = findMagnitude(
      op->hasAttr(kPerTensorWeightsAttr) ? ArrayRef<float>(weights) : channel);
  // No input lies further from its zero point than this.
  double reach =
      std::max(input.max - input.zeroPoint, input.zeroPoint - input.min);
  constexpr double limit = std::numeric_limits<int32_t>::max();
  for (QuantParams params = getWeightParams(magnitude, result.bits);
       params.scale <= kMaxScale; params.scale *= 2) {
    double sum = 0;
    for (auto [i, w] : llvm::enumerate(channel)) {
      int32_t q = quantize(w, params);
      result.weights[c * depth + i] = static_cast<int8_t>(q);
      // A neighbour may be chosen instead.
      sum += std::min(std::abs(q) + (rounded.empty() ? 0 : 1), params.max);
    }
    double bias = biases.empty()
                      ? 0
                      : quantizeBias(biases[c], double(input.scale) *
                                                    double(params.scale));
    if (std::fabs(bias) + sum * reach > limit)
      continue;
    if (!biases.empty())
      result.biases[c] = static_cast<int32_t>(bias);
    result.scales[c] = params.scale;
    return true;
  }
  return false;
}

FailureOr<QuantizedWeights> WeightQuantizer::run() {
  if (failed(read()))
    return failure();
  result.weights.resize(weights.size());
  result.biases.resize(biases.size());
  result.scales.resize(channels);
  for (int64_t c = 0; c < channels; ++c) {
    if (!quantizeChannel(c))
      return op->emitError("bias or accumulator of channel ")
             << c << " of '" << getLayerName(op)
             << "' does not fit i32 with any weight scale; keep the layer "
                "float with qnn-assign-precision";
    if (!rounded.empty() && failed(takeRounding(c)))
      return failure();
  }
  return std::move(result);
}

FailureOr<QuantizedWeights> qnn::quantizeWeights(QuantizableOpInterface op,
                                                 const QuantParams &input,
                                                 std::optional<int> bits) {
  return WeightQuantizer(op, input, bits.value_or(getWeightBits(op))).run();
}
