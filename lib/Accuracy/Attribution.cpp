//===- Attribution.cpp - Which layer loses the accuracy -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Attribution.h"

#include "LayerForms.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

double qnn::getDecibels(double signal, double noise) {
  return 10 * std::log10(signal / noise);
}

namespace {
class Attribution {
public:
  Attribution(StepwiseNetwork &network, QuantizedSimulation &simulation);
  /// Compiles what layers could be instead.
  llvm::Error addForms(const ProposedRoundings &roundings,
                       const CalibrationCache *cache);
  NetworkAccuracy run(const SampleSet &samples);

private:
  void addSample(const Sample &sample);
  void addResult(LayerAccuracy &layer, size_t tensor);
  void addStep(const NetworkStep &step, LayerAccuracy &layer);
  void addWeights(const NetworkStep &step, LayerAccuracy &layer);
  void addMeanNoises(size_t samples);
  void measureSignals(const SampleSet &samples);
  double
  getResultNoise(llvm::function_ref<ArrayRef<float>(size_t)> valuesOf) const;
  double runAfter(size_t tensor);

  StepwiseNetwork &network;
  QuantizedSimulation &simulation;
  NetworkAccuracy accuracy;
  SmallVector<size_t> layerOfTensor;           ///< index into accuracy.layers
  std::vector<LayerForms> layerForms;          ///< of each step
  std::vector<RangeForms> rangeForms;          ///< of each tensor
  std::vector<std::vector<double>> meanErrors; ///< of each channel, by tensor
  std::vector<double> signals;                 ///< of the network's results
  Tensors real;                                ///< of the float network
  Tensors quantized;                           ///< of the quantized network
  Tensors changed;                             ///< with one layer quantized
};
} // namespace

static constexpr size_t kNone = ~size_t(0);

Attribution::Attribution(StepwiseNetwork &network,
                         QuantizedSimulation &simulation)
    : network(network), simulation(simulation),
      layerOfTensor(network.getNumTensors(), kNone),
      rangeForms(network.getNumTensors()), meanErrors(network.getNumTensors()),
      real(allocateTensors(network)), quantized(allocateTensors(network)),
      changed(allocateTensors(network)) {
  auto addLayer = [&](StringRef name, Value value, size_t tensor) {
    layerOfTensor[tensor] = accuracy.layers.size();
    LayerAccuracy &layer = accuracy.layers.emplace_back();
    layer.name = name;
    layer.op = value.getDefiningOp();
    layer.tensor = value;
    layer.elements = network.getSize(tensor);
  };
  auto func = network.getSteps().front().op->getParentOfType<func::FuncOp>();
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (simulation.getGrid(i)) {
      auto name = func.getArgAttrOfType<StringAttr>(i, kTensorNameAttr);
      addLayer(name ? name.getValue() : "input", func.getArgument(i), i);
    }
  for (const NetworkStep &step : network.getSteps())
    if (simulation.isQuantized(step))
      addLayer(getLayerName(step.op), step.op->getResult(0), step.result);
}

llvm::Error Attribution::addForms(const ProposedRoundings &roundings,
                                  const CalibrationCache *cache) {
  for (const NetworkStep &step : network.getSteps()) {
    LayerForms &forms = layerForms.emplace_back();
    if (layerOfTensor[step.result] == kNone)
      continue;
    auto created = LayerForms::create(
        network, simulation, step, accuracy.layers[layerOfTensor[step.result]],
        roundings.lookup(step.op));
    if (!created)
      return created.takeError();
    forms = std::move(*created);
  }
  for (auto [tensor, index] : llvm::enumerate(layerOfTensor)) {
    if (index == kNone || !cache || !simulation.getGrid(tensor))
      continue;
    LayerAccuracy &layer = accuracy.layers[index];
    for (Operation *user : layer.tensor.getUsers())
      if (auto observe = dyn_cast<ObserveOp>(user))
        rangeForms[tensor] =
            RangeForms(observe, *simulation.getGrid(tensor), *cache, layer);
  }
  return llvm::Error::success();
}

