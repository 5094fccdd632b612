//===- SinkTransposes.cpp - Move transposes to inputs and outputs ---------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_SINKTRANSPOSESPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// f(transpose(x)) -> transpose(f(x)) for element-wise f.
struct SinkThroughUnary final
    : OpTraitRewritePattern<OpTrait::SameOperandsAndResultShape> {
  using OpTraitRewritePattern::OpTraitRewritePattern;
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumOperands() != 1 || isa<SoftmaxOp>(op))
      return rewriter.notifyMatchFailure(op, "not element-wise");
    auto transpose = op->getOperand(0).getDefiningOp<TransposeOp>();
    if (!transpose || !isActivationTensor(transpose.getType()))
      return rewriter.notifyMatchFailure(op, "operand is not transposed");
    auto oldType = cast<RankedTensorType>(op->getResult(0).getType());
    OperationState state(
        op->getLoc(), op->getName(), transpose.getInput(),
        oldType.clone(transpose.getInput().getType().getShape()),
        op->getAttrs());
    Operation *moved = rewriter.create(state);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, oldType, moved->getResult(0),
                                             transpose.getPermutation());
    return success();
  }
};

struct SinkTransposesPass final
    : qnn::impl::SinkTransposesPassBase<SinkTransposesPass> {
  using Base::Base;
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet patterns(context);
    patterns.add<SinkThroughUnary>(context);
    TransposeOp::getCanonicalizationPatterns(patterns, context);
    sink = std::move(patterns);
    return success();
  }
  void runOnOperation() override {
    if (failed(applyPatternsAndFoldGreedily(getOperation(), sink)))
      signalPassFailure();
  }
  FrozenRewritePatternSet sink;
};
} // namespace
