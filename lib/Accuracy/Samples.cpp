//===- Samples.cpp - A few samples, kept in memory ------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/Samples.h"

#include "qnn/Calibration/SampleReader.h"

using namespace mlir;
using namespace mlir::qnn;

llvm::Expected<SampleSet> qnn::readSamples(ArrayRef<std::string> paths,
                                           ArrayRef<TensorInfo> inputs,
                                           int64_t maxRuns) {
  auto reader = SampleReader::open(paths, inputs);
  if (!reader)
    return reader.takeError();
  // The buffers stay the same for all runs: the reader says so.
  Sample sample;
  SmallVector<MutableArrayRef<float>> buffers;
  for (const TensorInfo &input : inputs)
    sample.emplace_back(getSampleWords(input));
  for (std::vector<float> &buffer : sample)
    buffers.push_back(buffer);
  SampleSet samples;
  int64_t runs = (*reader)->getRunCount();
  int64_t wanted = std::min(runs, maxRuns);
  for (int64_t run = 0; run < runs; ++run) {
    llvm::Expected<bool> more = (*reader)->next(buffers);
    if (!more)
      return more.takeError();
    // The i-th sample kept is run floor(i * runs / wanted).
    if (int64_t(samples.size()) * runs / wanted == run)
      samples.push_back(sample);
  }
  return samples;
}
