//===- Tensors.cpp - The tensors of one run -------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tensors.h"

using namespace mlir;
using namespace mlir::qnn;

Tensors qnn::allocateTensors(const StepwiseNetwork &network) {
  Tensors tensors(network.getNumTensors());
  for (auto [i, tensor] : llvm::enumerate(tensors))
    tensor.resize(network.getSize(i));
  return tensors;
}

SmallVector<const float *> qnn::getOperands(const NetworkStep &step,
                                            const Tensors &tensors) {
  SmallVector<const float *> operands;
  for (size_t operand : step.operands)
    operands.push_back(tensors[operand].data());
  return operands;
}

void qnn::runFloat(StepwiseNetwork &network, const Sample &sample,
                   Tensors &real) {
  std::copy(sample.begin(), sample.end(), real.begin());
  for (const NetworkStep &step : network.getSteps())
    network.run(step, getOperands(step, real), real[step.result].data());
}

void qnn::runQuantized(StepwiseNetwork &network,
                       QuantizedSimulation &simulation, const Sample &sample,
                       Tensors &quantized) {
  std::copy(sample.begin(), sample.end(), quantized.begin());
  for (const NetworkStep &step : network.getSteps()) {
    simulation.run(step, getOperands(step, quantized),
                   quantized[step.result].data());
    simulation.roundResult(step, quantized[step.result]);
  }
}

double qnn::getPower(ArrayRef<float> values) {
  double sum = 0;
  for (float value : values)
    sum += double(value) * value;
  return values.empty() ? 0 : sum / values.size();
}

double qnn::getNoise(ArrayRef<float> values, ArrayRef<float> reference) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    double difference = double(values[i]) - reference[i];
    sum += difference * difference;
  }
  return values.empty() ? 0 : sum / values.size();
}

double qnn::getRelativeNoise(ArrayRef<float> values,
                             ArrayRef<float> reference) {
  double signal = getPower(reference), noise = getNoise(values, reference);
  return signal > 0 ? noise / signal : noise;
}
