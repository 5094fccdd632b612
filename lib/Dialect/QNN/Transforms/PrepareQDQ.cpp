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
#include "QuantizedLayers.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

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

/// `values`, a tensor of shape `shape`, under a transpose.
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
    rewriter.replaceOp(
        op, createDequantized(rewriter, constant.getLoc(), *values, to));
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
    // All its casts are replaced, of which `op` need not be the first.
    rewriter.setInsertionPoint(producer);
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

struct PrepareQDQPass final : qnn::impl::PrepareQDQPassBase<PrepareQDQPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<MoveConstant, HoistCast<QuantizeCastOp>,
            HoistCast<DequantizeCastOp>, CancelPair>(context);
    populateQuantizedLayerPatterns(set, emitRemarks);
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
