//===- IntegerOperators.cpp - Integer products, dynamic quantization ------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ConvInteger and MatMulInteger sum products of integers less their zero
// points: a layer between dequantizations of scale 1, which qnn-fold-qdq makes
// an integer one. A zero point computed at run time, as DynamicQuantizeLinear
// gives it, is no zero point of a type: its part of the sum is added.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"
#include "Quantization.h"

#include "qnn/Support/Numerics.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Integers as real numbers
//===----------------------------------------------------------------------===//

/// The zero points of operand `i`, input `zero`, with scale 1.
static Scaling readZeroPoint(NodeImporter &node, int i, int zero,
                             int64_t axis) {
  Scaling scaling;
  SmallVector<int64_t> shape(node.getShape(i));
  scaling.type = node.isConstant(i) ? node.getConstant(i, "operand").getType()
                                    : node.getIntegerType(i);
  scaling.scales = {1.0f};
  scaling.zeroPoints = {0};
  if (!node.failed() && isFloatType(scaling.type))
    node.error() << "expected operand " << i << " of integers, got "
                 << formatType(scaling.type);
  if (node.failed() || !node.hasInput(zero))
    return scaling;
  HostTensor zeros = node.getConstant(zero, "zero point");
  if (node.failed())
    return scaling;
  if (zeros.getType() != scaling.type) {
    node.error() << "expected a zero point of type " << formatType(scaling.type)
                 << " as the operand, got " << formatType(zeros.getType());
    return scaling;
  }
  scaling.zeroPoints.assign(zeros.ints().begin(), zeros.ints().end());
  if (zeros.getNumElements() == 1)
    return scaling;
  axis = node.normalizeAxis(axis, shape.size());
  if (node.failed())
    return scaling;
  if (zeros.getNumElements() != shape[axis]) {
    node.error() << "expected one zero point or " << shape[axis] << ", got "
                 << zeros.getNumElements();
    return scaling;
  }
  scaling.axis = axis;
  scaling.scales.assign(zeros.getNumElements(), 1.0f);
  return scaling;
}

/// Operand `i` less its constant zero points.
static Value getCentered(NodeImporter &node, int i, int zero, int64_t axis) {
  Scaling scaling = readZeroPoint(node, i, zero, axis);
  if (!node.failed() && !getIntegerRange(scaling.type)) {
    node.error() << "expected operand " << i << " of type int8 or uint8, got "
                 << formatType(scaling.type);
    return {};
  }
  return createDequantized(node, i, scaling);
}

//===----------------------------------------------------------------------===//
// Zero points computed at run time
//===----------------------------------------------------------------------===//

namespace {
/// x - z for a computed z of x's type, as the sum of two tensors that 8 bits
/// hold, and 1: with u = x - 128 (x itself when signed), and d = 127 - z (-1 -
/// z), which lies in [-128, 127], x - z = u + d + 1.
struct SplitOperand {
  Value values, rest; ///< between casts of scale 1 and zero point 0
};
} // namespace

static Value roundTrip(NodeImporter &node, Value real) {
  if (!real)
    return {};
  OpBuilder &builder = node.getBuilder();
  auto type = cast<RankedTensorType>(real.getType());
  auto element = quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, builder.getI8Type(),
      builder.getF32Type(), 1.0, 0, -128, 127);
  Value quantized = builder.create<quant::QuantizeCastOp>(
      node.getLoc(), type.clone(element), real);
  return builder.create<quant::DequantizeCastOp>(node.getLoc(), type,
                                                 quantized);
}

static SplitOperand splitOperand(NodeImporter &node, int i, int zero) {
  Emitter emit{node};
  Value x = getIntegersAsFloat(node, i), z = getIntegersAsFloat(node, zero);
  if (!x || !z)
    return {};
  bool isSigned = node.getIntegerType(i) == TensorProto::INT8;
  if (node.getIntegerType(zero) != node.getIntegerType(i) ||
      cast<RankedTensorType>(z.getType()).getNumElements() != 1) {
    node.error() << "expected one zero point of the type of the operand";
    return {};
  }
  z = node.reshape(z, {});
  Value u = isSigned ? x : emit.sub(x, emit.constant(128.0f));
  Value d = emit.sub(emit.constant(isSigned ? -1.0f : 127.0f), z);
  return {roundTrip(node, u), roundTrip(node, d)};
}

