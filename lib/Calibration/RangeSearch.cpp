//===- RangeSearch.cpp - Ranges that minimize an error --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RangeSearch.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qnn;

/// The quantized values of an 8-bit activation.
static constexpr int kLevels = 256;
static constexpr int kBins = TensorStatistics::kBins;
/// The bin that starts at 0.
static constexpr int kZeroBin = kBins / 2;

/// The counts without the exact zeros (see the header).
static std::vector<double> getCountsWithoutZeros(const TensorStatistics &s) {
  std::vector<double> counts(s.getCounts().begin(), s.getCounts().end());
  counts[kZeroBin] = std::min(
      counts[kZeroBin], std::max(counts[kZeroBin - 1], counts[kZeroBin + 1]));
  return counts;
}

//===----------------------------------------------------------------------===//
// Squared error
//===----------------------------------------------------------------------===//

namespace {
/// One end of a range, in bin widths, and the squared error of the values it
/// clips; `inside` values from 0 to the end are not clipped.
struct End {
  double at, clipped, inside;
};
} // namespace

/// The candidates for one end, outermost first: the extreme value itself, then
/// the bin edges between it and 0. `counts` goes from 0 outwards and `extreme`
/// is the distance of the extreme value from 0.
static std::vector<End> getEnds(llvm::ArrayRef<double> counts, double extreme) {
  if (extreme <= 0)
    return {{0, 0, 0}};
  int bins = std::min<int>(std::floor(extreme) + 1, counts.size());
  double inside = 0;
  for (double count : counts.take_front(bins))
    inside += count;
  std::vector<End> ends = {{extreme, 0, inside}};
  for (int edge = bins - 1; edge >= 0; --edge) {
    inside -= counts[edge];
    double clipped = 0;
    for (int i = edge; i < bins; ++i) {
      // Uniform in [i, i + 1), the outermost bin up to the extreme value.
      double length = std::min(i + 1.0, extreme) - i;
      double distance = i + length / 2 - edge;
      clipped += counts[i] * (distance * distance + length * length / 12);
    }
    ends.push_back({double(edge), clipped, inside});
  }
  return ends;
}

std::pair<float, float> qnn::findMSERange(const TensorStatistics &s) {
  std::vector<double> above = getCountsWithoutZeros(s);
  std::vector<double> below(above.rend() - kZeroBin, above.rend());
  above.erase(above.begin(), above.begin() + kZeroBin);
  double width = std::ldexp(1.0, s.getLog2Width());
  std::vector<End> lows = getEnds(below, -s.getMin() / width);
  std::vector<End> highs = getEnds(above, s.getMax() / width);
  double least = std::numeric_limits<double>::infinity();
  const End *bestLow = nullptr, *bestHigh = nullptr;
  for (const End &low : lows)
    for (const End &high : highs) {
      double step = (low.at + high.at) / (kLevels - 1);
      double error = low.clipped + high.clipped +
                     (low.inside + high.inside) * (step * step / 12);
      if (error < least) {
        least = error;
        bestLow = &low;
        bestHigh = &high;
      }
    }
  return {bestLow == &lows[0] ? s.getMin()
                              : static_cast<float>(-bestLow->at * width),
          bestHigh == &highs[0] ? s.getMax()
                                : static_cast<float>(bestHigh->at * width)};
}

//===----------------------------------------------------------------------===//
// Entropy
//===----------------------------------------------------------------------===//

namespace {
/// KL divergences of the ranges of one histogram, each from sums over prefixes.
class Divergence {
public:
  explicit Divergence(const TensorStatistics &s)
      : counts(getCountsWithoutZeros(s)), mass(kBins + 1), used(kBins + 1),
        logs(kBins + 1) {
    const std::vector<uint64_t> &all = s.getCounts();
    first = kZeroBin;
    last = kZeroBin;
    for (int i = 0; i < kBins; ++i) {
      mass[i + 1] = mass[i] + counts[i];
      used[i + 1] = used[i] + (counts[i] > 0);
      logs[i + 1] = logs[i] + xLogX(counts[i]);
      if (all[i] == 0)
        continue;
      first = std::min(first, i);
      last = std::max(last, i);
    }
  }

  /// KL(P || Q) of the range of the bins `low` to `high`, both included.
  double get(int low, int high) const;

  /// The bins with values, and the one of 0.
  int first, last;

private:
  static double xLogX(double x) { return x > 0 ? x * std::log(x) : 0; }

  std::vector<double> counts, mass, used, logs;
};
} // namespace

double Divergence::get(int low, int high) const {
  double inside = mass[high + 1] - mass[low], all = mass[kBins];
  if (inside == 0)
    return std::numeric_limits<double>::infinity();
  // Where the clipped values go: the outermost bins that are not empty.
  int lowest = low, highest = high;
  while (counts[lowest] == 0)
    ++lowest;
  while (counts[highest] == 0)
    --highest;
  double below = mass[low], above = mass[kBins] - mass[high + 1];
  SmallVector<std::pair<int, double>, 2> clipped = {{lowest, below},
                                                    {highest, above}};
  if (lowest == highest)
    clipped = {{lowest, below + above}};
  // sum P log P, then minus sum P log Q level by level.
  double sum = logs[high + 1] - logs[low];
  for (auto [bin, count] : clipped)
    sum += xLogX(counts[bin] + count) - xLogX(counts[bin]);
  int64_t bins = high - low + 1;
  for (int level = 0; level < kLevels; ++level) {
    int begin = low + static_cast<int>(level * bins / kLevels);
    int end = low + static_cast<int>((level + 1) * bins / kLevels);
    double held = mass[end] - mass[begin], wanted = held;
    if (held == 0)
      continue;
    for (auto [bin, count] : clipped)
      wanted += bin >= begin && bin < end ? count : 0;
    sum -= wanted * std::log(held / (used[end] - used[begin]));
  }
  return sum / all + std::log(inside / all);
}

std::pair<float, float> qnn::findEntropyRange(const TensorStatistics &s) {
  Divergence divergence(s);
  int low = divergence.first, high = divergence.last;
  double least = divergence.get(low, high);
  // Less is no improvement but rounding: the same choice on every machine.
  constexpr double kMargin = 1e-9;
  constexpr int kSteps = 128;
  // One bin that holds everything diverges from nothing (Migacz 2017 starts at
  // 128 bins, too).
  constexpr int kFewestBins = 128;
  int lowStep = std::max(1, (kZeroBin - divergence.first) / kSteps);
  int highStep = std::max(1, (divergence.last - kZeroBin) / kSteps);
  for (bool improved = true; improved;) {
    improved = false;
    auto consider = [&](int newLow, int newHigh) {
      if (newHigh - newLow < kFewestBins)
        return;
      double found = divergence.get(newLow, newHigh);
      if (!(found < least - kMargin))
        return;
      least = found;
      low = newLow;
      high = newHigh;
      improved = true;
    };
    for (int bin = divergence.last; bin >= kZeroBin; bin -= highStep)
      consider(low, bin);
    for (int bin = divergence.first; bin <= kZeroBin; bin += lowStep)
      consider(bin, high);
  }
  double width = std::ldexp(1.0, s.getLog2Width());
  return {low == divergence.first
              ? s.getMin()
              : static_cast<float>((low - kZeroBin) * width),
          high == divergence.last
              ? s.getMax()
              : static_cast<float>((high + 1 - kZeroBin) * width)};
}
