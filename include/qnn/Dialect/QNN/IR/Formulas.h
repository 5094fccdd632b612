//===- Formulas.h - What ops compute, stated once ---------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which formula of Numerics.h does an op stand for, and with which numbers from
// its attributes and types? The interpreter calls these functions with floats,
// the code generator with a builder of vectors (the concept `B` of Numerics.h),
// the passes with constants; so all of them give the same bits.
//
// Stateless and thread-safe. Clamp bounds are real numbers.
//
// Usage:
//   ScalarMath math;
//   auto formula = getFormula(hardSigmoid);     // reads the attributes once
//   float y = formula(math, x);
//   y = ClampBounds(add).apply(math, a + b);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_FORMULAS_H
#define QNN_DIALECT_QNN_IR_FORMULAS_H

#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Support/FixedPoint.h"
#include "qnn/Support/Functions.h"

namespace mlir::qnn {

//===----------------------------------------------------------------------===//
// Clamps
//===----------------------------------------------------------------------===//

/// The bounds an op clamps its result to; absent ones do not bound.
struct ClampBounds {
  std::optional<float> low, high;

  ClampBounds() = default;
  explicit ClampBounds(RequantFusableOpInterface op) {
    if (FloatAttr bound = op.getClampMinAttr())
      low = bound.getValue().convertToFloat();
    if (FloatAttr bound = op.getClampMaxAttr())
      high = bound.getValue().convertToFloat();
  }

  template <typename B> typename B::V apply(B &b, typename B::V x) const {
    return clampF32(b, x, low ? &*low : nullptr, high ? &*high : nullptr);
  }
  /// `params` with the integers that stand for numbers inside the bounds.
  QuantParams narrow(QuantParams params) const {
    return clampParams(params, low ? &*low : nullptr, high ? &*high : nullptr);
  }
};

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// The scale of a per-tensor quantized tensor, 1 for floats.
inline double getTensorScale(Type tensor) {
  auto type = getUniformElementType(tensor);
  return type ? type.getScale() : 1.0;
}

/// f32(s_from / s_to): takes q - z of `from` to multiples of the scale of `to`.
inline float getRescaleFactor(Type from, Type to) {
  return getFactor(getTensorScale(from), getTensorScale(to));
}
/// f32(s_a * s_b / s_y).
inline float getProductFactor(Type a, Type b, Type y) {
  return getFactor(getTensorScale(a) * getTensorScale(b), getTensorScale(y));
}
/// f32(s_a / (s_b * s_y)).
inline float getQuotientFactor(Type a, Type b, Type y) {
  return getFactor(getTensorScale(a), getTensorScale(b) * getTensorScale(y));
}

/// The real value of one in the accumulator of output channel `channel` of a
/// product of quantized tensors.
inline double getProductScale(Type input, Type weight, int64_t channel) {
  return getTensorScale(input) *
         getScale(getQuantizedElementType(weight), channel);
}

//===----------------------------------------------------------------------===//
// Fixed point
//===----------------------------------------------------------------------===//

/// On a function: how its quantized ops bring integers to another scale.
inline constexpr StringLiteral kRequantizeAttr = "qnn.requantize";
/// In integers only (FixedPoint.h); without the attribute by an f32 factor.
inline constexpr StringLiteral kFixedPointRequantize = "fixed-point";

/// Whether the function of `op` requantizes in integers only.
inline bool usesFixedPoint(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto mode = op->getAttrOfType<StringAttr>(kRequantizeAttr))
      return mode.getValue() == kFixedPointRequantize;
  return false;
}

/// s_from / s_to, of a channel where `from` has several scales.
inline FixedPointFactor getRescaleFixedPoint(Type from, Type to,
                                             int64_t channel = 0) {
  return getFixedPointFactor(getScale(getQuantizedElementType(from), channel) /
                             getTensorScale(to));
}
/// s_a * s_b / s_y of a matrix product with one scale each. TFLite computes
/// this product of scales in f32, that of convolutions in f64.
inline FixedPointFactor getMatrixFixedPoint(double a, double b, double y) {
  return getFixedPointFactor(double(float(a) * float(b)) / y);
}
/// s_a * s_b / s_y of an element-wise product: in f32.
inline FixedPointFactor getProductFixedPoint(Type a, Type b, Type y) {
  return getFixedPointFactor(float(getTensorScale(a)) *
                             float(getTensorScale(b)) /
                             float(getTensorScale(y)));
}
/// The factor of each output channel of a layer, or the one of a product of
/// activations.
inline SmallVector<FixedPointFactor>
getLayerFixedPoint(Operation *layer, Type input, Type weight, Type result) {
  quant::QuantizedType weights = getQuantizedElementType(weight);
  double x = getTensorScale(input), y = getTensorScale(result);
  bool isConv = isa<Conv2DOp>(layer);
  int64_t channels =
      isa<MatMulOp>(layer) ? 1 : cast<ShapedType>(weight).getDimSize(0);
  bool oneScale = llvm::all_of(llvm::seq<int64_t>(channels), [&](int64_t c) {
    return getScale(weights, c) == getScale(weights, 0);
  });
  SmallVector<FixedPointFactor> factors;
  for (int64_t c = 0; c < channels; ++c) {
    double w = getScale(weights, c);
    factors.push_back(!isConv && oneScale ? getMatrixFixedPoint(x, w, y)
                                          : getFixedPointFactor(x * w / y));
  }
  return factors;
}

