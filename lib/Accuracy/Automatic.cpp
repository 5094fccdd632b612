//===- Automatic.cpp - What --precision=auto decides ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Automatic.h"

#include "Tensors.h"

#include "qnn/Accuracy/ImproveWeights.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

int64_t qnn::getAnalysisSamples(int64_t macs) {
  constexpr int64_t budget = int64_t(100) << 30;
  return std::clamp<int64_t>(budget / std::max<int64_t>(macs, 1), 4, 128);
}

/// Noise over signal at the results of the quantized network, averaged over
/// them.
static double measureNoise(StepwiseNetwork &network,
                           QuantizedSimulation &simulation,
                           const SampleSet &samples) {
  Tensors real = allocateTensors(network), quantized = real;
  size_t results = network.getResults().size();
  std::vector<double> noises(results, 0), signals(results, 0);
  for (const Sample &sample : samples) {
    runFloat(network, sample, real);
    runQuantized(network, simulation, sample, quantized);
    for (auto [i, result] : llvm::enumerate(network.getResults())) {
      noises[i] += getNoise(quantized[result], real[result]);
      signals[i] += getPower(real[result]);
    }
  }
  double sum = 0;
  for (auto [noise, signal] : llvm::zip(noises, signals))
    sum += signal > 0 ? noise / signal : noise;
  return sum / results;
}

static void removeRemedies(func::FuncOp func) {
  func.walk([](Operation *op) {
    op->removeDiscardableAttr(kRoundedWeightsAttr);
    op->removeDiscardableAttr(kRoundedInt4WeightsAttr);
    op->removeDiscardableAttr(kBiasCorrectionAttr);
  });
}

/// One way to prepare the network.
struct Trial {
  bool minmax;
  WeightRemedies remedies;
  double noise = 0;
};

namespace {
/// Prepares a network in one way after the other.
class Improver {
public:
  Improver(StepwiseNetwork &network, func::FuncOp func,
           const SampleSet &samples, ArrayRef<RangeChoice> ranges, bool forInt4)
      : network(network), func(func), samples(samples), ranges(ranges),
        forInt4(forInt4) {}

  /// The noise of the network prepared so, which it stays.
  llvm::Expected<double> apply(const Trial &trial);

private:
  StepwiseNetwork &network;
  func::FuncOp func;
  const SampleSet &samples;
  ArrayRef<RangeChoice> ranges;
  bool forInt4;
};
} // namespace

llvm::Expected<double> Improver::apply(const Trial &trial) {
  removeRemedies(func);
  setRanges(func, ranges, trial.minmax);
  auto simulation = QuantizedSimulation::create(network, func);
  if (!simulation)
    return simulation.takeError();
  WeightRemedies remedies = trial.remedies;
  remedies.forInt4 = forInt4;
  if (remedies.roundWeights || remedies.correctBias)
    if (llvm::Error error =
            improveWeights(network, **simulation, samples, remedies))
      return std::move(error);
  return measureNoise(network, **simulation, samples);
}

/// Ranges first, then remedies: each is kept when the network's results get
/// better by it. Leaves the best in place.
static llvm::Expected<Trial> findBest(Improver &improver) {
  Trial best = {true, {false, false}};
  llvm::Expected<double> noise = improver.apply(best);
  if (!noise)
    return noise.takeError();
  best.noise = *noise;
  Trial last = best;
  auto attempt = [&](const Trial &trial) -> llvm::Error {
    llvm::Expected<double> tried = improver.apply(trial);
    if (!tried)
      return tried.takeError();
    last = trial;
    if (*tried < best.noise) {
      best = trial;
      best.noise = *tried;
    }
    return llvm::Error::success();
  };
  if (llvm::Error error = attempt({false, {false, false}}))
    return std::move(error);
  if (llvm::Error error = attempt({best.minmax, {false, true}}))
    return std::move(error);
  if (llvm::Error error =
          attempt({best.minmax, {true, best.remedies.correctBias}}))
    return std::move(error);
  bool isInPlace = last.minmax == best.minmax &&
                   last.remedies.roundWeights == best.remedies.roundWeights &&
                   last.remedies.correctBias == best.remedies.correctBias;
  if (!isInPlace)
    if (llvm::Error error = attempt(best))
      return std::move(error);
  return best;
}

llvm::Expected<Improvement> qnn::improveNetwork(ModuleOp calibrated,
                                                const CalibrationCache &cache,
                                                const SampleSet &samples,
                                                bool forInt4) {
  auto func = *calibrated.getOps<func::FuncOp>().begin();
  EightBits whileImproving(func);
  auto network = StepwiseNetwork::create(func);
  if (!network)
    return network.takeError();
  Improvement result;
  result.ranges = chooseRanges(**network, func, cache, samples);
  Improver improver(**network, func, samples, result.ranges, forInt4);
  llvm::Expected<Trial> best = findBest(improver);
  if (!best)
    return best.takeError();
  if (best->minmax)
    for (RangeChoice &choice : result.ranges)
      choice = choice.asMinMax();
  if (best->remedies.roundWeights)
    result.remedies.push_back("round-weights");
  if (best->remedies.correctBias)
    result.remedies.push_back("correct-bias");
  result.noise = best->noise;
  return result;
}

EightBits::EightBits(func::FuncOp func) {
  auto int8 = StringAttr::get(func.getContext(), "int8");
  func.walk([&](Operation *op) {
    if (!isKeptInt8(op))
      return;
    precisions.push_back({op, op->getAttr(kPrecisionAttr)});
    op->setAttr(kPrecisionAttr, int8);
  });
}

EightBits::~EightBits() {
  for (auto [op, precision] : precisions)
    op->setAttr(kPrecisionAttr, precision);
}

/// What round-weights would make of the layers of `func`, which stay as they
/// are. Nothing where it has been tried already.
static llvm::Expected<ProposedRoundings>
proposeRoundings(StepwiseNetwork &network, func::FuncOp func,
                 const SampleSet &samples) {
  ProposedRoundings roundings;
  bool isRounded = false;
  func.walk(
      [&](Operation *op) { isRounded |= op->hasAttr(kRoundedWeightsAttr); });
  if (isRounded)
    return roundings;
  EightBits whileImproving(func);
  auto simulation = QuantizedSimulation::create(network, func);
  if (!simulation)
    return simulation.takeError();
  WeightRemedies remedies = {/*roundWeights=*/true, /*correctBias=*/false};
  if (llvm::Error error =
          improveWeights(network, **simulation, samples, remedies))
    return std::move(error);
  func.walk([&](Operation *op) {
    if (Attribute rounding = op->removeAttr(kRoundedWeightsAttr))
      roundings[op] = rounding;
  });
  return roundings;
}

llvm::Expected<NetworkAccuracy>
qnn::measureNetwork(ModuleOp calibrated, const SampleSet &samples,
                    const CalibrationCache *cache) {
  auto func = *calibrated.getOps<func::FuncOp>().begin();
  auto network = StepwiseNetwork::create(func);
  if (!network)
    return network.takeError();
  auto roundings = proposeRoundings(**network, func, samples);
  if (!roundings)
    return roundings.takeError();
  auto simulation = QuantizedSimulation::create(**network, func);
  if (!simulation)
    return simulation.takeError();
  SampleSet some;
  for (size_t i = 0; i < samples.size(); i += 4)
    some.push_back(samples[i]);
  return attributeErrors(**network, **simulation, some, *roundings, cache);
}
