//===- MatrixProducts.cpp - Convolution and matrix products ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every product is "accumulate, then finish": one accumulator per result
// element, started at the bias and fed in ascending order of the reduced
// dimensions, then residual, requantization and clamp. The float accumulator
// is an f32 fed by fused multiply-add, the integer one is exact in 64 bits and
// checked against 32 at the end. Factors in bf16 are taken in another order, 1,
// 0, 3, 2, ..., which they are brought into first.
//
// The innermost loop runs over independent accumulators, so vectorizing it
// does not change a bit. It is compiled a second time for CPUs with FMA, where
// std::fma is one instruction instead of a library call with the same result.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Accumulation
//===----------------------------------------------------------------------===//

[[gnu::always_inline]] static inline float multiplyAdd(float x, float w,
                                                       float acc) {
  return std::fma(x, w, acc);
}
[[gnu::always_inline]] static inline int64_t multiplyAdd(int32_t x, int32_t w,
                                                         int64_t acc) {
  return acc + int64_t(x) * int64_t(w);
}

/// accs[o] += sum over k ascending of x[k] * w[k * outputs + o].
template <typename T, typename Acc>
[[gnu::always_inline]] static inline void
accumulateRows(const T *x, const T *w, int64_t depth, int64_t outputs,
               Acc *__restrict accs) {
  for (int64_t k = 0; k < depth; ++k, w += outputs)
    for (int64_t o = 0; o < outputs; ++o)
      accs[o] = multiplyAdd(x[k], w[o], accs[o]);
}

#if defined(__x86_64__)
template <typename T, typename Acc>
[[gnu::target("avx2,fma")]] static void
accumulateRowsFMA(const T *x, const T *w, int64_t depth, int64_t outputs,
                  Acc *__restrict accs) {
  accumulateRows(x, w, depth, outputs, accs);
}
#endif

template <typename T, typename Acc>
static void accumulate(const T *x, const T *w, int64_t depth, int64_t outputs,
                       Acc *accs) {
#if defined(__x86_64__)
  static const bool hasFMA =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (hasFMA)
    return accumulateRowsFMA(x, w, depth, outputs, accs);
#endif
  accumulateRows(x, w, depth, outputs, accs);
}

//===----------------------------------------------------------------------===//
// Finishing an accumulator
//===----------------------------------------------------------------------===//

namespace {
/// y = clamp(acc + residual).
class FloatFinish {
public:
  using Element = float;
  using Acc = float;

  template <typename OpTy>
  FloatFinish(OpTy op, const Tensor *bias, const Tensor *residual,
              Tensor &result)
      : clamp(op), bias(bias ? bias->floats().data() : nullptr),
        residual(residual ? residual->floats().data() : nullptr),
        leastBias(isBF16Tensor(op->getOperand(0).getType()) ? kLeastBF16Bias
                                                            : 0.0f),
        y(result.mutableFloats().data()) {}

  float start(int64_t channel) const {
    return bias ? dropBelow(bias[channel], leastBias) : 0.0f;
  }
  LogicalResult store(int64_t position, int64_t, float acc) {
    ScalarMath math;
    y[position] = clamp.apply(math, residual ? acc + residual[position] : acc);
    return success();
  }

private:
  ClampBounds clamp;
  const float *bias, *residual;
  float leastBias;
  float *y;
};

/// t = f32(acc) * factor[channel] (+ f32(r - z_r) * f32(s_r / s_y)), saturated;
/// acc times a factor in fixed point; or the accumulator itself.
class QuantizedFinish {
public:
  using Element = int32_t;
  using Acc = int64_t;

  template <typename OpTy>
  QuantizedFinish(OpTy op, ArrayRef<double> productScales,
                  SmallVector<FixedPointFactor> fixedFactors,
                  const Tensor *bias, const Tensor *residual, Tensor &result)
      : op(op), isAccumulator(isAccumulatorTensor(result.getType())),
        fixedFactors(std::move(fixedFactors)),
        bias(bias ? bias->integers().data() : nullptr),
        residual(residual ? residual->integers().data() : nullptr),
        y(result.mutableIntegers().data()) {
    if (isAccumulator)
      return;
    double scale = getTensorScale(result.getType());
    for (double productScale : productScales)
      factors.push_back(getFactor(productScale, scale));
    output = ClampBounds(op).narrow(getTensorParams(result.getType()));
    if (!residual)
      return;
    residualZeroPoint = getTensorParams(residual->getType()).zeroPoint;
    residualFactor = getRescaleFactor(residual->getType(), result.getType());
  }

