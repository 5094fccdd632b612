//===- MapLoops.cpp - Loops over the elements of tensors ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MapLoops.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

/// Strides of `buffer` along the dimensions of `shape`, 0 where it broadcasts.
static SmallVector<int64_t> broadcastStrides(const Buffer &buffer,
                                             ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 0);
  size_t missing = shape.size() - buffer.shape.size();
  for (size_t d = 0; d < buffer.shape.size(); ++d)
    if (buffer.shape[d] != 1)
      strides[missing + d] = buffer.strides[d];
  return strides;
}

/// Merges neighbouring dimensions that every operand walks evenly.
MapLoops::MapLoops(ArrayRef<Buffer> inputs, const Buffer &output) {
  SmallVector<Buffer> operands(inputs);
  operands.push_back(output);
  SmallVector<SmallVector<int64_t>> unmerged;
  for (const Buffer &operand : operands) {
    unmerged.push_back(broadcastStrides(operand, output.shape));
    offsets.push_back(operand.offset);
  }
  strides.resize(operands.size());
  for (auto [d, size] : llvm::enumerate(output.shape)) {
    SmallVector<int64_t> along;
    for (const SmallVector<int64_t> &operand : unmerged)
      along.push_back(operand[d]);
    if (size != 1)
      append(size, along);
  }
  if (sizes.empty())
    append(1, SmallVector<int64_t>(operands.size(), 0));
}

/// Adds a dimension inside the others.
void MapLoops::append(int64_t size, ArrayRef<int64_t> operandStrides) {
  bool merges = !sizes.empty();
  for (auto [all, stride] : llvm::zip(strides, operandStrides))
    merges = merges && all.back() == stride * size;
  if (!merges)
    sizes.push_back(1);
  sizes.back() *= size;
  for (auto [all, stride] : llvm::zip(strides, operandStrides)) {
    if (merges)
      all.pop_back();
    all.push_back(stride);
  }
}

/// True when every input is contiguous or constant along the last dimension,
/// and the output contiguous.
bool MapLoops::vectorizes() const {
  return llvm::all_of(ArrayRef(strides).drop_back(),
                      [](ArrayRef<int64_t> operand) {
                        return operand.back() == 0 || operand.back() == 1;
                      }) &&
         strides.back().back() == 1;
}

/// A dimension of at least `width` elements along which every input is
/// contiguous or constant, where the output is contiguous along the last one.
std::optional<size_t> MapLoops::transposedDimension(int64_t width) const {
  if (strides.back().back() != 1)
    return std::nullopt;
  for (size_t d = 0; d < inner(); ++d)
    if (sizes[d] >= width && llvm::all_of(ArrayRef(strides).drop_back(),
                                          [&](ArrayRef<int64_t> operand) {
                                            return operand[d] == 0 ||
                                                   operand[d] == 1;
                                          }))
      return d;
  return std::nullopt;
}

