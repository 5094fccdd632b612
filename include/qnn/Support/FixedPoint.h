//===- FixedPoint.h - Requantization in integers only -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is the result of an 8-bit op with --requantize=fixed-point? A real
// factor is an integer multiplier and a shift; products are rounded twice, as
// in gemmlowp and in the reference kernels of TFLite: first to 32 bits (halves
// up), then by the shift (halves away from zero). docs/Numerics.md has the
// formulas of the ops; here are their parts, for the interpreter and for
// constants of the code generator. Factors are computed in binary64, once, from
// scales that are f32 numbers.
//
// Sources: Jacob et al. 2017 (arXiv:1712.05877), section 2.2 and appendix B;
// gemmlowp, doc/quantization.md and the documentation of its fixed-point
// functions; the 8-bit quantization specification of TFLite.
//
// No state; all functions are thread-safe.
//
// Usage:
//   FixedPointFactor f = getFixedPointFactor(sx * sw / sy);
//   int32_t y = saturateSteps(multiplyFixedPoint(acc, f), params);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_FIXEDPOINT_H
#define QNN_SUPPORT_FIXEDPOINT_H

#include "qnn/Support/Numerics.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mlir::qnn {

/// multiplier * 2^(shift - 31), multiplier 0 or in [2^30, 2^31).
struct FixedPointFactor {
  int32_t multiplier = 0;
  int32_t shift = 0;
};

/// The nearest factor, halves up; below 2^-32 it is 0, beyond 2^30 it is that.
/// Precondition: positive.
FixedPointFactor getFixedPointFactor(double real);

/// round(a * b / 2^31), halves up; (-2^31)^2 saturates. gemmlowp:
/// SaturatingRoundingDoublingHighMul.
inline int32_t multiplyHigh(int32_t a, int32_t b) {
  int64_t high = (int64_t(a) * int64_t(b) + (int64_t(1) << 30)) >> 31;
  return int32_t(std::min<int64_t>(high, std::numeric_limits<int32_t>::max()));
}

/// round(x / 2^exponent), halves away from zero; 0 <= exponent <= 31. gemmlowp:
/// RoundingDivideByPOT.
inline int32_t divideByPowerOfTwo(int32_t x, int exponent) {
  int32_t mask = int32_t((int64_t(1) << exponent) - 1);
  int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/// x times the factor; what a positive shift pushes out of 32 bits is lost.
inline int32_t multiplyFixedPoint(int32_t x, FixedPointFactor f) {
  int left = std::max(f.shift, 0), right = std::max(-f.shift, 0);
  x = int32_t(uint32_t(x) << left);
  return divideByPowerOfTwo(multiplyHigh(x, f.multiplier), right);
}

/// clamp(steps + zeroPoint, min, max).
inline int32_t saturateSteps(int32_t steps, const QuantParams &p) {
  int64_t q = int64_t(steps) + p.zeroPoint;
  return int32_t(std::min<int64_t>(std::max<int64_t>(q, p.min), p.max));
}

/// clamp(round(x / scale) + zeroPoint), halves away from zero; NaN gives `min`.
inline int32_t quantizeAway(float x, const QuantParams &p) {
  float t = x / p.scale;
  float low = float(p.min - p.zeroPoint), high = float(p.max - p.zeroPoint);
  t = t > low ? t : low;
  t = t < high ? t : high;
  return int32_t(std::round(t)) + p.zeroPoint;
}

/// round(sum / count), halves away from zero. Precondition: count > 0.
inline int64_t divideAway(int64_t sum, int64_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

/// The factor of a mean of `count` steps of scale `from` in scale `to`, of
/// which the count may be divided out in part.
FixedPointFactor getMeanFactor(double from, double to, int64_t count);

/// Sums of 8-bit values: both operands are brought to twice the larger scale
/// with 20 more bits, and from there to the scale of the result.
struct FixedPointSum {
  FixedPointSum(double a, double b, double result);
  static constexpr int kLeftShift = 20;

  /// Of values minus their zero points; `sign` is 1 or -1.
  int32_t add(int32_t a, int32_t b, int32_t sign) const {
    return multiplyFixedPoint(
        multiplyFixedPoint(a * (1 << kLeftShift), first) +
            sign * multiplyFixedPoint(b * (1 << kLeftShift), second),
        result);
  }

  FixedPointFactor first, second, result;
};

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// What the table of a function holds at x: quantized as
/// round(f(x) * f32(1 / scale)), halves away from zero.
int32_t quantizeTableEntry(float value, const QuantParams &p);

/// x times scale of `from` / scale of `to`, negative x also times alpha.
int32_t leakyReluFixedPoint(int32_t q, float alpha, const QuantParams &from,
                            const QuantParams &to);
/// In products of 16 bits.
int32_t hardSwishFixedPoint(int32_t q, const QuantParams &from,
                            const QuantParams &to);

/// Softmax of one row: e^(x - max) in Q0.31 by a table, their sum in Q12.19,
/// its reciprocal by three Newton-Raphson steps.
class FixedPointSoftmax {
public:
  FixedPointSoftmax(double inputScale, const QuantParams &output);

  /// e^(-difference * scale) in Q0.31, 0 where it is too small to count.
  ArrayRef<int32_t> getTable() const { return table; }
  /// True for results of scale 1/256 and zero point -128: no factor.
  bool isPlain() const { return plain; }
  /// From Q0.31 to steps of the result.
  FixedPointFactor getFactor() const { return factor; }
  const QuantParams &getOutput() const { return output; }

  /// Rows up to this long have a sum in Q12.19.
  static constexpr int64_t kMaxRow = 4095;
  /// `row` holds stored values; their softmax replaces them. Precondition: not
  /// empty, at most kMaxRow.
  void apply(MutableArrayRef<int32_t> row) const;

private:
  std::array<int32_t, 256> table;
  bool plain;
  FixedPointFactor factor;
  QuantParams output;
};

/// 1 / sum: Q0.31, to be divided by 2^bits. Precondition: sum > 0, in Q12.19.
struct FixedPointReciprocal {
  explicit FixedPointReciprocal(int32_t sum);
  int32_t value;
  int bits;
};

} // namespace mlir::qnn

#endif // QNN_SUPPORT_FIXEDPOINT_H
