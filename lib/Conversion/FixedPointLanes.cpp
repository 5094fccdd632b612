//===- FixedPointLanes.cpp - FixedPoint.h on vectors ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The integer requantization of KernelBuilder. Products of 32 bits have 64: on
// x86 the even and the odd lanes are multiplied in place (vpmuldq); Arm has an
// instruction that does all of multiplyHigh.
//
//===----------------------------------------------------------------------===//

#include "qnn/Conversion/KernelBuilder.h"

using namespace mlir;
using namespace mlir::qnn;

static Value constant64(KernelBuilder &k, int64_t value, int64_t width) {
  return k.constant(k.b.getI64IntegerAttr(value), k.b.getI64Type(), width);
}

/// The low or the high halves of pairs of lanes, sign-extended.
static Value halves(KernelBuilder &k, Value pairs, bool high) {
  int64_t width = KernelBuilder::widthOf(pairs);
  Value half = constant64(k, 32, width);
  if (!high)
    pairs = k.b.create<arith::ShLIOp>(pairs, half);
  return k.b.create<arith::ShRSIOp>(pairs, half);
}

/// x * y + 2^30 of even or of odd lanes.
static Value roundedProduct(KernelBuilder &k, Value x, Value y, bool odd) {
  Value product =
      k.b.create<arith::MulIOp>(halves(k, x, odd), halves(k, y, odd));
  return k.b.create<arith::AddIOp>(
      product,
      constant64(k, int64_t(1) << 30, KernelBuilder::widthOf(product)));
}

Value KernelBuilder::multiplyHigh(Value x, Value multiplier) {
  int64_t width = widthOf(x);
  Type i64 = b.getI64Type();
  if (!level.storesUnsigned() && width == 4)
    return intrinsic("llvm.aarch64.neon.sqrdmulh.v4i32", x.getType(),
                     {x, multiplier});
  if (!level.storesUnsigned() || width % 2 != 0) {
    auto wide = VectorType::get({width}, i64);
    Value product =
        b.create<arith::MulIOp>(b.create<arith::ExtSIOp>(wide, x),
                                b.create<arith::ExtSIOp>(wide, multiplier));
    product = b.create<arith::AddIOp>(
        product, constant64(*this, int64_t(1) << 30, width));
    product = b.create<arith::ShRSIOp>(product, constant64(*this, 31, width));
    return b.create<arith::TruncIOp>(x.getType(), product);
  }
  auto pairs = VectorType::get({width / 2}, i64);
  x = b.create<vector::BitCastOp>(pairs, x);
  multiplier = b.create<vector::BitCastOp>(pairs, multiplier);
  Value even = b.create<arith::ShRUIOp>(
      roundedProduct(*this, x, multiplier, /*odd=*/false),
      constant64(*this, 31, width / 2));
  Value odd = b.create<arith::ShLIOp>(
      roundedProduct(*this, x, multiplier, /*odd=*/true),
      constant64(*this, 1, width / 2));
  auto lanes = VectorType::get({width}, b.getI32Type());
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < width; ++i)
    order.push_back(i % 2 == 0 ? i : width + i);
  return b.create<vector::ShuffleOp>(b.create<vector::BitCastOp>(lanes, even),
                                     b.create<vector::BitCastOp>(lanes, odd),
                                     order);
}

Value KernelBuilder::divideByPower(Value x, Value exponent) {
  int64_t width = widthOf(x);
  Value one = constant(int32_t(1), width), zero = constant(int32_t(0), width);
  Value mask =
      b.create<arith::SubIOp>(b.create<arith::ShLIOp>(one, exponent), one);
  Value negative = b.create<arith::ShRSIOp>(x, constant(int32_t(31), width));
  Value threshold =
      b.create<arith::SubIOp>(b.create<arith::ShRSIOp>(mask, one), negative);
  Value more = b.create<arith::CmpIOp>(
      arith::CmpIPredicate::sgt, b.create<arith::AndIOp>(x, mask), threshold);
  return b.create<arith::AddIOp>(b.create<arith::ShRSIOp>(x, exponent),
                                 b.create<arith::SelectOp>(more, one, zero));
}

Value KernelBuilder::multiplyFixedPoint(Value x, FixedPointFactor factor) {
  int64_t width = widthOf(x);
  if (factor.shift > 0)
    x = b.create<arith::ShLIOp>(x, constant(factor.shift, width));
  x = multiplyHigh(x, constant(factor.multiplier, width));
  return factor.shift < 0 ? divideByPower(x, constant(-factor.shift, width))
                          : x;
}

Value KernelBuilder::multiplyFixedPoint(Value x, Value multiplier,
                                        Value shift) {
  Value zero = constant(int32_t(0), widthOf(x));
  Value left = b.create<arith::MaxSIOp>(shift, zero);
  Value right =
      b.create<arith::MaxSIOp>(b.create<arith::SubIOp>(zero, shift), zero);
  x = b.create<arith::ShLIOp>(x, left);
  return divideByPower(multiplyHigh(x, multiplier), right);
}

void KernelBuilder::loadScale(Epilogue &epilogue, Value memory, Value index,
                              int64_t width) {
  auto type = cast<MemRefType>(memory.getType());
  epilogue.scale = load(memory, index, width);
  if (type.getElementType().isInteger(32))
    epilogue.shift = load(memory, add(index, type.getNumElements() / 2), width);
}

Value KernelBuilder::roundAway(Value t) {
  int64_t width = widthOf(t);
  auto integers = VectorType::get({width}, b.getI32Type());
  // The largest number below a half: t plus it is at least 1 more than
  // the integer below t exactly when t is half way or more.
  auto half = constant(0.49999997f, width);
  Value sign = b.create<arith::AndIOp>(
      b.create<arith::BitcastOp>(integers, t),
      constant(std::numeric_limits<int32_t>::min(), width));
  Value signedHalf = b.create<arith::BitcastOp>(
      t.getType(),
      b.create<arith::OrIOp>(b.create<arith::BitcastOp>(integers, half), sign));
  return b.create<arith::FPToSIOp>(integers,
                                   b.create<arith::AddFOp>(t, signedHalf));
}

Value KernelBuilder::divideAway(Value sum, Value count) {
  int64_t width = widthOf(sum);
  Value half = splat(b.create<arith::ShRUIOp>(count, i32(1)), width);
  Value positive = b.create<arith::CmpIOp>(arith::CmpIPredicate::sgt, sum,
                                           constant(int32_t(0), width));
  Value moved =
      b.create<arith::SelectOp>(positive, b.create<arith::AddIOp>(sum, half),
                                b.create<arith::SubIOp>(sum, half));
  Value divisor =
      splat(b.create<arith::SIToFPOp>(b.getF32Type(), count), width);
  Value quotient = b.create<arith::DivFOp>(toFloat(moved), divisor);
  return b.create<arith::FPToSIOp>(sum.getType(), quotient);
}
