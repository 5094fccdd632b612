//===- QuantizedLayers.cpp - Layers between casts -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedLayers.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;

using quant::DequantizeCastOp;
using quant::QuantizeCastOp;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

ConstantOp qnn::getDequantizedConstant(Value value) {
  auto dequantize = value.getDefiningOp<DequantizeCastOp>();
  return dequantize ? dequantize.getArg().getDefiningOp<ConstantOp>()
                    : ConstantOp();
}

Value qnn::createDequantized(OpBuilder &builder, Location loc,
                             ArrayRef<int32_t> values, RankedTensorType type) {
  unsigned width = cast<quant::QuantizedType>(type.getElementType())
                       .getStorageTypeIntegralWidth();
  MLIRContext *context = builder.getContext();
  ElementsAttr elements =
      width > 8 ? getIntegerElements(context, type.getShape(), values)
                : getIntegerElements(
                      context, type.getShape(),
                      SmallVector<int8_t>(values.begin(), values.end()), width);
  Value constant = builder.create<ConstantOp>(loc, type, elements);
  return builder.create<DequantizeCastOp>(loc, type.clone(builder.getF32Type()),
                                          constant);
}

Type qnn::getChannelType(MLIRContext *context, unsigned width,
                         ArrayRef<double> scales) {
  int64_t max = (int64_t(1) << (width - 1)) - 1;
  return quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, IntegerType::get(context, width),
      Float32Type::get(context), scales, SmallVector<int64_t>(scales.size(), 0),
      /*quantizedDimension=*/0, -max - 1, max);
}

int64_t qnn::getZeroPoint(quant::QuantizedType type, int64_t c) {
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type))
    return uniform.getZeroPoint();
  return cast<quant::UniformQuantizedPerAxisType>(type).getZeroPoints()[c];
}

bool qnn::isPerChannel(quant::QuantizedType type) {
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
  return !perAxis || perAxis.getQuantizedDimension() == 0;
}

FailureOr<SmallVector<double>> qnn::getBiasSteps(Value bias,
                                                 ArrayRef<double> scales) {
  ConstantOp constant = getDequantizedConstant(bias);
  SmallVector<double> steps;
  if (!constant) {
    FailureOr<SmallVector<float>> values = getFloatValues(bias);
    if (failed(values) || values->size() != scales.size())
      return failure();
    for (auto [value, scale] : llvm::zip(*values, scales))
      steps.push_back(double(value) / scale);
    return steps;
  }
  FailureOr<SmallVector<int32_t>> values =
      getIntegerValues(constant.getValue());
  quant::QuantizedType type = getQuantizedElementType(constant.getType());
  if (failed(values) || values->size() != scales.size() || !isPerChannel(type))
    return failure();
  for (auto [c, value] : llvm::enumerate(*values)) {
    double ratio = getScale(type, c) / scales[c];
    bool isSame = std::fabs(ratio - 1) < 1e-6;
    steps.push_back(double(value - getZeroPoint(type, c)) *
                    (isSame ? 1 : ratio));
  }
  return steps;
}

void qnn::dequantizeConstants(func::FuncOp func) {
  func.walk([](DequantizeCastOp op) {
    auto constant = op.getArg().getDefiningOp<ConstantOp>();
    if (!constant)
      return;
    auto type = cast<RankedTensorType>(constant.getType());
    FailureOr<SmallVector<int32_t>> values =
        getIntegerValues(constant.getValue());
    if (failed(values))
      return;
    quant::QuantizedType element = getQuantizedElementType(type);
    auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element);
    int64_t axis = perAxis ? perAxis.getQuantizedDimension() : 0;
    int64_t inner =
        perAxis
            ? ShapedType::getNumElements(type.getShape().drop_front(axis + 1))
            : 1;
    SmallVector<QuantParams> params;
    for (int64_t c = 0, e = perAxis ? type.getDimSize(axis) : 1; c < e; ++c)
      params.push_back(getQuantParams(element, c));
    SmallVector<float> real;
    for (auto [i, value] : llvm::enumerate(*values))
      real.push_back(dequantize(value, params[i / inner % params.size()]));
    auto builder = OpBuilder::atBlockBegin(op->getBlock());
    op.replaceAllUsesWith(
        createFloatConstant(builder, constant.getLoc(), type.getShape(), real));
    op.erase();
    if (constant.use_empty())
      constant.erase();
  });
}