  int64_t start(int64_t channel) const { return bias ? bias[channel] : 0; }
  LogicalResult store(int64_t position, int64_t channel, int64_t acc) {
    if (acc != static_cast<int32_t>(acc))
      return op->emitOpError("expected the accumulator to fit 32 bits, got ")
             << acc << " in channel " << channel
             << ": split the sum or keep the layer float";
    if (isAccumulator) {
      y[position] = static_cast<int32_t>(acc);
      return success();
    }
    if (!fixedFactors.empty()) {
      y[position] = saturateSteps(
          multiplyFixedPoint(int32_t(acc), fixedFactors[channel]), output);
      return success();
    }
    float t = static_cast<float>(acc) * factors[channel];
    if (residual)
      t = t + static_cast<float>(residual[position] - residualZeroPoint) *
                  residualFactor;
    y[position] = saturate(t, output);
    return success();
  }

private:
  Operation *op;
  bool isAccumulator;
  SmallVector<FixedPointFactor> fixedFactors; ///< per channel, if any
  const int32_t *bias, *residual;
  int32_t *y;
  SmallVector<float> factors;
  QuantParams output = {};
  int32_t residualZeroPoint = 0;
  float residualFactor = 0.0f;
};
} // namespace

/// The scale of the accumulator of each output channel.
static SmallVector<double> getProductScales(Type input, Type weight,
                                            int64_t channels) {
  SmallVector<double> scales;
  for (int64_t o = 0; o < channels; ++o)
    scales.push_back(getProductScale(input, weight, o));
  return scales;
}

/// The same over the scale of the result in fixed point, where the layer
/// computes with that.
static SmallVector<FixedPointFactor> getFixedPoint(Operation *layer) {
  Type result = layer->getResult(0).getType();
  if (!usesFixedPoint(layer) || isAccumulatorTensor(result))
    return {};
  return getLayerFixedPoint(layer, layer->getOperand(0).getType(),
                            layer->getOperand(1).getType(), result);
}

/// The elements an accumulator multiplies: floats, or q - zeroPoint.
static std::vector<int32_t> center(const Tensor &tensor) {
  std::vector<int32_t> values(tensor.integers());
  if (auto uniform = getUniformElementType(tensor.getType()))
    for (int32_t &v : values)
      v -= static_cast<int32_t>(uniform.getZeroPoint());
  return values;
}

//===----------------------------------------------------------------------===//
// Factors
//===----------------------------------------------------------------------===//

namespace {
/// The factors of one float operand, in the order of the sum.
struct Factors {
  std::vector<float> copy; ///< of bf16 factors
  const float *data;
  int64_t depth; ///< of the reduction

  /// `values` has rows of `depth` vectors of `width` along the reduction. Of
  /// bf16 vectors neighbours change places; an odd last one comes after zeros.
  Factors(const Tensor &values, int64_t depth, int64_t width = 1)
      : data(values.floats().data()), depth(depth) {
    if (!isBF16Tensor(values.getType()) || depth == 0)
      return;
    this->depth = llvm::alignTo(depth, 2);
    int64_t rows = values.size() / std::max<int64_t>(depth * width, 1);
    copy.resize(rows * this->depth * width);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = 0; i < width; ++i)
          copy[(row * this->depth + (k ^ 1)) * width + i] =
              dropBelow(data[(row * depth + k) * width + i], kLeastBF16);
    data = copy.data();
  }
};
} // namespace

