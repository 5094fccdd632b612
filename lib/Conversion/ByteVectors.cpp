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

Value KernelBuilder::splitNibbles(Value joined) {
  Type i16 = b.getIntegerType(16);
  int64_t width = widthOf(joined);
  auto all = [&](int64_t value) {
    return constant(b.getIntegerAttr(i16, value), i16, width);
  };
  Value words = b.create<arith::ExtUIOp>(VectorType::get({width}, i16), joined);
  words = b.create<arith::OrIOp>(words, b.create<arith::ShLIOp>(words, all(4)));
  Value both =
      b.create<vector::BitCastOp>(VectorType::get({2 * width}, b.getI8Type()),
                                  b.create<arith::AndIOp>(words, all(0x0f0f)));
  return b.create<arith::SubIOp>(both, bytes(8, 2 * width));
}

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

SmallVector<Value> KernelBuilder::widenHalves(Value v) {
  auto type = cast<VectorType>(v.getType());
  int64_t half = type.getNumElements() / 2;
  int64_t bits = type.getElementTypeBitWidth(), perHalf = 64 / bits;
  auto wide = VectorType::get({half}, b.getIntegerType(2 * bits));
  SmallVector<Value> halves;
  for (bool high : {false, true}) {
    if (level.storesUnsigned()) {
      Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(type));
      halves.push_back(
          b.create<vector::BitCastOp>(wide, interleave(v, zero, high)));
      continue;
    }
    SmallVector<int64_t> mask;
    for (int64_t i = 0; i < half; ++i)
      mask.push_back((2 * (i / perHalf) + high) * perHalf + i % perHalf);
    halves.push_back(b.create<arith::ExtSIOp>(
        wide, b.create<vector::ShuffleOp>(v, v, mask)));
  }
  return halves;
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
  case DotKind::NeonMatrix:
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

/// Bytes in order, from what packQuarters() makes of four vectors in order.
static Value gatherOperands(KernelBuilder &k, Value bytes) {
  int64_t parts = KernelBuilder::widthOf(bytes) / 16;
  if (parts == 1)
    return bytes;
  // Each 128 bits hold four lanes of each operand: gather those of the first.
  auto words = VectorType::get({4 * parts}, k.b.getI32Type());
  SmallVector<int64_t> order;
  for (int64_t operand = 0; operand < 4; ++operand)
    for (int64_t part = 0; part < parts; ++part)
      order.push_back(4 * part + operand);
  Value mixed = k.b.create<vector::BitCastOp>(words, bytes);
  mixed = k.b.create<vector::ShuffleOp>(mixed, mixed, order);
  return k.b.create<vector::BitCastOp>(bytes.getType(), mixed);
}

Value KernelBuilder::packBytes(ArrayRef<Value> four, Value zeroPoint) {
  return gatherOperands(*this, packQuarters(four, zeroPoint));
}

Value KernelBuilder::saturateQuarters(ArrayRef<Value> quarters,
                                      const QuantParams &params,
                                      double largest) {
  bool isUnsigned = level.storesUnsigned();
  bool isNarrow = params.min > (isUnsigned ? 0 : -128) ||
                  params.max < (isUnsigned ? 255 : 127);
  Value low = f32(float(params.min - params.zeroPoint));
  Value high = f32(float(params.max - params.zeroPoint));
  SmallVector<Value> rounded;
  for (Value steps : quarters) {
    if (isNarrow || !(largest < kUnclampedLimit))
      steps = clampLanes(steps, low, high);
    rounded.push_back(round(steps));
  }
  return packQuarters(rounded, i32(params.zeroPoint));
}

