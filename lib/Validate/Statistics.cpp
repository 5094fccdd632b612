//===- Statistics.cpp - Is one network worse than the other? --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// a, b, c, d of the literature are both, onlyReference, onlyCandidate, neither.
//
//===----------------------------------------------------------------------===//

#include "qnn/Validate/Statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace mlir::qnn;

/// The normal quantile of a two-sided 95 % interval.
static constexpr double kZ = 1.959963984540054;

Interval mlir::qnn::getWilsonInterval(int64_t successes, int64_t trials) {
  assert(0 <= successes && successes <= trials && trials > 0);
  double n = double(trials), p = double(successes) / n, z2 = kZ * kZ;
  double center = p + z2 / (2 * n);
  double half = kZ * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  double scale = 1 + z2 / n;
  // At the ends the formula is exact but for rounding.
  return {successes == 0 ? 0 : (center - half) / scale,
          successes == trials ? 1 : (center + half) / scale};
}

double mlir::qnn::getSignTestP(int64_t first, int64_t second) {
  int64_t n = first + second, k = std::min(first, second);
  if (n == 0)
    return 1;
  // The largest term, C(n, k) / 2^n, may be below the smallest double; the sum
  // of the others relative to it is not.
  double logLargest = std::lgamma(double(n) + 1) - std::lgamma(double(k) + 1) -
                      std::lgamma(double(n - k) + 1) -
                      double(n) * std::log(2.0);
  double sum = 0, term = 1;
  for (int64_t i = k; i >= 0; --i) {
    sum += term;
    term *= double(i) / double(n - i + 1);
  }
  return std::min(1.0, 2 * std::exp(logLargest + std::log(sum)));
}

double mlir::qnn::getMcNemarP(const PairedCounts &counts) {
  return getSignTestP(counts.onlyReference, counts.onlyCandidate);
}

/// The correlation of the two networks' being right, with the continuity
/// correction of Newcombe's method 10.
static double getCorrectedPhi(const PairedCounts &counts) {
  double a = double(counts.both), b = double(counts.onlyReference);
  double c = double(counts.onlyCandidate), d = double(counts.neither);
  double product = (a + b) * (c + d) * (a + c) * (b + d);
  if (product == 0)
    return 0;
  double covariance = a * d - b * c, half = (a + b + c + d) / 2;
  if (covariance > 0)
    covariance = std::max(covariance - half, 0.0);
  return covariance / std::sqrt(product);
}

Interval mlir::qnn::getPairedInterval(const PairedCounts &counts) {
  int64_t n = counts.size();
  double reference = double(counts.getReferenceRight()) / double(n);
  double candidate = double(counts.getCandidateRight()) / double(n);
  Interval of1 = getWilsonInterval(counts.getReferenceRight(), n);
  Interval of2 = getWilsonInterval(counts.getCandidateRight(), n);
  double phi = getCorrectedPhi(counts);
  auto distance = [phi](double x, double y) {
    return std::sqrt(std::max(0.0, x * x - 2 * phi * x * y + y * y));
  };
  double drop = counts.getDrop();
  return {drop - distance(reference - of1.low, of2.high - candidate),
          drop + distance(of1.high - reference, candidate - of2.low)};
}

Interval mlir::qnn::getMeanInterval(llvm::ArrayRef<double> values) {
  double n = double(values.size()), mean = 0, squares = 0;
  for (double value : values)
    mean += value / n;
  for (double value : values)
    squares += (value - mean) * (value - mean);
  double half = values.size() < 2 ? 0 : kZ * std::sqrt(squares / (n - 1) / n);
  return {mean - half, mean + half};
}
