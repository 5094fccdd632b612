//===- Pooling.cpp - Pools and means --------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// Calls `visit(position, windowOffsets, count)` for every result element of a
/// pool: the offsets of the input elements in its window in row-major order,
/// and the number of positions inside the padded input.
template <typename OpTy, typename Fn>
static LogicalResult forEachWindow(OpTy op, Fn visit) {
  ArrayRef<int64_t> in = op.getInput().getType().getShape(),
                    out = op.getType().getShape();
  auto [h, w] = getWindows(op);
  SmallVector<int64_t> window;
  int64_t position = 0;
  for (int64_t n = 0; n < out[0]; ++n)
    for (int64_t oh = 0; oh < out[1]; ++oh)
      for (int64_t ow = 0; ow < out[2]; ++ow)
        for (int64_t c = 0; c < out[3]; ++c, ++position) {
          window.clear();
          int64_t padded = 0;
          for (int64_t i = 0; i < h.kernel; ++i)
            for (int64_t j = 0; j < w.kernel; ++j) {
              int64_t ih = h.coordinate(oh, i), iw = w.coordinate(ow, j);
              if (ih >= h.input + h.after || iw >= w.input + w.after)
                continue;
              ++padded;
              if (h.contains(ih) && w.contains(iw))
                window.push_back(((n * in[1] + ih) * in[2] + iw) * in[3] + c);
            }
          if (failed(visit(position, ArrayRef(window), padded)))
            return failure();
        }
  return success();
}

//===----------------------------------------------------------------------===//
// Averages
//===----------------------------------------------------------------------===//

namespace {
/// Turns a sum over `count` elements into a mean: float by one division,
/// quantized by one multiplication with f32(s / (s' * count)).
class Mean {
public:
  template <typename OpTy>
  Mean(OpTy op, Tensor &result) : op(op), clamp(op), result(result) {
    if (result.isFloat())
      return;
    Type input = op.getInput().getType();
    zeroPoint = getTensorParams(input).zeroPoint;
    inputScale = getTensorScale(input);
    outputScale = getTensorScale(result.getType());
    output = clamp.narrow(getTensorParams(result.getType()));
    fixedPoint = usesFixedPoint(op);
    isPool = std::is_same_v<OpTy, AvgPool2DOp>;
  }

  int32_t getZeroPoint() const { return zeroPoint; }

  LogicalResult store(int64_t position, float sum, int64_t count) {
    if (count == 0)
      return emitEmpty();
    ScalarMath math;
    result.mutableFloats()[position] =
        clamp.apply(math, sum / static_cast<float>(count));
    return success();
  }

  /// `sum` is the exact sum of q - z.
  LogicalResult store(int64_t position, int64_t sum, int64_t count) {
    if (count == 0)
      return emitEmpty();
    if (sum != static_cast<int32_t>(sum))
      return op->emitOpError("expected the sum to fit 32 bits, got ") << sum;
    if (fixedPoint) {
      result.mutableIntegers()[position] = getFixedPoint(sum, count);
      return success();
    }
    float factor =
        getFactor(inputScale, outputScale * static_cast<double>(count));
    result.mutableIntegers()[position] =
        saturate(static_cast<float>(sum) * factor, output);
    return success();
  }

private:
  /// A pool divides the sum of the stored integers; what has another type is
  /// requantized then. Other means divide the count out of the factor.
  int32_t getFixedPoint(int64_t sum, int64_t count) const {
    if (!isPool)
      return saturateSteps(
          multiplyFixedPoint(int32_t(sum),
                             getMeanFactor(inputScale, outputScale, count)),
          output);
    int32_t steps =
        int32_t(divideAway(sum + zeroPoint * count, count)) - zeroPoint;
    return saturateSteps(
        multiplyFixedPoint(steps,
                           getFixedPointFactor(inputScale / outputScale)),
        output);
  }

  LogicalResult emitEmpty() {
    return op->emitOpError("expected every mean to cover at least one value");
  }

  Operation *op;
  ClampBounds clamp;
  Tensor &result;
  int32_t zeroPoint = 0;
  double inputScale = 1.0, outputScale = 1.0;
  bool fixedPoint = false, isPool = false;
  QuantParams output = {};
};
} // namespace

