//===- Calibrator.h - Ways from statistics to a range -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which range represents a tensor whose statistics are known? The names of the
// answers: `--calibrator`, the method of qnn-apply-ranges and recipes spell
// them as this table does. TensorStatistics::getRange computes them.
//
// No state.
//
// Usage:
//   std::optional<Calibrator> c = parseCalibrator("mse");
//   if (!c) error("expected " + getCalibratorNames());
//   auto [low, high] = statistics.getRange(*c);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CALIBRATION_CALIBRATOR_H
#define QNN_CALIBRATION_CALIBRATOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace mlir::qnn {

/// With N samples, m_s and M_s the least and largest value of sample s, and h
/// the histogram of all values. Every range is inside [min m_s, max M_s].
enum class Calibrator {
  /// [min m_s, max M_s]: nothing is clipped.
  MinMax,
  /// [sum m_s / N, sum M_s / N]: what a moving average estimates (Jacob et al.
  /// 2017, section 3.1), without its dependence on the order of the samples.
  Average,
  /// Cuts (100 - p) / 2 per cent of the values at each end, rounded down to
  /// whole bins (Wu et al. 2020, section 4). p = 99.99 unless told.
  Percentile,
  /// The least KL(P || Q) = sum P log(P / Q): P is h with the values outside of
  /// the range moved into its outermost non-empty bins, Q what remains of h
  /// inside it when 256 levels hold the mean of their non-empty bins (Migacz
  /// 2017). Both ends are searched in turn, in steps of 1/128 of them and down
  /// to 128 bins, until neither improves.
  Entropy,
  /// The least sum of squared errors: s^2 / 12 for a value inside the range, s
  /// being its width (with 0) / 255, and the squared distance to the range for
  /// one outside (Sung et al. 2015; Banner et al. 2019, section 3). All pairs
  /// of bin edges are tried; values are taken as uniform within a bin. One
  /// outlier among few values is kept: at 20 times the range of uniform ones it
  /// costs more to clip than its range costs the others below 640,000 values.
  MSE,
};

/// The percentage of Calibrator::Percentile unless told.
inline constexpr double kDefaultPercentile = 99.99;

/// All calibrators, in the order of the enum.
llvm::ArrayRef<Calibrator> getCalibrators();

/// "minmax", "average", "percentile", "entropy" or "mse".
llvm::StringRef getName(Calibrator calibrator);

/// The calibrator of that name; none when there is no such.
std::optional<Calibrator> parseCalibrator(llvm::StringRef name);

/// All names joined by `separator`, `last` before the last one: for messages
/// and help.
std::string getCalibratorNames(llvm::StringRef separator = ", ",
                               llvm::StringRef last = " or ");

} // namespace mlir::qnn

#endif // QNN_CALIBRATION_CALIBRATOR_H
