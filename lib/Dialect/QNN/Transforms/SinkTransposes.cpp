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

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_SINKTRANSPOSESPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-sink-transposes"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Whether a transpose by `permutation` keeps the order of the values.
static bool onlyMovesOnes(ArrayRef<int64_t> shape,
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

/// A model input, or what casts make of one: its transposes stay behind the
/// casts, where they move fewer bytes.
static bool isModelInput(Value value) {
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

/// A transpose of `value`, in its simplest form: a pattern that saw the
/// intermediate one would undo what created it.
static Value transpose(PatternRewriter &rewriter, Location loc, Value value,
                       ArrayRef<int64_t> permutation) {
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

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// `value` with its elements (of `width` bytes) in the order of the transpose.
static void permuteBytes(ArrayRef<char> source, ArrayRef<int64_t> shape,
                         ArrayRef<int64_t> permutation, size_t width,
                         char *target) {
  SmallVector<int64_t> strides = computeSuffixProduct(shape);
  SmallVector<int64_t> newShape = applyPermutation(shape, permutation);
  SmallVector<int64_t> steps = applyPermutation(ArrayRef(strides), permutation);
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t offset = 0;
  for (size_t i = 0, e = source.size() / width; i < e; ++i) {
    std::memcpy(target + i * width, source.data() + offset * width, width);
    for (size_t d = shape.size(); d-- > 0;) {
      offset += steps[d];
      if (++index[d] < newShape[d])
        break;
      offset -= index[d] * steps[d];
      index[d] = 0;
    }
  }
}

/// The elements of a constant under a transpose, of the view `shape` of them;
/// the result has shape `resultShape`. Null when the data are missing.
static ElementsAttr permuteElements(ElementsAttr value, ArrayRef<int64_t> shape,
                                    ArrayRef<int64_t> permutation,
                                    ArrayRef<int64_t> resultShape) {
  auto type = cast<RankedTensorType>(value.getType()).clone(resultShape);
  ArrayRef<char> source;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (dense.isSplat())
      return dense.resizeSplat(type);
    source = dense.getRawData();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      source = blob->getData();
  }
  size_t width = type.getElementTypeBitWidth() / 8;
  size_t bytes = type.getNumElements() * width;
  if (width == 0 || source.size() != bytes)
    return {};
  // The blob is filled in place: weights may be larger than what is left.
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(bytes, /*align=*/64);
  permuteBytes(source, shape, permutation, width, blob.getMutableData().data());
  if (type.getNumElements() <= kMaxInlineElements)
    return DenseElementsAttr::getFromRawBuffer(type, blob.getData());
  return DenseResourceElementsAttr::get(type, "qnn", std::move(blob));
}

namespace {
struct TransposeConstant final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto constant = op.getInput().getDefiningOp<ConstantOp>();
    if (!constant || !isActivationTensor(op.getType()))
      return rewriter.notifyMatchFailure(op, "operand is not constant");
    ElementsAttr value =
        permuteElements(constant.getValue(), shapeOf(op.getInput()),
                        op.getPermutation(), op.getType().getShape());
    if (!value)
      return rewriter.notifyMatchFailure(op, "constant without data");
    rewriter.replaceOpWithNewOp<ConstantOp>(op, op.getType(), value);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Sinking
//===----------------------------------------------------------------------===//

/// Creates `f'` for `op` = f: transposes the operands by the inverse of
/// `permutation`, and gives f' the name and locations of f. The result of f is
/// the transpose of the result by the permutation returned.
std::pair<Operation *, SmallVector<int64_t>>
createRenamed(RenamesDimensionsOpInterface op, ArrayRef<int64_t> permutation,
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

size_t getOperandRank(Operation *op) {
  size_t rank = 0;
  for (Value operand : op->getOperands())
    rank = std::max(rank, shapeOf(operand).size());
  return rank;
}

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

/// The number of leading dimensions that stay in place and that the flattened
/// features do not contain; none when the transpose moves across.
std::optional<size_t> getFlattenStart(TransposeOp transpose, int64_t features) {
  ArrayRef<int64_t> shape = transpose.getType().getShape();
  for (size_t start = 0; start < shape.size(); ++start) {
    if (ShapedType::getNumElements(shape.drop_front(start)) == features)
      return start;
    if (transpose.getPermutation()[start] != int64_t(start))
      return std::nullopt;
  }
  return std::nullopt;
}

/// The constant that `weight` is or dequantizes; null when its scales belong to
/// columns.
ConstantOp getWeightConstant(Value weight) {
  if (auto dequantize = weight.getDefiningOp<quant::DequantizeCastOp>())
    weight = dequantize.getArg();
  auto perAxis = dyn_cast_or_null<quant::UniformQuantizedPerAxisType>(
      getQuantizedElementType(weight.getType()));
  if (perAxis && perAxis.getQuantizedDimension() != 0)
    return {};
  return weight.getDefiningOp<ConstantOp>();
}

/// fully_connected(reshape(transpose(x)), w) -> fully_connected(reshape(x),
/// w'), where w' has the columns of w in the order of x.
struct PermuteWeightColumns final : OpRewritePattern<FullyConnectedOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FullyConnectedOp op,
                                PatternRewriter &rewriter) const override {
    auto flatten = op.getInput().getDefiningOp<ReshapeOp>();
    auto source = flatten ? flatten.getInput().getDefiningOp<TransposeOp>()
                          : TransposeOp();
    ConstantOp weight = getWeightConstant(op.getWeight());
    if (!source || !weight)
      return rewriter.notifyMatchFailure(
          op, "expected a flattened transpose and a constant weight");
    int64_t outputs = shapeOf(weight)[0], features = shapeOf(weight)[1];
    std::optional<size_t> start = getFlattenStart(source, features);
    if (!start)
      return rewriter.notifyMatchFailure(
          op, "the transpose moves more than the features");
    // The columns as a tensor [outputs, features of the transpose...].
    SmallVector<int64_t> view = {outputs}, order = {0};
    llvm::append_range(view, source.getType().getShape().drop_front(*start));
    SmallVector<int64_t> inverse =
        invertPermutationVector(source.getPermutation());
    for (int64_t dimension : ArrayRef(inverse).drop_front(*start))
      order.push_back(dimension - *start + 1);
    ElementsAttr value =
        permuteElements(weight.getValue(), view, order, {outputs, features});
    if (!value)
      return rewriter.notifyMatchFailure(op, "weight without data");
    Value input =
        rewriter.create<ReshapeOp>(flatten.getLoc(), flatten.getType(),
                                   source.getInput(), flatten.getShape());
    Value newWeight =
        rewriter.create<ConstantOp>(weight.getLoc(), weight.getType(), value);
    if (newWeight.getType() != op.getWeight().getType())
      newWeight = rewriter.create<quant::DequantizeCastOp>(
          weight.getLoc(), op.getWeight().getType(), newWeight);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(input);
      op.getWeightMutable().assign(newWeight);
    });
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
// Hoisting
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct SinkTransposesPass final
    : qnn::impl::SinkTransposesPassBase<SinkTransposesPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet sinking(context), hoisting(context);
    sinking.add<SinkThroughOp, SinkThroughReshape, SinkFlattenThroughUnary,
                PermuteWeightColumns, SinkThroughFullyConnected>(context);
    hoisting.add<HoistThroughOp, HoistThroughReshape>(context);
    for (RewritePatternSet *patterns : {&sinking, &hoisting}) {
      patterns->add<TransposeConstant>(context);
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
