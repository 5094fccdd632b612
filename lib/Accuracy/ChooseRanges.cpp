//===- ChooseRanges.cpp - The calibrator of each tensor -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/ChooseRanges.h"

#include "Tensors.h"

#include "qnn/Accuracy/QuantizedSimulation.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
struct Candidate {
  Calibrator calibrator;
  std::pair<float, float> range;
  double error = 0;
};

/// An op that reads a tensor as integers.
struct Reader {
  const NetworkStep *step;
  size_t operand; ///< index into NetworkStep::operands
};

/// An observed tensor on its way to a range.
struct ObservedRange {
  ObserveOp op;
  SmallVector<Candidate> candidates;
  SmallVector<Reader> readers;
};
} // namespace

static SmallVector<Candidate> collectCandidates(const TensorStatistics &seen) {
  SmallVector<Candidate> candidates;
  for (Calibrator calibrator : getCalibrators()) {
    auto range = seen.getRange(calibrator);
    if (llvm::none_of(candidates,
                      [&](const Candidate &c) { return c.range == range; }))
      candidates.push_back({calibrator, range});
  }
  return candidates;
}

static std::vector<ObservedRange> collect(StepwiseNetwork &network,
                                          func::FuncOp func,
                                          const CalibrationCache &cache) {
  std::vector<ObservedRange> tensors;
  DenseMap<Value, size_t> indices;
  func.walk([&](ObserveOp op) {
    indices[op.getResult()] = tensors.size();
    tensors.push_back(
        {op, collectCandidates(cache.tensors.at(op.getName().str())), {}});
  });
  for (const NetworkStep &step : network.getSteps()) {
    if (!computesInInt8(step.op))
      continue;
    size_t next = 0;
    for (Value operand : step.op->getOperands()) {
      if (operand.getDefiningOp<ConstantOp>())
        continue;
      auto found = indices.find(getScaleRoot(operand));
      if (found != indices.end())
        tensors[found->second].readers.push_back({&step, next});
      ++next;
    }
  }
  return tensors;
}

/// noise / signal at the result of `reader` when it reads its operand rounded
/// to the grid of `range`.
static double getReaderError(StepwiseNetwork &network, const Reader &reader,
                             const QuantParams &grid, const Tensors &real) {
  const NetworkStep &step = *reader.step;
  const std::vector<float> &operand = real[step.operands[reader.operand]];
  std::vector<float> rounded(operand.size());
  roundValues(operand, grid, rounded);
  SmallVector<const float *> operands = getOperands(step, real);
  operands[reader.operand] = rounded.data();
  std::vector<float> result(network.getSize(step.result));
  network.run(step, operands, result.data());
  return getRelativeNoise(result, real[step.result]);
}

static void addSample(StepwiseNetwork &network, ObservedRange &tensor,
                      const Tensors &real) {
  ArrayRef<float> values = real[network.getNumber(tensor.op.getInput())];
  for (Candidate &candidate : tensor.candidates) {
    QuantParams grid =
        getActivationParams(candidate.range.first, candidate.range.second);
    for (const Reader &reader : tensor.readers)
      candidate.error += getReaderError(network, reader, grid, real);
    if (tensor.readers.empty()) {
      std::vector<float> rounded(values.size());
      roundValues(values, grid, rounded);
      candidate.error += getRelativeNoise(rounded, values);
    }
  }
}

std::vector<RangeChoice> qnn::chooseRanges(StepwiseNetwork &network,
                                           func::FuncOp func,
                                           const CalibrationCache &cache,
                                           const SampleSet &samples) {
  std::vector<ObservedRange> tensors = collect(network, func, cache);
  Tensors real = allocateTensors(network);
  for (const Sample &sample : samples) {
    runFloat(network, sample, real);
    for (ObservedRange &tensor : tensors)
      if (tensor.candidates.size() > 1)
        addSample(network, tensor, real);
  }
  std::vector<RangeChoice> choices;
  for (ObservedRange &tensor : tensors) {
    const Candidate &best = *llvm::min_element(
        tensor.candidates, [](const Candidate &a, const Candidate &b) {
          return a.error < b.error;
        });
    choices.push_back({tensor.op.getName().str(), best.calibrator,
                       best.range.first, best.range.second,
                       best.error / samples.size(),
                       tensor.candidates.front().range,
                       tensor.candidates.front().error / samples.size()});
  }
  return choices;
}

void qnn::setRanges(func::FuncOp func, ArrayRef<RangeChoice> choices,
                    bool minmax) {
  Builder builder(func.getContext());
  size_t next = 0;
  func.walk([&](ObserveOp op) {
    const RangeChoice &choice = choices[next++];
    op.setMinAttr(
        builder.getF32FloatAttr(minmax ? choice.extreme.first : choice.min));
    op.setMaxAttr(
        builder.getF32FloatAttr(minmax ? choice.extreme.second : choice.max));
  });
}
