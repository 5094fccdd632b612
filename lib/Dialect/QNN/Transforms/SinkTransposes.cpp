//===- SinkTransposes.cpp - Move transposes to inputs and outputs ---------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two phases, each a greedy rewrite. Sinking moves transposes down, through ops
// that know how to rename dimensions, through reshapes that keep groups of
// dimensions together, and into fully connected weights; pairs that meet
// cancel. Transposes of model inputs are not sunk. Hoisting then moves what
// remains in the middle up to model inputs and constants, where a whole cone of
// ops allows it. Linear in the number of ops times the depth of such cones.
//
//===----------------------------------------------------------------------===//

#include "ReshapeGroups.h"
#include "TransposePatterns.h"

#include "qnn/Dialect/QNN/Transforms/Passes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_SINKTRANSPOSESPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-sink-transposes"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::transposes;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

bool transposes::onlyMovesOnes(ArrayRef<int64_t> shape,
                               ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t dimension : permutation) {
    if (shape[dimension] == 1)
      continue;
    if (dimension < last)
      return false;
    last = dimension;
  }
  return true;
}

bool transposes::isModelInput(Value value) {
  while (Operation *producer = value.getDefiningOp()) {
    if (!isa<quant::QuantizeCastOp, quant::DequantizeCastOp>(producer))
      return false;
    value = producer->getOperand(0);
  }
  return true;
}

/// The transpose to sink from `value`: not of a model input or a constant, and
/// not one that is about to become a reshape.
static TransposeOp getSinkable(Value value) {
  auto transpose = value.getDefiningOp<TransposeOp>();
  if (!transpose)
    return {};
  Value input = transpose.getInput();
  if (isModelInput(input) || input.getDefiningOp<ConstantOp>() ||
      onlyMovesOnes(shapeOf(input), transpose.getPermutation()))
    return {};
  return transpose;
}

/// `value` with ones in front of its shape, up to `rank` dimensions.
static Value widen(PatternRewriter &rewriter, Location loc, Value value,
                   size_t rank) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == int64_t(rank))
    return value;
  SmallVector<int64_t> shape(rank - type.getRank(), 1);
  llvm::append_range(shape, type.getShape());
  return rewriter.create<ReshapeOp>(loc, type.clone(shape), value, shape);
}

Value transposes::transpose(PatternRewriter &rewriter, Location loc,
                            Value value, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> composed(permutation);
  if (auto producer = value.getDefiningOp<TransposeOp>()) {
    value = producer.getInput();
    composed = applyPermutation(producer.getPermutation(), permutation);
  }
  if (llvm::is_sorted(composed))
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape = applyPermutation(type.getShape(), composed);
  if (onlyMovesOnes(type.getShape(), composed))
    return rewriter.create<ReshapeOp>(loc, type.clone(shape), value, shape);
  return rewriter.create<TransposeOp>(loc, type.clone(shape), value, composed);
}

/// Channels last to channels first, of images: the importer's transposes.
static bool isFromChannelsLast(ArrayRef<int64_t> permutation) {
  int64_t rank = permutation.size();
  if (rank < 4 || permutation[0] != 0 || permutation[1] != rank - 1)
    return false;
  return llvm::equal(permutation.drop_front(2),
                     llvm::seq<int64_t>(1, rank - 1));
}

std::pair<Operation *, SmallVector<int64_t>>
transposes::createRenamed(RenamesDimensionsOpInterface op,
                          ArrayRef<int64_t> permutation,
                          PatternRewriter &rewriter) {
  SmallVector<int64_t> inverse = invertPermutationVector(permutation);
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(transpose(
        rewriter, op.getLoc(),
        widen(rewriter, op.getLoc(), operand, permutation.size()), inverse));
  NamedAttrList attributes(op->getAttrDictionary());
  SmallVector<int64_t> result = op.renameDimensions(permutation, attributes);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  RankedTensorType newType = type.clone(
      applyPermutation(type.getShape(), invertPermutationVector(result)));
  OperationState state(op.getLoc(), op->getName(), operands, {newType},
                       attributes);
  return {rewriter.create(state), result};
}

size_t transposes::getOperandRank(Operation *op) {
  size_t rank = 0;
  for (Value operand : op->getOperands())
    rank = std::max(rank, shapeOf(operand).size());
  return rank;
}

//===----------------------------------------------------------------------===//
// Sinking
//===----------------------------------------------------------------------===//

namespace {
/// f(transpose(x), ...) -> transpose(f'(x, ...)).
struct SinkThroughOp final
    : OpInterfaceRewritePattern<RenamesDimensionsOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(RenamesDimensionsOpInterface op,
                                PatternRewriter &rewriter) const override {
    size_t rank = getOperandRank(op);
    TransposeOp leader;
    for (Value operand : op->getOperands())
      if (!leader && shapeOf(operand).size() == rank)
        leader = getSinkable(operand);
    if (!leader)
      return rewriter.notifyMatchFailure(op, "no operand is transposed");
    ArrayRef<int64_t> permutation = leader.getPermutation();
    for (Value operand : op->getOperands())
      if (!isActivationTensor(operand.getType()) ||
          !takesTranspose(operand, permutation))
        return rewriter.notifyMatchFailure(
            op, "another operand would need a transpose");
    if (!isActivationTensor(op->getResult(0).getType()))
      return rewriter.notifyMatchFailure(op, "the result has scales per axis");
    auto [moved, result] =
        createRenamed(op, SmallVector<int64_t>(permutation), rewriter);
    rewriter.replaceOp(
        op, transpose(rewriter, op.getLoc(), moved->getResult(0), result));
    return success();
  }

