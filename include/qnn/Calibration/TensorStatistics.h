//===- TensorStatistics.h - What a tensor held over all samples -*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What did calibration see in one tensor, and which range follows from it? The
// calibration run fills one object per `qnn.observe`; qnn-apply-ranges and the
// choice of calibrators ask for ranges.
//
// Plain values without global state; one object may be used by one thread at a
// time (statistics of several threads or machines are merged).
//
// Invariants: the statistics of a set of samples do not depend on their order,
// on how a sample was split into calls of add, or on merging. Memory is
// constant.
//
// Usage:
//   TensorStatistics s;
//   for each sample {
//     s.add(data, n, n);                         // once or in parts
//     s.endSample();
//   }
//   if (s.hasNonFinite()) ...                    // NaN or infinity was seen
//   auto [low, high] = s.getRange(Calibrator::MSE);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CALIBRATION_TENSORSTATISTICS_H
#define QNN_CALIBRATION_TENSORSTATISTICS_H

#include "qnn/Calibration/Calibrator.h"
#include "qnn/Calibration/ExactSum.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace mlir::qnn {

/// Least and largest value of every sample, and a histogram.
///
/// The histogram counts all values of a sample of up to kMaxCounted. Of a
/// larger one it counts every k-th block of 16 values, k being the least number
/// above size / kMaxCounted that has no factor in common with the size (so that
/// all channels and rows are counted alike), and once more its least and its
/// largest value. This depends on nothing but the size of the sample.
///
/// Bin i counts the values in [(i - kBins/2) * 2^e, (i + 1 - kBins/2) * 2^e),
/// where e is the smallest exponent that holds every |value| seen. A larger
/// value doubles the width: neighbouring bins merge in pairs, which gives
/// exactly the counts of a histogram that had the larger width from the start.
class TensorStatistics {
public:
  /// Number of bins, half of them below zero.
  static constexpr int kBins = 2048;
  /// Smallest exponent of the bin width: the smallest f32 above zero.
  static constexpr int kMinLog2Width = -149;
  /// Largest sample that is counted whole.
  static constexpr int64_t kMaxCounted = 16384;

  TensorStatistics() : counts(kBins, 0) {}

  /// Takes `n` more values of the current sample, which has `sampleSize`. When
  /// one is NaN or infinite the flag is set and the values of this call are not
  /// counted.
  void add(const float *data, int64_t n, int64_t sampleSize);
  /// Ends the current sample; without values it is none.
  void endSample();
  /// Takes everything `other` has seen. Precondition: no open samples.
  void merge(const TensorStatistics &other);

  /// True once NaN or infinity was seen.
  bool hasNonFinite() const { return nonFinite; }
  /// Number of samples, and of values counted in the histogram.
  uint64_t getSamples() const { return samples; }
  uint64_t size() const { return total; }
  /// Smallest and largest value; both 0 when there were none.
  float getMin() const { return min; }
  float getMax() const { return max; }
  /// Sums over the samples of their least and largest value.
  const ExactSum &getSumOfMins() const { return sumOfMins; }
  const ExactSum &getSumOfMaxs() const { return sumOfMaxs; }
  /// Exponent of the bin width, and the counts.
  int getLog2Width() const { return log2Width; }
  const std::vector<uint64_t> &getCounts() const { return counts; }

  /// The range `calibrator` finds, within [getMin(), getMax()]; [0, 0] when
  /// there were no values. `percentile` is for Calibrator::Percentile.
  /// Precondition: 0 < percentile <= 100.
  std::pair<float, float>
  getRange(Calibrator calibrator, double percentile = kDefaultPercentile) const;

  /// Writes the object that a cache file has for a tensor (see Cache.h).
  void writeJSON(llvm::json::OStream &json) const;
  /// Reads what writeJSON wrote; an error names what is wrong.
  static llvm::Expected<TensorStatistics> fromJSON(const llvm::json::Value &);

private:
  static int64_t getBlockStride(int64_t sampleSize);
  void widen(int newLog2Width);
  void count(float value);
  std::pair<float, float> getPercentileRange(double percent) const;

  std::vector<uint64_t> counts;
  uint64_t total = 0, samples = 0;
  int log2Width = kMinLog2Width;
  float min = 0, max = 0;
  ExactSum sumOfMins, sumOfMaxs;
  bool nonFinite = false;
  /// The sample that is open: its number of values and their range.
  int64_t openSize = 0;
  float openMin = 0, openMax = 0;
};

} // namespace mlir::qnn

#endif // QNN_CALIBRATION_TENSORSTATISTICS_H
