//===- DepthwiseTile.cpp - Some outputs of a depthwise layer --------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DepthwiseTile.h"

using namespace mlir;
using namespace mlir::qnn;

void DepthwiseTile::emit() {
  for (int64_t i = 0; i < plan.rows * vectors; ++i)
    accumulators.push_back(initial());
  if (plan.isLarge())
    accumulateInLoop();
  else
    accumulate();
  for (int64_t row = firstRow; row < plan.rows; ++row)
    for (int64_t v = 0; v < vectors; ++v)
      finish(row, v);
}

DepthwiseTile::Quarters DepthwiseTile::initial() {
  int64_t lanes = run.elements() / plan.quarters();
  Quarters result;
  for (int64_t q = 0; q < plan.quarters(); ++q)
    result.push_back(
        args.bias ? k.load(args.bias, k.add(block.constants, q * lanes), lanes)
                  : k.constant(0.0f, lanes));
  return result;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Adds all taps, written out. Float sums take them in order: rows of the
/// window, then columns.
void DepthwiseTile::accumulate() {
  // Columns of input that some output vector reads.
  SmallVector<int64_t> columns;
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t j = 0; j < plan.w.kernel; ++j)
      columns.push_back(v * run.pixels * plan.w.stride + j * plan.w.dilation);
  llvm::sort(columns);
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  struct Kept {
    int64_t group, column;
    Quarters x;
  };
  SmallVector<Kept> kept;
  for (int64_t group = 0; group < plan.groups(); ++group)
    for (int64_t column : columns) {
      Quarters x = loadInput(group, k.index(column));
      if (plan.keepsColumns)
        kept.push_back({group, column, x});
      else
        for (int64_t q = 0; q < plan.quarters(); ++q)
          addTaps(x, group, column, q);
    }
  for (int64_t q = 0; q < plan.quarters(); ++q)
    for (const Kept &input : kept)
      addTaps(input.x, input.group, input.column, q);
}

/// Adds one quarter of the input `x` of a group of rows at input column
/// `column` to every output that reads it.
void DepthwiseTile::addTaps(const Quarters &x, int64_t group, int64_t column,
                            int64_t quarter) {
  for (int64_t v = 0; v < vectors; ++v) {
    int64_t offset = column - v * run.pixels * plan.w.stride;
    if (offset < 0 || offset % plan.w.dilation != 0 ||
        offset / plan.w.dilation >= plan.w.kernel)
      continue;
    for (int64_t row = firstRow; row < plan.rows; ++row) {
      if (!plan.uses(row, group))
        continue;
      Value weights = loadWeights(
          k.index(plan.weightVector(group, offset / plan.w.dilation, row)),
          quarter);
      Value &acc = at(row, v)[quarter];
      acc = multiplyAdd(acc, x[quarter], weights);
    }
  }
}

/// Adds all taps of a large window to a tile of one vector: the columns of each
/// group are a loop.
void DepthwiseTile::accumulateInLoop() {
  assert(vectors == 1 && "expected one vector per tile of a large window");
  for (int64_t group = 0; group < plan.groups(); ++group) {
    SmallVector<Value> carried;
    for (const Quarters &accumulator : accumulators)
      carried.append(accumulator);
    auto addColumn = [&](Value column, ValueRange sums) {
      SmallVector<Value> next(sums);
      Quarters x = loadInput(group, k.mul(column, plan.w.dilation));
      Value first = k.mul(column, plan.weightVector(0, 1, 0));
      for (int64_t row = firstRow; row < plan.rows; ++row)
        for (int64_t q = 0; q < plan.quarters() && plan.uses(row, group); ++q) {
          Value weights =
              loadWeights(k.add(first, plan.weightVector(group, 0, row)), q);
          Value &acc = next[row * plan.quarters() + q];
          acc = multiplyAdd(acc, x[q], weights);
        }
      return next;
    };
    SmallVector<Value> sums =
        k.loop(k.index(0), k.index(plan.w.kernel), carried, addColumn);
    for (auto [i, sum] : llvm::enumerate(sums))
      accumulators[i / plan.quarters()][i % plan.quarters()] = sum;
  }
}

