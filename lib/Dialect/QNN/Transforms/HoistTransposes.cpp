//===- HoistTransposes.cpp - Transposes up to model inputs ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReshapeGroups.h"
#include "TransposePatterns.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::transposes;

namespace {
/// Longest chain of ops that a transpose is hoisted through.
constexpr int kMaxConeDepth = 256;

/// Whether a transpose of `value` can move up to model inputs, constants and
/// other transposes, without leaving one behind.
bool canHoist(Value value, int depth = 0) {
  if (!isActivationTensor(value.getType()))
    return false;
  if (isModelInput(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (isa<ConstantOp, TransposeOp>(op))
    return true;
  if (depth > kMaxConeDepth ||
      !(isa<RenamesDimensionsOpInterface>(op) || isa<ReshapeOp>(op)) ||
      !(depth == 0 || op->hasOneUse()))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    return canHoist(operand, depth + 1);
  });
}

/// All users of the operand of `op` are this same transpose.
bool isOnlyReader(TransposeOp op) {
  return llvm::all_of(op.getInput().getUsers(), [&](Operation *user) {
    auto other = dyn_cast<TransposeOp>(user);
    return other && other.getPermutation() == op.getPermutation();
  });
}

/// transpose(f(x, ...)) -> f'(transpose(x), ...).
struct HoistThroughOp final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<RenamesDimensionsOpInterface>();
    if (!producer || isModelInput(op.getInput()) || !isOnlyReader(op) ||
        !canHoist(op.getInput()))
      return rewriter.notifyMatchFailure(op, "cannot reach a model input");
    SmallVector<int64_t> permutation(op.getPermutation());
    if (getOperandRank(producer) != permutation.size())
      return rewriter.notifyMatchFailure(op, "the producer drops dimensions");
    rewriter.setInsertionPoint(producer);
    auto [moved, result] =
        createRenamed(producer, invertPermutationVector(permutation), rewriter);
    for (Operation *user : llvm::make_early_inc_range(op.getInput().getUsers()))
      rewriter.replaceOp(user, moved->getResult(0));
    return success();
  }
};

/// transpose(reshape(x)) -> reshape(transpose(x)).
struct HoistThroughReshape final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<ReshapeOp>();
    if (!producer || isModelInput(producer.getInput()) ||
        !canHoist(op.getInput()))
      return rewriter.notifyMatchFailure(op, "cannot reach a model input");
    // Read backwards this is a transpose that sinks through a reshape.
    std::optional<ReshapedTranspose> split = splitReshapedTranspose(
        op.getType().getShape(), invertPermutationVector(op.getPermutation()),
        shapeOf(producer.getInput()));
    if (!split || !onlyMovesOnes(op.getType().getShape(), split->before))
      return rewriter.notifyMatchFailure(op, "the reshape mixes dimensions");
    Value input = transpose(rewriter, op.getLoc(), producer.getInput(),
                            invertPermutationVector(split->after));
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), input,
                                           op.getType().getShape());
    return success();
  }
};
} // namespace

void transposes::addHoistPatterns(RewritePatternSet &patterns) {
  patterns.add<HoistThroughOp, HoistThroughReshape>(patterns.getContext());
}
