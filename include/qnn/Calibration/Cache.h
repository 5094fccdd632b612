//===- Cache.h - Calibration statistics and their file ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What did calibration see in each observed tensor, and how is that kept? The
// calibration run fills one TensorStatistics per `qnn.observe` and saves a
// CalibrationCache; `qnn-apply-ranges` loads it and asks for ranges.
//
// Plain values without global state; one object may be used by one thread at a
// time (statistics of several threads or machines are merged).
//
// Invariants: the statistics of a set of values do not depend on their order,
// on how they were split into calls of add, or on merging. Memory is constant.
//
// Usage:
//   TensorStatistics s;
//   s.add(data, n);                              // for every sample
//   if (s.hasNonFinite()) ...                    // NaN or infinity was seen
//   cache.tensors["conv1"] = s;
//   if (llvm::Error e = cache.save(path)) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CALIBRATION_CACHE_H
#define QNN_CALIBRATION_CACHE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mlir::qnn {

/// Minimum, maximum and a histogram of a stream of f32 values.
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

  TensorStatistics() : counts(kBins, 0) {}

  /// Takes `n` values. When one is NaN or infinite the flag is set and the
  /// values of this call are not counted.
  void add(const float *data, int64_t n);
  /// Takes everything `other` has seen.
  void merge(const TensorStatistics &other);

  /// True once NaN or infinity was seen.
  bool hasNonFinite() const { return nonFinite; }
  /// Number of values counted.
  uint64_t size() const { return total; }
  /// Smallest and largest value; both 0 when there were none.
  float getMin() const { return min; }
  float getMax() const { return max; }
  /// Exponent of the bin width, and the counts.
  int getLog2Width() const { return log2Width; }
  const std::vector<uint64_t> &getCounts() const { return counts; }

  /// The range that keeps `percent` % of the values: (100 - percent) / 2 % of
  /// them are cut at each end, rounded down to whole bins, and the result never
  /// exceeds [min, max]. Precondition: 0 < percent <= 100.
  std::pair<float, float> getPercentileRange(double percent) const;

  /// {"min":f,"max":f,"histogram":{"log2_width":e,"counts":[...]}}.
  llvm::json::Value toJSON() const;
  /// Reads what toJSON wrote; an error names what is wrong.
  static llvm::Expected<TensorStatistics> fromJSON(const llvm::json::Value &);

private:
  void widen(int newLog2Width);

  std::vector<uint64_t> counts;
  uint64_t total = 0;
  int log2Width = kMinLog2Width;
  float min = 0, max = 0;
  bool nonFinite = false;
};

/// The contents of a calibration cache file.
struct CalibrationCache {
  static constexpr int kVersion = 1;

  /// getGraphHash of the calibrated function.
  std::string graph;
  /// Number of samples run.
  int64_t samples = 0;
  /// Statistics by the name of the `qnn.observe`.
  std::map<std::string, TensorStatistics> tensors;

  /// {"version":1,"graph":"<hex>","samples":N,"tensors":{name:statistics}}.
  llvm::json::Value toJSON() const;
  static llvm::Expected<CalibrationCache> fromJSON(const llvm::json::Value &);

  /// Writes the file whole or not at all.
  llvm::Error save(llvm::StringRef path) const;
  /// Reads a file; every error names the path.
  static llvm::Expected<CalibrationCache> load(llvm::StringRef path);
};

/// A hash, in hexadecimal, of what a float network computes: ops, attributes,
/// types and the contents of constants. Locations, the name of the function,
/// `qnn.observe` and discardable attributes (`qnn.precision`, ...) do not
/// count, so that a cache outlives another choice of precisions.
std::string getGraphHash(func::FuncOp func);

} // namespace mlir::qnn

#endif // QNN_CALIBRATION_CACHE_H