Value DepthwiseTile::multiplyAdd(Value acc, Value x, Value w) {
  if (plan.isFloat)
    return k.b.create<math::FmaOp>(x, w, acc);
  return k.dot(acc, x, w);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// The channels of the pixels of one vector, `step` elements from each other.
Value DepthwiseTile::loadPixels(Value memory, Value position, int64_t step) {
  if (run.pixels == 1 || step == run.channels)
    return k.load(memory, position, run.elements());
  Value all = k.bytes(0, run.elements());
  for (int64_t i = 0; i < run.pixels; ++i)
    all = k.b.create<vector::InsertStridedSliceOp>(
        k.load(memory, k.add(position, i * step), run.channels), all,
        ArrayRef<int64_t>{i * run.channels}, ArrayRef<int64_t>{1});
  return all;
}

/// The interleaved rows of a group at input column `column` of the tile.
DepthwiseTile::Quarters DepthwiseTile::loadInput(int64_t group, Value column) {
  const Buffer &input = kernel.input;
  Value at = k.add(in, k.mul(column, input.strides[2]));
  SmallVector<Value> rows;
  for (int64_t offset : ArrayRef(plan.rowOffsets)
                            .drop_front(group * plan.groupSize)
                            .take_front(plan.groupSize))
    rows.push_back(loadPixels(args.input, k.add(at, offset * input.strides[1]),
                              plan.w.stride * input.strides[2]));
  return plan.isFloat ? rows : interleaved(rows);
}

/// Bytes of the rows of a group as operands of products.
DepthwiseTile::Quarters DepthwiseTile::interleaved(ArrayRef<Value> rows) {
  Type bytes = rows[0].getType();
  int64_t elements = run.elements();
  auto i16 = [&](int64_t width) {
    return VectorType::get({width}, k.b.getIntegerType(16));
  };
  Quarters result;
  if (plan.groupSize == 1) {
    Value wide = k.b.create<arith::ExtSIOp>(i16(elements), rows[0]);
    for (int64_t q = 0; q < 4; ++q)
      result.push_back(k.b.create<vector::ExtractStridedSliceOp>(
          wide, ArrayRef<int64_t>{4 * q}, ArrayRef<int64_t>{4},
          ArrayRef<int64_t>{1}));
    return result;
  }
  Value zero = k.bytes(0, elements);
  auto row = [&](size_t i) { return i < rows.size() ? rows[i] : zero; };
  auto cast = [&](Value v, Type type) {
    return k.b.create<vector::BitCastOp>(type, v);
  };
  for (bool high : {false, true}) {
    Value first = k.interleave(row(0), row(1), high);
    if (plan.groupSize == 2) { // zero-extended
      for (bool upper : {false, true})
        result.push_back(
            cast(k.interleave(first, zero, upper), i16(elements / 2)));
      continue;
    }
    first = cast(first, i16(elements / 2));
    Value second = cast(k.interleave(row(2), row(3), high), i16(elements / 2));
    for (bool upper : {false, true})
      result.push_back(cast(k.interleave(first, second, upper), bytes));
  }
  return result;
}

/// The weights of a tap group, `at` vectors behind those of the block.
Value DepthwiseTile::loadWeights(Value at, int64_t quarter) {
  int64_t elements = run.elements();
  if (plan.isFloat) // [tap][channel]
    return k.load(args.weights, k.add(block.weights, k.mul(at, plan.channels)),
                  elements);
  auto i16 = k.b.getIntegerType(16);
  Value position = k.add(block.weights, k.mul(at, elements));
  if (plan.groupSize == 1)
    return k.b.create<arith::ExtSIOp>(
        VectorType::get({4}, i16),
        k.load(args.weights, k.add(position, 4 * quarter), 4));
  Value bytes =
      k.load(args.weights, k.add(position, quarter * elements), elements);
  if (plan.groupSize == 2)
    return k.b.create<vector::BitCastOp>(VectorType::get({elements / 2}, i16),
                                         bytes);
  return bytes;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Stores the output vector at a row and a number of vectors of the tile.
void DepthwiseTile::finish(int64_t row, int64_t vector) {
  auto positionIn = [&](const Buffer &buffer, Value first) {
    return k.add(first, row * buffer.strides[1] +
                            vector * run.pixels * buffer.strides[2]);
  };
  Value residualAt;
  if (residual)
    residualAt = positionIn(kernel.residual, residual);
  ArrayRef<Value> accumulator = at(row, vector);
  Value position = positionIn(kernel.output, out);
  if (plan.isFloat)
    k.store(finishFloat(accumulator[0], residualAt), args.output, position);
  else
    storePixels(finishBytes(accumulator, residualAt), position);
}

Value DepthwiseTile::finishFloat(Value acc, Value residualAt) {
  KernelBuilder::Epilogue epilogue;
  epilogue.low = args.low;
  epilogue.high = args.high;
  if (residualAt)
    epilogue.residual = k.load(args.residual, residualAt, run.elements());
  return k.finishFloat(acc, epilogue);
}

Value DepthwiseTile::finishBytes(ArrayRef<Value> accumulator,
                                 Value residualAt) {
  int64_t lanes = run.elements() / 4;
  KernelBuilder::Epilogue epilogue;
  epilogue.low = args.low;
  epilogue.high = args.high;
  epilogue.residualFactor = args.residualFactor;
  epilogue.residualZero = args.residualZero;
  Value added;
  if (residualAt)
    added = loadPixels(args.residual, residualAt, kernel.residual.strides[2]);
  Quarters rounded;
  for (auto [q, acc] : llvm::enumerate(accumulator)) {
    k.loadScale(epilogue, args.scale, k.add(block.constants, q * lanes), lanes);
    if (added)
      epilogue.residual = k.quarter(added, q);
    rounded.push_back(k.roundQuantized(acc, epilogue));
  }
  return k.packQuarters(rounded, args.zeroPoint);
}

/// Stores the channels of each pixel that are inside the output.
void DepthwiseTile::storePixels(Value all, Value position) {
  int64_t step = kernel.output.strides[2];
  int64_t channels = std::min(run.channels, plan.channels - run.first);
  if (channels == run.channels && (run.pixels == 1 || step == channels))
    return k.store(all, args.output, position);
  for (int64_t i = 0; i < run.pixels; ++i)
    for (int64_t done = 0, part; done < channels; done += part) {
      part = llvm::bit_floor(uint64_t(channels - done));
      Value slice = k.b.create<vector::ExtractStridedSliceOp>(
          all, ArrayRef<int64_t>{i * run.channels + done},
          ArrayRef<int64_t>{part}, ArrayRef<int64_t>{1});
      k.store(slice, args.output, k.add(position, i * step + done));
    }
}
