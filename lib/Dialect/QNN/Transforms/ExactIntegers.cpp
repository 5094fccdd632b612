//===- ExactIntegers.cpp - Integer forms without a rounding ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dequantization is strictly monotonic: the maximum, minimum and order of 8-bit
// values of one scale are those of their integers, and gathers only move them.
//
//===----------------------------------------------------------------------===//

#include "ExactIntegers.h"

#include "qnn/Dialect/QNN/IR/Formulas.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

using quant::DequantizeCastOp;
using quant::QuantizeCastOp;

namespace {
/// The 8-bit integers of one scale that `real` was dequantized from, or null.
Value getBytes(Value real) {
  auto dequantize = real.getDefiningOp<DequantizeCastOp>();
  if (!dequantize)
    return {};
  auto element = getUniformElementType(dequantize.getArg().getType());
  return element && element.isSigned() &&
                 element.getStorageTypeIntegralWidth() == 8
             ? dequantize.getArg()
             : Value();
}

/// f(dcast(q)...) -> dcast(f(q...)).
LogicalResult sinkDequantize(Operation *op, unsigned operands,
                             PatternRewriter &rewriter) {
  if (isKeptFloat(op))
    return rewriter.notifyMatchFailure(op, "is kept float");
  SmallVector<Value> integers(op->getOperands());
  for (Value &operand : MutableArrayRef(integers).take_front(operands)) {
    operand = getBytes(operand);
    if (!operand ||
        getElementTypeOrSelf(operand) != getElementTypeOrSelf(integers.front()))
      return rewriter.notifyMatchFailure(
          op, "operands are not dequantized 8-bit values of one scale");
  }
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  OperationState state(op->getLoc(), op->getName(), integers,
                       type.clone(getElementTypeOrSelf(integers.front())),
                       op->getAttrs());
  state.attributes.erase(kPrecisionAttr);
  rewriter.replaceOpWithNewOp<DequantizeCastOp>(
      op, type, rewriter.create(state)->getResult(0));
  return success();
}

struct SinkThroughExtreme final : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getFunction() != BinaryFunction::Max &&
        op.getFunction() != BinaryFunction::Min)
      return rewriter.notifyMatchFailure(op, "computes");
    return sinkDequantize(op, 2, rewriter);
  }
};

struct SinkThroughReduction final : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReduceOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getFunction() != ReduceFunction::Max &&
        op.getFunction() != ReduceFunction::Min)
      return rewriter.notifyMatchFailure(op, "computes");
    return sinkDequantize(op, 1, rewriter);
  }
};

struct SinkThroughGather final : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    return sinkDequantize(op, 1, rewriter);
  }
};

/// top_k(dcast(q)) -> top_k(q).
struct OrderIntegers final : OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    Value integers = getBytes(op.getInput());
    if (!integers || isKeptFloat(op))
      return rewriter.notifyMatchFailure(op, "operand is not dequantized");
    rewriter.modifyOpInPlace(op,
                             [&] { op.getInputMutable().assign(integers); });
    return success();
  }
};

/// qcast(resample(resample(dcast(q)))), or with one resample, in fixed point:
/// sums of the stored integers, of which the last is rounded.
struct ResampleIntegers final : OpRewritePattern<QuantizeCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeCastOp op,
                                PatternRewriter &rewriter) const override {
    auto last = op.getArg().getDefiningOp<ResampleOp>();
    if (!last || !usesFixedPoint(op))
      return rewriter.notifyMatchFailure(op, "is no resample in fixed point");
    auto first = last.getInput().getDefiningOp<ResampleOp>();
    Value integers = getBytes(first ? first.getInput() : last.getInput());
    if (!integers ||
        getElementTypeOrSelf(integers) != getElementTypeOrSelf(op) ||
        !hasFixedPointWeights(last) || (first && !hasFixedPointWeights(first)))
      return rewriter.notifyMatchFailure(
          op,
          "expected 8-bit values of one scale and weights in steps of 2^-10");
    if (first)
      integers = create(rewriter, first, integers, rewriter.getI32Type());
    rewriter.replaceOp(
        op, create(rewriter, last, integers, getElementTypeOrSelf(op)));
    return success();
  }

  static Value create(PatternRewriter &rewriter, ResampleOp op, Value input,
                      Type element) {
    return rewriter.create<ResampleOp>(
        op.getLoc(), op.getType().clone(element), input, op.getAxis(),
        op.getTaps(), op.getIndices(), op.getWeights(), op.getOffsets());
  }
};
} // namespace

void qnn::populateExactIntegerPatterns(RewritePatternSet &patterns) {
  patterns.add<SinkThroughExtreme, SinkThroughReduction, SinkThroughGather,
               OrderIntegers, ResampleIntegers>(patterns.getContext());
}
