//===- Reductions.cpp - Reductions and interpolation ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

namespace {
/// The loops of one reduction: kept dimensions but the last, which gives the
/// vectors, and reduced ones.
struct Reduction {
  Reduction(ReduceOp op, Type element, const Buffer &input,
            const Buffer &output);

  void emit(KernelBuilder &k, ValueRange args) const;
  Value combine(KernelBuilder &k, Value best, Value v) const;
  Value start(KernelBuilder &k, int64_t lanes) const;
  /// The elements at `at` along the reduced dimensions from `d` on.
  Value reduceFrom(KernelBuilder &k, Value memory, size_t d, Value at,
                   Value best) const;

  /// Stored 8-bit values.
  bool isByte() const { return element.isInteger(8); }

  ReduceFunction function;
  Type element;
  SmallVector<int64_t> kept, reduced, reducedIn;
  SmallVector<SmallVector<int64_t>> keptStrides = {{}, {}}; ///< input, output
  SmallVector<int64_t> offsets;
  int64_t inner = 1, innerIn = 0, innerOut = 0;
};
} // namespace

Reduction::Reduction(ReduceOp op, Type element, const Buffer &input,
                     const Buffer &output)
    : function(op.getFunction()), element(element),
      offsets({input.offset, output.offset}) {
  int64_t position = 0;
  for (int64_t d = 0; d < int64_t(input.shape.size()); ++d) {
    bool isReduced = llvm::is_contained(op.getAxes(), d);
    if (isReduced) {
      reduced.push_back(input.shape[d]);
      reducedIn.push_back(input.strides[d]);
    } else {
      kept.push_back(input.shape[d]);
      keptStrides[0].push_back(input.strides[d]);
      keptStrides[1].push_back(output.strides[position]);
    }
    position += !isReduced || op.getKeepDims();
  }
  if (kept.empty())
    return;
  inner = kept.pop_back_val();
  innerIn = keptStrides[0].pop_back_val();
  innerOut = keptStrides[1].pop_back_val();
}

Value Reduction::combine(KernelBuilder &k, Value best, Value v) const {
  bool isFloat = element.isF32();
  VectorMath math{k, KernelBuilder::widthOf(v)};
  switch (function) {
  case ReduceFunction::Sum:
    if (isFloat)
      return math.add(best, v);
    return k.b.create<arith::AddIOp>(best, v);
  case ReduceFunction::Prod:
    if (isFloat)
      return math.mul(best, v);
    return k.b.create<arith::MulIOp>(best, v);
  case ReduceFunction::Max:
    if (isFloat)
      return math.select(math.lessThan(best, v), v, best);
    if (isByte())
      return k.maxBytes(best, v);
    return k.b.create<arith::MaxSIOp>(best, v);
  case ReduceFunction::Min:
    if (isFloat)
      return math.select(math.lessThan(v, best), v, best);
    if (isByte())
      return k.minBytes(best, v);
    return k.b.create<arith::MinSIOp>(best, v);
  }
  llvm_unreachable("unknown function");
}

Value Reduction::start(KernelBuilder &k, int64_t lanes) const {
  bool isMax = function == ReduceFunction::Max;
  bool isProduct = function == ReduceFunction::Prod;
  bool isExtreme = isMax || function == ReduceFunction::Min;
  if (element.isF32()) {
    float infinity = std::numeric_limits<float>::infinity();
    return k.constant(
        isExtreme ? (isMax ? -infinity : infinity) : float(isProduct), lanes);
  }
  if (isByte())
    return k.bytes((isMax ? -128 : 127) + (k.level.storesUnsigned() ? 128 : 0),
                   lanes);
  unsigned width = element.getIntOrFloatBitWidth();
  APInt value = !isExtreme ? APInt(width, isProduct)
                : isMax    ? APInt::getSignedMinValue(width)
                           : APInt::getSignedMaxValue(width);
  return k.constant(k.b.getIntegerAttr(element, value), element, lanes);
}

Value Reduction::reduceFrom(KernelBuilder &k, Value memory, size_t d, Value at,
                            Value best) const {
  if (d == reduced.size())
    return combine(k, best, k.load(memory, at, KernelBuilder::widthOf(best)));
  auto step = [&](Value i, ValueRange acc) {
    Value next = k.add(at, k.mul(i, reducedIn[d]));
    return SmallVector<Value>{reduceFrom(k, memory, d + 1, next, acc[0])};
  };
  return k.loop(k.index(0), k.index(reduced[d]), {best}, step)[0];
}

void Reduction::emit(KernelBuilder &k, ValueRange args) const {
  bool vectorizes = innerIn == 1 && innerOut == 1;
  k.nest(kept, keptStrides, offsets, [&](ArrayRef<Value> at) {
    auto emitVector = [&](Value i, int64_t lanes) {
      Value from = k.add(at[0], k.mul(i, innerIn));
      k.store(reduceFrom(k, args[0], 0, from, start(k, lanes)), args[1],
              k.add(at[1], k.mul(i, innerOut)));
    };
    k.vectorLoop(inner, vectorizes ? k.lanes(element) : 1, emitVector);
  });
}

LogicalResult NetworkLowering::lowerReduce(ReduceOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  Reduction reduction(op, storageType(op.getType()), input, output);
  std::string key;
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  callKernel(
      "reduce", key, {input.memory, output.memory},
      [&](KernelBuilder &k, ValueRange args) { reduction.emit(k, args); });
  return success();
}

//===----------------------------------------------------------------------===//
// Interpolation
//===----------------------------------------------------------------------===//

namespace {
struct Resample {
  const Buffer &input, &output;
  size_t axis;
  int64_t taps;
  bool hasOffsets;
  std::optional<StoredParams> from, to; ///< of 8-bit values
  bool isFloat;

