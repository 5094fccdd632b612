//===- Elementwise.cpp - Element-wise ops and softmax ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Binary ops
//===----------------------------------------------------------------------===//

/// Calls `visit(position, lhsOffset, rhsOffset)` for every result element.
template <typename OpTy, typename Fn>
static void forEachPair(OpTy op, Fn visit) {
  ArrayRef<int64_t> shape = op.getType().getShape();
  OffsetTable rhs =
      getBroadcastOffsets(op.getRhs().getType().getShape(), shape);
  std::vector<int64_t> rhsOffsets;
  forEachOffset(shape, rhs,
                [&](int64_t, int64_t offset) { rhsOffsets.push_back(offset); });
  OffsetTable lhs =
      getBroadcastOffsets(op.getLhs().getType().getShape(), shape);
  forEachOffset(shape, lhs, [&](int64_t position, int64_t offset) {
    visit(position, offset, rhsOffsets[position]);
  });
}

/// y = clamp(real(a, b)); quantized: y = saturate(integer(a - z_a, b - z_b)),
/// where `integer` gives steps in f32, or rounded ones in fixed point.
template <typename OpTy, typename Real, typename Integer>
static Tensor evaluateBinary(OpTy op, Operands operands, Real real,
                             Integer integer) {
  Tensor result(op.getType());
  ClampBounds clamp(op);
  if (result.isFloat()) {
    ArrayRef<float> a = operands[0].floats(), b = operands[1].floats();
    MutableArrayRef<float> y = result.mutableFloats();
    ScalarMath math;
    forEachPair(op, [&](int64_t i, int64_t l, int64_t r) {
      y[i] = clamp.apply(math, real(a[l], b[r]));
    });
    return result;
  }
  ArrayRef<int32_t> a = operands[0].integers(), b = operands[1].integers();
  MutableArrayRef<int32_t> y = result.mutableIntegers();
  int32_t za = getTensorParams(operands[0].getType()).zeroPoint;
  int32_t zb = getTensorParams(operands[1].getType()).zeroPoint;
  QuantParams output = clamp.narrow(getTensorParams(result.getType()));
  forEachPair(op, [&](int64_t i, int64_t l, int64_t r) {
    auto steps = integer(a[l] - za, b[r] - zb);
    if constexpr (std::is_same_v<decltype(steps), int32_t>)
      y[i] = saturateSteps(steps, output);
    else
      y[i] = saturate(steps, output);
  });
  return result;
}

/// AddOp and SubOp in fixed point.
template <typename OpTy>
static Tensor evaluateFixedSum(OpTy op, Operands operands, int32_t sign) {
  FixedPointSum sum(getTensorScale(op.getLhs().getType()),
                    getTensorScale(op.getRhs().getType()),
                    getTensorScale(op.getType()));
  return evaluateBinary(
      op, operands, [](float, float) { return 0.0f; },
      [&](int32_t a, int32_t b) { return sum.add(a, b, sign); });
}

FailureOr<Tensor> qnn::evaluate(AddOp op, Operands operands) {
  if (!isFloatTensor(op.getType()) && usesFixedPoint(op))
    return evaluateFixedSum(op, operands, 1);
  float fa = getRescaleFactor(op.getLhs().getType(), op.getType());
  float fb = getRescaleFactor(op.getRhs().getType(), op.getType());
  return evaluateBinary(
      op, operands, [](float a, float b) { return a + b; },
      [&](int32_t a, int32_t b) { return float(a) * fa + float(b) * fb; });
}

FailureOr<Tensor> qnn::evaluate(SubOp op, Operands operands) {
  if (!isFloatTensor(op.getType()) && usesFixedPoint(op))
    return evaluateFixedSum(op, operands, -1);
  float fa = getRescaleFactor(op.getLhs().getType(), op.getType());
  float fb = getRescaleFactor(op.getRhs().getType(), op.getType());
  return evaluateBinary(
      op, operands, [](float a, float b) { return a - b; },
      [&](int32_t a, int32_t b) { return float(a) * fa - float(b) * fb; });
}

FailureOr<Tensor> qnn::evaluate(MulOp op, Operands operands) {
  if (!isFloatTensor(op.getType()) && usesFixedPoint(op)) {
    FixedPointFactor fixed = getProductFixedPoint(
        op.getLhs().getType(), op.getRhs().getType(), op.getType());
    return evaluateBinary(
        op, operands, [](float, float) { return 0.0f; },
        [&](int32_t a, int32_t b) { return multiplyFixedPoint(a * b, fixed); });
  }
  float factor = getProductFactor(op.getLhs().getType(), op.getRhs().getType(),
                                  op.getType());
  return evaluateBinary(
      op, operands, [](float a, float b) { return a * b; },
      [&](int32_t a, int32_t b) { return float(int64_t(a) * b) * factor; });
}

FailureOr<Tensor> qnn::evaluate(DivOp op, Operands operands) {
  if (!isFloatTensor(op.getType()) && usesFixedPoint(op))
    return op.emitOpError("has no fixed-point form");
  float factor = getQuotientFactor(op.getLhs().getType(), op.getRhs().getType(),
                                   op.getType());
  return evaluateBinary(
      op, operands, [](float a, float b) { return a / b; },
      [&](int32_t a, int32_t b) { return float(a) / float(b) * factor; });
}