//===----------------------------------------------------------------------===//
// Unary ops: a function (B &b, B::V x) -> B::V
//===----------------------------------------------------------------------===//

inline auto getFormula(ReluOp) {
  return
      [zero = 0.0f](auto &b, auto x) { return clampF32(b, x, &zero, nullptr); };
}
inline auto getFormula(ClipOp op) {
  return [low = op.getMin().convertToFloat(),
          high = op.getMax().convertToFloat()](auto &b, auto x) {
    return clampF32(b, x, &low, &high);
  };
}
inline auto getFormula(LeakyReluOp op) {
  return [alpha = op.getAlpha().convertToFloat()](auto &b, auto x) {
    return leakyReluF32(b, x, alpha);
  };
}
inline auto getFormula(SigmoidOp) {
  return [](auto &b, auto x) { return sigmoidF32(b, x); };
}
inline auto getFormula(TanhOp) {
  return [](auto &b, auto x) { return tanhF32(b, x); };
}
inline auto getFormula(SqrtOp) {
  return [](auto &b, auto x) { return b.sqrt(x); };
}
inline auto getFormula(ErfOp) {
  return [](auto &b, auto x) { return erfF32(b, x); };
}
inline auto getFormula(HardSigmoidOp op) {
  return [alpha = op.getAlpha().convertToFloat(),
          beta = op.getBeta().convertToFloat()](auto &b, auto x) {
    return hardSigmoidF32(b, x, alpha, beta);
  };
}
inline auto getFormula(HardSwishOp) {
  return [](auto &b, auto x) { return hardSwishF32(b, x); };
}

inline bool isAbs(Operation *op) {
  auto unary = dyn_cast<UnaryOp>(op);
  return unary && unary.getFunction() == UnaryFunction::Abs;
}

/// What a quantized unary op makes of q in integers only: its formula on real
/// numbers, or integer arithmetic where TFLite has such.
template <typename OpTy>
int32_t getFixedPointEntry(OpTy op, int32_t q, const QuantParams &from,
                           const QuantParams &to) {
  ScalarMath math;
  if constexpr (std::is_same_v<OpTy, LeakyReluOp>) {
    return leakyReluFixedPoint(q, op.getAlpha().convertToFloat(), from, to);
  } else if constexpr (std::is_same_v<OpTy, HardSwishOp>) {
    return hardSwishFixedPoint(q, from, to);
  } else if constexpr (std::is_same_v<OpTy, ReluOp> ||
                       std::is_same_v<OpTy, ClipOp>) {
    FixedPointFactor factor = getFixedPointFactor(from.scale / to.scale);
    int32_t y =
        saturateSteps(multiplyFixedPoint(q - from.zeroPoint, factor), to);
    float infinity = std::numeric_limits<float>::infinity();
    int32_t low = quantizeAway(getFormula(op)(math, -infinity), to);
    int32_t high = quantizeAway(getFormula(op)(math, infinity), to);
    return std::min(std::max(y, low), high);
  } else if (isAbs(op)) {
    return saturateSteps(
        multiplyFixedPoint(std::abs(q - from.zeroPoint),
                           getFixedPointFactor(from.scale / to.scale)),
        to);
  } else {
    return quantizeTableEntry(getFormula(op)(math, dequantize(q, from)), to);
  }
}

/// True when integers can compute this op: weights in steps of 2^-10, of
/// bounded sums, and no offsets (resample_c3).
bool hasFixedPointWeights(ResampleOp op);

/// The fractional bits of each weight then.
inline constexpr int kResampleBits = 10;

