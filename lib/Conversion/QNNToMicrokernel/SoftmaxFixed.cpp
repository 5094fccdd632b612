//===- SoftmaxFixed.cpp - Softmax in integers only ------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// FixedPointSoftmax of FixedPoint.h: the exponential of a difference to the
// maximum is one of 256 constants; sum, reciprocal and products are integers.
// Element by element: a softmax has few.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Emits the loops of one kernel over stored bytes. Vectors have one lane.
class FixedSoftmaxLoops {
public:
  FixedSoftmaxLoops(const FixedPointSoftmax &softmax,
                    const StoredParams &result, const Buffer &input,
                    const Buffer &output, int64_t axis);
  void emit(KernelBuilder &k, ValueRange args) const;

private:
  void emitColumn(KernelBuilder &k, ValueRange args, Value x, Value y) const;
  /// e^(v - top) of the element at `at`, in Q0.31.
  Value exponential(KernelBuilder &k, ValueRange args, Value at,
                    Value top) const;

  const FixedPointSoftmax &softmax;
  const StoredParams &result;
  int64_t count, in, out;     ///< the axis: size and strides
  SmallVector<int64_t> outer; ///< the other dimensions
  SmallVector<SmallVector<int64_t>> outerStrides = {{}, {}}; ///< input, output
  int64_t inputOffset, outputOffset;
};
} // namespace

FixedSoftmaxLoops::FixedSoftmaxLoops(const FixedPointSoftmax &softmax,
                                     const StoredParams &result,
                                     const Buffer &input, const Buffer &output,
                                     int64_t axis)
    : softmax(softmax), result(result), count(output.shape[axis]),
      in(input.strides[axis]), out(output.strides[axis]),
      inputOffset(input.offset), outputOffset(output.offset) {
  for (int64_t d = 0; d < int64_t(output.shape.size()); ++d)
    if (d != axis) {
      outer.push_back(output.shape[d]);
      outerStrides[0].push_back(input.strides[d]);
      outerStrides[1].push_back(output.strides[d]);
    }
}

void FixedSoftmaxLoops::emit(KernelBuilder &k, ValueRange args) const {
  k.nest(outer, outerStrides, {inputOffset, outputOffset},
         [&](ArrayRef<Value> at) { emitColumn(k, args, at[0], at[1]); });
}

Value FixedSoftmaxLoops::exponential(KernelBuilder &k, ValueRange args,
                                     Value at, Value top) const {
  Value v = k.widen(k.load(args[0], at, 1));
  Value difference =
      k.b.create<vector::ExtractOp>(k.b.create<arith::SubIOp>(top, v), 0);
  Value entry =
      k.b.create<arith::IndexCastUIOp>(k.b.getIndexType(), difference);
  return k.load(args[2], entry, 1);
}

/// FixedPointReciprocal: the value and the shift.
static std::pair<Value, Value> reciprocal(KernelBuilder &k, Value sum) {
  auto constant = [&](int32_t value) { return k.constant(value, 1); };
  auto sub = [&](Value x, Value y) -> Value {
    return k.b.create<arith::SubIOp>(x, y);
  };
  Value leading = k.b.create<math::CountLeadingZerosOp>(sum);
  Value bits = sub(constant(12), leading);
  Value x = sub(k.b.create<arith::ShLIOp>(sum, leading),
                constant(std::numeric_limits<int32_t>::min()));
  // (x + 2^31 - 1 + 1) / 2 without leaving 32 bits: x is not negative.
  Value half = k.b.create<arith::ShRUIOp>(
      k.b.create<arith::AddIOp>(x,
                                constant(std::numeric_limits<int32_t>::min())),
      constant(1));
  Value estimate = k.b.create<arith::AddIOp>(
      constant(1515870810), k.multiplyHigh(half, constant(-1010580540)));
  // What is shifted to Q2.29 and to Q0.31 is below the limit but for the last
  // result, which saturates.
  for (int step = 0; step < 3; ++step) {
    Value error = sub(constant(1 << 29), k.multiplyHigh(half, estimate));
    Value change =
        k.b.create<arith::ShLIOp>(k.multiplyHigh(estimate, error), constant(2));
    estimate = k.b.create<arith::AddIOp>(estimate, change);
  }
  Value largest = constant(std::numeric_limits<int32_t>::max());
  Value fits = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, estimate,
                                         constant(1 << 30));
  Value value = k.b.create<arith::SelectOp>(
      fits, k.b.create<arith::ShLIOp>(estimate, constant(1)), largest);
  return {value, bits};
}

