//===- Numerics.h - The arithmetic of the product, stated once --*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is the result of quantizing, requantizing, or of exp(x)? This header is
// the answer in code, docs/Numerics.md the answer in prose. The interpreter and
// the folders call it with numbers; the code generator calls the templates with
// a builder that emits the same operations, so both give the same bits.
//
// Every step is one IEEE-754 binary32 operation, round to nearest even, without
// contraction. Integer quantities are exact. The only fused operation is the
// multiply-add of float convolutions and matrix products, which is fused
// everywhere (std::fma, llvm.fma).
//
// No state; all functions are thread-safe.
//
// Usage:
//   QuantParams p = getQuantParams(uniformType);
//   int32_t q = quantize(0.3f, p);
//   float m = getFactor(sx * sw, sy);
//   int32_t y = saturate(float(acc) * m, p);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_NUMERICS_H
#define QNN_SUPPORT_NUMERICS_H

#include "mlir/Dialect/Quant/QuantTypes.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace mlir::qnn {

/// Parameters of one quantized value: real = (q - zeroPoint) * scale, with q in
/// [min, max].
struct QuantParams {
  float scale;
  int32_t zeroPoint;
  int32_t min;
  int32_t max;
};

/// Parameters of a per-tensor type, or of channel `channel` of a per-axis type.
QuantParams getQuantParams(quant::QuantizedType type, int64_t channel = 0);

/// f32(numerator / denominator): the factor of a requantization, computed in
/// binary64 from exact scales and rounded once.
inline float getFactor(double numerator, double denominator) {
  return static_cast<float>(numerator / denominator);
}

/// 1.5 * 2^23: adding and subtracting it rounds |t| <= 2^22 to the nearest even
/// integer; the low mantissa bits of the sum are that integer.
inline constexpr float kRoundMagic = 12582912.0f;
inline constexpr int32_t kRoundMagicBits = 0x4B400000;

/// clamp(roundeven(t) + zeroPoint, min, max), for |min - zeroPoint| and
/// |max - zeroPoint| <= 2^22. NaN gives `min`. Clamping first is the same
/// because the bounds are integers.
inline int32_t saturate(float t, const QuantParams &p) {
  float low = static_cast<float>(p.min - p.zeroPoint);
  float high = static_cast<float>(p.max - p.zeroPoint);
  t = t > low ? t : low;
  t = t < high ? t : high;
  float shifted = t + kRoundMagic;
  int32_t bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  return bits - kRoundMagicBits + p.zeroPoint;
}

/// clamp(roundeven(x / scale) + zeroPoint): ONNX QuantizeLinear. For 8- and
/// 16-bit storage; see quantizeBias for i32.
inline int32_t quantize(float x, const QuantParams &p) {
  return saturate(x / p.scale, p);
}

/// (q - zeroPoint) * scale: ONNX DequantizeLinear.
inline float dequantize(int32_t q, const QuantParams &p) {
  return static_cast<float>(q - p.zeroPoint) * p.scale;
}

/// roundeven(x / scale) in binary64; may exceed i32, which callers report.
inline double quantizeBias(float x, double scale) {
  return std::nearbyint(static_cast<double>(x) / scale);
}

/// Chosen scales stay in [2^-40, 2^40]: s * s' / s'' and every dequantized
/// 8-bit value is a normal f32. Smaller values count as zero, larger ones
/// saturate.
inline constexpr double kMinScale = 0x1p-40;
inline constexpr double kMaxScale = 0x1p40;

/// f32(width / steps) as a scale, brought into [kMinScale, kMaxScale]. Width 0
/// gets the least scale: biases are multiples of the scale they meet, so any
/// larger one (1, say) would round them for the sake of values that are 0.
float getScaleOfWidth(double width, int steps);

/// Parameters of an s8 activation in [low, high], asymmetric over [-128, 127].
/// The range is widened to hold 0, which becomes exactly the zero point
/// roundeven(-128 - low / scale) (as ONNX Runtime's calibration).
/// Precondition: finite, low <= high.
QuantParams getActivationParams(double low, double high);

/// Parameters of signed weights of `bits` bits (at most 8) and magnitude at
/// most `magnitude`, symmetric: for 8 bits over [-127, 127], with scale
/// f32(magnitude / 127). Precondition: finite, >= 0.
QuantParams getWeightParams(double magnitude, int bits = 8);

/// `p` with [min, max] narrowed to the quantized real bounds (null: none).
inline QuantParams clampParams(QuantParams p, const float *low,
                               const float *high) {
  int32_t min = low ? quantize(*low, p) : p.min;
  int32_t max = high ? quantize(*high, p) : p.max;
  // Low first, then high, as clampF32: where they cross the upper bound wins.
  p.min = max < min ? max : min;
  p.max = max;
  return p;
}

