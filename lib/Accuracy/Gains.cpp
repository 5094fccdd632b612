//===- Gains.cpp - What another form of a layer would gain ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Gains.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

/// Noise that is left at least, as a part: predictions end here.
static constexpr double kLeastLeft = 1e-3;

Gains::Gains(const NetworkAccuracy &accuracy) : accuracy(accuracy) {
  for (const LayerAccuracy &layer : accuracy.layers)
    layers[layer.tensor] = &layer;
}

const LayerAccuracy *Gains::find(Value tensor) const {
  if (auto observe = tensor.getDefiningOp<ObserveOp>())
    tensor = observe.getInput();
  return layers.lookup(tensor);
}

double Gains::getGain(double noiseTaken) const {
  double now = accuracy.outputNoise;
  return now > 0
             ? -getDecibels(std::max(now - noiseTaken, now * kLeastLeft), now)
             : 0;
}

/// The tensors through which `value` goes on: itself and what observes it.
static SmallVector<OpOperand *> getReaders(Value value) {
  SmallVector<OpOperand *> readers;
  for (OpOperand &use : value.getUses())
    if (auto observe = dyn_cast<ObserveOp>(use.getOwner()))
      readers.append(getReaders(observe.getResult()));
    else
      readers.push_back(&use);
  return readers;
}

static bool isReadAsIntegers(Value value) {
  return llvm::any_of(getReaders(value),
                      [](OpOperand *use) { return readsScale(*use); });
}

/// The noise that `tensor` brings through one of its readers: that of the whole
/// tensor, shared in proportion to what each reader makes of it.
double Gains::getReadNoise(const LayerAccuracy &tensor,
                           Operation *reader) const {
  double all = 0, its = 0;
  for (const LayerAccuracy &layer : accuracy.layers) {
    if (!layer.op)
      continue;
    for (auto [i, operand] : llvm::enumerate(
             cast<QuantizableOpInterface>(layer.op).getActivationOperands())) {
      if (find(getScaleRoot(operand->get())) != &tensor)
        continue;
      // A residual is added as it is.
      double noise =
          i == 0 ? layer.inputNoise : tensor.clipNoise + tensor.roundingNoise;
      noise *= layer.getRoundingTransfer();
      all += noise;
      if (layer.op == reader && i == 0)
        its = noise;
    }
  }
  bool isOnlyReader = all == its;
  return tensor.resultOutputNoise * (isOnlyReader ? 1 : its / all);
}

/// The noise at the network's results that comes from what `layer` reads, as
/// far as it goes when the layer becomes `precision`.
double Gains::getReadNoiseTaken(const LayerAccuracy &layer,
                                StringRef precision) const {
  Value root = getScaleRoot(cast<QuantizableOpInterface>(layer.op)
                                .getActivationOperands()
                                .front()
                                ->get());
  const LayerAccuracy *read = find(root);
  if (!read)
    return 0;
  double noise = getReadNoise(*read, layer.op);
  auto producer = dyn_cast_or_null<QuantizableOpInterface>(read->op);
  bool hasWeights = producer && producer.getWeightOperand();
  if (precision == "int16") {
    // Another layer that computes in int8 leaves 8 bits and no more.
    double all = read->clipNoise + read->roundingNoise;
    bool leavesMore = !producer || hasWeights;
    return leavesMore && all > 0 ? noise * read->roundingNoise / all : 0;
  }
  // Of a layer's result the float values exist if nothing reads 8 bits.
  bool leavesFloat = !producer || (hasWeights && endsInAccumulator(producer) &&
                                   getReaders(read->tensor).size() == 1);
  return leavesFloat ? noise : 0;
}

std::optional<double> Gains::getNoiseTaken(const LayerAccuracy &layer,
                                           StringRef precision) const {
  if (!layer.op)
    return std::nullopt;
  auto op = cast<QuantizableOpInterface>(layer.op);
  bool isWeighted = !layer.weightForms.empty();
  bool isWide = precision != "int8" && precision != "int4";
  double taken = 0;
  if (precision == "float")
    taken = isWeighted ? layer.weightTransfer * layer.weightNoise : 0;
  else if (!isWeighted)
    return std::nullopt;
  else if (const LayerForm *form = layer.findWeightForm(precision))
    taken = layer.weightTransfer * (layer.weightNoise - form->noise);
  else if (precision != "int16")
    return std::nullopt;
  if (!isWide || op.getActivationOperands().empty())
    return taken;
  if (!isReadAsIntegers(layer.tensor))
    taken += layer.resultOutputNoise;
  return taken + getReadNoiseTaken(layer, precision);
}

std::vector<RemedyGain> Gains::getRemedies(const LayerAccuracy &layer) const {
  std::vector<RemedyGain> remedies;
  double transfer = layer.weightTransfer;
  auto add = [&](StringRef name, bool isApplied, double noiseTaken) {
    remedies.push_back({name.str(), isApplied, noiseTaken});
  };
  if (const LayerForm *other = layer.findWeightForm("round-weights")) {
    double fall = layer.weightNoise - other->noise;
    bool isApplied =
        layer.op->hasAttr(getRoundedWeightsAttr(getWeightBits(layer.op)));
    add("round-weights", isApplied, transfer * (isApplied ? -fall : fall));
  }
  if (const LayerForm *other = layer.findWeightForm("correct-bias"))
    add("correct-bias", true, transfer * (other->noise - layer.weightNoise));
  else if (layer.meanNoise > 0)
    add("correct-bias", false, transfer * layer.meanNoise);
  double now = layer.clipNoise + layer.roundingNoise;
  if (now <= 0 || layer.rangeForms.empty())
    return remedies;
  // Noise of the tensor, and with it at the results, is in proportion.
  double scale = layer.getRoundingTransfer();
  const LayerForm *best = nullptr;
  for (const LayerForm &form : layer.rangeForms)
    if (form.name == "own-scale")
      add("own-scale", false, scale * (now - form.noise));
    else if (!best || form.noise < best->noise)
      best = &form;
  add("calibrator=" + best->name, best->noise >= now,
      scale * (best->noise >= now ? layer.rangeForms.front().noise - now
                                  : now - best->noise));
  return remedies;
}
