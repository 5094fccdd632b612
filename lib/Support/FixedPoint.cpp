//===- FixedPoint.cpp - Requantization in integers only -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/FixedPoint.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::qnn;

static constexpr int32_t kOne = std::numeric_limits<int32_t>::max(); // Q0.31

FixedPointFactor qnn::getFixedPointFactor(double real) {
  if (real == 0.0)
    return {};
  FixedPointFactor factor;
  double fraction = std::frexp(real, &factor.shift);
  int64_t multiplier = std::llround(fraction * double(int64_t(1) << 31));
  if (multiplier == int64_t(1) << 31) {
    multiplier /= 2;
    ++factor.shift;
  }
  if (factor.shift < -31)
    return {};
  if (factor.shift > 30) // No 8-bit result is that far from its operands.
    return {kOne, 30};
  factor.multiplier = int32_t(multiplier);
  return factor;
}

FixedPointFactor qnn::getMeanFactor(double from, double to, int64_t count) {
  FixedPointFactor factor = getFixedPointFactor(from / to);
  int bits = std::min(
      {63 - int(llvm::countl_zero(uint64_t(count))), 32, 31 + factor.shift});
  factor.multiplier = int32_t((int64_t(factor.multiplier) << bits) / count);
  factor.shift -= bits;
  return factor;
}

FixedPointSum::FixedPointSum(double a, double b, double y) {
  double twice = 2.0 * std::max(a, b);
  first = getFixedPointFactor(a / twice);
  second = getFixedPointFactor(b / twice);
  result = getFixedPointFactor(twice / (double(1 << kLeftShift) * y));
}

int32_t qnn::quantizeTableEntry(float value, const QuantParams &p) {
  float inverse = 1.0f / p.scale;
  float steps = std::round(value * inverse) + float(p.zeroPoint);
  // NaN gives the least value.
  return int32_t(std::min(std::max(float(p.min), steps), float(p.max)));
}

int32_t qnn::leakyReluFixedPoint(int32_t q, float alpha,
                                 const QuantParams &from,
                                 const QuantParams &to) {
  int32_t x = q - from.zeroPoint;
  float real = x < 0 ? from.scale * alpha / to.scale : from.scale / to.scale;
  FixedPointFactor factor = getFixedPointFactor(std::fabs(real));
  int32_t sign = real < 0 ? -1 : 1;
  return saturateSteps(multiplyFixedPoint(sign * x, factor), to);
}

//===----------------------------------------------------------------------===//
// Hard swish
//===----------------------------------------------------------------------===//

static int32_t saturate16(int32_t x) {
  return std::min(std::max(x, -32768), 32767);
}
/// round(a * b / 2^15), halves up.
static int32_t multiplyHigh16(int32_t a, int32_t b) {
  return saturate16((a * b + (1 << 14)) >> 15);
}
/// A factor of 16 bits, with its shift.
static FixedPointFactor getFactor16(float real) {
  FixedPointFactor factor = getFixedPointFactor(real);
  factor.multiplier = int32_t(
      std::min<int64_t>((int64_t(factor.multiplier) + (1 << 15)) >> 16, 32767));
  return factor;
}

