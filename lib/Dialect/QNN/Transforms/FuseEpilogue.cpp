//===- FuseEpilogue.cpp - Fuse bias, residual, clamp and requantize -------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a float or a Quantized graph. Output: the same with what follows a
// computing op moved into it. Assumes the order of an epilogue: bias first,
// then the residual, then the clamp; an op that already has a later part takes
// no earlier one. Cost: linear in the number of ops.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/IR/Formulas.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

namespace mlir::qnn {
#define GEN_PASS_DEF_FUSEEPILOGUEPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-fuse-epilogue"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Lower and upper bound of a clamp; infinite where there is none.
struct Bounds {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

Bounds getBounds(ReluOp) { return {0.0f}; }
Bounds getBounds(ClipOp op) {
  return {op.getMin().convertToFloat(), op.getMax().convertToFloat()};
}
Bounds getBounds(RequantFusableOpInterface op) {
  Bounds bounds;
  if (FloatAttr low = op.getClampMinAttr())
    bounds.low = low.getValue().convertToFloat();
  if (FloatAttr high = op.getClampMaxAttr())
    bounds.high = high.getValue().convertToFloat();
  return bounds;
}

void setBounds(RequantFusableOpInterface op, Bounds bounds) {
  Builder builder(op->getContext());
  auto attr = [&](float bound) {
    return std::isinf(bound) ? FloatAttr() : builder.getF32FloatAttr(bound);
  };
  op.setClampMinAttr(attr(bounds.low));
  op.setClampMaxAttr(attr(bounds.high));
}

bool hasBounds(RequantFusableOpInterface op) {
  return op.getClampMinAttr() || op.getClampMaxAttr();
}

/// The bounds of clamp(clamp(x, inner), outer): `outer` applied to `inner`.
Bounds compose(Bounds inner, Bounds outer) {
  auto clamp = [&](float x) {
    return std::min(std::max(x, outer.low), outer.high);
  };
  return {clamp(inner.low), clamp(inner.high)};
}

bool hasResidual(RequantFusableOpInterface op) {
  auto residual = op.getResidualRange();
  return residual && !residual->empty();
}

/// Why `next`, the user of the result of `producer`, cannot move into it
/// whatever it is; empty when it can.
StringRef whyNotFusable(Operation *producer, Operation *next) {
  if (!producer->getResult(0).hasOneUse())
    return "the result of the producer has another use";
  if (isKeptFloat(producer) != isKeptFloat(next))
    return "the precisions of the two ops differ";
  return {};
}

/// Why a clamp with `bounds` cannot move into `producer`; empty when it can.
StringRef whyNoClamp(Operation *clamp, Bounds bounds,
                     RequantFusableOpInterface producer) {
  if (!producer)
    return "the producer takes no clamp";
  Type type = clamp->getResult(0).getType();
  if (producer->getResult(0).getType() != type)
    return "the clamp changes the quantized type";
  if (isAccumulatorTensor(type))
    return "an accumulator takes no clamp";
  if (!(bounds.low < bounds.high) && bounds.low != bounds.high)
    return "the lower bound exceeds the upper bound";
  // A NaN takes the first bound it meets: the lower one where there is one.
  if (isFloatTensor(type) && !producer.getClampMinAttr() &&
      producer.getClampMaxAttr() && !std::isinf(bounds.low))
    return "a lower bound after an upper one would change what NaN becomes";
  return whyNotFusable(producer, clamp);
}

/// clamp(op(x)) -> op'(x).
template <typename ClampOp> struct FuseClamp final : OpRewritePattern<ClampOp> {
  FuseClamp(MLIRContext *context, bool emitRemarks)
      : OpRewritePattern<ClampOp>(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(ClampOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = dyn_cast_or_null<RequantFusableOpInterface>(
        op.getInput().getDefiningOp());
    Bounds bounds = getBounds(op);
    StringRef reason = whyNoClamp(op, bounds, producer);
    if (!reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    rewriter.modifyOpInPlace(producer, [&] {
      setBounds(producer, compose(getBounds(producer), bounds));
    });
    if (emitRemarks)
      producer->emitRemark("fused ") << op->getName().stripDialect() << " into "
                                     << producer->getName().stripDialect();
    rewriter.replaceOp(op, producer->getResults());
    return success();
  }

  bool emitRemarks;
};

/// Why a bias cannot move into `producer`; empty when it can.
StringRef whyNoBias(Operation *next, RequantFusableOpInterface producer) {
  if (!producer || !producer.getBiasRange())
    return "the producer takes no bias";
  if (!producer.getBiasRange()->empty())
    return "the producer has a bias";
  if (hasResidual(producer) || hasBounds(producer))
    return "the producer has a residual or a clamp";
  return whyNotFusable(producer, next);
}

/// True for two float tensors, and for a bias [C] and an accumulator [..., C]
/// with the same scale in every channel.
bool haveEqualScales(Type bias, Type accumulator) {
  quant::QuantizedType a = getQuantizedElementType(bias);
  quant::QuantizedType b = getQuantizedElementType(accumulator);
  if (!a || !b)
    return !a && !b;
  int64_t channels = cast<RankedTensorType>(bias).getDimSize(0);
  for (int64_t c = 0; c < channels; ++c)
    if (getScale(a, c) != getScale(b, c))
      return false;
  return true;
}

/// bias(op(x), b) -> op(x) bias(b).
struct FuseBias final : OpRewritePattern<BiasOp> {
  FuseBias(MLIRContext *context, bool emitRemarks)
      : OpRewritePattern(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(BiasOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = dyn_cast_or_null<RequantFusableOpInterface>(
        op.getInput().getDefiningOp());
    StringRef reason = whyNoBias(op, producer);
    if (!reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    if (op.getInput().getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "the bias changes the type");
    Operation *definition = op.getBias().getDefiningOp();
    if (!definition || !definition->hasTrait<OpTrait::ConstantLike>())
      return rewriter.notifyMatchFailure(op, "the bias is not constant");
    if (!haveEqualScales(op.getBias().getType(), op.getType()))
      return rewriter.notifyMatchFailure(op, "the bias has another scale");
    // The constant may stand after the producer.
    if (producer->isBeforeInBlock(definition))
      rewriter.moveOpBefore(producer, op);
    rewriter.modifyOpInPlace(
        producer, [&] { producer.getBiasRange()->assign(op.getBias()); });
    if (emitRemarks)
      producer->emitRemark("fused bias into ")
          << producer->getName().stripDialect();
    rewriter.replaceOp(op, producer->getResults());
    return success();
  }

  bool emitRemarks;
};

/// add(op(x), c) with one constant per channel -> op(x) bias(c), in float.
struct FuseAddConstant final : OpRewritePattern<AddOp> {
  FuseAddConstant(MLIRContext *context, bool emitRemarks)
      : OpRewritePattern(context, /*benefit=*/2), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    bool swapped = op.getLhs().getDefiningOp<ConstantOp>() != nullptr;
    Value computed = swapped ? op.getRhs() : op.getLhs();
    Value constant = swapped ? op.getLhs() : op.getRhs();
    auto producer =
        dyn_cast_or_null<RequantFusableOpInterface>(computed.getDefiningOp());
    StringRef reason = whyNoBias(op, producer);
    if (!reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    if (!isFloatTensor(op.getType()) || computed.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not a float add of one shape");
    int64_t channels = cast<RankedTensorType>(op.getType()).getShape().back();
    auto type = cast<RankedTensorType>(constant.getType());
    if (type.getNumElements() != channels || type.getRank() == 0 ||
        type.getShape().back() != channels)
      return rewriter.notifyMatchFailure(op, "not one value per channel");
    FailureOr<SmallVector<float>> values = getFloatValues(constant);
    if (failed(values))
      return rewriter.notifyMatchFailure(op, "the operand is not constant");

    rewriter.setInsertionPoint(producer);
    Value bias =
        createFloatConstant(rewriter, constant.getLoc(), {channels}, *values);
    rewriter.modifyOpInPlace(producer, [&] {
      producer.getBiasRange()->assign(bias);
      setBounds(producer, getBounds(cast<RequantFusableOpInterface>(*op)));
    });
    if (emitRemarks)
      producer->emitRemark("fused add of a constant into ")
          << producer->getName().stripDialect();
    rewriter.replaceOp(op, producer->getResults());
    return success();
  }

  bool emitRemarks;
};

/// The scale of accumulators of a weighted op is input scale x weight scale.
bool accumulatorScaleIsProduct(Operation *op, Type accumulator) {
  auto weighted = cast<QuantizableOpInterface>(op);
  quant::QuantizedType input = getUniformElementType(
      weighted.getActivationOperands()[0]->get().getType());
  Value weight = weighted.getWeightOperand()->get();
  quant::QuantizedType weights = getQuantizedElementType(weight.getType());
  quant::QuantizedType result = getQuantizedElementType(accumulator);
  int64_t channels = cast<RankedTensorType>(weight.getType()).getShape()[0];
  for (int64_t c = 0; c < channels; ++c)
    if (getScale(result, c) != getScale(input, 0) * getScale(weights, c))
      return false;
  return true;
}

/// Why `residual` cannot be added inside `producer`; empty when it can.
StringRef whyNoResidual(AddOp add, RequantFusableOpInterface producer,
                        Value residual) {
  if (!producer || !producer.getResidualRange())
    return "the producer takes no residual";
  if (usesFixedPoint(add))
    return "in fixed point the producer rounds first";
  if (hasResidual(producer) || hasBounds(producer))
    return "the producer has a residual or a clamp";
  auto shape = [](Value v) {
    return cast<RankedTensorType>(v.getType()).getShape();
  };
  Value result = producer->getResult(0);
  if (shape(result) != shape(add.getResult()) ||
      shape(residual) != shape(result))
    return "the operands broadcast";
  if (isQuantizedTensor(result.getType()) &&
      (!isAccumulatorTensor(result.getType()) ||
       isAccumulatorTensor(residual.getType()) ||
       !accumulatorScaleIsProduct(producer, result.getType())))
    return "a quantized producer is already rounded to its result type";
  return whyNotFusable(producer, add);
}

/// The operand of `add` whose producer takes the other one as its residual: of
/// two candidates the later one, whose residual is then already computed.
/// Null, and a reason, when there is none.
OpOperand *getResidualProducer(AddOp add, StringRef &reason) {
  OpOperand *best = nullptr;
  for (OpOperand *operand : {&add.getLhsMutable(), &add.getRhsMutable()}) {
    Value other = add->getOperand(1 - operand->getOperandNumber());
    auto producer = dyn_cast_or_null<RequantFusableOpInterface>(
        operand->get().getDefiningOp());
    StringRef why = whyNoResidual(add, producer, other);
    if (!why.empty()) {
      // The reason of an op that could take a residual tells most.
      if (reason.empty() || (producer && producer.getResidualRange()))
        reason = why;
      continue;
    }
    if (!best ||
        best->get().getDefiningOp()->isBeforeInBlock(producer.getOperation()))
      best = operand;
  }
  return best;
}

/// add(op(x), r) -> op(x) residual(r).
struct FuseResidual final : OpRewritePattern<AddOp> {
  FuseResidual(MLIRContext *context, bool emitRemarks)
      : OpRewritePattern(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    StringRef reason;
    OpOperand *operand = getResidualProducer(op, reason);
    if (!operand)
      return rewriter.notifyMatchFailure(op, reason);
    auto producer =
        cast<RequantFusableOpInterface>(operand->get().getDefiningOp());
    Value residual = op->getOperand(1 - operand->getOperandNumber());
    // The residual may be computed between the producer and the add.
    Operation *definition = residual.getDefiningOp();
    if (definition && producer->isBeforeInBlock(definition))
      rewriter.moveOpBefore(producer, op);
    rewriter.modifyOpInPlace(producer, [&] {
      producer.getResidualRange()->assign(residual);
      setBounds(producer, getBounds(cast<RequantFusableOpInterface>(*op)));
      producer->getResult(0).setType(op.getType());
    });
    if (emitRemarks)
      producer->emitRemark("fused residual add into ")
          << producer->getName().stripDialect();
    rewriter.replaceOp(op, producer->getResults());
    return success();
  }

  bool emitRemarks;
};

/// requantize(op(x) as i32) -> op(x) as i8.
struct FuseRequantize final : OpRewritePattern<RequantizeOp> {
  FuseRequantize(MLIRContext *context, bool emitRemarks)
      : OpRewritePattern(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(RequantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = dyn_cast_or_null<RequantFusableOpInterface>(
        op.getInput().getDefiningOp());
    auto weighted =
        dyn_cast_or_null<QuantizableOpInterface>(op.getInput().getDefiningOp());
    if (!producer || !weighted || !weighted.getWeightOperand())
      return rewriter.notifyMatchFailure(op, "no weighted op precedes");
    Type type = op.getInput().getType();
    if (!isAccumulatorTensor(type) || isAccumulatorTensor(op.getType()))
      return rewriter.notifyMatchFailure(
          op, "not from an accumulator to an activation");
    if (!accumulatorScaleIsProduct(producer, type))
      return rewriter.notifyMatchFailure(
          op, "the accumulator scale is not input scale x weight scale");
    StringRef reason = whyNotFusable(producer, op);
    if (!reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    rewriter.modifyOpInPlace(
        producer, [&] { producer->getResult(0).setType(op.getType()); });
    if (emitRemarks)
      producer->emitRemark("fused requantize into ")
          << producer->getName().stripDialect();
    rewriter.replaceOp(op, producer->getResults());
    return success();
  }

  bool emitRemarks;
};

/// Says of each op that looks fusable and remains why it does.
void explainRefusals(func::FuncOp func) {
  auto explainClamp = [](auto op) {
    auto producer = dyn_cast_or_null<RequantFusableOpInterface>(
        op.getInput().getDefiningOp());
    if (producer)
      op.emitRemark("not fused into ")
          << producer->getName().stripDialect() << ": "
          << whyNoClamp(op, getBounds(op), producer);
  };
  func.walk([&](ReluOp op) { explainClamp(op); });
  func.walk([&](ClipOp op) { explainClamp(op); });
  func.walk([](AddOp op) {
    auto takesResidual = [](Value value) {
      auto producer = value.getDefiningOp<RequantFusableOpInterface>();
      return producer && producer.getResidualRange();
    };
    StringRef reason;
    if (llvm::any_of(op->getOperands(), takesResidual) &&
        !getResidualProducer(op, reason))
      op.emitRemark("not fused as a residual: ") << reason;
  });
}

struct FuseEpiloguePass final
    : qnn::impl::FuseEpiloguePassBase<FuseEpiloguePass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateFuseEpiloguePatterns(set, emitRemarks);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    if (failed(applyPatternsAndFoldGreedily(getOperation(), patterns)))
      return signalPassFailure();
    if (emitRemarks)
      explainRefusals(getOperation());
  }

  FrozenRewritePatternSet patterns;
};
} // namespace

void qnn::populateFuseEpiloguePatterns(RewritePatternSet &patterns,
                                       bool emitRemarks) {
  patterns.add<FuseClamp<ReluOp>, FuseClamp<ClipOp>, FuseBias, FuseAddConstant,
               FuseResidual, FuseRequantize>(patterns.getContext(),
                                             emitRemarks);
}
