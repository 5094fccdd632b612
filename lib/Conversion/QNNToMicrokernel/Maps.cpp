//===- Maps.cpp - Loops over tensors --------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Computes an element from the elements at the same (broadcast) position:
// nested loops over the dimensions that cannot be merged, vectors along the
// last one.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// The dimensions of a map after merging, and how each operand walks them (the
/// output is the last operand).
class MapLoops {
public:
  MapLoops(ArrayRef<Buffer> inputs, const Buffer &output);

  /// All but the last dimension.
  ArrayRef<int64_t> outer() const { return ArrayRef(sizes).drop_back(); }
  int64_t innerSize() const { return sizes.back(); }
  int64_t innerStride(size_t operand) const { return strides[operand].back(); }
  /// Vectors need every input to be contiguous or constant along the last
  /// dimension, and the output to be contiguous.
  bool vectorizes() const;

  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> strides; ///< [operand][dimension]
  SmallVector<int64_t> offsets;              ///< of each operand

private:
  void append(int64_t size, ArrayRef<int64_t> operandStrides);
};
} // namespace

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

bool MapLoops::vectorizes() const {
  return llvm::all_of(ArrayRef(strides).drop_back(),
                      [](ArrayRef<int64_t> operand) {
                        return operand.back() == 0 || operand.back() == 1;
                      }) &&
         strides.back().back() == 1;
}

/// out[i] = body(in_0[i], ...) in a kernel with the memory of `loops`' operands
/// as arguments.
static void emitLoops(KernelBuilder &k, ValueRange args, const MapLoops &loops,
                      NetworkLowering::MapBody body) {
  int64_t width = loops.vectorizes() ? k.lanes() : 1;
  // Units share the rows, or the vectors of rows that are few.
  SmallVector<int64_t> sizes(loops.sizes);
  double elements = ShapedType::getNumElements(sizes);
  sizes.back() /= width;
  size_t shared = k.split(elements * (width == 1 ? 1 : 4.0 / width), sizes);
  auto emitRow = [&](ArrayRef<Value> positions) {
    auto at = [&](size_t o, Value i) {
      return k.add(positions[o], k.mul(i, loops.innerStride(o)));
    };
    size_t output = positions.size() - 1;
    auto emitVector = [&](Value i, int64_t width) {
      SmallVector<Value> values;
      for (size_t o = 0; o < output; ++o) {
        bool repeats = loops.innerStride(o) == 0 && width > 1;
        values.push_back(repeats
                             ? k.splat(k.loadScalar(args[o], at(o, i)), width)
                             : k.load(args[o], at(o, i), width));
      }
      Value result = body(k, values);
      k.store(result, args[output], at(output, i));
    };
    if (shared == loops.outer().size())
      k.sharedVectorLoop(loops.innerSize(), width, emitVector);
    else
      k.vectorLoop(loops.innerSize(), width, emitVector);
  };
  k.nest(loops.outer(), loops.strides, loops.offsets, emitRow, shared);
}

void NetworkLowering::emitMap(StringRef name, const Twine &key,
                              ArrayRef<Buffer> inputs, const Buffer &output,
                              MapBody body) {
  if (output.elements() == 0)
    return;
  SmallVector<Value> arguments;
  std::string fullKey = key.str();
  for (const Buffer &input : inputs) {
    arguments.push_back(input.memory);
    fullKey += input.signature();
  }
  arguments.push_back(output.memory);
  fullKey += output.signature();
  MapLoops loops(inputs, output);
  callKernel(name, fullKey, arguments, [&](KernelBuilder &k, ValueRange args) {
    emitLoops(k, args, loops, body);
  });
}

void NetworkLowering::emitCopy(const Buffer &input, const Buffer &output) {
  emitMap("copy", "", {input}, output,
          [](KernelBuilder &, ArrayRef<Value> in) { return in[0]; });
}

void NetworkLowering::emitRebias(const Buffer &input, const Buffer &output,
                                 int32_t bias) {
  emitMap("rebias", Twine(bias), {input}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            int64_t width = KernelBuilder::widthOf(in[0]);
            return k.b.create<arith::AddIOp>(in[0], k.bytes(bias, width));
          });
}

void NetworkLowering::emitTableMap(const Buffer &input, Value table,
                                   const Buffer &output) {
  // Element by element: no level looks vectors of bytes up.
  if (output.elements() == 0)
    return;
  MapLoops loops(input, output);
  callKernel("table", input.signature() + output.signature(),
             {input.memory, output.memory, table},
             [&](KernelBuilder &k, ValueRange args) {
               auto look = [&](ArrayRef<Value> at) {
                 Value byte = k.loadScalar(args[0], at[0]);
                 Value index =
                     k.b.create<arith::IndexCastUIOp>(k.b.getIndexType(), byte);
                 k.b.create<memref::StoreOp>(k.loadScalar(args[2], index),
                                             args[1], at[1]);
               };
               size_t shared = k.split(ShapedType::getNumElements(loops.sizes),
                                       loops.sizes);
               k.nest(loops.sizes, loops.strides, loops.offsets, look, shared);
             });
}