/// The functions that take no parameters.
template <typename B>
typename B::V applyFunction(B &b, UnaryFunction function, typename B::V x) {
  switch (function) {
  case UnaryFunction::Softplus:
    return softplusF32(b, x);
  case UnaryFunction::Softsign:
    return softsignF32(b, x);
  case UnaryFunction::Mish:
    return mishF32(b, x);
  case UnaryFunction::Neg:
    return b.mul(x, b.constant(-1.0f));
  case UnaryFunction::Abs:
    return absF32(b, x);
  case UnaryFunction::Sign:
    return signF32(b, x);
  case UnaryFunction::Ceil:
    return ceilF32(b, x);
  case UnaryFunction::Floor:
    return floorF32(b, x);
  case UnaryFunction::Round:
    return roundEvenF32(b, x);
  case UnaryFunction::Exp:
    return expF32(b, x);
  case UnaryFunction::Log:
    return logF32(b, x);
  case UnaryFunction::Reciprocal:
    return b.div(b.constant(1.0f), x);
  case UnaryFunction::Sin:
    return sinF32(b, x);
  case UnaryFunction::Cos:
    return cosF32(b, x);
  case UnaryFunction::Tan:
    return b.div(sinF32(b, x), cosF32(b, x));
  case UnaryFunction::Asin:
    return asinF32(b, x);
  case UnaryFunction::Acos:
    return acosF32(b, x);
  case UnaryFunction::Atan:
    return atanF32(b, x);
  case UnaryFunction::Sinh:
    return sinhF32(b, x);
  case UnaryFunction::Cosh:
    return coshF32(b, x);
  case UnaryFunction::Asinh:
    return asinhF32(b, x);
  case UnaryFunction::Acosh:
    return acoshF32(b, x);
  case UnaryFunction::Atanh:
    return atanhF32(b, x);
  default:
    llvm_unreachable("a function with parameters");
  }
}

inline auto getFormula(UnaryOp op) {
  return [function = op.getFunction(), alpha = op.getAlpha().convertToFloat(),
          beta = op.getBeta().convertToFloat(),
          gamma = op.getGamma().convertToFloat()](auto &b, auto x) {
    switch (function) {
    case UnaryFunction::Elu:
      return eluF32(b, x, alpha, beta, gamma);
    case UnaryFunction::ThresholdedRelu:
      return decltype(x)(
          b.select(b.lessThan(b.constant(alpha), x), x, b.constant(0.0f)));
    case UnaryFunction::Shrink:
      return shrinkF32(b, x, alpha, beta);
    default:
      return applyFunction(b, function, x);
    }
  };
}

//===----------------------------------------------------------------------===//
// Binary ops on floats: the same of two numbers
//===----------------------------------------------------------------------===//

inline auto getFormula(BinaryOp op) {
  return [function = op.getFunction()](auto &b, auto x, auto y) {
    switch (function) {
    case BinaryFunction::Max:
      return decltype(x)(b.select(b.lessThan(x, y), y, x));
    case BinaryFunction::Min:
      return decltype(x)(b.select(b.lessThan(y, x), y, x));
    case BinaryFunction::Prelu:
      return preluF32(b, x, y);
    default:
      return powF32(b, x, y);
    }
  };
}

//===----------------------------------------------------------------------===//
// Batch normalization
//===----------------------------------------------------------------------===//

/// What a batch norm does to one channel: y = factor * x + offset.
struct BatchNormChannel {
  double factor, offset;
};

/// In binary64: the caller rounds once.
inline BatchNormChannel getBatchNormChannel(float scale, float offset,
                                            float mean, float variance,
                                            double epsilon) {
  double factor = scale / std::sqrt(variance + epsilon);
  return {factor, offset - mean * factor};
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// The window of a convolution or pool along one dimension of the image.
struct Window {
  int64_t input, kernel, stride, dilation, before, after; ///< last: padding

  /// The input coordinate that position `position` of the window for `output`
  /// reads.
  int64_t coordinate(int64_t output, int64_t position) const {
    return output * stride + position * dilation - before;
  }
  /// True inside the input, false in the padding.
  bool contains(int64_t coordinate) const {
    return coordinate >= 0 && coordinate < input;
  }
};

/// Height and width.
template <typename OpTy>
std::pair<Window, Window> getWindows(OpTy op, ArrayRef<int64_t> kernel) {
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  auto along = [&](int d) {
    return Window{shape[1 + d],       kernel[d],
                  op.getStrides()[d], op.getDilations()[d],
                  op.getPadding()[d], op.getPadding()[2 + d]};
  };
  return {along(0), along(1)};
}
inline std::pair<Window, Window> getWindows(MaxPool2DOp op) {
  return getWindows(op, op.getKernel());
}
inline std::pair<Window, Window> getWindows(AvgPool2DOp op) {
  return getWindows(op, op.getKernel());
}
inline std::pair<Window, Window> getWindows(Conv2DOp op) {
  return getWindows(op, op.getWeight().getType().getShape().slice(1, 2));
}

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_IR_FORMULAS_H
