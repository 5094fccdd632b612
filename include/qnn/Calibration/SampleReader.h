//===- SampleReader.h - Calibration data, one sample at a time --*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How do files of samples become inputs of runs? The calibration run asks for
// one run's inputs after the other.
//
// Data are .npz files (one f32 array per input, named like it), .npy files (the
// single input) or directories of such files, read in the order of their names.
// For an input of shape [B, d...] an array is one of
//   [N, d...]     N samples, B per run; in a last, incomplete run the rest of
//                 the batch keeps samples that were read before, or repeats
//   [N, B, d...]  N samples, each a whole input
//   [d...]        one sample
//
// All headers are checked when the reader is opened. Memory does not depend on
// the number of samples. Belongs to one thread.
//
// Usage:
//   auto reader = SampleReader::open(paths, inputs);
//   while (true) {
//     Expected<bool> more = (*reader)->next(buffers);
//     if (!more) ...  if (!*more) break;
//   }
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CALIBRATION_SAMPLEREADER_H
#define QNN_CALIBRATION_SAMPLEREADER_H

#include "qnn/Calibration/Cache.h"
#include "qnn/Support/Npy.h"
#include "qnn/Target/CodeGen.h"

namespace mlir::qnn {

/// How samples fill the inputs of one run.
struct BatchInfo {
  int64_t size = 1;   ///< samples along axis 0 of every input; 1: whole inputs
  int64_t filled = 1; ///< how many of them, from the first, are new
};

/// Floats of memory that hold the elements of an input: those of other types
/// lie there as they are.
int64_t getSampleWords(const TensorInfo &input);

class SampleReader {
public:
  /// Opens `paths`; an error names the file, the array and the remedy, and
  /// calls the file `what`.
  static llvm::Expected<std::unique_ptr<SampleReader>>
  open(ArrayRef<std::string> paths, ArrayRef<TensorInfo> inputs,
       StringRef what = "calibration data");
  ~SampleReader();

  /// Runs and samples in all files.
  int64_t getRunCount() const { return runCount; }
  int64_t getSampleCount() const { return sampleCount; }
  /// The sum of getLastRows() over all runs.
  int64_t getRowCount() const { return rowCount; }

  /// Fills one buffer of getSampleWords() per input for the next run; false
  /// when there is none.
  /// NaN or infinity is an error that names the sample. The buffers of a file's
  /// runs must be the same.
  llvm::Expected<bool> next(ArrayRef<MutableArrayRef<float>> buffers);

  /// Rows of the first input's axis 0 that next() filled with new samples:
  /// fewer than the batch in a last, incomplete run. 1 for an input without
  /// axes.
  int64_t getLastRows() const;

  /// The samples next() read last. Inputs that disagree on the number of
  /// samples in a run are one sample together.
  BatchInfo getLastBatch() const;

  /// The paths given to open(), with the samples read from each so far.
  ArrayRef<CalibrationSource> getSources() const { return sources; }

  /// "sample 3 of 'x.npz'" (from 0): what next() read last.
  std::string describeLast() const;

private:
  struct OpenFile;
  SampleReader();

  llvm::Expected<std::unique_ptr<OpenFile>> openFile(StringRef path) const;
  llvm::Error fill(size_t input, MutableArrayRef<float> buffer);
  void countSamples();

  std::string what;
  SmallVector<TensorInfo> inputs;
  std::vector<CalibrationSource> sources;
  std::vector<std::pair<std::string, size_t>> files; ///< and their source
  size_t nextFile = 0;
  std::unique_ptr<OpenFile> current;
  int64_t runCount = 0, sampleCount = 0, rowCount = 0;
};

} // namespace mlir::qnn

#endif // QNN_CALIBRATION_SAMPLEREADER_H
