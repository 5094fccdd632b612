//===- Samples.h - A few samples, kept in memory ----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calibration streams all samples; what runs layers again and again keeps some
// of them.
//
// Usage:
//   auto samples = readSamples(paths, inputs, /*maxRuns=*/32);
//   for (const Sample &sample : *samples) run(sample[0].data(), ...);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_SAMPLES_H
#define QNN_ACCURACY_SAMPLES_H

#include "qnn/Target/CodeGen.h"

#include "llvm/Support/Error.h"

namespace mlir::qnn {

/// One run's inputs, one buffer per input of the network.
using Sample = std::vector<std::vector<float>>;
using SampleSet = std::vector<Sample>;

/// At most `maxRuns` runs of the data (see SampleReader.h), evenly spread over
/// them; all of them when there are no more.
llvm::Expected<SampleSet> readSamples(ArrayRef<std::string> paths,
                                      ArrayRef<TensorInfo> inputs,
                                      int64_t maxRuns);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_SAMPLES_H
