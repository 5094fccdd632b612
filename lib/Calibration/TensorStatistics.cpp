//===- TensorStatistics.cpp - Minimum, maximum and histogram --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/TensorStatistics.h"

#include "RangeSearch.h"
#include "ValueScan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::qnn;

/// Smallest e with magnitude < kBins/2 * 2^e, not below the minimum.
static int getNeededLog2Width(float magnitude) {
  if (magnitude == 0)
    return TensorStatistics::kMinLog2Width;
  int exponent; // magnitude < 2^exponent
  (void)std::frexp(magnitude, &exponent);
  constexpr int log2HalfBins = 10;
  static_assert(TensorStatistics::kBins == 2 << log2HalfBins);
  return std::max(exponent - log2HalfBins, TensorStatistics::kMinLog2Width);
}

void TensorStatistics::widen(int newLog2Width) {
  for (; log2Width < newLog2Width; ++log2Width) {
    if (total == 0) {
      log2Width = newLog2Width;
      return;
    }
    // floor(i / 2) around the middle: bins 2j and 2j + 1 become bin j. Both
    // halves shrink towards the middle, so each target is read before written
    // when the halves are walked outwards.
    constexpr int half = kBins / 2;
    for (int j = 0; j < half; ++j)
      counts[half + j] =
          j < half / 2 ? counts[half + 2 * j] + counts[half + 2 * j + 1] : 0;
    for (int j = 1; j <= half; ++j)
      counts[half - j] =
          j <= half / 2 ? counts[half - 2 * j] + counts[half - 2 * j + 1] : 0;
  }
}

/// Counts one value.
void TensorStatistics::count(float value) {
  countValues(&value, 1, 0, 1, log2Width, counts.data(), kBins);
  ++total;
}

int64_t TensorStatistics::getBlockStride(int64_t sampleSize) {
  if (sampleSize <= kMaxCounted)
    return 1;
  int64_t stride = sampleSize / kMaxCounted + 1;
  while (std::gcd(stride, sampleSize) != 1)
    ++stride;
  return stride;
}

void TensorStatistics::add(const float *data, int64_t n, int64_t sampleSize) {
  if (n == 0)
    return;
  ValueRange range = findValueRange(data, n);
  if (!range.finite) {
    nonFinite = true;
    return;
  }
  widen(getNeededLog2Width(
      std::max(std::fabs(range.low), std::fabs(range.high))));
  total += countValues(data, n, openSize, getBlockStride(sampleSize), log2Width,
                       counts.data(), kBins);
  // + 0.0f: -0 and 0 are equal, and the first one seen would stay.
  openMin = (openSize == 0 ? range.low : std::min(openMin, range.low)) + 0.0f;
  openMax = (openSize == 0 ? range.high : std::max(openMax, range.high)) + 0.0f;
  openSize += n;
}

void TensorStatistics::endSample() {
  if (openSize == 0)
    return;
  if (getBlockStride(openSize) != 1) {
    count(openMin);
    count(openMax);
  }
  min = samples == 0 ? openMin : std::min(min, openMin);
  max = samples == 0 ? openMax : std::max(max, openMax);
  sumOfMins.add(openMin);
  sumOfMaxs.add(openMax);
  ++samples;
  openSize = 0;
}

void TensorStatistics::merge(const TensorStatistics &other) {
  assert(openSize == 0 && other.openSize == 0 && "end the sample first");
  nonFinite |= other.nonFinite;
  if (other.samples == 0)
    return;
  TensorStatistics addend = other;
  widen(addend.log2Width);
  addend.widen(log2Width);
  for (int i = 0; i < kBins; ++i)
    counts[i] += addend.counts[i];
  min = samples == 0 ? other.min : std::min(min, other.min);
  max = samples == 0 ? other.max : std::max(max, other.max);
  sumOfMins.add(other.sumOfMins);
  sumOfMaxs.add(other.sumOfMaxs);
  samples += other.samples;
  total += other.total;
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

std::pair<float, float> TensorStatistics::getRange(Calibrator calibrator,
                                                   double percentile) const {
  if (samples == 0)
    return {0.0f, 0.0f};
  switch (calibrator) {
  case Calibrator::MinMax:
    return {min, max};
  case Calibrator::Average:
    return {sumOfMins.getMean(samples), sumOfMaxs.getMean(samples)};
  case Calibrator::Percentile:
    return getPercentileRange(percentile);
  case Calibrator::Entropy:
    return findEntropyRange(*this);
  case Calibrator::MSE:
    return findMSERange(*this);
  }
  llvm_unreachable("all calibrators are handled");
}

std::pair<float, float>
TensorStatistics::getPercentileRange(double percent) const {
  auto allowance =
      static_cast<uint64_t>(std::floor(total * ((100.0 - percent) / 200.0)));
  // Fewer than half of the values are cut at each end: some bin remains.
  int first = 0, last = kBins - 1;
  for (uint64_t cut = counts[first]; cut <= allowance; cut += counts[first])
    ++first;
  for (uint64_t cut = counts[last]; cut <= allowance; cut += counts[last])
    --last;
  double width = std::ldexp(1.0, log2Width);
  auto low = static_cast<float>((first - kBins / 2) * width);
  auto high = static_cast<float>((last + 1 - kBins / 2) * width);
  return {std::max(low, min), std::min(high, max)};
}
