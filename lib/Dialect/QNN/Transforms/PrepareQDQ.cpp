//===- PrepareQDQ.cpp - Bring other tools' models into our QDQ form -------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a network that somebody quantized, as an importer leaves it: float ops
// between casts, constants anywhere before or behind a cast. Output: the form
// that qnn-quantize gives, which qnn-fold-qdq folds: casts beside the ops that
// compute, symmetric weights, i32 biases of scale input x weight. Cost: a few
// passes over the weights.
//
//===----------------------------------------------------------------------===//

#include "AttachBias.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

namespace mlir::qnn {
#define GEN_PASS_DEF_PREPAREQDQPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-prepare-qdq"

using namespace mlir;
using namespace mlir::qnn;

using quant::DequantizeCastOp;
using quant::QuantizeCastOp;

//===----------------------------------------------------------------------===//
// Dequantized constants
//===----------------------------------------------------------------------===//

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The quantized constant that `value` dequantizes, or null.
static ConstantOp getDequantizedConstant(Value value) {
  auto dequantize = value.getDefiningOp<DequantizeCastOp>();
  return dequantize ? dequantize.getArg().getDefiningOp<ConstantOp>()
                    : ConstantOp();
}

static Value createDequantized(OpBuilder &builder, Location loc,
                               ElementsAttr value, RankedTensorType type) {
  Value constant = builder.create<ConstantOp>(loc, type, value);
  return builder.create<DequantizeCastOp>(loc, type.clone(builder.getF32Type()),
                                          constant);
}

/// A type with one scale per index of dimension 0 and zero point 0.
static Type getChannelType(MLIRContext *context, unsigned width,
                           ArrayRef<double> scales) {
  int64_t max = (int64_t(1) << (width - 1)) - 1;
  return quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, IntegerType::get(context, width),
      Float32Type::get(context), scales, SmallVector<int64_t>(scales.size(), 0),
      /*quantizedDimension=*/0, -max - 1, max);
}

/// `type` with its axis moved to dimension `axis`.
static quant::QuantizedType moveAxis(quant::UniformQuantizedPerAxisType type,
                                     int32_t axis) {
  return quant::UniformQuantizedPerAxisType::get(
      type.getFlags(), type.getStorageType(), type.getExpressedType(),
      type.getScales(), type.getZeroPoints(), axis, type.getStorageTypeMin(),
      type.getStorageTypeMax());
}

/// The dimension of `op`'s result that is dimension `axis` of its operand; none
/// when there is no such dimension.
static std::optional<int64_t> getMovedAxis(Operation *op, int64_t axis) {
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return llvm::find(transpose.getPermutation(), axis) -
           transpose.getPermutation().begin();
  ArrayRef<int64_t> from = typeOf(op->getOperand(0)).getShape();
  ArrayRef<int64_t> to = typeOf(op->getResult(0)).getShape();
  int64_t before = ShapedType::getNumElements(from.take_front(axis));
  for (size_t d = 0; d < to.size(); ++d)
    if (to[d] == from[axis] &&
        ShapedType::getNumElements(to.take_front(d)) == before)
      return d;
  return std::nullopt;
}

/// Element i of the result is element `order[i]` of `values`.
static SmallVector<int32_t> permute(ArrayRef<int32_t> values,
                                    ArrayRef<int64_t> shape,
                                    ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> strides = applyPermutation(
      ArrayRef<int64_t>(computeSuffixProduct(shape)), permutation);
  SmallVector<int64_t> basis = computeSuffixProduct(
      ArrayRef<int64_t>(applyPermutation(shape, permutation)));
  SmallVector<int32_t> result;
  for (int64_t i = 0, e = values.size(); i < e; ++i)
    result.push_back(values[linearize(delinearize(i, basis), strides)]);
  return result;
}

static ElementsAttr getElements(MLIRContext *context, ArrayRef<int64_t> shape,
                                ArrayRef<int32_t> values, unsigned width) {
  if (width > 8)
    return getIntegerElements(context, shape, values);
  return getIntegerElements(
      context, shape, SmallVector<int8_t>(values.begin(), values.end()), width);
}