namespace {
/// Of constant weights less their zero points, the sum for each output.
struct WeightSums {
  std::vector<float> sums;
  bool areSmall = true; ///< f32 holds them times 8-bit factors, and such sums
};
} // namespace

/// The sums of constant operand 1, whose outputs are along `axis`.
static WeightSums sumWeights(NodeImporter &node, int64_t axis) {
  Scaling scaling = readZeroPoint(node, 1, 3, axis);
  HostTensor weight = node.getConstant(1, "operand");
  if (node.failed())
    return {};
  ArrayRef<int64_t> shape = weight.getShape();
  int64_t inner = ShapedType::getNumElements(shape.drop_front(axis + 1));
  std::vector<int64_t> sums(shape[axis], 0), magnitudes(shape[axis], 0);
  for (auto [k, value] : llvm::enumerate(weight.ints())) {
    int64_t o = int64_t(k) / inner % shape[axis];
    int64_t centered = value - scaling.zeroPoints[scaling.axis ? o : 0];
    sums[o] += centered;
    magnitudes[o] += std::abs(centered);
  }
  return {{sums.begin(), sums.end()},
          llvm::all_of(magnitudes, [](int64_t magnitude) {
            return magnitude <= (1 << 24) / 256;
          })};
}

/// Constant operand `i` less its zero points, `copies` times along `axis`.
static Value getRepeated(NodeImporter &node, int i, int zero, int64_t zeroAxis,
                         int64_t axis, int64_t copies) {
  Scaling scaling = readZeroPoint(node, i, zero, zeroAxis);
  HostTensor tensor = node.getConstant(i, "operand");
  if (node.failed())
    return {};
  SmallVector<int64_t> shape(tensor.getShape());
  int64_t inner = ShapedType::getNumElements(ArrayRef(shape).drop_front(axis));
  shape[axis] *= copies;
  HostTensor repeated = tensor.gathered(shape, [&](int64_t at) {
    return at / (inner * copies) * inner + at % inner;
  });
  return createDequantized(node, repeated, scaling);
}

/// sum_k (x - z) * w = sum_k u * w + (d + 1) * sum_k w, where f32 holds both
/// parts exactly.
static Value multiplyDynamic(NodeImporter &node) {
  if (!node.isConstant(1) || !node.isConstant(3) ||
      node.getShape(1).size() != 2) {
    (void)node.unsupported("a computed zero point with computed weights");
    return {};
  }
  WeightSums weights = sumWeights(node, 1);
  SplitOperand x = splitOperand(node, 0, 2);
  if (node.failed())
    return {};
  auto multiply = [&](Value values, int64_t copies, Value bias) {
    Value weight =
        node.transpose(getRepeated(node, 1, 3, -1, 0, copies), {1, 0});
    return weight ? node.create<FullyConnectedOp>(values, weight, bias, Value(),
                                                  FloatAttr(), FloatAttr())
                  : Value();
  };
  Emitter emit{node};
  int64_t outputs = weights.sums.size();
  Value sums = node.createConstant(
      HostTensor::fromFloats({outputs}, std::move(weights.sums)));
  if (weights.areSmall) {
    Value count = emit.add(x.rest, emit.constant(1.0f));
    return emit.add(multiply(x.values, 1, {}), emit.mul(count, sums));
  }
  // One exact sum over both parts.
  Value rest = roundTrip(
      node, emit.add(emit.mul(x.values, emit.constant(0.0f)), x.rest));
  int64_t axis = shapeOf(x.values).size() - 1;
  if (!rest)
    return {};
  Value both = node.create<ConcatOp>(ValueRange{x.values, rest}, axis);
  return both ? multiply(roundTrip(node, both), 2, sums) : Value();
}

