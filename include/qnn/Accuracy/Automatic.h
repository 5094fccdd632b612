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
/// layers the attributes of remedies that lower the error on `samples`.
llvm::Expected<Improvement> improveNetwork(ModuleOp calibrated,
                                           const CalibrationCache &cache,
                                           const SampleSet &samples);

/// Which layer of the only function of `calibrated`, with ranges, loses how
/// much on a quarter of `samples`.
llvm::Expected<NetworkAccuracy> measureNetwork(ModuleOp calibrated,
                                               const SampleSet &samples);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_AUTOMATIC_H
