//===- ByteVectors.cpp - Whole registers of bytes -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of KernelBuilder that works on quarters of byte vectors, with the
// instructions of each level.
//
//===----------------------------------------------------------------------===//

#include "qnn/Conversion/KernelBuilder.h"

#include <numeric>

using namespace mlir;
using namespace mlir::qnn;

Value KernelBuilder::interleave(Value x, Value y, bool high) {
  auto type = cast<VectorType>(x.getType());
  int64_t width = type.getNumElements();
  int64_t perLane = 128 / type.getElementTypeBitWidth();
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < width; ++i) {
    int64_t inLane = i % perLane;
    int64_t element =
        i - inLane + (high ? perLane / 2 : 0) + inLane / 2; // of x or y
    mask.push_back(inLane % 2 ? width + element : element);
  }
  return b.create<vector::ShuffleOp>(x, y, mask);
}

Value KernelBuilder::quarter(Value bytes, int64_t quarter) {
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < widthOf(bytes) / 4; ++i)
    mask.push_back(quarterElement(quarter, i));
  return b.create<vector::ShuffleOp>(bytes, bytes, mask);
}

/// The name of an instruction that has one for each width of `vector`.
static StringRef bySize(Value vector, StringRef bits128, StringRef bits256,
                        StringRef bits512) {
  auto type = cast<VectorType>(vector.getType());
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  return bits == 512 ? bits512 : bits == 256 ? bits256 : bits128;
}

Value KernelBuilder::dot(Value acc, Value x, Value w) {
  switch (level.dot) {
  case DotKind::VNNI: {
    // The operands of the instruction are declared as i32 lanes.
    auto quads = [&](Value v) {
      return b.create<vector::BitCastOp>(acc.getType(), v);
    };
    return intrinsic(bySize(acc, "llvm.x86.avx512.vpdpbusd.128",
                            "llvm.x86.avx512.vpdpbusd.256",
                            "llvm.x86.avx512.vpdpbusd.512"),
                     acc.getType(), {acc, quads(x), quads(w)});
  }
  case DotKind::NeonDot:
    return intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", acc.getType(),
                     {acc, w, x});
  case DotKind::WidenPairs:
  case DotKind::ProvedPairs:
    return b.create<arith::AddIOp>(
        acc, intrinsic(bySize(acc, "llvm.x86.sse2.pmadd.wd",
                              "llvm.x86.avx2.pmadd.wd", ""),
                       acc.getType(), {x, w}));
  case DotKind::NeonWidening:
    return b.create<arith::AddIOp>(
        acc, intrinsic("llvm.aarch64.neon.smull.v4i32", acc.getType(), {x, w}));
  }
  llvm_unreachable("covered switch");
}

/// Two vectors, one behind the other.
static Value concatenate(KernelBuilder &k, Value x, Value y) {
  SmallVector<int64_t> all(2 * KernelBuilder::widthOf(x));
  std::iota(all.begin(), all.end(), 0);
  return k.b.create<vector::ShuffleOp>(x, y, all);
}

/// Saturating narrowing on Arm: sqxtn of both halves.
static Value narrowSigned(KernelBuilder &k, Value x, Value y) {
  int64_t width = KernelBuilder::widthOf(x);
  Type half = VectorType::get({width}, k.b.getIntegerType(width == 4 ? 16 : 8));
  StringRef name = width == 4 ? "llvm.aarch64.neon.sqxtn.v4i16"
                              : "llvm.aarch64.neon.sqxtn.v8i8";
  return concatenate(k, k.intrinsic(name, half, {x}),
                     k.intrinsic(name, half, {y}));
}

/// The same on x86: packs and packus work on each 128 bits of a register.
static Value narrowInLanes(KernelBuilder &k, Value x, Value y) {
  auto from = cast<VectorType>(x.getType());
  bool toBytes = from.getElementType().isInteger(16);
  int64_t width = from.getNumElements(), bits = width * (toBytes ? 16 : 32);
  Type type =
      VectorType::get({2 * width}, k.b.getIntegerType(toBytes ? 8 : 16));
  std::string name = toBytes ? "packuswb" : "packssdw";
  name = bits == 512   ? "llvm.x86.avx512." + name + ".512"
         : bits == 256 ? "llvm.x86.avx2." + name
                       : "llvm.x86.sse2." + name + ".128";
  return k.intrinsic(name, type, {x, y});
}

Value KernelBuilder::packQuarters(ArrayRef<Value> quarters, Value zeroPoint) {
  auto narrowBoth = level.storesUnsigned() ? narrowInLanes : narrowSigned;
  int64_t width = 2 * widthOf(quarters[0]);
  Value zero = b.create<arith::TruncIOp>(b.getIntegerType(16), zeroPoint);
  zero = splat(zero, width);
  auto half = [&](size_t i) -> Value {
    // Saturates like the bytes do: the sum of two saturated terms is beyond the
    // range of a byte wherever the exact sum is.
    return intrinsic(("llvm.sadd.sat.v" + Twine(width) + "i16").str(),
                     zero.getType(),
                     {narrowBoth(*this, quarters[i], quarters[i + 1]), zero});
  };
  return narrowBoth(*this, half(0), half(2));
}

Value KernelBuilder::packBytes(ArrayRef<Value> four, Value zeroPoint) {
  Value bytes = packQuarters(four, zeroPoint);
  int64_t parts = widthOf(bytes) / 16;
  if (parts == 1)
    return bytes;
  // Each 128 bits hold four lanes of each operand: gather those of the first.
  auto words = VectorType::get({4 * parts}, b.getI32Type());
  SmallVector<int64_t> order;
  for (int64_t operand = 0; operand < 4; ++operand)
    for (int64_t part = 0; part < parts; ++part)
      order.push_back(4 * part + operand);
  Value mixed = b.create<vector::BitCastOp>(words, bytes);
  mixed = b.create<vector::ShuffleOp>(mixed, mixed, order);
  return b.create<vector::BitCastOp>(bytes.getType(), mixed);
}
