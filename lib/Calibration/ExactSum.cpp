//===- ExactSum.cpp - A sum of f32 values without rounding ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/ExactSum.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"

#include <cassert>
#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using llvm::APInt;

void ExactSum::add(float value) {
  assert(std::isfinite(value) && "only finite values have a sum");
  if (value == 0)
    return;
  int exponent;
  float fraction = std::frexp(std::fabs(value), &exponent);
  // value = mantissa * 2^(exponent - 24); subnormals have trailing zeros.
  APInt term(kBits, static_cast<uint64_t>(std::ldexp(fraction, 24)));
  int shift = exponent - 24 - kLog2Unit;
  if (shift < 0)
    term.lshrInPlace(-shift);
  else
    term <<= shift;
  if (value < 0)
    units -= term;
  else
    units += term;
}

float ExactSum::getMean(uint64_t count) const {
  assert(count > 0 && "a mean needs a term");
  constexpr auto nearest = llvm::APFloat::rmNearestTiesToEven;
  // Binary128 has the exponents of 2^-149 times an f32.
  llvm::APFloat mean(llvm::APFloat::IEEEquad());
  mean.convertFromAPInt(units.sdiv(APInt(kBits, count)), /*IsSigned=*/true,
                        nearest);
  mean = scalbn(mean, kLog2Unit, nearest);
  bool losesInfo;
  mean.convert(llvm::APFloat::IEEEsingle(), nearest, &losesInfo);
  return mean.convertToFloat();
}

std::string ExactSum::str() const {
  if (units.isZero())
    return "0x0p+0";
  APInt magnitude = units.abs();
  int zeros = static_cast<int>(magnitude.countr_zero());
  int exponent = kLog2Unit + zeros;
  std::string digits = llvm::toString(magnitude.lshr(zeros), /*Radix=*/16,
                                      /*Signed=*/false);
  return (units.isNegative() ? "-0x" : "0x") + llvm::StringRef(digits).lower() +
         (exponent < 0 ? "p" : "p+") + std::to_string(exponent);
}

std::optional<ExactSum> ExactSum::parse(llvm::StringRef text) {
  bool negative = text.consume_front("-");
  if (!text.consume_front("0x"))
    return std::nullopt;
  auto [digits, power] = text.split('p');
  power.consume_front("+");
  int exponent;
  if (digits.empty() || digits.size() > kBits / 4 - 1 ||
      !llvm::all_of(digits, llvm::isHexDigit) ||
      power.getAsInteger(10, exponent))
    return std::nullopt;
  APInt magnitude(kBits, digits, /*radix=*/16);
  ExactSum sum;
  if (magnitude.isZero())
    return sum;
  int shift = exponent - kLog2Unit;
  if (shift < 0 || magnitude.getActiveBits() + shift >= kBits)
    return std::nullopt;
  sum.units = magnitude << shift;
  if (negative)
    sum.units.negate();
  return sum;
}