namespace {
/// The quantized type behind `value`, through ops that move values.
quant::UniformQuantizedType getTypeBehind(Value value) {
  Value root = getScaleRoot(value);
  auto dequantize = root.getDefiningOp<DequantizeCastOp>();
  return dequantize ? getUniformElementType(dequantize.getArg().getType())
                    : quant::UniformQuantizedType();
}

/// Integer weights less their zero points, and the scales of their channels.
struct Weights {
  SmallVector<int32_t> values;
  SmallVector<double> scales;
};

/// The weights of `constant`, unless they are symmetric 8-bit ones already.
FailureOr<Weights> getUncentered(ConstantOp constant) {
  RankedTensorType type = typeOf(constant);
  quant::QuantizedType element = getQuantizedElementType(type);
  int64_t channels = type.getDimSize(0);
  auto isZero = [&](int64_t c) { return getZeroPoint(element, c) == 0; };
  if (!isPerChannel(element) || element.getStorageTypeIntegralWidth() > 8 ||
      channels == 0 ||
      (element.isSigned() && llvm::all_of(llvm::seq(channels), isZero)))
    return failure();
  FailureOr<SmallVector<int32_t>> values =
      getIntegerValues(constant.getValue());
  if (failed(values))
    return failure();
  Weights weights{std::move(*values), {}};
  int64_t depth = weights.values.size() / channels;
  for (int64_t c = 0; c < channels; ++c) {
    weights.scales.push_back(getScale(element, c));
    for (int32_t &value :
         MutableArrayRef(weights.values).slice(c * depth, depth)) {
      if (!element.isSigned())
        value &= 255;
      value -= getZeroPoint(element, c);
    }
  }
  return weights;
}

/// Each weight as a sum of `parts` ones of 8 bits, which stand `depth` apart.
SmallVector<int32_t> splitWeights(ArrayRef<int32_t> values, int64_t parts,
                                  int64_t depth) {
  SmallVector<int32_t> result(values.size() * parts);
  for (int64_t i = 0, e = values.size(); i < e; ++i) {
    int32_t rest = values[i];
    for (int64_t p = 0; p < parts; ++p) {
      int32_t part = std::clamp(rest, -127, 127);
      result[(i / depth * parts + p) * depth + i % depth] = part;
      rest -= part;
    }
  }
  return result;
}

/// `input` with the channels of each group repeated `parts` times.
Value repeatChannels(PatternRewriter &rewriter, Location loc, Value input,
                     int64_t groups, int64_t parts,
                     quant::UniformQuantizedType type) {
  RankedTensorType from = typeOf(input);
  SmallVector<int64_t> shape(from.getShape()), split = shape;
  if (groups > 1) {
    split.back() /= groups;
    split.insert(split.end() - 1, groups);
  }
  auto reshape = [&](Value value, ArrayRef<int64_t> to) -> Value {
    if (typeOf(value).getShape() == to)
      return value;
    return rewriter.create<ReshapeOp>(loc, from.clone(to), value, to);
  };
  Value part = reshape(input, split);
  split.back() *= parts;
  shape.back() *= parts;
  Value whole = rewriter.create<ConcatOp>(loc, from.clone(split),
                                          SmallVector<Value>(parts, part),
                                          int64_t(split.size()) - 1);
  Value quantized =
      rewriter.create<QuantizeCastOp>(loc, typeOf(whole).clone(type), whole);
  whole = rewriter.create<DequantizeCastOp>(loc, whole.getType(), quantized);
  return reshape(whole, shape);
}

/// Weights with zero points -> symmetric ones. What 8 bits do not hold becomes
/// a sum of such weights, with as many copies of the input.
struct CenterWeights final : OpInterfaceRewritePattern<QuantizableOpInterface> {
  CenterWeights(MLIRContext *context, bool emitRemarks)
      : OpInterfaceRewritePattern(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(QuantizableOpInterface op,
                                PatternRewriter &rewriter) const override {
    OpOperand *weight = op.getWeightOperand();
    ConstantOp constant =
        weight ? getDequantizedConstant(weight->get()) : ConstantOp();
    if (!constant)
      return rewriter.notifyMatchFailure(op, "no dequantized weight");
    FailureOr<Weights> weights = getUncentered(constant);
    if (failed(weights))
      return rewriter.notifyMatchFailure(op, "nothing to center");
    int32_t low = *llvm::min_element(weights->values);
    int32_t high = *llvm::max_element(weights->values);
    int64_t parts =
        low >= -128 && high <= 127
            ? 1
            : llvm::divideCeil(std::max(std::abs(low), std::abs(high)), 127);
    OpOperand *input = op.getActivationOperands().front();
    auto inputType = getTypeBehind(input->get());
    if (parts > 1 && !inputType)
      return rewriter.notifyMatchFailure(op, "not between casts");
    SmallVector<int64_t> shape(typeOf(constant).getShape());
    if (parts > 1) {
      auto conv = dyn_cast<Conv2DOp>(*op);
      weights->values = splitWeights(weights->values, parts, shape.back());
      Value copies =
          repeatChannels(rewriter, op.getLoc(), input->get(),
                         conv ? conv.getGroups() : 1, parts, inputType);
      shape.back() *= parts;
      rewriter.modifyOpInPlace(op, [&] { input->set(copies); });
      if (emitRemarks)
        op->emitRemark("split weights that need 9 bits without their zero "
                       "points into ")
            << parts << " of 8";
    }
    auto centered = RankedTensorType::get(
        shape, getChannelType(op.getContext(), 8, weights->scales));
    Value real = createDequantized(rewriter, constant.getLoc(), weights->values,
                                   centered);
    rewriter.modifyOpInPlace(op, [&] { weight->set(real); });
    return success();
  }

  bool emitRemarks;
};

/// The scales input x weight of a layer between casts; none when it is not.
std::optional<SmallVector<double>>
getProductScales(QuantizableOpInterface op, quant::UniformQuantizedType input) {
  ConstantOp weight = getDequantizedConstant(op.getWeightOperand()->get());
  if (!weight || !input)
    return std::nullopt;
  quant::QuantizedType weights = getQuantizedElementType(weight.getType());
  if (!isPerChannel(weights))
    return std::nullopt;
  SmallVector<double> scales;
  for (int64_t c = 0; c < typeOf(weight).getDimSize(0); ++c)
    scales.push_back(getScale(input, 0) * getScale(weights, c));
  return scales;
}

/// A constant bias of any scale -> i32 of scale input x weight.
struct QuantizeBias final : OpInterfaceRewritePattern<QuantizableOpInterface> {
  QuantizeBias(MLIRContext *context, bool emitRemarks)
      : OpInterfaceRewritePattern(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(QuantizableOpInterface op,
                                PatternRewriter &rewriter) const override {
    OpOperand *bias = op.getBiasOperand();
    if (!bias || !op.getWeightOperand())
      return rewriter.notifyMatchFailure(op, "no bias");
    auto scales = getProductScales(
        op, getTypeBehind(op.getActivationOperands().front()->get()));
    if (!scales)
      return rewriter.notifyMatchFailure(op, "not between casts");
    FailureOr<SmallVector<double>> steps = getBiasSteps(bias->get(), *scales);
    if (failed(steps))
      return rewriter.notifyMatchFailure(op, "the bias is not constant");
    RankedTensorType type =
        typeOf(bias->get()).clone(getChannelType(op.getContext(), 32, *scales));
    ConstantOp old = getDequantizedConstant(bias->get());
    if (old && old.getType() == type)
      return rewriter.notifyMatchFailure(op, "the bias has this scale");
    SmallVector<int32_t> integers;
    bool isExact = true;
    for (double step : *steps) {
      double rounded = std::nearbyint(step);
      if (!(std::fabs(rounded) <= std::numeric_limits<int32_t>::max()))
        return rewriter.notifyMatchFailure(op, "the bias leaves 32 bits");
      isExact &= rounded == step;
      integers.push_back(static_cast<int32_t>(rounded));
    }
    Value real =
        createDequantized(rewriter, bias->get().getLoc(), integers, type);
    rewriter.modifyOpInPlace(op, [&] { bias->set(real); });
    if (emitRemarks && !isExact)
      op->emitRemark("rounded the bias to multiples of input x weight scale");
    return success();
  }

  bool emitRemarks;
};

} // namespace

void qnn::populateQuantizedLayerPatterns(RewritePatternSet &patterns,
                                         bool emitRemarks) {
  patterns.add<CenterWeights, QuantizeBias>(patterns.getContext(), emitRemarks);
  populateChannelMapPatterns(patterns);
}
