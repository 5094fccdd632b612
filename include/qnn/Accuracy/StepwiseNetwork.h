//===- StepwiseNetwork.h - A float network, op by op ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What does one layer compute when its inputs, weights or biases are others?
// Calibration by the error at a consumer, error attribution and bias correction
// all ask that of many layers; compiling the network once per question would
// take hours. Here each op is compiled once, for this machine, and run alone.
//
// Running all steps in order gives the bits of the whole float network. One
// thread at a time.
//
// Usage:
//   auto network = StepwiseNetwork::create(func);
//   for (const NetworkStep &step : (*network)->getSteps())
//     (*network)->run(step, operands, result);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_STEPWISENETWORK_H
#define QNN_ACCURACY_STEPWISENETWORK_H

#include "qnn/Target/JIT.h"

namespace mlir::qnn {

/// One op that computes something. Tensors are numbered: arguments first, then
/// results; a qnn.observe has the number of its operand, constants have none.
struct NetworkStep {
  Operation *op;
  SmallVector<size_t> operands; ///< of the operands that are not constant
  size_t result;
};

/// Other constants for a layer: both row-major, as many as it has.
struct LayerConstants {
  SmallVector<float> weights, biases;
};

/// What clampF32 does with the clamp of `op`, if it has one.
void applyClamp(Operation *op, MutableArrayRef<float> values);

class StepwiseNetwork {
public:
  /// Compiles every op of `func`, Graph or Calibrated stage.
  static llvm::Expected<std::unique_ptr<StepwiseNetwork>>
  create(func::FuncOp func);

  ArrayRef<NetworkStep> getSteps() const { return steps; }
  /// Numbers of the arguments are 0, 1, ...; these are those of the results.
  ArrayRef<size_t> getResults() const { return results; }
  size_t getNumTensors() const { return sizes.size(); }
  /// Elements of tensor `number`.
  int64_t getSize(size_t number) const { return sizes[number]; }
  /// The number of `value`, which is no constant.
  size_t getNumber(Value value) const { return numbers.lookup(value); }

  /// Computes `step`; `operands` are those of NetworkStep::operands. Without
  /// `clamp`, what a fused clamp would have bounded.
  void run(const NetworkStep &step, ArrayRef<const float *> operands,
           float *result, bool clamp = true);

  /// `step`, a layer with constant weights, compiled with other constants. It
  /// runs through JITNetwork::run, without clamp.
  llvm::Expected<std::unique_ptr<JITNetwork>>
  compile(const NetworkStep &step, const LayerConstants &constants);

private:
  StepwiseNetwork() = default;
  llvm::Error addStep(Operation *op);

  std::vector<NetworkStep> steps;
  std::vector<std::unique_ptr<JITNetwork>> compiled; ///< of each step
  SmallVector<size_t> results;
  SmallVector<int64_t> sizes;
  DenseMap<Value, size_t> numbers;
};

} // namespace mlir::qnn

#endif // QNN_ACCURACY_STEPWISENETWORK_H