/// The optional bias and residual of a convolution or fully connected layer.
template <typename OpTy>
static std::pair<const Tensor *, const Tensor *>
getBiasAndResidual(OpTy op, Operands operands) {
  return {op.getBias() ? &operands[2] : nullptr,
          op.getResidual() ? &operands.back() : nullptr};
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// The weight OHWI, of `depth` inputs, reordered to [group][kh][kw][ic][output
/// of the group].
template <typename T>
static std::vector<T> reorderWeight(const T *weight, ArrayRef<int64_t> shape,
                                    int64_t depth, int64_t groups) {
  int64_t outputs = shape[0] / groups;
  int64_t taps = shape[1] * shape[2] * depth;
  std::vector<T> result(shape[0] * taps);
  for (int64_t o = 0; o < shape[0]; ++o)
    for (int64_t k = 0; k < taps; ++k)
      result[((o / outputs) * taps + k) * outputs + o % outputs] =
          weight[o * taps + k];
  return result;
}

/// `x` NHWC holds real values or q - z, so that a padded position is 0 in both
/// forms, `depth` inputs per group; `weight` as reorderWeight leaves it.
template <typename Finish, typename T = typename Finish::Element>
static LogicalResult convolve(Conv2DOp op, const T *x, const T *weight,
                              int64_t depth, Finish finish) {
  ArrayRef<int64_t> in = op.getInput().getType().getShape();
  ArrayRef<int64_t> kernel = op.getWeight().getType().getShape();
  ArrayRef<int64_t> out = cast<ShapedType>(op.getType()).getShape();
  auto [h, w] = getWindows(op);
  int64_t groups = op.getGroups(), outputs = kernel[0] / groups;
  int64_t channels = groups * depth;
  std::vector<T> zeros(depth);
  std::vector<typename Finish::Acc> accs(outputs);

  /// The accumulators of one group at one output pixel.
  auto pixel = [&, &h = h, &w = w](int64_t n, int64_t oh, int64_t ow,
                                   int64_t g) {
    for (int64_t o = 0; o < outputs; ++o)
      accs[o] = finish.start(g * outputs + o);
    const T *taps = weight + g * h.kernel * w.kernel * depth * outputs;
    for (int64_t i = 0; i < h.kernel; ++i)
      for (int64_t j = 0; j < w.kernel; ++j, taps += depth * outputs) {
        int64_t ih = h.coordinate(oh, i), iw = w.coordinate(ow, j);
        bool inside = h.contains(ih) && w.contains(iw);
        const T *row =
            inside ? x + ((n * in[1] + ih) * in[2] + iw) * channels + g * depth
                   : zeros.data();
        accumulate(row, taps, depth, outputs, accs.data());
      }
  };

  for (int64_t n = 0; n < out[0]; ++n)
    for (int64_t oh = 0; oh < out[1]; ++oh)
      for (int64_t ow = 0; ow < out[2]; ++ow)
        for (int64_t g = 0; g < groups; ++g) {
          pixel(n, oh, ow, g);
          int64_t position = ((n * out[1] + oh) * out[2] + ow) * out[3];
          for (int64_t o = g * outputs; o < (g + 1) * outputs; ++o)
            if (failed(finish.store(position + o, o, accs[o % outputs])))
              return failure();
        }
  return success();
}

FailureOr<Tensor> qnn::evaluate(Conv2DOp op, Operands operands) {
  const Tensor &input = operands[0], &weight = operands[1];
  auto [bias, residual] = getBiasAndResidual(op, operands);
  Tensor result(cast<RankedTensorType>(op.getType()));
  LogicalResult status = success();
  if (result.isFloat()) {
    int64_t groups = op.getGroups();
    Factors x(input, input.getShape()[3]), w(weight, weight.getShape()[3]);
    auto ordered = reorderWeight(w.data, weight.getShape(), w.depth, groups);
    status = convolve(op, x.data, ordered.data(), w.depth,
                      FloatFinish(op, bias, residual, result));
  } else {
    int64_t depth = weight.getShape()[3];
    auto w = reorderWeight(weight.integers().data(), weight.getShape(), depth,
                           op.getGroups());
    auto scales = getProductScales(input.getType(), weight.getType(),
                                   weight.getShape()[0]);
    status = convolve(
        op, center(input).data(), w.data(), depth,
        QuantizedFinish(op, scales, getFixedPoint(op), bias, residual, result));
  }
  if (failed(status))
    return failure();
  return result;
}

//===----------------------------------------------------------------------===//
// Fully connected, matmul, bias
//===----------------------------------------------------------------------===//

/// y[row, o] for rows x [rows, depth] and weight [outputs, depth].
template <typename Finish, typename T = typename Finish::Element>
static LogicalResult multiplyRows(const T *x, const T *weight, int64_t rows,
                                  int64_t depth, int64_t outputs,
                                  Finish finish) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t o = 0; o < outputs; ++o) {
      typename Finish::Acc acc = finish.start(o);
      accumulate(x + row * depth, weight + o * depth, depth, /*outputs=*/1,
                 &acc);
      if (failed(finish.store(row * outputs + o, o, acc)))
        return failure();
    }
  return success();
}

