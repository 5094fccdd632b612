//===- Softmax.cpp - Softmax along one axis -------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The maximum, the exponentials, their sum, the quotients: four passes, the sum
// sequential by definition. The maximum may be taken in any order: NaN never
// wins, and which zero is subtracted makes no difference to an exponential.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Emits the loops of one kernel over f32 buffers.
class SoftmaxLoops {
public:
  SoftmaxLoops(const Buffer &input, const Buffer &output, int64_t axis);
  void emit(KernelBuilder &k, ValueRange args) const;

private:
  using Combine = llvm::function_ref<Value(VectorMath &, Value, Value)>;
  void emitColumn(KernelBuilder &k, ValueRange args, Value x, Value y,
                  int64_t lanes) const;
  Value rowMaximum(KernelBuilder &k, Value memory, Value row) const;
  Value reduce(KernelBuilder &k, Value memory, Value base, int64_t stride,
               Value init, Combine combine) const;
  void forAxis(KernelBuilder &k, int64_t lanes,
               llvm::function_ref<void(Value, int64_t)> body) const;

  int64_t count, in, out;     ///< the axis: size and strides
  bool isRow;                 ///< the axis is contiguous
  SmallVector<int64_t> outer; ///< the other dimensions but the inner one
  SmallVector<SmallVector<int64_t>> outerStrides = {{}, {}}; ///< input, output
  int64_t inner = 1, innerIn = 0, innerOut = 0;
  int64_t inputOffset, outputOffset;
};
} // namespace

SoftmaxLoops::SoftmaxLoops(const Buffer &input, const Buffer &output,
                           int64_t axis)
    : count(output.shape[axis]), in(input.strides[axis]),
      out(output.strides[axis]), isRow(in == 1 && out == 1),
      inputOffset(input.offset), outputOffset(output.offset) {
  for (int64_t d = 0; d < int64_t(output.shape.size()); ++d)
    if (d != axis) {
      outer.push_back(output.shape[d]);
      outerStrides[0].push_back(input.strides[d]);
      outerStrides[1].push_back(output.strides[d]);
    }
  // Along a contiguous axis all but the sum is done on vectors. Otherwise the
  // last other dimension gives the vectors.
  if (isRow || outer.empty())
    return;
  inner = outer.pop_back_val();
  innerIn = outerStrides[0].pop_back_val();
  innerOut = outerStrides[1].pop_back_val();
}

void SoftmaxLoops::emit(KernelBuilder &k, ValueRange args) const {
  bool vectorizes = inner > 1 && innerIn == 1 && innerOut == 1;
  int64_t width = vectorizes ? k.lanes() : 1;
  // About four passes, of which a row has one element by element.
  double elements = double(ShapedType::getNumElements(outer)) * inner * count;
  SmallVector<int64_t> sizes(outer);
  sizes.push_back(inner / width);
  size_t shared = k.split(elements * (isRow ? 4 : 40.0 / width), sizes);
  auto emitColumns = [&](ArrayRef<Value> at) {
    auto emitVector = [&](Value i, int64_t lanes) {
      Value x = k.add(at[0], k.mul(i, innerIn));
      Value y = k.add(at[1], k.mul(i, innerOut));
      emitColumn(k, args, x, y, lanes);
    };
    if (shared == outer.size())
      k.sharedVectorLoop(inner, width, emitVector);
    else
      k.vectorLoop(inner, width, emitVector);
  };
  k.nest(outer, outerStrides, {inputOffset, outputOffset}, emitColumns, shared);
}

static Value larger(VectorMath &math, Value best, Value v) {
  return math.select(math.lessThan(best, v), v, best);
}

/// The maximum of a contiguous axis.
Value SoftmaxLoops::rowMaximum(KernelBuilder &k, Value memory,
                               Value row) const {
  int64_t width = llvm::bit_floor(uint64_t(std::min(count, 4 * k.lanes())));
  VectorMath math{k, width};
  Value best = k.constant(-std::numeric_limits<float>::infinity(), width);
  auto loadAt = [&](Value i) { return k.load(memory, k.add(row, i), width); };
  auto step = [&](Value i, ValueRange acc) -> SmallVector<Value> {
    return {larger(math, acc[0], loadAt(k.mul(i, width)))};
  };
  best = k.loop(k.index(0), k.index(count / width), {best}, step)[0];
  if (count % width != 0)
    best = larger(math, best, loadAt(k.index(count - width)));
  for (int64_t half = width / 2; half > 0; half /= 2) {
    auto slice = [&](int64_t first) -> Value {
      return k.b.create<vector::ExtractStridedSliceOp>(
          best, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{half},
          ArrayRef<int64_t>{1});
    };
    best = larger(math, slice(0), slice(half));
  }
  return best;
}