//===----------------------------------------------------------------------===//
// bf16
//===----------------------------------------------------------------------===//
//
// Smaller factors count as zero. The others are multiples of 2^-63, their
// products of 2^-126, and so is every sum that starts at a bias of at least
// 2^-103: no step is subnormal, so that it does not matter which instructions
// flush subnormal numbers.

/// The least magnitude of a bf16 factor of a product.
inline constexpr float kLeastBF16 = 0x1p-56f;
/// The least magnitude of the bias of such a product.
inline constexpr float kLeastBF16Bias = 0x1p-103f;

/// x, or +0 where its magnitude is below `least`.
inline float dropBelow(float x, float least) {
  return std::fabs(x) < least ? 0.0f : x;
}

/// The f32 number with the high half of its bits `bits`.
inline float fromBF16(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float x;
  std::memcpy(&x, &wide, sizeof(x));
  return x;
}

/// x as a factor: the nearest bf16, ties to even, +0 below kLeastBF16.
inline uint16_t toBF16(float x) {
  x = dropBelow(x, kLeastBF16);
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  if (std::isnan(x))
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

//===----------------------------------------------------------------------===//
// Transcendental functions
//===----------------------------------------------------------------------===//
//
// `B` supplies: V (a value), constant(float), add, sub, mul, div, sqrt,
// lessThan -> B::Cond, select(Cond, V, V), and exp2Integer(V n): 2^n for an
// integral n in [-126, 127]. Coefficients: Cephes Math Library (S. Moshier),
// expf, tanhf and erff; largest error 2 units in the last place.

/// e^x. Overflows to +inf above 88.73, underflows gradually to 0; NaN gives
/// NaN.
template <typename B> typename B::V expF32(B &b, typename B::V x) {
  auto c = [&](float v) { return b.constant(v); };
  x = b.select(b.lessThan(c(89.0f), x), c(89.0f), x);
  x = b.select(b.lessThan(x, c(-104.0f)), c(-104.0f), x);
  // n = roundeven(x / ln 2), r = x - n * ln 2 with ln 2 split in two parts.
  auto n = b.sub(b.add(b.mul(x, c(1.44269504088896341f)), c(kRoundMagic)),
                 c(kRoundMagic));
  auto r = b.sub(x, b.mul(n, c(0.693359375f)));
  r = b.sub(r, b.mul(n, c(-2.12194440e-4f)));
  auto y = c(1.9875691500e-4f);
  for (float coefficient :
       {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,
        5.0000001201e-1f})
    y = b.add(b.mul(y, r), c(coefficient));
  y = b.add(b.add(b.mul(y, b.mul(r, r)), r), c(1.0f));
  // 2^n in two factors: n reaches -150 and 128.
  auto half = b.sub(b.add(b.mul(n, c(0.5f)), c(kRoundMagic)), c(kRoundMagic));
  return b.mul(b.mul(y, b.exp2Integer(half)), b.exp2Integer(b.sub(n, half)));
}

/// 1 / (1 + e^-x).
template <typename B> typename B::V sigmoidF32(B &b, typename B::V x) {
  auto one = b.constant(1.0f);
  return b.div(one, b.add(one, expF32(b, b.sub(b.constant(0.0f), x))));
}

/// tanh(x): a polynomial below 0.625, else 1 - 2 / (e^2|x| + 1) with the sign.
template <typename B> typename B::V tanhF32(B &b, typename B::V x) {
  auto c = [&](float v) { return b.constant(v); };
  auto z = b.mul(x, x);
  auto p = c(-5.70498872745e-3f);
  for (float coefficient : {2.06390887954e-2f, -5.37397155531e-2f,
                            1.33314422036e-1f, -3.33332819422e-1f})
    p = b.add(b.mul(p, z), c(coefficient));
  auto small = b.add(b.mul(b.mul(p, z), x), x);
  auto negative = b.lessThan(x, c(0.0f));
  auto magnitude = b.select(negative, b.sub(c(0.0f), x), x);
  auto e = expF32(b, b.add(magnitude, magnitude));
  auto large = b.sub(c(1.0f), b.div(c(2.0f), b.add(e, c(1.0f))));
  large = b.select(negative, b.sub(c(0.0f), large), large);
  return b.select(b.lessThan(magnitude, c(0.625f)), small, large);
}

/// erf(x): a polynomial below 1, else 1 - e^-x^2 / |x| * p(1 / x^2) with the
/// sign.
template <typename B> typename B::V erfF32(B &b, typename B::V x) {
  auto c = [&](float v) { return b.constant(v); };
  auto evaluate = [&](auto z, std::initializer_list<float> coefficients) {
    auto p = c(*coefficients.begin());
    for (float coefficient : llvm::drop_begin(coefficients))
      p = b.add(b.mul(p, z), c(coefficient));
    return p;
  };
  auto z = b.mul(x, x);
  // 1.128379165726710 - 1 as the last coefficient: x is exact.
  auto small =
      b.mul(x, evaluate(z, {7.853861353153693e-5f, -8.010193625184903e-4f,
                            5.188327685732524e-3f, -2.685381193529856e-2f,
                            1.128358514861418e-1f, -3.761262582423300e-1f,
                            1.28379165726710e-1f}));
  small = b.add(small, x);
  auto negative = b.lessThan(x, c(0.0f));
  auto magnitude = b.select(negative, b.sub(c(0.0f), x), x);
  auto q = b.div(c(1.0f), magnitude);
  auto p = evaluate(b.mul(q, q), {2.326819970068386e-2f, -1.387039388740657e-1f,
                                  3.687424674597105e-1f, -5.824733027278666e-1f,
                                  6.210004621745983e-1f, -4.944515323274145e-1f,
                                  3.404879937665872e-1f, -2.741127028184656e-1f,
                                  5.638259427386472e-1f});
  auto rest = b.mul(b.mul(expF32(b, b.sub(c(0.0f), z)), q), p);
  auto large = b.sub(c(1.0f), rest);
  large = b.select(negative, b.sub(c(0.0f), large), large);
  return b.select(b.lessThan(magnitude, c(1.0f)), small, large);
}

/// max(0, min(1, alpha * x + beta)); NaN gives 0.
template <typename B>
typename B::V hardSigmoidF32(B &b, typename B::V x, float alpha, float beta) {
  auto t = b.add(b.mul(x, b.constant(alpha)), b.constant(beta));
  auto zero = b.constant(0.0f), one = b.constant(1.0f);
  t = b.select(b.lessThan(zero, t), t, zero);
  return b.select(b.lessThan(t, one), t, one);
}

/// x * hardSigmoid(x, 1/6, 0.5).
template <typename B> typename B::V hardSwishF32(B &b, typename B::V x) {
  return b.mul(x, hardSigmoidF32(b, x, 1.0f / 6.0f, 0.5f));
}

/// x < 0 ? alpha * x : x.
template <typename B>
typename B::V leakyReluF32(B &b, typename B::V x, float alpha) {
  return b.select(b.lessThan(x, b.constant(0.0f)), b.mul(x, b.constant(alpha)),
                  x);
}

/// The clamp of ReLU and clip and of every fused epilogue: low first, then high
/// (null: no bound). NaN gives the lower bound where there is one.
template <typename B>
typename B::V clampF32(B &b, typename B::V x, const float *low,
                       const float *high) {
  if (low) {
    auto bound = b.constant(*low);
    x = b.select(b.lessThan(bound, x), x, bound);
  }
  if (high) {
    auto bound = b.constant(*high);
    x = b.select(b.lessThan(x, bound), x, bound);
  }
  return x;
}

/// The scalar instance of the builder concept above.
struct ScalarMath {
  using V = float;
  using Cond = bool;
  V constant(float v) { return v; }
  V add(V a, V b) { return a + b; }
  V sub(V a, V b) { return a - b; }
  V mul(V a, V b) { return a * b; }
  V div(V a, V b) { return a / b; }
  V sqrt(V x) { return std::sqrt(x); }
  Cond lessThan(V a, V b) { return a < b; }
  V select(Cond c, V a, V b) { return c ? a : b; }
  V exp2Integer(V n) {
    // The integer in the mantissa of n + magic, moved to the exponent.
    float shifted = n + kRoundMagic;
    uint32_t bits;
    std::memcpy(&bits, &shifted, sizeof(bits));
    bits = (bits - uint32_t(kRoundMagicBits) + 127u) << 23;
    float result;
    std::memcpy(&result, &bits, sizeof(result));
    return result;
  }
  V exponentOf(V x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    return static_cast<float>(static_cast<int32_t>(bits >> 23) - 126);
  }
  V mantissaOf(V x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    bits = (bits & 0x007fffffu) | 0x3f000000u;
    float result;
    std::memcpy(&result, &bits, sizeof(result));
    return result;
  }
};

} // namespace mlir::qnn

#endif // QNN_SUPPORT_NUMERICS_H