  /// Whether undoing `permutation` on this operand costs nothing, or as much as
  /// the transpose that goes. The importer's own transposes sink even past a
  /// computed operand: this keeps the network in one layout.
  static bool takesTranspose(Value operand, ArrayRef<int64_t> permutation) {
    if (isFromChannelsLast(permutation) || operand.getDefiningOp<TransposeOp>())
      return true;
    if (operand.getDefiningOp<ConstantOp>())
      return true;
    SmallVector<int64_t> shape(permutation.size() - shapeOf(operand).size(), 1);
    llvm::append_range(shape, shapeOf(operand));
    return isModelInput(operand) ||
           onlyMovesOnes(shape, invertPermutationVector(permutation));
  }
};

/// reshape(transpose(x)) -> transpose(reshape(x)), where the reshape keeps
/// groups of dimensions together.
struct SinkThroughReshape final : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    TransposeOp source = getSinkable(op.getInput());
    if (!source || !isActivationTensor(op.getType()))
      return rewriter.notifyMatchFailure(op, "operand is not transposed");
    std::optional<ReshapedTranspose> split = splitReshapedTranspose(
        shapeOf(source.getInput()), source.getPermutation(), op.getShape());
    if (!split)
      return rewriter.notifyMatchFailure(op, "no transpose would remain below");
    Value input = source.getInput();
    bool keepsOrder = onlyMovesOnes(shapeOf(input), split->before);
    if (!keepsOrder && !isFromChannelsLast(split->after))
      return rewriter.notifyMatchFailure(op, "a second transpose is needed");
    if (!keepsOrder)
      input = transpose(rewriter, op.getLoc(), input, split->before);
    input = rewriter.create<ReshapeOp>(
        op.getLoc(), op.getType().clone(split->shape), input, split->shape);
    rewriter.replaceOp(op,
                       transpose(rewriter, op.getLoc(), input, split->after));
    return success();
  }
};

/// f(reshape(transpose(x))) -> reshape(transpose(f(x))) for element-wise f.
struct SinkFlattenThroughUnary final
    : OpTraitRewritePattern<OpTrait::SameOperandsAndResultShape> {
  using OpTraitRewritePattern::OpTraitRewritePattern;
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumOperands() != 1 || isa<SoftmaxOp>(op))
      return rewriter.notifyMatchFailure(op, "not element-wise");
    auto flatten = op->getOperand(0).getDefiningOp<ReshapeOp>();
    if (!flatten || !getSinkable(flatten.getInput()) ||
        !isActivationTensor(flatten.getType()))
      return rewriter.notifyMatchFailure(op, "operand is not flattened");
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    OperationState state(op->getLoc(), op->getName(), flatten.getInput(),
                         {type.clone(shapeOf(flatten.getInput()))},
                         op->getAttrs());
    rewriter.replaceOpWithNewOp<ReshapeOp>(
        op, type, rewriter.create(state)->getResult(0), flatten.getShape());
    return success();
  }
};

/// fully_connected(transpose(x), w) -> transpose(fully_connected(x, w)) when
/// the features stay last.
struct SinkThroughFullyConnected final : OpRewritePattern<FullyConnectedOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FullyConnectedOp op,
                                PatternRewriter &rewriter) const override {
    TransposeOp source = getSinkable(op.getInput());
    if (!source || op.getResidual())
      return rewriter.notifyMatchFailure(op, "operand is not transposed");
    ArrayRef<int64_t> permutation = source.getPermutation();
    if (permutation.back() != int64_t(permutation.size()) - 1)
      return rewriter.notifyMatchFailure(op, "the features move");
    SmallVector<int64_t> shape(shapeOf(source.getInput()));
    shape.back() = op.getType().getShape().back();
    Operation *moved = rewriter.clone(*op);
    rewriter.modifyOpInPlace(moved, [&] {
      moved->setOperand(0, source.getInput());
      moved->getResult(0).setType(
          cast<RankedTensorType>(op.getType()).clone(shape));
    });
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(),
                                             moved->getResult(0), permutation);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct SinkTransposesPass final
    : qnn::impl::SinkTransposesPassBase<SinkTransposesPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet sinking(context), hoisting(context);
    sinking.add<SinkThroughOp, SinkThroughReshape, SinkFlattenThroughUnary,
                SinkThroughFullyConnected>(context);
    addWeightPatterns(sinking);
    addHoistPatterns(hoisting);
    for (RewritePatternSet *patterns : {&sinking, &hoisting}) {
      addConstantPatterns(*patterns);
      TransposeOp::getCanonicalizationPatterns(*patterns, context);
    }
    sink = std::move(sinking);
    hoist = std::move(hoisting);
    return success();
  }

  void runOnOperation() override {
    // Every op may move past every transpose. The bound only guards against
    // two rewrites that undo each other.
    int64_t ops = 0;
    getOperation().walk([&](Operation *) { ++ops; });
    GreedyRewriteConfig config;
    config.maxIterations = GreedyRewriteConfig::kNoLimit;
    config.maxNumRewrites = 10000 + 100 * ops;
    config.useTopDownTraversal = true;
    for (const FrozenRewritePatternSet *patterns : {&sink, &hoist})
      if (failed(applyPatternsAndFoldGreedily(getOperation(), *patterns,
                                              config))) {
        getOperation().emitError("expected transposes to settle within ")
            << config.maxNumRewrites << " rewrites";
        return signalPassFailure();
      }
  }

  FrozenRewritePatternSet sink, hoist;
};
} // namespace