/// `v` repeated to `width` lanes, unless it has them.
static Value widened(KernelBuilder &k, Value v, int64_t width) {
  if (KernelBuilder::widthOf(v) == width)
    return v;
  return k.splat(k.b.create<vector::ExtractOp>(v, 0), width);
}

/// The softmax of `lanes` neighbouring columns from `x` to `y`.
void SoftmaxLoops::emitColumn(KernelBuilder &k, ValueRange args, Value x,
                              Value y, int64_t lanes) const {
  Value lowest = k.constant(-std::numeric_limits<float>::infinity(), lanes);
  Value top = isRow ? rowMaximum(k, args[0], x)
                    : reduce(k, args[0], x, in, lowest, larger);
  forAxis(k, lanes, [&](Value i, int64_t width) {
    VectorMath math{k, width};
    Value v = k.load(args[0], k.add(x, k.mul(i, in)), width);
    Value shifted = math.sub(v, widened(k, top, width));
    k.store(expF32(math, shifted), args[1], k.add(y, k.mul(i, out)));
  });
  Value sum = reduce(
      k, args[1], y, out, k.constant(0.0f, lanes),
      [](VectorMath &math, Value acc, Value v) { return math.add(acc, v); });
  forAxis(k, lanes, [&](Value i, int64_t width) {
    VectorMath math{k, width};
    Value at = k.add(y, k.mul(i, out));
    Value v = k.load(args[1], at, width);
    k.store(math.div(v, widened(k, sum, width)), args[1], at);
  });
}

/// Combines the values along the axis one after the other.
Value SoftmaxLoops::reduce(KernelBuilder &k, Value memory, Value base,
                           int64_t stride, Value init, Combine combine) const {
  VectorMath math{k, KernelBuilder::widthOf(init)};
  auto step = [&](Value i, ValueRange acc) {
    Value v = k.load(memory, k.add(base, k.mul(i, stride)), math.width);
    return SmallVector<Value>{combine(math, acc[0], v)};
  };
  return k.loop(k.index(0), k.index(count), {init}, step)[0];
}

void SoftmaxLoops::forAxis(
    KernelBuilder &k, int64_t lanes,
    llvm::function_ref<void(Value, int64_t)> body) const {
  // The quotients are in place: no element twice.
  if (isRow)
    return k.vectorLoop(count, k.lanes(), body, /*mayRepeat=*/false);
  k.loop(0, count, 1, [&](Value i) { body(i, lanes); });
}

static void emitSoftmax(NetworkLowering &net, const Buffer &input,
                        const Buffer &output, int64_t axis) {
  if (output.elements() == 0)
    return;
  SoftmaxLoops loops(input, output, axis);
  net.callKernel(
      "softmax", Twine(axis) + input.signature() + output.signature(),
      {input.memory, output.memory},
      [&](KernelBuilder &k, ValueRange args) { loops.emit(k, args); });
}

LogicalResult NetworkLowering::lowerSoftmax(SoftmaxOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  if (isQuantizedTensor(type) && isFixedPoint())
    return lowerSoftmaxFixed(op);
  if (isQuantizedTensor(type)) {
    // quantize(softmax(dequantize(x))): three steps over a float buffer.
    auto floatType =
        RankedTensorType::get(type.getShape(), builder.getF32Type());
    Buffer values = allocate(floatType, Border());
    Buffer results = allocate(floatType, Border());
    emitDequantize(getBuffer(op.getInput()),
                   cast<RankedTensorType>(op.getInput().getType()), values);
    emitSoftmax(*this, values, results, op.getAxis());
    Buffer output = allocateFor(op.getResult());
    emitQuantize(results, output, type);
    setBuffer(op.getResult(), output);
    return success();
  }
  Buffer output = allocateFor(op.getResult());
  emitSoftmax(*this, getBuffer(op.getInput()), output, op.getAxis());
  setBuffer(op.getResult(), output);
  return success();
}
