//===- QuantizedSimulation.cpp - int8 as float with rounding --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/QuantizedSimulation.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

void qnn::roundValues(ArrayRef<float> from, const QuantParams &params,
                      MutableArrayRef<float> to) {
  for (size_t i = 0; i < from.size(); ++i)
    to[i] = dequantize(quantize(from[i], params), params);
}

bool QuantizedSimulation::isQuantized(const NetworkStep &step) const {
  return computesInInt8(step.op);
}

/// True when a layer that computes in integers leaves its result to readers
/// that round it themselves: it has 16 bits, or one of them reads 16 bits of
/// what it can leave in float (qnn-quantize).
static bool leavesSixteenBits(Operation *op) {
  if (hasWideActivations(op))
    return true;
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  if (!quantizable || !quantizable.getWeightOperand())
    return false;
  SmallVector<Operation *> readers(op->getUsers());
  for (size_t i = 0; i < readers.size(); ++i)
    if (isa<ObserveOp>(readers[i]))
      readers.append(readers[i]->user_begin(), readers[i]->user_end());
  return llvm::any_of(readers, [](Operation *reader) {
    return hasWideActivations(reader) && computesInInt8(reader);
  });
}

/// 16 bits over the range of `narrow`, as a layer with such activations reads
/// it.
static QuantParams getWideParams(const QuantParams &narrow) {
  constexpr int largest = 127 * 256 + 127;
  int32_t reach =
      std::max(narrow.max - narrow.zeroPoint, narrow.zeroPoint - narrow.min);
  return {getScaleOfWidth(double(narrow.scale) * reach, largest), 0, -largest,
          largest};
}

LogicalResult QuantizedSimulation::findGrids(func::FuncOp func) {
  FailureOr<TensorTypes> types = findTensorTypes(func);
  if (failed(types))
    return failure();
  grids.resize(network.getNumTensors());
  for (auto &[tensor, type] : *types)
    if (!tensor.getDefiningOp<ConstantOp>())
      grids[network.getNumber(tensor)] = getQuantParams(type);
  for (const NetworkStep &step : network.getSteps())
    if (leavesFloat(step.op) || leavesSixteenBits(step.op))
      grids[step.result].reset();
  for (const NetworkStep &step : network.getSteps()) {
    auto &list = reads.emplace_back(step.operands.size());
    if (!isQuantized(step))
      continue;
    size_t next = 0;
    for (Value operand : step.op->getOperands())
      if (!operand.getDefiningOp<ConstantOp>()) {
        Value root = getScaleRoot(operand);
        if (auto type = types->lookup(root))
          list[next] = getQuantParams(type);
        if (hasWideActivations(step.op) && list[next])
          list[next] = next == 0 ? std::optional(getWideParams(*list[next]))
                                 : std::nullopt;
        ++next;
      }
  }
  return success();
}

llvm::Expected<std::unique_ptr<JITNetwork>>
QuantizedSimulation::compileLayer(const NetworkStep &step) {
  auto op = cast<QuantizableOpInterface>(step.op);
  size_t index = &step - network.getSteps().data();
  std::optional<QuantParams> input = reads[index].front();
  if (!input)
    return llvm::createStringError("expected a scale on the input of a layer");
  FailureOr<QuantizedWeights> integers = quantizeWeights(op, *input);
  if (failed(integers))
    return llvm::createStringError("cannot quantize the weights of a layer");
  LayerConstants constants;
  size_t channels = integers->scales.size();
  size_t depth = channels ? integers->weights.size() / channels : 0;
  for (auto [i, q] : llvm::enumerate(integers->weights))
    constants.weights.push_back(
        static_cast<float>(q * integers->scales[i / depth]));
  for (auto [c, q] : llvm::enumerate(integers->biases))
    constants.biases.push_back(
        static_cast<float>(q * (double(input->scale) * integers->scales[c])));
  return network.compile(step, constants);
}

llvm::Error QuantizedSimulation::updateWeights(const NetworkStep &step) {
  auto jit = compileLayer(step);
  if (!jit)
    return jit.takeError();
  layers[&step - network.getSteps().data()] = std::move(*jit);
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<QuantizedSimulation>>
QuantizedSimulation::create(StepwiseNetwork &network, func::FuncOp func) {
  std::unique_ptr<QuantizedSimulation> simulation(
      new QuantizedSimulation(network));
  if (failed(simulation->findGrids(func)))
    return llvm::createStringError("the network cannot be quantized");
  simulation->layers.resize(network.getSteps().size());
  for (const NetworkStep &step : network.getSteps()) {
    auto op = dyn_cast<QuantizableOpInterface>(step.op);
    OpOperand *weight = op ? op.getWeightOperand() : nullptr;
    if (simulation->isQuantized(step) && weight &&
        weight->get().getDefiningOp<ConstantOp>())
      if (llvm::Error error = simulation->updateWeights(step))
        return std::move(error);
  }
  return simulation;
}

void QuantizedSimulation::run(const NetworkStep &step,
                              ArrayRef<const float *> operands, float *result,
                              SimulationFlags flags) {
  size_t index = &step - network.getSteps().data();
  SmallVector<const float *> from(operands);
  SmallVector<std::vector<float>> rounded(from.size());
  for (auto [i, grid] : llvm::enumerate(reads[index]))
    if (grid && !flags.floatInputs) {
      size_t size = network.getSize(step.operands[i]);
      rounded[i].resize(size);
      roundValues({from[i], size}, *grid, rounded[i]);
      from[i] = rounded[i].data();
    }
  if (!layers[index])
    return network.run(step, from, result, flags.clamp);
  SmallVector<const void *> pointers(from.begin(), from.end());
  layers[index]->run(pointers, {result});
  if (flags.clamp)
    applyClamp(step.op, {result, size_t(network.getSize(step.result))});
}

void QuantizedSimulation::roundResult(const NetworkStep &step,
                                      MutableArrayRef<float> result) {
  if (isQuantized(step) && grids[step.result])
    roundValues(result, *grids[step.result], result);
}
