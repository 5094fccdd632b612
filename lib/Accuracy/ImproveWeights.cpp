//===- ImproveWeights.cpp - Rounding and biases from data -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All samples go through a layer before the next one: the float network and the
// quantized one side by side, tensors freed after their last reader.
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/ImproveWeights.h"

#include "Gram.h"
#include "Tensors.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

/// Patches that determine H, per weight of a channel.
static constexpr int64_t kPatchesPerWeight = 4;
static constexpr int64_t kMinPatches = 2048;
/// Values of a channel below which their mean says more about the samples than
/// about the layer.
static constexpr int64_t kMinValues = 64;

namespace {
/// One sample on its way through both networks; empty tensors are not live.
struct Lane {
  Tensors real, quantized;
};

class WeightImprover {
public:
  WeightImprover(StepwiseNetwork &network, QuantizedSimulation &simulation,
                 const SampleSet &samples, const WeightRemedies &remedies);
  llvm::Error run();

private:
  bool isWeighted(const NetworkStep &step) const;
  llvm::Error round(const NetworkStep &step);
  llvm::Error roundTo(int bits, QuantizableOpInterface op,
                      const QuantParams &grid, const Gram &gram);
  llvm::Error correct(const NetworkStep &step);
  void addZeroBias(Operation *op);
  void advance(const NetworkStep &step, size_t index);

  StepwiseNetwork &network;
  QuantizedSimulation &simulation;
  WeightRemedies remedies;
  std::vector<Lane> lanes;
  SmallVector<size_t> lastReader; ///< step index of each tensor
};
} // namespace

WeightImprover::WeightImprover(StepwiseNetwork &network,
                               QuantizedSimulation &simulation,
                               const SampleSet &samples,
                               const WeightRemedies &remedies)
    : network(network), simulation(simulation), remedies(remedies),
      lanes(samples.size()), lastReader(network.getNumTensors(), 0) {
  for (auto [lane, sample] : llvm::zip(lanes, samples)) {
    lane.real.resize(network.getNumTensors());
    std::copy(sample.begin(), sample.end(), lane.real.begin());
    lane.quantized = lane.real;
  }
  for (auto [i, step] : llvm::enumerate(network.getSteps()))
    for (size_t operand : step.operands)
      lastReader[operand] = i;
}

bool WeightImprover::isWeighted(const NetworkStep &step) const {
  auto op = dyn_cast<QuantizableOpInterface>(step.op);
  return simulation.isQuantized(step) && isa<Conv2DOp, FullyConnectedOp>(op) &&
         op.getWeightOperand()->get().getDefiningOp<ConstantOp>();
}

llvm::Error WeightImprover::round(const NetworkStep &step) {
  auto op = cast<QuantizableOpInterface>(step.op);
  Gram gram(step.op);
  int64_t available = gram.getPositions() * int64_t(lanes.size());
  if (gram.getPatchSize() > kMaxPatch || available < gram.getPatchSize())
    return llvm::Error::success();
  QuantParams grid = *simulation.getReadGrid(step, 0);
  int64_t wanted =
      std::max(kMinPatches, kPatchesPerWeight * gram.getPatchSize());
  int64_t perSample = (wanted + lanes.size() - 1) / lanes.size();
  for (const Lane &lane : lanes) {
    std::vector<float> input(lane.quantized[step.operands[0]].size());
    roundValues(lane.quantized[step.operands[0]], grid, input);
    gram.add(input, perSample);
  }
  if (llvm::Error error = roundTo(8, op, grid, gram))
    return error;
  if (remedies.forInt4)
    if (llvm::Error error = roundTo(4, op, grid, gram))
      return error;
  return simulation.updateWeights(step);
}