namespace {
/// f(dcast(constant)) -> dcast(f(constant)) for transposes and reshapes.
struct MoveConstant final : OpInterfaceRewritePattern<CommutesWithQDQ> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(CommutesWithQDQ op,
                                PatternRewriter &rewriter) const override {
    if (!isa<TransposeOp, ReshapeOp>(*op))
      return rewriter.notifyMatchFailure(op, "not a transpose or reshape");
    ConstantOp constant = getDequantizedConstant(op->getOperand(0));
    if (!constant)
      return rewriter.notifyMatchFailure(op, "not of a dequantized constant");
    FailureOr<SmallVector<int32_t>> values =
        getIntegerValues(constant.getValue());
    if (failed(values))
      return rewriter.notifyMatchFailure(op, "constant without data");
    RankedTensorType from = typeOf(constant);
    Type element = from.getElementType();
    if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element)) {
      auto axis = getMovedAxis(op, perAxis.getQuantizedDimension());
      if (!axis)
        return rewriter.notifyMatchFailure(op, "the axis of scales is split");
      element = moveAxis(perAxis, *axis);
    }
    if (auto transpose = dyn_cast<TransposeOp>(*op))
      values = permute(*values, from.getShape(), transpose.getPermutation());
    RankedTensorType to = typeOf(op->getResult(0)).clone(element);
    unsigned width =
        cast<quant::QuantizedType>(element).getStorageTypeIntegralWidth();
    rewriter.replaceOp(
        op,
        createDequantized(
            rewriter, constant.getLoc(),
            getElements(op.getContext(), to.getShape(), *values, width), to));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// cast(f(x)) -> f(cast(x)) for f that moves or selects values: what stands
/// between an op that computes and its cast no longer parts them.
template <typename CastOp> struct HoistCast final : OpRewritePattern<CastOp> {
  using OpRewritePattern<CastOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getArg().template getDefiningOp<CommutesWithQDQ>();
    if (!producer || !producer.commutesWithQDQ() ||
        producer->getNumOperands() != 1 || isKeptFloat(producer))
      return rewriter.notifyMatchFailure(op, "no op that moves values");
    if (!isActivationTensor(op.getType()) ||
        !isActivationTensor(op.getArg().getType()))
      return rewriter.notifyMatchFailure(op, "expected one scale");
    // Else the op would run twice.
    if (llvm::any_of(producer->getUsers(), [&](Operation *user) {
          return !isa<CastOp>(user) ||
                 user->getResult(0).getType() != op.getType();
        }))
      return rewriter.notifyMatchFailure(op,
                                         "the moved values have other uses");
    Value source = producer->getOperand(0);
    auto element = typeOf(op.getResult()).getElementType();
    Value cast = rewriter.create<CastOp>(op.getLoc(),
                                         typeOf(source).clone(element), source);
    OperationState state(producer->getLoc(), producer->getName(), cast,
                         op->getResultTypes(), producer->getAttrs());
    Operation *moved = rewriter.create(state);
    for (Operation *user : llvm::make_early_inc_range(producer->getUsers()))
      rewriter.replaceOp(user, moved->getResults());
    return success();
  }
};

/// qcast(dcast(q)) -> q.
struct CancelPair final : OpRewritePattern<QuantizeCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeCastOp op,
                                PatternRewriter &rewriter) const override {
    auto dequantize = op.getArg().getDefiningOp<DequantizeCastOp>();
    if (!dequantize || dequantize.getArg().getType() != op.getType() ||
        !getUniformElementType(op.getType()) ||
        isAccumulatorTensor(op.getType()))
      return rewriter.notifyMatchFailure(op, "not a pair of one 8-bit type");
    rewriter.replaceOp(op, dequantize.getArg());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Weights and biases
//===----------------------------------------------------------------------===//

/// The zero point of channel `c`.
int64_t getZeroPoint(quant::QuantizedType type, int64_t c) {
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type))
    return uniform.getZeroPoint();
  return cast<quant::UniformQuantizedPerAxisType>(type).getZeroPoints()[c];
}

/// True when `type` has one scale, or one per index of dimension 0.
bool isPerChannel(quant::QuantizedType type) {
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
  return !perAxis || perAxis.getQuantizedDimension() == 0;
}

/// Weights with zero points -> symmetric ones, where they fit 8 bits.
struct CenterWeights final : OpInterfaceRewritePattern<QuantizableOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(QuantizableOpInterface op,
                                PatternRewriter &rewriter) const override {
    OpOperand *weight = op.getWeightOperand();
    ConstantOp constant =
        weight ? getDequantizedConstant(weight->get()) : ConstantOp();
    if (!constant)
      return rewriter.notifyMatchFailure(op, "no dequantized weight");
    RankedTensorType type = typeOf(constant);
    quant::QuantizedType element = getQuantizedElementType(type);
    int64_t channels = type.getDimSize(0);
    auto isZero = [&](int64_t c) { return getZeroPoint(element, c) == 0; };
    if (!isPerChannel(element) || element.getStorageTypeIntegralWidth() > 8 ||
        (element.isSigned() && llvm::all_of(llvm::seq(channels), isZero)))
      return rewriter.notifyMatchFailure(op, "nothing to center");
    FailureOr<SmallVector<int32_t>> values =
        getIntegerValues(constant.getValue());
    if (failed(values) || channels == 0)
      return rewriter.notifyMatchFailure(op, "constant without data");
    SmallVector<double> scales;
    int64_t depth = values->size() / channels;
    for (int64_t c = 0; c < channels; ++c) {
      scales.push_back(getScale(element, c));
      for (int32_t &value : MutableArrayRef(*values).slice(c * depth, depth))
        value -= getZeroPoint(element, c);
    }
    if (!llvm::all_of(*values, [](int32_t v) { return v == int8_t(v); }))
      return rewriter.notifyMatchFailure(op, "centered weights need 9 bits");
    RankedTensorType centered =
        type.clone(getChannelType(op.getContext(), 8, scales));
    Value real = createDequantized(
        rewriter, constant.getLoc(),
        getElements(op.getContext(), type.getShape(), *values, 8), centered);
    rewriter.modifyOpInPlace(op, [&] { weight->set(real); });
    return success();
  }
};