/// What rounding the float tensor does.
void Attribution::addResult(LayerAccuracy &layer, size_t tensor) {
  layer.signal += getPower(real[tensor]);
  layer.totalNoise += getNoise(quantized[tensor], real[tensor]);
  if (!simulation.getGrid(tensor))
    return;
  QuantParams grid = *simulation.getGrid(tensor);
  float low = dequantize(grid.min, grid), high = dequantize(grid.max, grid);
  ArrayRef<float> values = real[tensor];
  std::vector<float> clipped(values.size()), rounded(values.size());
  for (auto [i, value] : llvm::enumerate(values)) {
    clipped[i] = std::min(std::max(value, low), high);
    layer.saturated += clipped[i] != value;
  }
  roundValues(values, grid, rounded);
  rangeForms[tensor].addSample(values, layer);
  layer.clipNoise += getNoise(clipped, values);
  layer.roundingNoise += getNoise(rounded, clipped);
}

/// Adds what one sample says about the weights of a layer and about what they
/// read; leaves the result with integer weights in changed[step.result].
void Attribution::addWeights(const NetworkStep &step, LayerAccuracy &layer) {
  std::vector<float> &result = changed[step.result];
  if (!layer.weightForms.empty()) {
    layerForms[&step - network.getSteps().data()].addSample(network, step, real,
                                                            layer, result);
    layer.weightTransfer += runAfter(step.result);
  }
  if (auto grid = simulation.getReadGrid(step, 0)) {
    SmallVector<const float *> operands = getOperands(step, real);
    std::vector<float> rounded(real[step.operands[0]].size());
    roundValues(real[step.operands[0]], *grid, rounded);
    operands[0] = rounded.data();
    network.run(step, operands, result.data());
    layer.inputNoise += getNoise(result, real[step.result]);
  }
  simulation.run(step, getOperands(step, real), result.data(),
                 {/*floatInputs=*/true, /*clamp=*/true});
  layer.weightNoise += getNoise(result, real[step.result]);
  if (layer.weightForms.empty())
    return;
  int64_t channels =
      cast<RankedTensorType>(layer.tensor.getType()).getShape().back();
  std::vector<double> &errors = meanErrors[step.result];
  errors.resize(channels);
  for (size_t i = 0; i < result.size(); ++i)
    errors[i % channels] += double(real[step.result][i]) - result[i];
}

/// Adds what one sample says about a quantized layer.
void Attribution::addStep(const NetworkStep &step, LayerAccuracy &layer) {
  std::vector<float> &result = changed[step.result];
  network.run(step, getOperands(step, quantized), result.data());
  layer.inheritedNoise += getNoise(result, real[step.result]);
  addWeights(step, layer);
  simulation.roundResult(step, result);
  layer.localNoise += getNoise(result, real[step.result]);
}

/// Noise over signal, averaged over the results of the network. The signal is
/// that of all samples, so that noises of samples add up.
double Attribution::getResultNoise(
    llvm::function_ref<ArrayRef<float>(size_t)> valuesOf) const {
  double sum = 0;
  for (auto [result, signal] : llvm::zip(network.getResults(), signals)) {
    double noise = getNoise(valuesOf(result), real[result]);
    sum += signal > 0 ? noise / signal : noise;
  }
  return sum / network.getResults().size();
}

/// The signal of each result over all samples.
void Attribution::measureSignals(const SampleSet &samples) {
  signals.assign(network.getResults().size(), 0);
  for (const Sample &sample : samples) {
    runFloat(network, sample, real);
    for (auto [result, signal] : llvm::zip(network.getResults(), signals))
      signal += getPower(real[result]) / samples.size();
  }
}