/// The same for windows; padding, where x - z is 0, is u = -1 - d.
static LogicalResult
convolveDynamic(NodeImporter &node, const SplitOperand &x, WeightSums weights,
                llvm::function_ref<LogicalResult(Value)> setResult) {
  Emitter emit{node};
  Value count = emit.add(x.rest, emit.constant(1.0f));
  auto pad = [&](Value image, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
    Value centered = emit.add(image, count);
    if (!centered)
      return Value();
    centered = node.create<PadOp>(centered, low, high, llvm::APFloat(0.0f));
    return roundTrip(node, emit.sub(centered, count));
  };
  auto addRest = [&](Value sum) -> LogicalResult {
    if (!sum)
      return failure();
    SmallVector<int64_t> shape(shapeOf(sum).size() - 1, 1);
    shape[0] = weights.sums.size();
    Value sums = node.createConstant(
        HostTensor::fromFloats(shape, std::move(weights.sums)));
    return setResult(emit.add(sum, emit.mul(count, sums)));
  };
  Value weight = getCentered(node, 1, 3, 0);
  return weight ? convertConvOf(node, x.values, weight, Value(), addRest, pad)
                : failure();
}

//===----------------------------------------------------------------------===//
// Converters
//===----------------------------------------------------------------------===//

LogicalResult import::convertMatMulInteger(NodeImporter &node) {
  SmallVector<int64_t> a(node.getShape(0)), b(node.getShape(1));
  if (node.failed())
    return failure();
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2])
    return node.error() << "expected matrices with equal inner dimensions, got "
                        << formatShape(a) << " and " << formatShape(b);
  if (!node.isConstant(2))
    return node.setIntegers(multiplyDynamic(node), TensorProto::INT32);
  Value lhs = getCentered(node, 0, 2, -2), rhs = getCentered(node, 1, 3, -1);
  if (!lhs || !rhs)
    return failure();
  Value result;
  if (node.isConstant(1) && b.size() == 2)
    result =
        node.create<FullyConnectedOp>(lhs, node.transpose(rhs, {1, 0}), Value(),
                                      Value(), FloatAttr(), FloatAttr());
  else
    result = node.create<MatMulOp>(lhs, rhs, FloatAttr(), FloatAttr());
  return node.setIntegers(result, TensorProto::INT32);
}

LogicalResult import::convertConvInteger(NodeImporter &node) {
  auto setResult = [&](Value sum) {
    return node.setIntegers(sum, TensorProto::INT32);
  };
  if (node.isConstant(2)) {
    Value input = getCentered(node, 0, 2, 0);
    Value weight = getCentered(node, 1, 3, 0);
    if (!input || !weight)
      return failure();
    return convertConvOf(node, input, weight, Value(), setResult);
  }
  if (!node.isConstant(1) || !node.isConstant(3) || node.getShape(1).empty())
    return node.unsupported("a computed zero point with computed weights");
  Emitter emit{node};
  SplitOperand x = splitOperand(node, 0, 2);
  if (!x.values)
    return failure();
  WeightSums weights = sumWeights(node, 0);
  if (node.failed())
    return failure();
  if (weights.areSmall)
    return convolveDynamic(node, x, std::move(weights), setResult);
  // x - z = u + d + 1, which is 0 in the padding: three sums over the channels.
  if (node.getInt("group", 1) != 1)
    return node.unsupported("groups of large sums with a computed zero point");
  Value zeros = emit.mul(x.values, emit.constant(0.0f));
  Value rest = roundTrip(node, emit.add(zeros, x.rest));
  Value ones = roundTrip(node, emit.add(zeros, emit.constant(1.0f)));
  if (!rest || !ones)
    return failure();
  Value input =
      node.create<ConcatOp>(ValueRange{x.values, rest, ones}, int64_t(1));
  Value weight = getRepeated(node, 1, 3, 0, 1, 3);
  if (!input || !weight)
    return failure();
  return convertConvOf(node, roundTrip(node, input), weight, Value(),
                       setResult);
}

