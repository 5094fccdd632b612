//===- ExactSum.h - A sum of f32 values without rounding --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How is a mean found that does not depend on the order of its terms? Every
// finite f32 is an integer multiple of 2^-149 below 2^128: a sum of up to 2^63
// of them is an integer of at most 341 bits.
//
// A plain value; no state.
//
// Usage:
//   ExactSum sum;
//   for (float x : values) sum.add(x);
//   float mean = sum.getMean(values.size());
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CALIBRATION_EXACTSUM_H
#define QNN_CALIBRATION_EXACTSUM_H

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace mlir::qnn {

class ExactSum {
public:
  ExactSum() : units(kBits, 0) {}

  /// Adds one term. Precondition: finite.
  void add(float value);
  void add(const ExactSum &other) { units += other.units; }

  /// Sum / count, truncated to a multiple of 2^-149, rounded to f32.
  /// Precondition: count > 0, the number of terms.
  float getMean(uint64_t count) const;

  /// The sum as an odd hexadecimal integer times a power of two, "-0x1a3p-12";
  /// "0x0p+0" for 0.
  std::string str() const;
  /// Reads what str() wrote; none for anything else.
  static std::optional<ExactSum> parse(llvm::StringRef text);

  bool operator==(const ExactSum &other) const { return units == other.units; }

private:
  static constexpr unsigned kBits = 384;
  static constexpr int kLog2Unit = -149;

  llvm::APInt units; ///< two's complement, in 2^-149
};

} // namespace mlir::qnn

#endif // QNN_CALIBRATION_EXACTSUM_H
