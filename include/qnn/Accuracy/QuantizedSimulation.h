//===- QuantizedSimulation.h - int8 as float with rounding ------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What will a calibrated network compute once it is quantized, layer by layer,
// when each layer may be fed with anything? Tensors stay f32; where the
// quantized network will hold integers they are rounded to its grid, with the
// types and weights that qnn-quantize will choose. Sums differ from the integer
// ones by the rounding of f32 only.
//
// One thread at a time.
//
// Usage:
//   auto simulation = QuantizedSimulation::create(network, func);
//   for (const NetworkStep &step : network.getSteps()) {
//     (*simulation)->run(step, operands, result);  // rounds what it reads
//     (*simulation)->roundResult(step, result);    // and what it leaves behind
//   }
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_QUANTIZEDSIMULATION_H
#define QNN_ACCURACY_QUANTIZEDSIMULATION_H

#include "qnn/Accuracy/StepwiseNetwork.h"
#include "qnn/Support/Numerics.h"

#include <optional>

namespace mlir::qnn {

/// dequantize(quantize(x, params), params) of each of `from`; may be in place.
void roundValues(ArrayRef<float> from, const QuantParams &params,
                 MutableArrayRef<float> to);

struct SimulationFlags {
  /// Operands are not rounded: the effect of the weights alone.
  bool floatInputs = false;
  /// False: what a fused clamp would have bounded.
  bool clamp = true;
};

class QuantizedSimulation {
public:
  /// `func` is the Calibrated function with ranges that `network` was made of.
  /// Fails with an emitted error where it cannot be quantized.
  static llvm::Expected<std::unique_ptr<QuantizedSimulation>>
  create(StepwiseNetwork &network, func::FuncOp func);

  /// True when `step` will compute with integers (and not only move them).
  bool isQuantized(const NetworkStep &step) const;
  /// The grid of an argument, or of the result of a quantized step; none for
  /// tensors that are float.
  std::optional<QuantParams> getGrid(size_t tensor) const {
    return grids[tensor];
  }

  /// Computes `step` as the quantized network will, up to the rounding of its
  /// result.
  void run(const NetworkStep &step, ArrayRef<const float *> operands,
           float *result, SimulationFlags flags = {});
  /// Rounds the result of a quantized step that has a grid; leaves others
  /// alone.
  void roundResult(const NetworkStep &step, MutableArrayRef<float> result);

  /// The grid on which `step` reads operand `i` (of NetworkStep::operands);
  /// none where it reads float.
  std::optional<QuantParams> getReadGrid(const NetworkStep &step,
                                         size_t i) const {
    return reads[&step - network.getSteps().data()][i];
  }

  /// `step`, a layer with constant weights, with the integers that its
  /// attributes ask for now, without clamp.
  llvm::Expected<std::unique_ptr<JITNetwork>>
  compileLayer(const NetworkStep &step);

  /// Compiles `step` again after its qnn.rounded_weights or qnn.bias_correction
  /// changed.
  llvm::Error updateWeights(const NetworkStep &step);

private:
  explicit QuantizedSimulation(StepwiseNetwork &network) : network(network) {}
  LogicalResult findGrids(func::FuncOp func);

  StepwiseNetwork &network;
  std::vector<std::optional<QuantParams>> grids; ///< of each tensor
  /// For each step and operand: the grid on which the step reads it, none where
  /// it reads float or holds integers already.
  std::vector<SmallVector<std::optional<QuantParams>>> reads;
  std::vector<std::unique_ptr<JITNetwork>> layers; ///< with integer weights
};

} // namespace mlir::qnn

#endif // QNN_ACCURACY_QUANTIZEDSIMULATION_H