/// The softmax of one row from `x` to `y`.
void FixedSoftmaxLoops::emitColumn(KernelBuilder &k, ValueRange args, Value x,
                                   Value y) const {
  auto at = [&](Value base, Value i, int64_t stride) {
    return k.add(base, k.mul(i, stride));
  };
  Value none = k.constant(k.level.storesUnsigned() ? 0 : -128, 1);
  Value top = k.loop(k.index(0), k.index(count), {none},
                     [&](Value i, ValueRange acc) -> SmallVector<Value> {
                       Value v = k.widen(k.load(args[0], at(x, i, in), 1));
                       return {k.b.create<arith::MaxSIOp>(acc[0], v)};
                     })[0];
  Value sum = k.loop(k.index(0), k.index(count), {k.constant(int32_t(0), 1)},
                     [&](Value i, ValueRange acc) -> SmallVector<Value> {
                       Value e = exponential(k, args, at(x, i, in), top);
                       e = k.divideByPower(e, k.constant(12, 1));
                       return {k.b.create<arith::AddIOp>(acc[0], e)};
                     })[0];
  std::pair<Value, Value> inverse = reciprocal(k, sum);
  Value bits = inverse.second;
  Value low = k.f32(float(result.min - result.zeroPoint));
  Value high = k.f32(float(result.max - result.zeroPoint));
  Value exponent = softmax.isPlain()
                       ? k.b.create<arith::AddIOp>(bits, k.constant(23, 1))
                       : bits;
  // Numbers below 2^31 vanish when they are divided by 2^32 or more.
  Value limit = k.constant(31, 1);
  Value vanishes =
      k.b.create<arith::CmpIOp>(arith::CmpIPredicate::sgt, exponent, limit);
  exponent = k.b.create<arith::MinSIOp>(exponent, limit);
  k.loop(0, count, 1, [&](Value i) {
    Value e = exponential(k, args, at(x, i, in), top);
    Value steps = k.divideByPower(k.multiplyHigh(inverse.first, e), exponent);
    steps =
        k.b.create<arith::SelectOp>(vanishes, k.constant(int32_t(0), 1), steps);
    if (!softmax.isPlain())
      steps = k.multiplyFixedPoint(steps, softmax.getFactor());
    Value q = k.saturate(steps, low, high, k.i32(result.zeroPoint));
    k.store(k.narrow(q), args[1], at(y, i, out));
  });
}

LogicalResult NetworkLowering::lowerSoftmaxFixed(SoftmaxOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  int64_t axis = op.getAxis(), count = output.shape[axis];
  if (count > FixedPointSoftmax::kMaxRow)
    return op.emitOpError("expected at most ")
           << FixedPointSoftmax::kMaxRow << " values in fixed point, got "
           << count;
  double scale = getTensorScale(op.getInput().getType());
  FixedPointSoftmax softmax(
      scale, getQuantParams(getUniformElementType(op.getType())));
  StoredParams result = storedParams(op.getType());
  FixedSoftmaxLoops loops(softmax, result, input, output, axis);
  callKernel("softmax",
             Twine(axis) + keyOf(result) + input.signature() +
                 output.signature(),
             {input.memory, output.memory, constant(softmax.getTable())},
             [&](KernelBuilder &k, ValueRange args) { loops.emit(k, args); });
  return success();
}
