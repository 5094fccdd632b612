//===- Functions.h - Functions of real numbers ------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is log(x), sin(x), x to the power of y? As Numerics.h, on whose concept
// of a builder `B` these templates work, with two more members:
//
//   exponentOf(V x), mantissaOf(V x)
//       x = mantissa * 2^exponent with the mantissa in [0.5, 1), for positive
//       normal x; some number for others.
//
// Polynomials and their coefficients: Cephes Math Library (S. Moshier), the
// single precision functions. docs/Numerics.md says how far they are from the
// mathematical functions.
//
// Stateless and thread-safe.
//
// Usage:
//   ScalarMath math;
//   float y = softplusF32(math, x);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_FUNCTIONS_H
#define QNN_SUPPORT_FUNCTIONS_H

#include "qnn/Support/Numerics.h"

#include <limits>

namespace mlir::qnn {

/// The polynomial with these coefficients, highest power first (Horner).
template <typename B>
typename B::V polynomialF32(B &b, typename B::V x,
                            std::initializer_list<float> coefficients) {
  auto sum = b.constant(*coefficients.begin());
  for (float coefficient : llvm::drop_begin(coefficients))
    sum = b.add(b.mul(sum, x), b.constant(coefficient));
  return sum;
}

/// 0 - x where `negative`.
template <typename B>
typename B::V negateIfF32(B &b, typename B::Cond negative, typename B::V x) {
  return b.select(negative, b.sub(b.constant(0.0f), x), x);
}

template <typename B> typename B::V absF32(B &b, typename B::V x) {
  return negateIfF32(b, b.lessThan(x, b.constant(0.0f)), x);
}

/// yes where x = y, or one of them is NaN.
template <typename B>
typename B::V selectEqualF32(B &b, typename B::V x, typename B::V y,
                             typename B::V yes, typename B::V no) {
  return b.select(b.lessThan(x, y), no, b.select(b.lessThan(y, x), no, yes));
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

/// To the nearest integer, halves to the even one.
template <typename B> typename B::V roundEvenF32(B &b, typename B::V x) {
  auto big = b.constant(8388608.0f); // 2^23: from here on all are integers
  auto zero = b.constant(0.0f);
  auto magnitude = absF32(b, x);
  auto rounded = b.sub(b.add(magnitude, big), big);
  rounded = negateIfF32(b, b.lessThan(x, zero), rounded);
  return b.select(b.lessThan(magnitude, big), rounded, x);
}

template <typename B> typename B::V floorF32(B &b, typename B::V x) {
  auto rounded = roundEvenF32(b, x);
  return b.select(b.lessThan(x, rounded), b.sub(rounded, b.constant(1.0f)),
                  rounded);
}

template <typename B> typename B::V ceilF32(B &b, typename B::V x) {
  auto rounded = roundEvenF32(b, x);
  return b.select(b.lessThan(rounded, x), b.add(rounded, b.constant(1.0f)),
                  rounded);
}

//===----------------------------------------------------------------------===//
// Exponentials and logarithms
//===----------------------------------------------------------------------===//

/// e^x - 1: a polynomial below 0.34.
template <typename B> typename B::V expm1F32(B &b, typename B::V x) {
  auto p =
      polynomialF32(b, x,
                    {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                     4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f});
  auto small = b.add(b.mul(p, b.mul(x, x)), x);
  return b.select(b.lessThan(absF32(b, x), b.constant(0.34f)), small,
                  b.sub(expF32(b, x), b.constant(1.0f)));
}

/// The natural logarithm; NaN below 0, -inf at 0.
template <typename B> typename B::V logF32(B &b, typename B::V x) {
  auto c = [&](float v) { return b.constant(v); };
  auto zero = c(0.0f);
  auto isTiny = b.lessThan(x, c(1.17549435e-38f)); // subnormal
  auto normal = b.select(isTiny, b.mul(x, c(33554432.0f)), x);
  auto e = b.sub(b.exponentOf(normal), b.select(isTiny, c(25.0f), zero));
  auto m = b.mantissaOf(normal);
  auto isLow = b.lessThan(m, c(0.707106781186547524f));
  e = b.select(isLow, b.sub(e, c(1.0f)), e);
  m = b.sub(b.select(isLow, b.add(m, m), m), c(1.0f));
  auto z = b.mul(m, m);
  auto y =
      polynomialF32(b, m,
                    {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
                     -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                     2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f});
  y = b.mul(b.mul(y, m), z);
  y = b.add(y, b.mul(e, c(-2.12194440e-4f)));
  y = b.sub(y, b.mul(z, c(0.5f)));
  y = b.add(b.add(m, y), b.mul(e, c(0.693359375f)));
  y = b.select(b.lessThan(x, c(std::numeric_limits<float>::infinity())), y, x);
  // -1 / x^2 is -inf at 0 and NaN at NaN.
  auto other =
      b.select(b.lessThan(x, zero), c(std::numeric_limits<float>::quiet_NaN()),
               b.div(c(-1.0f), b.mul(x, x)));
  return b.select(b.lessThan(zero, x), y, other);
}

/// log(1 + x) for x >= 0: the rounding of 1 + x undone (W. Kahan).
template <typename B> typename B::V log1pF32(B &b, typename B::V x) {
  auto one = b.constant(1.0f);
  auto u = b.add(one, x);
  auto exact = b.mul(logF32(b, u), b.div(x, b.sub(u, one)));
  return b.select(b.lessThan(x, b.constant(1e-7f)), x, exact);
}

/// x to the power of y: e^(y * log |x|) with the sign of an odd power; NaN
/// where x < 0 and y is not an integer. Anything to the power of 0 is 1.
template <typename B>
typename B::V powF32(B &b, typename B::V x, typename B::V y) {
  auto zero = b.constant(0.0f), one = b.constant(1.0f);
  auto nan = b.constant(std::numeric_limits<float>::quiet_NaN());
  auto size = expF32(b, b.mul(y, logF32(b, absF32(b, x))));
  auto half = b.mul(y, b.constant(0.5f));
  auto even =
      selectEqualF32(b, half, roundEvenF32(b, half), size, b.sub(zero, size));
  auto negative = selectEqualF32(b, y, roundEvenF32(b, y), even, nan);
  auto power = b.select(b.lessThan(x, zero), negative, size);
  return b.select(b.lessThan(y, zero), power,
                  b.select(b.lessThan(zero, y), power, one));
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// x > 0 ? beta * x : alpha * (e^(gamma * x) - 1).
template <typename B>
typename B::V eluF32(B &b, typename B::V x, float alpha, float beta,
                     float gamma) {
  auto low = b.mul(b.constant(alpha), expm1F32(b, b.mul(x, b.constant(gamma))));
  return b.select(b.lessThan(b.constant(0.0f), x), b.mul(x, b.constant(beta)),
                  low);
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|).
template <typename B> typename B::V softplusF32(B &b, typename B::V x) {
  auto zero = b.constant(0.0f);
  auto rest = log1pF32(b, expF32(b, b.sub(zero, absF32(b, x))));
  return b.add(b.select(b.lessThan(x, zero), zero, x), rest);
}

template <typename B> typename B::V softsignF32(B &b, typename B::V x) {
  return b.div(x, b.add(b.constant(1.0f), absF32(b, x)));
}

template <typename B> typename B::V mishF32(B &b, typename B::V x) {
  return b.mul(x, tanhF32(b, softplusF32(b, x)));
}

/// x < -limit ? x + bias : x > limit ? x - bias : 0.
template <typename B>
typename B::V shrinkF32(B &b, typename B::V x, float limit, float bias) {
  auto step = b.constant(bias);
  auto high = b.select(b.lessThan(b.constant(limit), x), b.sub(x, step),
                       b.constant(0.0f));
  return b.select(b.lessThan(x, b.constant(-limit)), b.add(x, step), high);
}

/// -1, 0 or 1; NaN gives NaN.
template <typename B> typename B::V signF32(B &b, typename B::V x) {
  auto zero = b.constant(0.0f);
  auto high = b.select(b.lessThan(zero, x), b.constant(1.0f), x);
  return b.select(b.lessThan(x, zero), b.constant(-1.0f), high);
}

/// x < 0 ? slope * x : x.
template <typename B>
typename B::V preluF32(B &b, typename B::V x, typename B::V slope) {
  return b.select(b.lessThan(x, b.constant(0.0f)), b.mul(x, slope), x);
}

//===----------------------------------------------------------------------===//
// Trigonometry
//===----------------------------------------------------------------------===//

/// sin(x + turns * pi / 2) of x >= 0, after n = roundeven(x * 2 / pi) quarters
/// of a turn are taken off in three parts.
template <typename B>
typename B::V sineF32(B &b, typename B::V x, float turns) {
  auto c = [&](float v) { return b.constant(v); };
  auto n = roundEvenF32(b, b.mul(x, c(0.636619772367581343f)));
  auto r = b.sub(x, b.mul(n, c(1.5703125f)));
  r = b.sub(r, b.mul(n, c(4.83751296997070312e-4f)));
  r = b.sub(r, b.mul(n, c(7.54978995489188216e-8f)));
  auto z = b.mul(r, r);
  auto sine = polynomialF32(
      b, z, {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f});
  sine = b.add(b.mul(b.mul(sine, z), r), r);
  auto cosine = polynomialF32(
      b, z,
      {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f});
  cosine = b.sub(b.mul(b.mul(cosine, z), z), b.mul(z, c(0.5f)));
  cosine = b.add(cosine, c(1.0f));
  // The quadrant, 0 to 3.
  n = b.add(n, c(turns));
  auto quadrant = b.sub(n, b.mul(floorF32(b, b.mul(n, c(0.25f))), c(4.0f)));
  auto isOdd = [&](float low) {
    return b.lessThan(absF32(b, b.sub(quadrant, c(low))), c(0.5f));
  };
  auto value =
      b.select(isOdd(1.0f), cosine, b.select(isOdd(3.0f), cosine, sine));
  return negateIfF32(b, b.lessThan(c(1.5f), quadrant), value);
}

template <typename B> typename B::V sinF32(B &b, typename B::V x) {
  return negateIfF32(b, b.lessThan(x, b.constant(0.0f)),
                     sineF32(b, absF32(b, x), 0.0f));
}

template <typename B> typename B::V cosF32(B &b, typename B::V x) {
  return sineF32(b, absF32(b, x), 1.0f);
}

/// arcsin of 0 <= x <= 0.5.
template <typename B> typename B::V lowAsinF32(B &b, typename B::V x) {
  auto z = b.mul(x, x);
  auto p = polynomialF32(b, z,
                         {4.2163199048e-2f, 2.4181311049e-2f, 4.5470025998e-2f,
                          7.4953002686e-2f, 1.6666752422e-1f});
  return b.add(b.mul(b.mul(p, z), x), x);
}

/// 2 * arcsin(sqrt((1 - x) / 2)) = arccos(x) of x >= 0.5.
template <typename B> typename B::V highAcosF32(B &b, typename B::V x) {
  auto z = b.mul(b.constant(0.5f), b.sub(b.constant(1.0f), x));
  return b.mul(b.constant(2.0f), lowAsinF32(b, b.sqrt(z)));
}

template <typename B> typename B::V asinF32(B &b, typename B::V x) {
  auto magnitude = absF32(b, x);
  auto high =
      b.sub(b.constant(1.57079632679489662f), highAcosF32(b, magnitude));
  auto value = b.select(b.lessThan(magnitude, b.constant(0.5f)),
                        lowAsinF32(b, magnitude), high);
  return negateIfF32(b, b.lessThan(x, b.constant(0.0f)), value);
}

template <typename B> typename B::V acosF32(B &b, typename B::V x) {
  auto magnitude = absF32(b, x);
  auto negative = b.lessThan(x, b.constant(0.0f));
  auto low = b.sub(b.constant(1.57079632679489662f),
                   negateIfF32(b, negative, lowAsinF32(b, magnitude)));
  auto high = highAcosF32(b, magnitude);
  high =
      b.select(negative, b.sub(b.constant(3.14159265358979324f), high), high);
  return b.select(b.lessThan(magnitude, b.constant(0.5f)), low, high);
}

template <typename B> typename B::V atanF32(B &b, typename B::V x) {
  auto c = [&](float v) { return b.constant(v); };
  auto a = absF32(b, x);
  auto isHigh = b.lessThan(c(2.414213562373095f), a);
  auto isMiddle = b.lessThan(c(0.4142135623730950f), a);
  auto middle = b.div(b.sub(a, c(1.0f)), b.add(a, c(1.0f)));
  auto t = b.select(isHigh, b.div(c(-1.0f), a), b.select(isMiddle, middle, a));
  auto base = b.select(isHigh, c(1.57079632679489662f),
                       b.select(isMiddle, c(0.785398163397448310f), c(0.0f)));
  auto z = b.mul(t, t);
  auto p = polynomialF32(b, z,
                         {8.05374449538e-2f, -1.38776856032e-1f,
                          1.99777106478e-1f, -3.33329491539e-1f});
  auto value = b.add(base, b.add(b.mul(b.mul(p, z), t), t));
  return negateIfF32(b, b.lessThan(x, c(0.0f)), value);
}

//===----------------------------------------------------------------------===//
// Hyperbolic functions
//===----------------------------------------------------------------------===//

template <typename B> typename B::V coshF32(B &b, typename B::V x) {
  auto half = b.mul(b.constant(0.5f), expF32(b, absF32(b, x)));
  return b.add(half, b.div(b.constant(0.25f), half));
}

template <typename B> typename B::V sinhF32(B &b, typename B::V x) {
  auto z = b.mul(x, x);
  auto p = polynomialF32(
      b, z, {2.03721912945e-4f, 8.33028376239e-3f, 1.66667160211e-1f});
  auto small = b.add(b.mul(b.mul(p, z), x), x);
  auto magnitude = absF32(b, x);
  auto half = b.mul(b.constant(0.5f), expF32(b, magnitude));
  auto large = b.sub(half, b.div(b.constant(0.25f), half));
  large = negateIfF32(b, b.lessThan(x, b.constant(0.0f)), large);
  return b.select(b.lessThan(magnitude, b.constant(1.0f)), small, large);
}

/// log of x + root, where root is near x: above 1500 log(x) + log(2).
template <typename B>
typename B::V logOfSumF32(B &b, typename B::V x, typename B::V root) {
  auto isLarge = b.lessThan(b.constant(1500.0f), x);
  auto value = logF32(b, b.select(isLarge, x, b.add(x, root)));
  return b.select(isLarge, b.add(value, b.constant(0.693147180559945309f)),
                  value);
}

template <typename B> typename B::V asinhF32(B &b, typename B::V x) {
  auto z = b.mul(x, x);
  auto p = polynomialF32(b, z,
                         {2.0122003309e-2f, -4.2699340972e-2f, 7.4847586088e-2f,
                          -1.6666288134e-1f});
  auto small = b.add(b.mul(b.mul(p, z), x), x);
  auto magnitude = absF32(b, x);
  auto large = logOfSumF32(b, magnitude, b.sqrt(b.add(z, b.constant(1.0f))));
  large = negateIfF32(b, b.lessThan(x, b.constant(0.0f)), large);
  return b.select(b.lessThan(magnitude, b.constant(0.5f)), small, large);
}

/// NaN below 1.
template <typename B> typename B::V acoshF32(B &b, typename B::V x) {
  auto one = b.constant(1.0f);
  auto z = b.sub(x, one);
  auto p = polynomialF32(b, z,
                         {1.7596881071e-3f, -7.5272886713e-3f, 2.6454905019e-2f,
                          -1.1784741703e-1f, 1.4142135263e0f});
  auto small = b.mul(p, b.sqrt(z));
  auto large = logOfSumF32(b, x, b.sqrt(b.mul(z, b.add(x, one))));
  return b.select(b.lessThan(z, b.constant(0.5f)), small, large);
}

/// NaN beyond 1.
template <typename B> typename B::V atanhF32(B &b, typename B::V x) {
  auto one = b.constant(1.0f);
  auto z = b.mul(x, x);
  auto p =
      polynomialF32(b, z,
                    {1.81740078349e-1f, 8.24370301058e-2f, 1.46691431730e-1f,
                     1.99782164500e-1f, 3.33337300303e-1f});
  auto small = b.add(b.mul(b.mul(p, z), x), x);
  auto large =
      b.mul(b.constant(0.5f), logF32(b, b.div(b.add(one, x), b.sub(one, x))));
  return b.select(b.lessThan(absF32(b, x), b.constant(0.5f)), small, large);
}

} // namespace mlir::qnn

#endif // QNN_SUPPORT_FUNCTIONS_H