FailureOr<Tensor> qnn::evaluate(FullyConnectedOp op, Operands operands) {
  const Tensor &input = operands[0], &weight = operands[1];
  auto [bias, residual] = getBiasAndResidual(op, operands);
  Tensor result(cast<RankedTensorType>(op.getType()));
  int64_t outputs = weight.getShape()[0], depth = weight.getShape()[1];
  int64_t rows = ShapedType::getNumElements(result.getShape().drop_back());
  LogicalResult status = success();
  if (result.isFloat()) {
    Factors x(input, depth), w(weight, depth);
    status = multiplyRows(x.data, w.data, rows, x.depth, outputs,
                          FloatFinish(op, bias, residual, result));
  } else {
    auto scales = getProductScales(input.getType(), weight.getType(), outputs);
    status = multiplyRows(
        center(input).data(), weight.integers().data(), rows, depth, outputs,
        QuantizedFinish(op, scales, getFixedPoint(op), bias, residual, result));
  }
  if (failed(status))
    return failure();
  return result;
}

/// y[b, m, :] for lhs [b, m, k] and rhs [b, k, n], batches broadcast; k is
/// `depth`.
template <typename Finish, typename T = typename Finish::Element>
static LogicalResult multiplyMatrices(MatMulOp op, const T *lhs, const T *rhs,
                                      int64_t depth, Finish finish) {
  ArrayRef<int64_t> a = op.getLhs().getType().getShape(),
                    b = op.getRhs().getType().getShape(),
                    out = op.getType().getShape();
  int64_t rows = a[a.size() - 2], columns = b.back();
  ArrayRef<int64_t> batch = out.drop_back(2);
  OffsetTable lhsBatches = getBroadcastOffsets(a.drop_back(2), batch);
  OffsetTable rhsBatches = getBroadcastOffsets(b.drop_back(2), batch);
  SmallVector<int64_t> rhsOffsets;
  forEachOffset(batch, rhsBatches, [&](int64_t, int64_t offset) {
    rhsOffsets.push_back(offset * depth * columns);
  });
  std::vector<typename Finish::Acc> accs(columns);
  LogicalResult status = success();
  forEachOffset(batch, lhsBatches, [&](int64_t index, int64_t offset) {
    for (int64_t m = 0; m < rows && succeeded(status); ++m) {
      std::fill(accs.begin(), accs.end(), finish.start(0));
      accumulate(lhs + (offset * rows + m) * depth, rhs + rhsOffsets[index],
                 depth, columns, accs.data());
      for (int64_t n = 0; n < columns && succeeded(status); ++n)
        status = finish.store((index * rows + m) * columns + n, 0, accs[n]);
    }
  });
  return status;
}

FailureOr<Tensor> qnn::evaluate(MatMulOp op, Operands operands) {
  const Tensor &lhs = operands[0], &rhs = operands[1];
  Tensor result(op.getType());
  int64_t depth = lhs.getShape().back();
  LogicalResult status = success();
  if (result.isFloat()) {
    Factors a(lhs, depth), b(rhs, depth, rhs.getShape().back());
    status = multiplyMatrices(op, a.data, b.data, a.depth,
                              FloatFinish(op, nullptr, nullptr, result));
  } else {
    auto scales = getProductScales(lhs.getType(), rhs.getType(), 1);
    status = multiplyMatrices(op, center(lhs).data(), center(rhs).data(), depth,
                              QuantizedFinish(op, scales, getFixedPoint(op),
                                              nullptr, nullptr, result));
  }
  if (failed(status))
    return failure();
  return result;
}

FailureOr<Tensor> qnn::evaluate(BiasOp op, Operands operands) {
  const Tensor &input = operands[0], &bias = operands[1];
  Tensor result(cast<RankedTensorType>(op.getType()));
  int64_t channels = bias.size();
  if (result.isFloat()) {
    for (int64_t i = 0; i < result.size(); ++i)
      result.mutableFloats()[i] =
          input.floats()[i] + bias.floats()[i % channels];
    return result;
  }
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t sum = int64_t(input.integers()[i]) + bias.integers()[i % channels];
    if (sum != static_cast<int32_t>(sum))
      return op.emitOpError("expected the sum to fit 32 bits, got ") << sum;
    result.mutableIntegers()[i] = static_cast<int32_t>(sum);
  }
  return result;
}