  /// `args`: input, output, the offset in the input of each tap, weights, and
  /// offsets where there are some.
  void emit(KernelBuilder &k, ValueRange args) const;
  Value sum(KernelBuilder &k, ValueRange args, Value from, Value slice,
            int64_t lanes) const;
  Value multiply(KernelBuilder &k, Value weight, Value x) const;
  Value add(KernelBuilder &k, Value a, Value b) const;
  Value finish(KernelBuilder &k, Value sum) const;
};
} // namespace

/// Stored integers themselves are multiplied, without their zero point.
Value Resample::multiply(KernelBuilder &k, Value weight, Value x) const {
  if (isFloat)
    return k.b.create<arith::MulFOp>(weight, x);
  if (from)
    x = k.centeredLanes(x, from->zeroPoint);
  return k.b.create<arith::MulIOp>(weight, x);
}

Value Resample::add(KernelBuilder &k, Value a, Value b) const {
  if (isFloat)
    return k.b.create<arith::AddFOp>(a, b);
  return k.b.create<arith::AddIOp>(a, b);
}

Value Resample::finish(KernelBuilder &k, Value sum) const {
  if (!to)
    return sum;
  int32_t bits = from ? kResampleBits : 2 * kResampleBits;
  return k.saturateBytes(
      k.divideByPower(sum, k.constant(bits, KernelBuilder::widthOf(sum))), *to);
}

/// `lanes` elements of slice `slice` of the result; `from` is where the first
/// slice of the operand has them.
Value Resample::sum(KernelBuilder &k, ValueRange args, Value from, Value slice,
                    int64_t lanes) const {
  Value first = k.mul(slice, taps);
  auto product = [&](Value tap) {
    Value offset = k.b.create<arith::IndexCastOp>(k.b.getIndexType(),
                                                  k.loadScalar(args[2], tap));
    Value weight = k.splat(k.loadScalar(args[3], tap), lanes);
    return multiply(k, weight, k.load(args[0], k.add(from, offset), lanes));
  };
  constexpr int64_t kWrittenOut = 8;
  Value result = product(first);
  if (taps <= kWrittenOut) {
    for (int64_t t = 1; t < taps; ++t)
      result = add(k, result, product(k.add(first, t)));
  } else {
    auto step = [&](Value t, ValueRange acc) {
      return SmallVector<Value>{add(k, acc[0], product(k.add(first, t)))};
    };
    result = k.loop(k.index(1), k.index(taps), {result}, step)[0];
  }
  if (!hasOffsets)
    return result;
  return add(k, result, k.splat(k.loadScalar(args[4], slice), lanes));
}

void Resample::emit(KernelBuilder &k, ValueRange args) const {
  size_t rank = output.shape.size();
  bool vectorizes = axis + 1 < rank && input.strides.back() == 1 &&
                    output.strides.back() == 1;
  size_t outer = vectorizes ? rank - 1 : rank;
  // Along the axis only the result moves; its index is the third position.
  SmallVector<SmallVector<int64_t>> strides(3, SmallVector<int64_t>(outer, 0));
  for (size_t d = 0; d < outer; ++d) {
    strides[0][d] = d == axis ? 0 : input.strides[d];
    strides[1][d] = output.strides[d];
    strides[2][d] = d == axis;
  }
  auto shape = ArrayRef(output.shape).take_front(outer);
  size_t shared =
      k.split(output.elements() * taps * (vectorizes ? 0.2 : 1.0), shape);
  k.nest(
      shape, strides, {input.offset, output.offset, 0},
      [&](ArrayRef<Value> at) {
        auto emitVector = [&](Value i, int64_t lanes) {
          k.store(finish(k, sum(k, args, k.add(at[0], i), at[2], lanes)),
                  args[1], k.add(at[1], i));
        };
        if (!vectorizes)
          return emitVector(k.index(0), 1);
        k.vectorLoop(output.shape.back(), k.lanes(), emitVector);
      },
      shared);
}

LogicalResult NetworkLowering::lowerResample(ResampleOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  SmallVector<int32_t> offsets;
  for (int64_t index : op.getIndices())
    offsets.push_back(int32_t(index * input.strides[op.getAxis()]));
  RankedTensorType from = op.getInput().getType(), to = op.getType();
  bool isFloat = isFloatTensor(to);
  SmallVector<int32_t> steps;
  for (float weight : op.getWeights())
    steps.push_back(int32_t(weight * (1 << kResampleBits)));
  SmallVector<Value> arguments = {
      input.memory, output.memory, constant(offsets),
      isFloat ? constant(op.getWeights()) : constant(ArrayRef<int32_t>(steps))};
  if (!op.getOffsets().empty())
    arguments.push_back(constant(op.getOffsets()));
  std::string key;
  llvm::raw_string_ostream(key)
      << op.getAxis() << " " << op.getTaps() << from.getElementType()
      << to.getElementType() << input.signature() << output.signature();
  // Bytes without their zero point, which only the storage moves.
  auto rawParams = [&](RankedTensorType type) -> std::optional<StoredParams> {
    if (!isQuantizedTensor(type))
      return std::nullopt;
    StoredParams params = storedParams(type);
    params.zeroPoint = storageBias(type);
    return params;
  };
  Resample resample{input,
                    output,
                    size_t(op.getAxis()),
                    int64_t(op.getTaps()),
                    !op.getOffsets().empty(),
                    rawParams(from),
                    rawParams(to),
                    isFloat};
  callKernel(
      "resample", key, arguments,
      [&](KernelBuilder &k, ValueRange args) { resample.emit(k, args); });
  return success();
}
