//===- BF16Vectors.cpp - Vectors of bf16 ----------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rounding to bf16 and multiplying pairs of it, with the instructions that a
// level has for these or with others that give the same bits. In memory and in
// vectors bf16 is the i16 of its bits: levels without it would take vectors of
// the type itself apart.
//
//===----------------------------------------------------------------------===//

#include "qnn/Conversion/KernelBuilder.h"

using namespace mlir;
using namespace mlir::qnn;

/// Numerics.h toBF16() on the bits of f32 lanes.
Value KernelBuilder::toBF16(Value lanes) {
  int64_t width = widthOf(lanes);
  auto integers = VectorType::get({width}, b.getI32Type());
  auto halves = VectorType::get({width}, b.getIntegerType(16));
  auto bitsOf = [&](float value) { return llvm::bit_cast<int32_t>(value); };
  Value bits = b.create<arith::BitcastOp>(integers, lanes);
  Value magnitude =
      b.create<arith::AndIOp>(bits, constant(int32_t(0x7fffffff), width));
  auto exceeds = [&](Value x, Value y) {
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::sgt, x, y);
  };
  Value isSmall = exceeds(constant(bitsOf(kLeastBF16), width), magnitude);
  if (level.hasBF16 && width == 16 && level.vectorBits == 512) {
    // It flushes subnormal numbers, which are gone.
    lanes = b.create<arith::SelectOp>(isSmall, constant(0.0f, width), lanes);
    Value rounded =
        intrinsic("llvm.x86.avx512bf16.cvtneps2bf16.512",
                  VectorType::get({width}, b.getBF16Type()), {lanes});
    return b.create<arith::BitcastOp>(halves, rounded);
  }
  Value sixteen = constant(int32_t(16), width);
  Value last = b.create<arith::AndIOp>(b.create<arith::ShRUIOp>(bits, sixteen),
                                       constant(int32_t(1), width));
  Value rounded = b.create<arith::AddIOp>(
      b.create<arith::AddIOp>(bits, constant(int32_t(0x7fff), width)), last);
  Value isNan = exceeds(magnitude, constant(int32_t(0x7f800000), width));
  rounded = b.create<arith::SelectOp>(
      isNan, constant(int32_t(0x7fc00000), width), rounded);
  rounded =
      b.create<arith::SelectOp>(isSmall, constant(int32_t(0), width), rounded);
  return b.create<arith::TruncIOp>(halves,
                                   b.create<arith::ShRUIOp>(rounded, sixteen));
}

Value KernelBuilder::fromBF16(Value pairs, bool second) {
  auto integers = VectorType::get({widthOf(pairs) / 2}, b.getI32Type());
  int64_t width = integers.getNumElements();
  Value bits = b.create<vector::BitCastOp>(integers, pairs);
  if (second)
    bits = b.create<arith::AndIOp>(bits, constant(int32_t(0xffff0000), width));
  else
    bits = b.create<arith::ShLIOp>(bits, constant(int32_t(16), width));
  return b.create<arith::BitcastOp>(VectorType::get({width}, b.getF32Type()),
                                    bits);
}

Value KernelBuilder::dotBF16(Value acc, Value x, Value w) {
  int64_t width = widthOf(acc);
  bool isX86 = level.arch == llvm::Triple::x86_64;
  auto halves = VectorType::get({2 * width}, b.getBF16Type());
  auto call = [&](const Twine &name) {
    acc = intrinsic(name.str(), acc.getType(),
                    {acc, b.create<arith::BitcastOp>(halves, x),
                     b.create<arith::BitcastOp>(halves, w)});
  };
  if (level.hasBF16 && isX86 && width >= 4) {
    call("llvm.x86.avx512bf16.dpbf16ps." + Twine(32 * width));
    return acc;
  }
  if (level.hasBF16 && !isX86 && width == 4) {
    call("llvm.aarch64.neon.bfmlalt");
    call("llvm.aarch64.neon.bfmlalb");
    return acc;
  }
  for (bool second : {true, false})
    acc = b.create<math::FmaOp>(fromBF16(x, second), fromBF16(w, second), acc);
  return acc;
}