FailureOr<Tensor> qnn::evaluate(AvgPool2DOp op, Operands operands) {
  Tensor result(op.getType());
  Mean mean(op, result);
  bool isFloat = result.isFloat();
  auto average = [&](int64_t position, ArrayRef<int64_t> window,
                     int64_t padded) {
    int64_t count = op.getCountIncludePad() ? padded : int64_t(window.size());
    if (isFloat) {
      float sum = 0.0f;
      for (int64_t offset : window)
        sum += operands[0].floats()[offset];
      return mean.store(position, sum, count);
    }
    int64_t sum = 0;
    for (int64_t offset : window)
      sum += operands[0].integers()[offset] - mean.getZeroPoint();
    return mean.store(position, sum, count);
  };
  if (failed(forEachWindow(op, average)))
    return failure();
  return result;
}

/// The offsets that send every input index to the result of reducing `axes`.
static OffsetTable getReducedOffsets(ArrayRef<int64_t> shape,
                                     ArrayRef<int64_t> axes) {
  SmallVector<int64_t> kept(shape);
  for (int64_t axis : axes)
    kept[axis] = 1;
  SmallVector<int64_t> strides = computeStrides(kept);
  OffsetTable offsets;
  for (size_t d = 0; d < shape.size(); ++d) {
    offsets.emplace_back();
    bool reduced = llvm::is_contained(axes, int64_t(d));
    for (int64_t i = 0; i < shape[d]; ++i)
      offsets.back().push_back(reduced ? 0 : i * strides[d]);
  }
  return offsets;
}

/// Means over `axes`: every sum runs over its elements in row-major order.
template <typename OpTy>
static FailureOr<Tensor> evaluateMean(OpTy op, ArrayRef<int64_t> axes,
                                      const Tensor &input) {
  Tensor result(op.getType());
  Mean mean(op, result);
  ArrayRef<int64_t> shape = input.getShape();
  OffsetTable offsets = getReducedOffsets(shape, axes);
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= shape[axis];
  auto reduce = [&](auto values, auto sums, int32_t zeroPoint) {
    forEachOffset(shape, offsets, [&](int64_t position, int64_t target) {
      sums[target] += values[position] - zeroPoint;
    });
    for (auto [position, sum] : llvm::enumerate(sums))
      if (failed(mean.store(position, sum, count)))
        return failure();
    return success();
  };
  LogicalResult status =
      result.isFloat()
          ? reduce(input.floats(), std::vector<float>(result.size()), 0)
          : reduce(input.integers(), std::vector<int64_t>(result.size()),
                   mean.getZeroPoint());
  if (failed(status))
    return failure();
  return result;
}

FailureOr<Tensor> qnn::evaluate(GlobalAvgPoolOp op, Operands operands) {
  return evaluateMean(op, {1, 2}, operands[0]);
}

FailureOr<Tensor> qnn::evaluate(ReduceMeanOp op, Operands operands) {
  return evaluateMean(op, op.getAxes(), operands[0]);
}

//===----------------------------------------------------------------------===//
// Maxima
//===----------------------------------------------------------------------===//

/// The value below all others: NaN never wins over it.
static float getLowest(const Tensor &, float) {
  return -std::numeric_limits<float>::infinity();
}
static int32_t getLowest(const Tensor &tensor, int32_t) {
  return getTensorParams(tensor.getType()).min;
}

template <typename T>
static FailureOr<Tensor> maxPool(MaxPool2DOp op, const Tensor &input) {
  Tensor result(op.getType());
  ArrayRef<T> x = input.get<T>();
  MutableArrayRef<T> y = result.getMutable<T>();
  LogicalResult status = forEachWindow(
      op, [&](int64_t position, ArrayRef<int64_t> window, int64_t) {
        T best = getLowest(input, T());
        for (int64_t offset : window)
          best = x[offset] > best ? x[offset] : best;
        y[position] = best;
        return success();
      });
  if (failed(status))
    return failure();
  return result;
}

FailureOr<Tensor> qnn::evaluate(MaxPool2DOp op, Operands operands) {
  return operands[0].isFloat() ? maxPool<float>(op, operands[0])
                               : maxPool<int32_t>(op, operands[0]);
}

template <typename T>
static Tensor globalMaxPool(GlobalMaxPoolOp op, const Tensor &input) {
  Tensor result(op.getType());
  ArrayRef<T> x = input.get<T>();
  MutableArrayRef<T> y = result.getMutable<T>();
  std::fill(y.begin(), y.end(), getLowest(input, T()));
  forEachOffset(input.getShape(), getReducedOffsets(input.getShape(), {1, 2}),
                [&](int64_t position, int64_t target) {
                  y[target] = x[position] > y[target] ? x[position] : y[target];
                });
  return result;
}

FailureOr<Tensor> qnn::evaluate(GlobalMaxPoolOp op, Operands operands) {
  return operands[0].isFloat() ? globalMaxPool<float>(op, operands[0])
                               : globalMaxPool<int32_t>(op, operands[0]);
}