/// Chooses the integers of `bits` bits that the weights of `op` become.
llvm::Error WeightImprover::roundTo(int bits, QuantizableOpInterface op,
                                    const QuantParams &grid, const Gram &gram) {
  FailureOr<QuantizedWeights> nearest = quantizeWeights(op, grid, bits);
  FailureOr<SmallVector<float>> weights =
      getFloatValues(op.getWeightOperand()->get());
  if (failed(nearest) || failed(weights))
    return llvm::createStringError("cannot quantize the weights of a layer");
  SmallVector<int8_t> integers;
  size_t channels = nearest->scales.size() / gram.getGroups();
  size_t elements = channels * gram.getPatchSize();
  for (int64_t group = 0; group < gram.getGroups(); ++group)
    integers.append(roundByGram(
        ArrayRef(*weights).slice(group * elements, elements),
        ArrayRef(nearest->weights).slice(group * elements, elements),
        ArrayRef(nearest->scales).slice(group * channels, channels),
        gram.get(group), (1 << (bits - 1)) - 1));
  auto type = cast<RankedTensorType>(op.getWeightOperand()->get().getType());
  op->setAttr(getRoundedWeightsAttr(bits),
              getIntegerElements(op.getContext(), type.getShape(),
                                 ArrayRef<int8_t>(integers)));
  return llvm::Error::success();
}

/// A bias of zeros, for a layer without: x + 0 = x.
void WeightImprover::addZeroBias(Operation *op) {
  std::optional<MutableOperandRange> range =
      cast<RequantFusableOpInterface>(op).getBiasRange();
  if (!range || !range->empty())
    return;
  OpBuilder builder(op);
  int64_t channels =
      cast<RankedTensorType>(op->getResult(0).getType()).getShape().back();
  range->assign(createFloatConstant(builder, op->getLoc(), {channels},
                                    SmallVector<float>(channels, 0.0f)));
}

llvm::Error WeightImprover::correct(const NetworkStep &step) {
  int64_t channels =
      cast<RankedTensorType>(step.op->getResult(0).getType()).getShape().back();
  size_t size = network.getSize(step.result);
  if (int64_t(size) / channels * int64_t(lanes.size()) < kMinValues)
    return llvm::Error::success();
  std::vector<double> sums(channels, 0);
  std::vector<float> real(size), quantized(size);
  for (const Lane &lane : lanes) {
    network.run(step, getOperands(step, lane.real), real.data(),
                /*clamp=*/false);
    simulation.run(step, getOperands(step, lane.quantized), quantized.data(),
                   {/*floatInputs=*/false, /*clamp=*/false});
    for (size_t i = 0; i < size; ++i)
      sums[i % channels] += double(real[i]) - quantized[i];
  }
  SmallVector<float> correction;
  double count = double(size) / channels * lanes.size();
  for (double sum : sums)
    correction.push_back(static_cast<float>(sum / count));
  addZeroBias(step.op);
  step.op->setAttr(
      kBiasCorrectionAttr,
      getFloatElements(step.op->getContext(), {channels}, correction));
  return simulation.updateWeights(step);
}

/// Computes `step` in all lanes and frees what nobody reads any more.
void WeightImprover::advance(const NetworkStep &step, size_t index) {
  for (Lane &lane : lanes) {
    lane.real[step.result].resize(network.getSize(step.result));
    lane.quantized[step.result].resize(network.getSize(step.result));
    network.run(step, getOperands(step, lane.real),
                lane.real[step.result].data());
    simulation.run(step, getOperands(step, lane.quantized),
                   lane.quantized[step.result].data());
    simulation.roundResult(step, lane.quantized[step.result]);
    for (size_t operand : step.operands)
      if (lastReader[operand] == index) {
        lane.real[operand] = {};
        lane.quantized[operand] = {};
      }
  }
}

llvm::Error WeightImprover::run() {
  for (auto [i, step] : llvm::enumerate(network.getSteps())) {
    if (isWeighted(step)) {
      if (remedies.roundWeights)
        if (llvm::Error error = round(step))
          return error;
      if (remedies.correctBias)
        if (llvm::Error error = correct(step))
          return error;
    }
    advance(step, i);
  }
  return llvm::Error::success();
}

llvm::Error qnn::improveWeights(StepwiseNetwork &network,
                                QuantizedSimulation &simulation,
                                const SampleSet &samples,
                                const WeightRemedies &remedies) {
  return WeightImprover(network, simulation, samples, remedies).run();
}
