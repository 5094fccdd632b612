//===- Automatic.h - What --precision=auto decides --------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From a calibrated graph without ranges to one that qnn-quantize turns into
// the best int8 network we know: ranges by the error at their readers, weights
// rounded and biases corrected on data, each kept only where it helps.
//
// Usage:
//   auto result = improveNetwork(module, cache, samples);
//   // observers have ranges, layers their attributes
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_AUTOMATIC_H
#define QNN_ACCURACY_AUTOMATIC_H

#include "qnn/Accuracy/Attribution.h"
#include "qnn/Accuracy/ChooseRanges.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qnn {

/// What was done to a network and what it brought.
struct Improvement {
  std::vector<RangeChoice> ranges;
  /// "round-weights", "correct-bias": those that were kept.
  std::vector<std::string> remedies;
  /// Noise over signal at the results, averaged over them.
  double noise = 0;
};

/// Samples that the analysis of a network of so many multiply-accumulates
/// takes: a matter of seconds, and never fewer than 4 or more than 128. The
/// attribution, which runs the network once per layer, takes a quarter of them.
int64_t getAnalysisSamples(int64_t macs);

/// Gives the observers of the only function of `calibrated` ranges, and its
/// layers the attributes of remedies that lower the error on `samples` with 8
/// bits everywhere. `forInt4`: also those of weights that may get 4 bits later.
llvm::Expected<Improvement> improveNetwork(ModuleOp calibrated,
                                           const CalibrationCache &cache,
                                           const SampleSet &samples,
                                           bool forInt4);

/// Makes the layers of `func` that are "int4" or "int16" int8 while it lives:
/// remedies are those of 8 bits, whatever a layer becomes afterwards.
class EightBits {
public:
  explicit EightBits(func::FuncOp func);
  ~EightBits();
  EightBits(const EightBits &) = delete;
  EightBits &operator=(const EightBits &) = delete;

private:
  SmallVector<std::pair<Operation *, Attribute>> precisions;
};

/// Which layer of the only function of `calibrated`, with ranges, loses how
/// much on a quarter of `samples`, and what its other forms would. `cache`:
/// where the ranges came from; null: they were given.
llvm::Expected<NetworkAccuracy> measureNetwork(ModuleOp calibrated,
                                               const SampleSet &samples,
                                               const CalibrationCache *cache);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_AUTOMATIC_H
