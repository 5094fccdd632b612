//===- DotProduct.cpp - How a level multiplies ----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DotProduct.h"

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kStepElements;

VectorType DotProduct::accumulatorType() const {
  Type element = isFloat ? Type(k.b.getF32Type()) : k.b.getI32Type();
  return VectorType::get({k.lanes()}, element);
}

/// The weights of a part, one to a byte (or f32).
Value DotProduct::loadBytes(Value memory, Value at) {
  Value stored = k.load(memory, at, storedWeights(weightsPerPart()));
  return isNarrow ? k.splitNibbles(stored) : stored;
}

Value DotProduct::loadWeights(Value memory, Value at) {
  Value w = loadBytes(memory, at);
  if (isFloat)
    return w;
  if (sumsPairs())
    return widen16(w, /*isSigned=*/true);
  return k.level.dot == DotKind::VNNI ? asLanes(w) : w;
}

int64_t DotProduct::groupSteps(int64_t rows, bool isSymmetric) const {
  // 2 * 127 * 128 fits 16 bits: smull, smlal and one sadalp.
  bool sumsTwo = sumsPairs() && isSymmetric;
  if (pairsRows(rows) || sumsTwo)
    return 2;
  // Four steps of a row fill a register; instructions take its elements.
  bool takesFour = isFloat ? k.level.arch == llvm::Triple::aarch64
                           : k.level.dot == DotKind::NeonDot ||
                                 k.level.dot == DotKind::NeonMatrix;
  return takesFour ? 4 : 1;
}

Value DotProduct::loadActivation(Value memory, Value at) {
  if (isFloat && !isBF16)
    return k.splat(k.loadScalar(memory, at), k.lanes());
  Value one = k.b.create<vector::BitCastOp>(
      VectorType::get({1}, k.b.getI32Type()), k.load(memory, at, stepElements));
  one = k.b.create<vector::ExtractOp>(one, 0);
  Value all = k.splat(one, weightsPerPart() / stepElements);
  if (isBF16)
    return k.b.create<vector::BitCastOp>(
        VectorType::get({weightsPerPart()}, k.b.getIntegerType(16)), all);
  if (k.level.dot == DotKind::VNNI)
    return all;
  Value bytes = k.b.create<vector::BitCastOp>(
      VectorType::get({weightsPerPart()}, k.b.getI8Type()), all);
  return sumsPairs() ? widen16(bytes, !k.level.storesUnsigned()) : bytes;
}

SmallVector<Value> DotProduct::loadActivations(Value memory, Value at,
                                               int64_t steps) {
  SmallVector<Value> activations;
  if (steps < 4) {
    for (int64_t s = 0; s < steps; ++s)
      activations.push_back(
          loadActivation(memory, k.add(at, s * stepElements)));
    return activations;
  }
  Value four = k.load(memory, at, 4 * stepElements);
  if (isBF16)
    four = k.b.create<vector::BitCastOp>(VectorType::get({4}, k.b.getI32Type()),
                                         four);
  else if (!isFloat)
    four = asLanes(four);
  for (int64_t s = 0; s < 4; ++s) {
    Value one =
        k.b.create<vector::ShuffleOp>(four, four, SmallVector<int64_t>(4, s));
    if (isBF16)
      one = k.b.create<vector::BitCastOp>(
          VectorType::get({8}, k.b.getIntegerType(16)), one);
    activations.push_back(isFloat ? one : asBytes(one));
  }
  return activations;
}

Value DotProduct::multiplyAdd(Value acc, Value a, Value w) {
  if (isBF16)
    return k.dotBF16(acc, a, w);
  if (isFloat)
    return k.b.create<math::FmaOp>(a, w, acc);
  switch (k.level.dot) {
  case DotKind::VNNI:
    return k.intrinsic(k.level.vectorBits == 512
                           ? "llvm.x86.avx512.vpdpbusd.512"
                           : "llvm.x86.avx512.vpdpbusd.256",
                       acc.getType(), {acc, a, w});
  case DotKind::NeonDot:
  case DotKind::NeonMatrix:
    return k.intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", acc.getType(),
                       {acc, w, a});
  case DotKind::WidenPairs:
  case DotKind::ProvedPairs: {
    Value sum = k.b.create<arith::AddIOp>(
        multiplyWords(evenWords(a, /*isSigned=*/false),
                      evenWords(w, /*isSigned=*/true)),
        multiplyWords(oddWords(a, /*isSigned=*/false),
                      oddWords(w, /*isSigned=*/true)));
    return k.b.create<arith::AddIOp>(acc, sum);
  }
  case DotKind::NeonWidening:
    return addNeighbours(acc, k.b.create<arith::MulIOp>(a, w));
  }
  llvm_unreachable("covered switch");
}

Value DotProduct::multiplyAddProved(Value acc, ArrayRef<Value> a,
                                    ArrayRef<Value> w) {
  Value sum;
  if (sumsPairs()) {
    for (auto [activation, weight] : llvm::zip(a, w)) {
      Value product = k.b.create<arith::MulIOp>(activation, weight);
      sum = sum ? k.b.create<arith::AddIOp>(sum, product) : product;
    }
    return addNeighbours(acc, sum);
  }
  for (auto [activation, weight] : llvm::zip(a, w)) {
    Value product = k.intrinsic("llvm.x86.avx2.pmadd.ub.sw",
                                wordsType(activation), {activation, weight});
    sum = sum ? k.b.create<arith::AddIOp>(sum, product) : product;
  }
  Value ones = k.constant(k.b.getI16IntegerAttr(1), k.b.getIntegerType(16),
                          KernelBuilder::widthOf(sum));
  return k.b.create<arith::AddIOp>(acc, multiplyWords(sum, ones));
}