/// The largest value of `x`: first of lanes, for pools compute many channels at
/// a time, then of those.
static Value findMaximum(NodeImporter &node, Value x) {
  int64_t count = cast<RankedTensorType>(x.getType()).getNumElements();
  int64_t lanes = std::gcd(count, int64_t(256));
  Value rows = node.reshape(x, {1, count / lanes, 1, lanes});
  Value best = rows ? node.create<GlobalMaxPoolOp>(rows) : Value();
  best = best ? node.reshape(best, {1, lanes, 1, 1}) : Value();
  best = best ? node.create<GlobalMaxPoolOp>(best) : Value();
  return best ? node.reshape(best, {}) : Value();
}

LogicalResult import::convertDynamicQuantizeLinear(NodeImporter &node) {
  Value x = node.getValue(0);
  if (!x)
    return failure();
  if (cast<RankedTensorType>(x.getType()).getNumElements() == 0)
    return node.unsupported("of an empty tensor");
  Emitter emit{node};
  RealMath math{node};
  constexpr float infinity = std::numeric_limits<float>::infinity();
  Value negative = emit.mul(x, emit.constant(-1.0f));
  if (!negative)
    return failure();
  Value high = math.clip(findMaximum(node, x), 0.0f, infinity);
  Value low = math.clip(findMaximum(node, negative), 0.0f, infinity);
  // -min(x) + max(x); of zeros alone any scale will do.
  Value scale = emit.div(emit.add(high, low), emit.constant(255.0f));
  scale = math.clip(scale, std::numeric_limits<float>::min(), infinity);
  Value zero = math.round(math.clip(emit.div(low, scale), 0.0f, 255.0f));
  Value steps = math.clip(emit.div(x, scale), -0x1p22f, 0x1p22f);
  Value y = math.clip(emit.add(math.round(steps), zero), 0.0f, 255.0f);
  Scaling integers;
  integers.type = TensorProto::UINT8;
  integers.scales = {1.0f};
  integers.zeroPoints = {0};
  if (failed(setQuantized(node, y, integers, 0)) ||
      failed(node.setResult(scale, 1)))
    return failure();
  return node.setIntegers(zero, TensorProto::UINT8, 2);
}

//===----------------------------------------------------------------------===//
// Ops on integers
//===----------------------------------------------------------------------===//

/// The one value of constant bound `i`; none when it is another input.
static std::optional<int64_t> readBound(NodeImporter &node, int i) {
  if (!node.isConstant(i))
    return std::nullopt;
  HostTensor tensor = node.getConstant(i, "bound");
  if (node.failed() || tensor.isFloat() || tensor.getNumElements() != 1)
    return std::nullopt;
  return tensor.ints()[0];
}

/// Relu, Clip, Min and Max with constant bounds narrow the range.
static LogicalResult convertIntegerBounds(NodeImporter &node) {
  StringRef op = node.getOpType();
  std::optional<int64_t> low = std::numeric_limits<int32_t>::min();
  std::optional<int64_t> high = std::numeric_limits<int32_t>::max();
  bool isClip = op == "Clip";
  if (op == "Relu")
    low = 0;
  if (op == "Max" || (isClip && node.hasInput(1)))
    low = readBound(node, 1);
  if (op == "Min" || (isClip && node.hasInput(2)))
    high = readBound(node, isClip ? 2 : 1);
  bool isTwo = isClip || op == "Relu" || node.getNumInputs() == 2;
  bool isBounded = node.getIntegerType(0) != TensorProto::UNDEFINED && isTwo &&
                   low && high && *low < *high;
  if (isBounded)
    return narrowIntegers(node, 0, *low, *high);
  return isClip ? convertClip(node) : convertMinMax(node);
}

Converter import::findIntegerConverter(StringRef op) {
  return llvm::StringSwitch<Converter>(op)
      .Cases("Clip", "Max", "Min", "Relu", convertIntegerBounds)
      .Default(nullptr);
}
