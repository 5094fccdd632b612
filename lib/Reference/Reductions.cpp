//===- Reductions.cpp - Reductions, indices, interpolation ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include "qnn/Dialect/QNN/IR/AxisView.h"

#include <numeric>

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename T> static T getStart(ReduceFunction function) {
  using Limits = std::numeric_limits<T>;
  switch (function) {
  case ReduceFunction::Sum:
    return T(0);
  case ReduceFunction::Prod:
    return T(1);
  case ReduceFunction::Max:
    return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  case ReduceFunction::Min:
    return Limits::has_infinity ? Limits::infinity() : Limits::max();
  }
  llvm_unreachable("unknown function");
}

template <typename T> static T combine(ReduceFunction function, T best, T v) {
  // Integers wrap around.
  using Wide = std::conditional_t<std::is_same_v<T, float>, float, uint64_t>;
  switch (function) {
  case ReduceFunction::Sum:
    return T(Wide(best) + Wide(v));
  case ReduceFunction::Prod:
    return T(Wide(best) * Wide(v));
  case ReduceFunction::Max:
    return best < v ? v : best;
  case ReduceFunction::Min:
    return v < best ? v : best;
  }
  llvm_unreachable("unknown function");
}

FailureOr<Tensor> qnn::evaluate(ReduceOp op, Operands operands) {
  Tensor result(op.getType());
  ArrayRef<int64_t> shape = operands[0].getShape();
  // offsets: what an index of the operand adds to the position in the result.
  OffsetTable offsets(shape.size());
  int64_t stride = 1;
  for (int64_t d = shape.size(); d-- > 0;) {
    bool isReduced = llvm::is_contained(op.getAxes(), d);
    for (int64_t i = 0; i < shape[d]; ++i)
      offsets[d].push_back(isReduced ? 0 : i * stride);
    stride *= isReduced ? 1 : shape[d];
  }
  result.visit([&](auto zero) {
    using T = decltype(zero);
    auto x = operands[0].get<T>();
    auto y = result.getMutable<T>();
    T start = getStart<T>(op.getFunction());
    if (isQuantizedTensor(op.getType())) // 8 bits
      start = op.getFunction() == ReduceFunction::Max ? -128 : 127;
    std::fill(y.begin(), y.end(), start);
    forEachOffset(shape, offsets, [&](int64_t from, int64_t to) {
      y[to] = combine<T>(op.getFunction(), y[to], x[from]);
    });
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

/// What orders elements: the best has the largest key.
static float getKey(float x, bool largest) {
  if (x != x)
    return -std::numeric_limits<float>::infinity();
  return largest ? x : -x;
}
template <typename T> static T getKey(T x, bool largest) {
  return largest ? x : ~x;
}

FailureOr<Tensor> qnn::evaluate(TopKOp op, Operands operands) {
  Tensor result(op.getType());
  AxisView view(operands[0].getShape(), op.getAxis());
  MutableArrayRef<int64_t> y = result.mutableLongs();
  operands[0].visit([&](auto zero) {
    using T = decltype(zero);
    const T *x = operands[0].get<T>().data();
    std::vector<int64_t> order(view.size);
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        const T *row = x + o * view.size * view.inner + i;
        auto key = [&](int64_t k) {
          return getKey(row[k * view.inner], op.getLargest());
        };
        std::iota(order.begin(), order.end(), 0);
        llvm::sort(order, [&](int64_t a, int64_t b) {
          if (key(a) != key(b))
            return key(b) < key(a);
          return op.getLast() ? b < a : a < b;
        });
        for (int64_t k = 0, count = op.getK(); k < count; ++k)
          y[(o * op.getK() + k) * view.inner + i] = order[k];
      }
  });
  return result;
}

/// An index below 0 counts from the end; then to the nearest one inside.
static int64_t getInside(int64_t index, int64_t size) {
  index += index < 0 ? size : 0;
  return std::clamp<int64_t>(index, 0, size - 1);
}

FailureOr<Tensor> qnn::evaluate(GatherOp op, Operands operands) {
  Tensor result(op.getType());
  AxisView view(operands[0].getShape(), op.getAxis());
  std::vector<int64_t> indices;
  if (operands[1].isLong())
    indices.assign(operands[1].longs().begin(), operands[1].longs().end());
  else
    indices.assign(operands[1].integers().begin(),
                   operands[1].integers().end());
  result.visit([&](auto zero) {
    auto x = operands[0].get<decltype(zero)>();
    auto *y = result.getMutable<decltype(zero)>().data();
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t index : indices) {
        int64_t from = o * view.size + getInside(index, view.size);
        y = std::copy_n(x.data() + from * view.inner, view.inner, y);
      }
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Interpolation
//===----------------------------------------------------------------------===//

/// In integers: sums of 10 or 20 fractional bits, or rounded ones.
static Tensor resampleIntegers(ResampleOp op, const Tensor &operand) {
  Tensor result(op.getType());
  AxisView view(operand.getShape(), op.getAxis());
  const int32_t *x = operand.integers().data();
  int32_t *y = result.mutableIntegers().data();
  int64_t taps = op.getTaps(), size = op.getIndices().size() / taps;
  bool rounds = isQuantizedTensor(op.getType());
  int bits =
      isQuantizedTensor(operand.getType()) ? kResampleBits : 2 * kResampleBits;
  for (int64_t o = 0; o < view.outer; ++o, x += view.size * view.inner)
    for (int64_t s = 0; s < size; ++s)
      for (int64_t i = 0; i < view.inner; ++i) {
        int32_t sum = 0;
        for (int64_t t = s * taps; t < (s + 1) * taps; ++t)
          sum += int32_t(op.getWeights()[t] * (1 << kResampleBits)) *
                 x[op.getIndices()[t] * view.inner + i];
        if (rounds) {
          QuantParams params = getTensorParams(op.getType());
          sum =
              std::clamp(divideByPowerOfTwo(sum, bits), params.min, params.max);
        }
        *y++ = sum;
      }
  return result;
}

FailureOr<Tensor> qnn::evaluate(ResampleOp op, Operands operands) {
  if (!operands[0].isFloat())
    return resampleIntegers(op, operands[0]);
  Tensor result(op.getType());
  AxisView view(operands[0].getShape(), op.getAxis());
  const float *x = operands[0].floats().data();
  float *y = result.mutableFloats().data();
  int64_t taps = op.getTaps(), size = op.getIndices().size() / taps;
  for (int64_t o = 0; o < view.outer; ++o, x += view.size * view.inner)
    for (int64_t s = 0; s < size; ++s)
      for (int64_t i = 0; i < view.inner; ++i) {
        float sum = 0.0f;
        for (int64_t t = s * taps; t < (s + 1) * taps; ++t) {
          float product =
              op.getWeights()[t] * x[op.getIndices()[t] * view.inner + i];
          sum = t == s * taps ? product : sum + product;
        }
        *y++ = op.getOffsets().empty() ? sum : sum + op.getOffsets()[s];
      }
  return result;
}