Value KernelBuilder::saturateBytes(ArrayRef<Value> four,
                                   const QuantParams &params, double largest) {
  return gatherOperands(*this, saturateQuarters(four, params, largest));
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

/// Entries that one register of 128 bits looks up.
static constexpr int64_t kRow = 16;

/// x86 looks 16 entries up, and nothing where bit 7 is set. So the entry of x
/// is the xor of row 0 at x, of row 1 xor row 0 at x - 16, and so on while the
/// index is not negative; the upper half of the table starts anew.
static bool looksRowsUp(const TargetLevel &level) {
  return level.storesUnsigned() && level.vectorBits >= 256;
}

SmallVector<int8_t> KernelBuilder::tableConstants(const TargetLevel &level,
                                                  ArrayRef<int8_t> table) {
  SmallVector<int8_t> constants(table);
  if (looksRowsUp(level))
    for (int64_t i = 0; i < int64_t(table.size()); ++i)
      if (i % 128 >= kRow)
        constants[i] ^= table[i - kRow];
  return constants;
}

SmallVector<Value> KernelBuilder::loadTable(Value memory) {
  SmallVector<Value> rows;
  if (level.storesUnsigned() && !looksRowsUp(level))
    return rows;
  SmallVector<int64_t> repeated;
  for (int64_t i = 0; i < level.vectorBits / 8; ++i)
    repeated.push_back(i % kRow);
  for (int64_t row = 0; row < 256 / kRow; ++row) {
    Value v = load(memory, index(row * kRow), kRow);
    rows.push_back(b.create<vector::ShuffleOp>(v, v, repeated));
  }
  return rows;
}

/// The entries of all rows at `bytes`, a vector like theirs.
static Value lookRowsUp(KernelBuilder &k, ArrayRef<Value> rows, Value bytes) {
  Type type = bytes.getType();
  int64_t width = KernelBuilder::widthOf(bytes);
  auto intrinsicBySize =
      bySize(bytes, "llvm.x86.ssse3.pshuf.b.128", "llvm.x86.avx2.pshuf.b",
             "llvm.x86.avx512.pshuf.b.512");
  Value result;
  for (auto [row, entries] : llvm::enumerate(rows)) {
    int64_t first = row * kRow % 128;
    Value at = bytes;
    if (row >= rows.size() / 2)
      at = k.b.create<arith::XOrIOp>(at, k.bytes(-128, width));
    if (first > 0)
      at = k.intrinsic(("llvm.ssub.sat.v" + Twine(width) + "i8").str(), type,
                       {at, k.bytes(first, width)});
    Value found = k.intrinsic(intrinsicBySize, type, {entries, at});
    result = result ? k.b.create<arith::XOrIOp>(result, found) : found;
  }
  return result;
}

/// The same on Arm, 64 entries at a time; an index outside leaves the result.
static Value lookQuadsUp(KernelBuilder &k, ArrayRef<Value> rows, Value bytes) {
  Value result;
  for (size_t row = 0; row < rows.size(); row += 4) {
    SmallVector<Value> operands(rows.slice(row, 4));
    operands.push_back(
        k.b.create<arith::SubIOp>(bytes, k.bytes(row * kRow, kRow)));
    if (result)
      operands.insert(operands.begin(), result);
    result = k.intrinsic(result ? "llvm.aarch64.neon.tbx4.v16i8"
                                : "llvm.aarch64.neon.tbl4.v16i8",
                         bytes.getType(), operands);
  }
  return result;
}

Value KernelBuilder::lookUp(ArrayRef<Value> rows, Value memory, Value bytes) {
  int64_t width = widthOf(bytes);
  if (rows.empty()) {
    Value found = bytes;
    for (int64_t i = 0; i < width; ++i) {
      Value at = b.create<arith::IndexCastUIOp>(
          b.getIndexType(), b.create<vector::ExtractOp>(bytes, i));
      found = b.create<vector::InsertOp>(loadScalar(memory, at), found, i);
    }
    return found;
  }
  // At least a row, and rows as long as the vector.
  int64_t padded = std::max(width, kRow);
  SmallVector<int64_t> order(padded, 0);
  std::iota(order.begin(), order.begin() + width, 0);
  if (padded > width)
    bytes = b.create<vector::ShuffleOp>(bytes, bytes, order);
  auto firstElements = [&](Value v, int64_t count) -> Value {
    if (widthOf(v) == count)
      return v;
    return b.create<vector::ExtractStridedSliceOp>(v, ArrayRef<int64_t>{0},
                                                   ArrayRef<int64_t>{count},
                                                   ArrayRef<int64_t>{1});
  };
  SmallVector<Value> fitting;
  for (Value row : rows)
    fitting.push_back(firstElements(row, padded));
  Value found = level.storesUnsigned() ? lookRowsUp(*this, fitting, bytes)
                                       : lookQuadsUp(*this, fitting, bytes);
  return firstElements(found, width);
}