/// About how long the loops take, `width` elements at a time.
double MapLoops::nanoseconds(int64_t width) const {
  return double(ShapedType::getNumElements(sizes)) *
         (width == 1 ? 1 : 4.0 / width);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The positions `at`, `steps` further along a dimension.
SmallVector<Value> MapLoops::moved(KernelBuilder &k, ArrayRef<Value> at,
                                   Value steps, size_t dimension) const {
  SmallVector<Value> result;
  for (auto [position, along] : llvm::zip(at, strides))
    result.push_back(k.add(position, k.mul(steps, along[dimension])));
  return result;
}

/// `width` elements of every input along `dimension`.
SmallVector<Value> MapLoops::load(KernelBuilder &k, ValueRange args,
                                  ArrayRef<Value> at, size_t dimension,
                                  int64_t width) const {
  SmallVector<Value> values;
  for (size_t o = 0; o + 1 < at.size(); ++o) {
    bool repeats = strides[o][dimension] == 0 && width > 1;
    values.push_back(repeats ? k.splat(k.loadScalar(args[o], at[o]), width)
                             : k.load(args[o], at[o], width));
  }
  return values;
}

/// Emits the loops of a map whose inputs are contiguous along `dimension`, not
/// along the last one: square blocks of 16 bytes by as many elements.
class qnn::TransposedMap {
public:
  TransposedMap(const MapLoops &loops, KernelBuilder &k, ValueRange args,
                size_t dimension, MapLoops::Body body)
      : loops(loops), k(k), args(args), dimension(dimension), body(body),
        side(sideOf(args)), channels(loops.sizes.back()),
        block(std::min(channels, side)),
        slots(llvm::PowerOf2Ceil(uint64_t(block))) {}

  /// Elements of 16 bytes of the output.
  static int64_t sideOf(ValueRange args) {
    auto memory = cast<MemRefType>(args.back().getType());
    return 128 / memory.getElementTypeBitWidth();
  }

  void emit() {
    SmallVector<int64_t> shape;
    SmallVector<SmallVector<int64_t>> along(loops.strides.size());
    for (size_t d = 0; d < loops.inner(); ++d) {
      if (d == dimension)
        continue;
      shape.push_back(loops.sizes[d]);
      for (auto [all, operand] : llvm::zip(along, loops.strides))
        all.push_back(operand[d]);
    }
    int64_t size = loops.sizes[dimension];
    SmallVector<int64_t> shares(shape);
    shares.push_back(size / side);
    size_t shared = k.split(loops.nanoseconds(side), shares);
    auto emitStrips = [&](ArrayRef<Value> at) {
      auto strip = [&](Value i, int64_t) {
        emitStrip(loops.moved(k, at, i, dimension));
      };
      if (shared == shape.size())
        k.sharedVectorLoop(size, side, strip);
      else
        k.vectorLoop(size, side, strip);
    };
    k.nest(shape, along, loops.offsets, emitStrips, shared);
  }

private:
  /// All channels of `side` elements.
  void emitStrip(ArrayRef<Value> at) {
    k.vectorLoop(channels, block, [&](Value channel, int64_t) {
      emitBlock(loops.moved(k, at, channel, loops.inner()));
    });
  }

  void emitBlock(ArrayRef<Value> at) {
    SmallVector<Value> rows;
    for (int64_t channel = 0; channel < block; ++channel) {
      auto row = loops.moved(k, at, k.index(channel), loops.inner());
      auto load = [&](int64_t first, int64_t width) {
        auto here = loops.moved(k, row, k.index(first), dimension);
        return loops.load(k, args, here, dimension, width);
      };
      rows.push_back(body(load, side));
    }
    Value zero =
        k.b.create<arith::ConstantOp>(k.b.getZeroAttr(rows.front().getType()));
    rows.resize(slots, zero);
    storeTransposed(transposed(rows), at.back());
  }

  /// Vectors of side / slots elements with `slots` channels each.
  SmallVector<Value> transposed(SmallVector<Value> rows) {
    for (int64_t round = 1; round < slots; round *= 2) {
      SmallVector<Value> next;
      for (int64_t i = 0; i < slots / 2; ++i)
        for (bool high : {false, true})
          next.push_back(k.interleave(rows[i], rows[i + slots / 2], high));
      rows = next;
    }
    return rows;
  }

  void storeTransposed(ArrayRef<Value> vectors, Value at) {
    int64_t step = loops.strides.back()[dimension];
    int64_t perVector = side / slots;
    for (auto [v, vector] : llvm::enumerate(vectors)) {
      Value position = k.add(at, v * perVector * step);
      if (step != block) {
        for (int64_t i = 0; i < perVector; ++i)
          storeElements(vector, i * slots, block, k.add(position, i * step));
        continue;
      }
      // Without gaps; what is stored too much, the next vector overwrites.
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < perVector; ++i)
        for (int64_t channel = 0; channel < block; ++channel)
          order.push_back(i * slots + channel);
      int64_t used = order.size();
      order.resize(side, 0);
      Value packed = vector;
      if (slots != block)
        packed = k.b.create<vector::ShuffleOp>(vector, vector, order);
      bool isLast = v + 1 == vectors.size();
      storeElements(packed, 0, isLast ? used : side, position);
    }
  }

  /// Stores `count` elements of a vector, in powers of two.
  void storeElements(Value vector, int64_t first, int64_t count, Value at) {
    for (int64_t done = 0, part; done < count; done += part) {
      part = llvm::bit_floor(uint64_t(count - done));
      Value slice = vector;
      if (part < side)
        slice = k.b.create<vector::ExtractStridedSliceOp>(
            vector, ArrayRef<int64_t>{first + done}, ArrayRef<int64_t>{part},
            ArrayRef<int64_t>{1});
      k.store(slice, args.back(), k.add(at, done));
    }
  }

  const MapLoops &loops;
  KernelBuilder &k;
  ValueRange args;
  size_t dimension;
  MapLoops::Body body;
  int64_t side, channels, block, slots;
};

void MapLoops::emit(KernelBuilder &k, ValueRange args, int64_t width,
                    Body body) const {
  if (!vectorizes()) {
    int64_t side = TransposedMap::sideOf(args);
    auto dimension = side > 2 ? transposedDimension(side) : std::nullopt;
    if (dimension) // not for i64
      return TransposedMap(*this, k, args, *dimension, body).emit();
    width = 1;
  }
  auto emitVector = [&](ArrayRef<Value> at, int64_t size) {
    auto loadFrom = [&](int64_t first, int64_t part) {
      SmallVector<Value> here(at);
      if (first > 0)
        here = moved(k, at, k.index(first), inner());
      return load(k, args, here, inner(), part);
    };
    k.store(body(loadFrom, size), args.back(), at.back());
  };
  // Units share the rows, or the vectors of rows that are few.
  SmallVector<int64_t> shares(sizes);
  shares.back() /= width;
  size_t shared = k.split(nanoseconds(width), shares);
  auto emitRow = [&](ArrayRef<Value> at) {
    auto emitAt = [&](Value i, int64_t size) {
      emitVector(moved(k, at, i, inner()), size);
    };
    if (shared == inner())
      k.sharedVectorLoop(sizes.back(), width, emitAt);
    else
      k.vectorLoop(sizes.back(), width, emitAt);
  };
  k.nest(ArrayRef(sizes).drop_back(), strides, offsets, emitRow, shared);
}