std::pair<Value, Value> DotProduct::pairRows(Value x, Value y) {
  return {k.b.create<vector::ShuffleOp>(x, y, ArrayRef<int64_t>{0, 1, 4, 5}),
          k.b.create<vector::ShuffleOp>(x, y, ArrayRef<int64_t>{2, 3, 6, 7})};
}

Value DotProduct::loadRowPair(Value memory, Value at, Value otherAt,
                              int64_t steps) {
  Value row = asLanes(k.load(memory, at, steps * kStepElements));
  Value other = asLanes(k.load(memory, otherAt, steps * kStepElements));
  // Where there is no second step, its half meets weights of 0.
  SmallVector<int64_t> order = {0, 1, 2, 3};
  if (steps == 1)
    order = {0, 0, 1, 1};
  return asBytes(k.b.create<vector::ShuffleOp>(row, other, order));
}

std::pair<Value, Value> DotProduct::loadColumnPairs(Value memory, Value at,
                                                    Value next) {
  Value x = asLanes(loadBytes(memory, at));
  Value y = next ? asLanes(loadBytes(memory, next))
                 : k.constant(int32_t(0), KernelBuilder::widthOf(x));
  auto zip = [&](ArrayRef<int64_t> order) {
    return asBytes(k.b.create<vector::ShuffleOp>(x, y, order));
  };
  return {zip({0, 4, 1, 5}), zip({2, 6, 3, 7})};
}

Value DotProduct::multiplyPairs(Value acc, Value rows, Value columns) {
  return k.intrinsic("llvm.aarch64.neon.smmla.v4i32.v16i8", acc.getType(),
                     {acc, rows, columns});
}

SmallVector<Value> DotProduct::sums(ArrayRef<Value> accumulators) {
  if (!sumsPairs())
    return SmallVector<Value>(accumulators);
  // Neighbouring lanes of two vectors make one.
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < 2 * k.lanes(); i += 2) {
    even.push_back(i);
    odd.push_back(i + 1);
  }
  SmallVector<Value> sums;
  for (size_t i = 0; i < accumulators.size(); i += 2) {
    Value x = accumulators[i], y = accumulators[i + 1];
    sums.push_back(
        k.b.create<arith::AddIOp>(k.b.create<vector::ShuffleOp>(x, y, even),
                                  k.b.create<vector::ShuffleOp>(x, y, odd)));
  }
  return sums;
}

Value DotProduct::scaled(Value sums, Value memory, Value at) {
  return k.b.create<arith::MulFOp>(
      k.toFloat(sums), k.load(memory, at, KernelBuilder::widthOf(sums)));
}

VectorType DotProduct::wordsType(Value bytes) {
  return VectorType::get({KernelBuilder::widthOf(bytes) / 2},
                         k.b.getIntegerType(16));
}
/// Bytes 0, 2, 4, ... as 16-bit lanes.
Value DotProduct::evenWords(Value bytes, bool isSigned) {
  VectorType type = wordsType(bytes);
  Value words = k.b.create<vector::BitCastOp>(type, bytes);
  int64_t lanes = type.getNumElements();
  auto all = [&](int16_t value) {
    return k.constant(k.b.getI16IntegerAttr(value), type.getElementType(),
                      lanes);
  };
  if (!isSigned)
    return k.b.create<arith::AndIOp>(words, all(255));
  return k.b.create<arith::ShRSIOp>(k.b.create<arith::ShLIOp>(words, all(8)),
                                    all(8));
}
/// Bytes 1, 3, 5, ... as 16-bit lanes.
Value DotProduct::oddWords(Value bytes, bool isSigned) {
  VectorType type = wordsType(bytes);
  Value words = k.b.create<vector::BitCastOp>(type, bytes);
  Value eight = k.constant(k.b.getI16IntegerAttr(8), type.getElementType(),
                           type.getNumElements());
  if (isSigned)
    return k.b.create<arith::ShRSIOp>(words, eight);
  return k.b.create<arith::ShRUIOp>(words, eight);
}
/// Products of 16-bit lanes, neighbours added, in 32-bit lanes.
Value DotProduct::multiplyWords(Value x, Value y) {
  return k.intrinsic(k.level.vectorBits == 256 ? "llvm.x86.avx2.pmadd.wd"
                                               : "llvm.x86.sse2.pmadd.wd",
                     accumulatorType(), {x, y});
}

Value DotProduct::widen16(Value bytes, bool isSigned) {
  auto type =
      VectorType::get({KernelBuilder::widthOf(bytes)}, k.b.getIntegerType(16));
  if (isSigned)
    return k.b.create<arith::ExtSIOp>(type, bytes);
  return k.b.create<arith::ExtUIOp>(type, bytes);
}

Value DotProduct::asLanes(Value bytes) {
  return k.b.create<vector::BitCastOp>(
      VectorType::get({KernelBuilder::widthOf(bytes) / 4}, k.b.getI32Type()),
      bytes);
}

Value DotProduct::asBytes(Value lanes) {
  return k.b.create<vector::BitCastOp>(
      VectorType::get({KernelBuilder::widthOf(lanes) * 4}, k.b.getI8Type()),
      lanes);
}

Value DotProduct::addNeighbours(Value acc, Value words) {
  return k.b.create<arith::AddIOp>(
      acc, k.intrinsic("llvm.aarch64.neon.saddlp.v4i32.v8i16", acc.getType(),
                       {words}));
}