/// The noise at the results when changed[tensor] replaces real[tensor].
double Attribution::runAfter(size_t tensor) {
  llvm::SmallDenseSet<size_t> differs = {tensor};
  for (const NetworkStep &step : network.getSteps()) {
    if (!llvm::any_of(step.operands,
                      [&](size_t t) { return differs.contains(t); }))
      continue;
    SmallVector<const float *> operands;
    for (size_t t : step.operands)
      operands.push_back((differs.contains(t) ? changed : real)[t].data());
    network.run(step, operands, changed[step.result].data());
    differs.insert(step.result);
  }
  return getResultNoise([&](size_t result) -> ArrayRef<float> {
    return (differs.contains(result) ? changed : real)[result];
  });
}

void Attribution::addSample(const Sample &sample) {
  runFloat(network, sample, real);
  runQuantized(network, simulation, sample, quantized);
  accuracy.outputNoise += getResultNoise(
      [&](size_t result) -> ArrayRef<float> { return quantized[result]; });
  for (size_t i = 0; i < sample.size(); ++i)
    if (layerOfTensor[i] != kNone) {
      LayerAccuracy &layer = accuracy.layers[layerOfTensor[i]];
      addResult(layer, i);
      roundValues(real[i], *simulation.getGrid(i), changed[i]);
      double noise = getNoise(changed[i], real[i]);
      layer.localNoise += noise;
      layer.totalNoise += noise;
      layer.resultOutputNoise += runAfter(i);
    }
  for (const NetworkStep &step : network.getSteps())
    if (layerOfTensor[step.result] != kNone) {
      LayerAccuracy &layer = accuracy.layers[layerOfTensor[step.result]];
      addResult(layer, step.result);
      addStep(step, layer);
      if (auto grid = simulation.getGrid(step.result)) {
        roundValues(real[step.result], *grid, changed[step.result]);
        layer.resultOutputNoise += runAfter(step.result);
      }
    }
}

/// From the sums of errors over all samples.
void Attribution::addMeanNoises(size_t samples) {
  for (auto [tensor, errors] : llvm::enumerate(meanErrors)) {
    double squares = 0;
    for (double sum : errors) {
      double mean = sum / (double(network.getSize(tensor)) / errors.size() *
                           double(samples));
      squares += mean * mean;
    }
    if (!errors.empty())
      accuracy.layers[layerOfTensor[tensor]].meanNoise =
          squares / errors.size();
  }
}

NetworkAccuracy Attribution::run(const SampleSet &samples) {
  measureSignals(samples);
  for (const Sample &sample : samples)
    addSample(sample);
  double n = samples.size();
  accuracy.samples = samples.size();
  accuracy.outputNoise /= n;
  for (LayerAccuracy &layer : accuracy.layers)
    for (double *sum :
         {&layer.signal, &layer.weightNoise, &layer.clipNoise,
          &layer.roundingNoise, &layer.localNoise, &layer.inheritedNoise,
          &layer.totalNoise, &layer.resultOutputNoise, &layer.inputNoise})
      *sum /= n;
  for (LayerAccuracy &layer : accuracy.layers) {
    for (auto *forms : {&layer.weightForms, &layer.rangeForms})
      for (LayerForm &form : *forms)
        form.noise /= n;
    bool hasWeights = !layer.weightForms.empty();
    double other = hasWeights ? layer.weightForms.front().noise : 0;
    layer.weightTransfer = other > 0 ? layer.weightTransfer / n / other : 0;
    layer.outputNoise =
        layer.resultOutputNoise + layer.weightTransfer * layer.weightNoise;
  }
  addMeanNoises(samples.size());
  return std::move(accuracy);
}

llvm::Expected<NetworkAccuracy>
qnn::attributeErrors(StepwiseNetwork &network, QuantizedSimulation &simulation,
                     const SampleSet &samples,
                     const ProposedRoundings &roundings,
                     const CalibrationCache *cache) {
  Attribution attribution(network, simulation);
  if (llvm::Error error = attribution.addForms(roundings, cache))
    return std::move(error);
  return attribution.run(samples);
}
