//===- ValueScan.h - Extremes and bins of many values -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The two loops of calibration that see every activation of every sample,
// beside networks that compute one in a few nanoseconds. They are compiled for
// several instruction sets; the results are exact, so all give the same.
//
// Pure functions but for their results.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CALIBRATION_VALUESCAN_H
#define QNN_LIB_CALIBRATION_VALUESCAN_H

#include <cstdint>

namespace mlir::qnn {

/// Extremes of values; meaningless unless all are finite.
struct ValueRange {
  float low, high;
  bool finite;
};

/// Of `n` > 0 values.
ValueRange findValueRange(const float *data, int64_t n);

/// Adds to counts[floor(x / 2^log2Width) + numBins / 2] one for each value x
/// whose position is in a block to count: position p is in block p / 16, and
/// the multiples of `blockStride` are counted. data[0] has position `first`.
/// Returns how many. Precondition: the values are finite and have a bin.
int64_t countValues(const float *data, int64_t n, int64_t first,
                    int64_t blockStride, int log2Width, uint64_t *counts,
                    int numBins);

} // namespace mlir::qnn

#endif // QNN_LIB_CALIBRATION_VALUESCAN_H