//===----------------------------------------------------------------------===//
// Unary ops
//===----------------------------------------------------------------------===//

/// y = f(x); quantized: y = quantize(f(dequantize(x))), or the entry of the
/// table in fixed point.
template <typename OpTy>
static Tensor evaluateUnary(OpTy op, Operands operands) {
  ScalarMath math;
  auto formula = getFormula(op);
  Tensor result(op.getType());
  if (result.isFloat()) {
    for (auto [y, x] : llvm::zip(result.mutableFloats(), operands[0].floats()))
      y = formula(math, x);
    return result;
  }
  QuantParams input = getTensorParams(operands[0].getType());
  QuantParams output = getTensorParams(result.getType());
  bool fixed = usesFixedPoint(op);
  for (auto [y, x] :
       llvm::zip(result.mutableIntegers(), operands[0].integers()))
    y = fixed ? getFixedPointEntry(op, x, input, output)
              : quantize(formula(math, dequantize(x, input)), output);
  return result;
}

FailureOr<Tensor> qnn::evaluate(ReluOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(ClipOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(LeakyReluOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(SigmoidOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(HardSigmoidOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(HardSwishOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(TanhOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(SqrtOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(ErfOp op, Operands operands) {
  return evaluateUnary(op, operands);
}
FailureOr<Tensor> qnn::evaluate(UnaryOp op, Operands operands) {
  return evaluateUnary(op, operands);
}

//===----------------------------------------------------------------------===//
// Softmax and batch normalization
//===----------------------------------------------------------------------===//

/// Softmax of `count` values at distance `stride`.
static void softmaxRow(const float *x, float *y, int64_t count,
                       int64_t stride) {
  ScalarMath math;
  float max = -std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < count; ++i)
    max = x[i * stride] > max ? x[i * stride] : max;
  float sum = 0.0f;
  for (int64_t i = 0; i < count; ++i) {
    y[i * stride] = expF32(math, x[i * stride] - max);
    sum += y[i * stride];
  }
  for (int64_t i = 0; i < count; ++i)
    y[i * stride] /= sum;
}

/// Row by row, of stored values.
static FailureOr<Tensor> evaluateFixedSoftmax(SoftmaxOp op,
                                              const Tensor &input) {
  ArrayRef<int64_t> shape = input.getShape();
  int64_t count = shape[op.getAxis()];
  if (count > FixedPointSoftmax::kMaxRow)
    return op.emitOpError("expected at most ")
           << FixedPointSoftmax::kMaxRow << " values in fixed point, got "
           << count;
  int64_t inner =
      ShapedType::getNumElements(shape.drop_front(op.getAxis() + 1));
  FixedPointSoftmax softmax(getTensorScale(input.getType()),
                            getTensorParams(op.getType()));
  Tensor result(cast<RankedTensorType>(op.getType()));
  std::vector<int32_t> row(count);
  for (int64_t start = 0; start < result.size(); start += count * inner)
    for (int64_t first = start; first < start + inner; ++first) {
      for (int64_t i = 0; i < count; ++i)
        row[i] = input.integers()[first + i * inner];
      softmax.apply(row);
      for (int64_t i = 0; i < count; ++i)
        result.mutableIntegers()[first + i * inner] = row[i];
    }
  return result;
}

FailureOr<Tensor> qnn::evaluate(SoftmaxOp op, Operands operands) {
  bool quantized = !operands[0].isFloat();
  if (quantized && usesFixedPoint(op))
    return evaluateFixedSoftmax(op, operands[0]);
  Tensor input = quantized ? dequantizeTensor(operands[0]) : operands[0];
  Tensor real(input.getType());
  ArrayRef<int64_t> shape = input.getShape();
  int64_t count = shape[op.getAxis()];
  int64_t inner =
      ShapedType::getNumElements(shape.drop_front(op.getAxis() + 1));
  for (int64_t start = 0; start < real.size(); start += count * inner)
    for (int64_t i = 0; i < inner; ++i)
      softmaxRow(input.floats().data() + start + i,
                 real.mutableFloats().data() + start + i, count, inner);
  if (quantized)
    return quantizeTensor(op, real, op.getType());
  return real;
}

FailureOr<Tensor> qnn::evaluate(BatchNormOp op, Operands operands) {
  Tensor result(op.getType());
  ArrayRef<float> x = operands[0].floats(), scale = operands[1].floats(),
                  offset = operands[2].floats(), mean = operands[3].floats(),
                  variance = operands[4].floats();
  double epsilon = op.getEpsilon().convertToFloat();
  // y = x * a + b, both factors computed in f64 and rounded once.
  SmallVector<float> a, b;
  for (size_t c = 0; c < scale.size(); ++c) {
    BatchNormChannel channel =
        getBatchNormChannel(scale[c], offset[c], mean[c], variance[c], epsilon);
    a.push_back(static_cast<float>(channel.factor));
    b.push_back(static_cast<float>(channel.offset));
  }
  MutableArrayRef<float> y = result.mutableFloats();
  for (size_t i = 0; i < y.size(); ++i)
    y[i] = x[i] * a[i % a.size()] + b[i % a.size()];
  return result;
}