/// The real values of a constant bias, float or dequantized.
FailureOr<SmallVector<double>> getBiasValues(Value bias) {
  ConstantOp constant = getDequantizedConstant(bias);
  if (!constant) {
    FailureOr<SmallVector<float>> values = getFloatValues(bias);
    if (failed(values))
      return failure();
    return SmallVector<double>(values->begin(), values->end());
  }
  FailureOr<SmallVector<int32_t>> values =
      getIntegerValues(constant.getValue());
  quant::QuantizedType type = getQuantizedElementType(constant.getType());
  if (failed(values) || !isPerChannel(type))
    return failure();
  SmallVector<double> real;
  for (auto [c, value] : llvm::enumerate(*values))
    real.push_back(double(value - getZeroPoint(type, c)) * getScale(type, c));
  return real;
}

/// The scales input x weight of a layer between casts; none when it is not.
std::optional<SmallVector<double>>
getProductScales(QuantizableOpInterface op, quant::QuantizedType input) {
  ConstantOp weight = getDequantizedConstant(op.getWeightOperand()->get());
  if (!weight || !input || !isa<quant::UniformQuantizedType>(input))
    return std::nullopt;
  quant::QuantizedType weights = getQuantizedElementType(weight.getType());
  if (!isPerChannel(weights))
    return std::nullopt;
  SmallVector<double> scales;
  for (int64_t c = 0; c < typeOf(weight).getDimSize(0); ++c)
    scales.push_back(getScale(input, 0) * getScale(weights, c));
  return scales;
}

/// The quantized type behind `value`, through ops that move values.
quant::QuantizedType getTypeBehind(Value value) {
  Value root = getScaleRoot(value);
  auto dequantize = root.getDefiningOp<DequantizeCastOp>();
  return dequantize ? getQuantizedElementType(dequantize.getArg().getType())
                    : quant::QuantizedType();
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
    FailureOr<SmallVector<double>> values = getBiasValues(bias->get());
    if (failed(values) || values->size() != scales->size())
      return rewriter.notifyMatchFailure(op, "the bias is not constant");
    RankedTensorType type =
        typeOf(bias->get()).clone(getChannelType(op.getContext(), 32, *scales));
    ConstantOp old = getDequantizedConstant(bias->get());
    if (old && old.getType() == type)
      return rewriter.notifyMatchFailure(op, "the bias has this scale");
    SmallVector<int32_t> integers;
    bool isExact = true;
    for (auto [value, scale] : llvm::zip(*values, *scales)) {
      double steps = value / scale, rounded = std::nearbyint(steps);
      if (!(std::fabs(rounded) <= std::numeric_limits<int32_t>::max()))
        return rewriter.notifyMatchFailure(op, "the bias leaves 32 bits");
      // A file holds input x weight rounded to f32.
      isExact &= std::fabs(rounded - steps) <= 1e-6 * std::fabs(steps);
      integers.push_back(static_cast<int32_t>(rounded));
    }
    Value real =
        createDequantized(rewriter, bias->get().getLoc(),
                          getIntegerElements(op.getContext(), type.getShape(),
                                             ArrayRef<int32_t>(integers)),
                          type);
    rewriter.modifyOpInPlace(op, [&] { bias->set(real); });
    if (emitRemarks && !isExact)
      op->emitRemark("rounded the bias to multiples of input x weight scale");
    return success();
  }

  bool emitRemarks;
};

struct PrepareQDQPass final : qnn::impl::PrepareQDQPassBase<PrepareQDQPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<MoveConstant, HoistCast<QuantizeCastOp>,
            HoistCast<DequantizeCastOp>, CancelPair, CenterWeights>(context);
    set.add<QuantizeBias>(context, emitRemarks);
    populateAttachBiasPatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    if (failed(applyPatternsAndFoldGreedily(getOperation(), patterns)))
      signalPassFailure();
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
