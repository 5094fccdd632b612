//===- Statistics.h - Is one network worse than the other? ------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How sure is a difference of two networks that saw the same samples? The
// networks are paired by sample, so only the samples on which they disagree
// say anything. quant-validate prints these numbers, searches for a
// quantization that keeps a contract decide by them.
//
// Plain functions of counts. Proportions are in [0, 1], intervals hold the true
// value with 95 % confidence.
//
// Usage:
//   PairedCounts counts = {both, onlyReference, onlyCandidate, neither};
//   double p = getMcNemarP(counts);              // < 0.05: they do differ
//   Interval lost = getPairedInterval(counts);   // reference - candidate
//
//===----------------------------------------------------------------------===//

#ifndef QNN_VALIDATE_STATISTICS_H
#define QNN_VALIDATE_STATISTICS_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace mlir::qnn {

struct Interval {
  double low, high;
};

/// On how many samples which of two networks is right.
struct PairedCounts {
  int64_t both = 0, onlyReference = 0, onlyCandidate = 0, neither = 0;

  int64_t size() const {
    return both + onlyReference + onlyCandidate + neither;
  }
  int64_t getReferenceRight() const { return both + onlyReference; }
  int64_t getCandidateRight() const { return both + onlyCandidate; }
  /// The part of the samples that the candidate loses; negative: wins.
  /// Precondition: size() > 0.
  double getDrop() const {
    return double(onlyReference - onlyCandidate) / double(size());
  }
};

/// The score interval of a proportion (Wilson 1927). Precondition: 0 <=
/// successes <= trials, trials > 0.
Interval getWilsonInterval(int64_t successes, int64_t trials);

/// The two-sided p value of as uneven a split as `first` to `second` when each
/// case falls to either side with probability 1/2: the exact sign test. 1 when
/// there are no cases.
double getSignTestP(int64_t first, int64_t second);

/// The exact McNemar test (McNemar 1947; the binomial form in Agresti,
/// Categorical Data Analysis, section 10.1): the sign test of the discordant
/// samples.
double getMcNemarP(const PairedCounts &counts);

/// The interval of getDrop(): Newcombe 1998, "Improved confidence intervals for
/// the difference between binomial proportions based on paired data",
/// Statistics in Medicine 17, method 10. Precondition: size() > 0.
Interval getPairedInterval(const PairedCounts &counts);

/// The interval of the mean of independent `values`: mean -+ 1.96 s / sqrt(n).
/// Precondition: there are some; one value gives no width.
Interval getMeanInterval(llvm::ArrayRef<double> values);

} // namespace mlir::qnn

#endif // QNN_VALIDATE_STATISTICS_H