int32_t qnn::hardSwishFixedPoint(int32_t q, const QuantParams &from,
                                 const QuantParams &to) {
  float fine = (1.0f / 128.0f) * from.scale; // scale of x with 7 more bits
  FixedPointFactor output = getFactor16(fine / to.scale);
  FixedPointFactor gating = getFactor16(fine / (3.0f / 32768.0f));
  int32_t x = (q - from.zeroPoint) * (1 << 7);
  int32_t scaled = multiplyHigh16(saturate16(x), output.multiplier);
  // relu6(x + 3) / 6 in Q0.15: x / 3 in [-1, 1], moved to [0, 1].
  int32_t gate = saturate16(x);
  if (gating.shift > 0)
    gate = saturate16(int32_t(std::clamp<int64_t>(
        int64_t(gate) << (gating.shift - 1), -32768, 32767)));
  gate = multiplyHigh16(gate, gating.multiplier);
  if (gating.shift > 0)
    gate = saturate16(gate * 2);
  else
    gate = divideByPowerOfTwo(gate, -gating.shift);
  gate = (gate + (1 << 15)) >> 1;
  int32_t product = gate * scaled / (1 << 15); // towards zero
  if (output.shift > 0)
    product = saturate16(product * (1 << output.shift));
  return saturateSteps(divideByPowerOfTwo(product, std::max(-output.shift, 0)),
                       to);
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

static int32_t shiftSaturating(int32_t x, int bits) {
  return int32_t(std::clamp<int64_t>(int64_t(x) << bits,
                                     std::numeric_limits<int32_t>::min(),
                                     std::numeric_limits<int32_t>::max()));
}

/// e^a for a in Q5.26, not positive, in Q0.31: gemmlowp's
/// exp_on_negative_values. A Taylor series around -1/8 on [-1/4, 0), then one
/// factor for each bit of the rest.
static int32_t expOnNegative(int32_t a) {
  if (a == 0)
    return kOne;
  constexpr int32_t kQuarter = 1 << 24, kExpOfEighth = 1895147668;
  constexpr int32_t kThird = 715827883;
  int32_t fraction = (a & (kQuarter - 1)) - kQuarter;
  int32_t x = shiftSaturating(fraction, 5) + (1 << 28);
  int32_t x2 = multiplyHigh(x, x), x3 = multiplyHigh(x2, x),
          x4 = multiplyHigh(x2, x2);
  int32_t series = divideByPowerOfTwo(
      multiplyHigh(divideByPowerOfTwo(x4, 2) + x3, kThird) + x2, 1);
  int32_t result = kExpOfEighth + multiplyHigh(kExpOfEighth, x + series);
  // e^(-2^k) for k = -2, ..., 4.
  constexpr int32_t kPowers[] = {1672461947, 1302514674, 790015084, 290630308,
                                 39332535,   720401,     242};
  int32_t rest = fraction - a;
  for (auto [k, power] : llvm::enumerate(kPowers))
    if (rest & (1 << (24 + k)))
      result = multiplyHigh(result, power);
  return result;
}

FixedPointSoftmax::FixedPointSoftmax(double inputScale,
                                     const QuantParams &output)
    : plain(output.scale == 1.0f / 256.0f && output.zeroPoint == -128),
      factor(getFixedPointFactor(0x1p-31 / output.scale)), output(output) {
  double scaled = std::min(inputScale * double(1 << 26), 2147483647.0);
  FixedPointFactor input = getFixedPointFactor(scaled);
  // Differences beyond this do not fit Q5.26.
  double least =
      31.0 * double(1 << 26) / double(int64_t(1) << std::max(input.shift, 0));
  for (int32_t difference = 0; difference < 256; ++difference)
    table[difference] =
        difference > std::floor(least)
            ? 0
            : expOnNegative(multiplyFixedPoint(-difference, input));
}

FixedPointReciprocal::FixedPointReciprocal(int32_t sum) {
  int leading = llvm::countl_zero(uint32_t(sum));
  bits = 12 - leading;
  // 1 / (1 + x) for x in [0, 1): Newton-Raphson from 48/17 - 32/17 d, in Q2.29,
  // where d = (1 + x) / 2.
  int32_t x = int32_t((uint32_t(sum) << leading) - (uint32_t(1) << 31));
  int64_t total = int64_t(x) + kOne;
  int32_t half = int32_t((total + (total >= 0 ? 1 : -1)) / 2);
  int32_t estimate = 1515870810 + multiplyHigh(half, -1010580540);
  for (int step = 0; step < 3; ++step) {
    int32_t error = (1 << 29) - multiplyHigh(half, estimate);
    estimate += shiftSaturating(multiplyHigh(estimate, error), 2);
  }
  value = shiftSaturating(estimate, 1);
}

void FixedPointSoftmax::apply(MutableArrayRef<int32_t> row) const {
  int32_t top = *std::max_element(row.begin(), row.end());
  int32_t sum = 0;
  for (int32_t q : row)
    sum += divideByPowerOfTwo(table[top - q], 12);
  FixedPointReciprocal reciprocal(sum);
  for (int32_t &q : row) {
    int32_t product = multiplyHigh(reciprocal.value, table[top - q]);
    int exponent = reciprocal.bits + 31 - 8;
    if (plain)
      q = saturateSteps(
          exponent > 31 ? 0 : divideByPowerOfTwo(product, exponent), output);
    else
      q = saturateSteps(
          multiplyFixedPoint(divideByPowerOfTwo(product, reciprocal.bits),
                             factor),
          output);
  }
}
