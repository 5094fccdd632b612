//===- FoldBatchNorm.cpp - Fold batch norms into preceding layers ---------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a float graph. Output: the same without qnn.batch_norm. Assumes that
// channels are the last axis (NHWC). Cost: one pass over the folded weights.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/IR/Formulas.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_FOLDBATCHNORMPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-fold-batch-norm"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// y[c] = factor[c] * x[c] + offset[c].
struct AffineMap {
  SmallVector<double> factor, offset;
};

/// The affine map of a batch norm; on failure `reason` says why there is none.
FailureOr<AffineMap> getAffineMap(BatchNormOp op, StringRef &reason) {
  FailureOr<SmallVector<float>> scale = getFloatValues(op.getScale()),
                                offset = getFloatValues(op.getOffset()),
                                mean = getFloatValues(op.getMean()),
                                variance = getFloatValues(op.getVariance());
  if (failed(scale) || failed(offset) || failed(mean) || failed(variance)) {
    reason = "expected constant parameters";
    return failure();
  }
  double epsilon = op.getEpsilon().convertToFloat();
  AffineMap map;
  for (size_t c = 0; c < scale->size(); ++c) {
    double shifted = double((*variance)[c]) + epsilon;
    if (!(shifted > 0)) {
      reason = "expected variance + epsilon > 0 in every channel";
      return failure();
    }
    BatchNormChannel channel = getBatchNormChannel(
        (*scale)[c], (*offset)[c], (*mean)[c], (*variance)[c], epsilon);
    if (!std::isfinite(channel.factor) || !std::isfinite(channel.offset)) {
      reason = "expected finite parameters";
      return failure();
    }
    map.factor.push_back(channel.factor);
    map.offset.push_back(channel.offset);
  }
  return map;
}

/// batch_norm(layer(x)) -> layer'(x).
struct FoldIntoLayer final : OpRewritePattern<BatchNormOp> {
  FoldIntoLayer(MLIRContext *context, bool emitRemarks)
      : OpRewritePattern(context, /*benefit=*/2), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(BatchNormOp op,
                                PatternRewriter &rewriter) const override {
    Operation *layer = op.getInput().getDefiningOp();
    auto quantizable = dyn_cast_or_null<QuantizableOpInterface>(layer);
    auto epilogue = dyn_cast_or_null<RequantFusableOpInterface>(layer);
    if (!quantizable || !epilogue || quantizable.getWeightAxis() != 0 ||
        !epilogue.getBiasRange())
      return rewriter.notifyMatchFailure(op, "no weighted layer precedes");
    if (!op.getInput().hasOneUse())
      return rewriter.notifyMatchFailure(op, "the layer has another use");
    if (epilogue.getClampMinAttr() || epilogue.getClampMaxAttr() ||
        (epilogue.getResidualRange() && !epilogue.getResidualRange()->empty()))
      return rewriter.notifyMatchFailure(op, "the layer has a fused epilogue");
    OpOperand *weight = quantizable.getWeightOperand();
    OpOperand *bias = quantizable.getBiasOperand();
    FailureOr<SmallVector<float>> weights = getFloatValues(weight->get());
    FailureOr<SmallVector<float>> biases = SmallVector<float>();
    if (bias)
      biases = getFloatValues(bias->get());
    if (failed(weights) || failed(biases))
      return rewriter.notifyMatchFailure(op, "weight or bias is not constant");
    StringRef reason;
    FailureOr<AffineMap> map = getAffineMap(op, reason);
    if (failed(map))
      return rewriter.notifyMatchFailure(op, reason);

    int64_t channels = map->factor.size();
    biases->resize(channels, 0.0f);
    int64_t stride = channels ? weights->size() / channels : 0;
    for (int64_t c = 0; c < channels; ++c) {
      for (float &w : MutableArrayRef(*weights).slice(c * stride, stride))
        w = static_cast<float>(w * map->factor[c]);
      (*biases)[c] =
          static_cast<float>((*biases)[c] * map->factor[c] + map->offset[c]);
    }
    rewriter.setInsertionPoint(layer);
    auto weightType = cast<RankedTensorType>(weight->get().getType());
    Value newWeight = createFloatConstant(rewriter, weight->get().getLoc(),
                                          weightType.getShape(), *weights);
    Value newBias =
        createFloatConstant(rewriter, op.getLoc(), {channels}, *biases);
    rewriter.modifyOpInPlace(layer, [&] {
      weight->set(newWeight);
      epilogue.getBiasRange()->assign(newBias);
    });
    rewriter.replaceOp(op, layer->getResults());
    if (emitRemarks)
      layer->emitRemark("folded batch norm into ")
          << layer->getName().stripDialect();
    return success();
  }

  bool emitRemarks;
};

/// batch_norm(x) -> 1x1 depthwise convolution of x, seen as [1, 1, n, c] unless
/// it is of rank 4.
struct ConvertToDepthwise final : OpRewritePattern<BatchNormOp> {
  ConvertToDepthwise(MLIRContext *context, bool emitRemarks)
      : OpRewritePattern(context, /*benefit=*/1), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(BatchNormOp op,
                                PatternRewriter &rewriter) const override {
    StringRef reason;
    FailureOr<AffineMap> map = getAffineMap(op, reason);
    if (failed(map))
      return rewriter.notifyMatchFailure(op, reason);
    auto type = cast<RankedTensorType>(op.getType());
    int64_t channels = type.getShape().back();
    if (channels == 0)
      return rewriter.notifyMatchFailure(op, "there are no channels");
    if (emitRemarks)
      op.emitRemark("turned batch norm into a depthwise convolution");

    SmallVector<float> weights(map->factor.begin(), map->factor.end());
    SmallVector<float> biases(map->offset.begin(), map->offset.end());
    Location loc = op.getLoc();
    Value weight =
        createFloatConstant(rewriter, loc, {channels, 1, 1, 1}, weights);
    Value bias = createFloatConstant(rewriter, loc, {channels}, biases);
    Value input = op.getInput();
    RankedTensorType imageType = type;
    if (type.getRank() != 4) {
      imageType =
          type.clone({1, 1, type.getNumElements() / channels, channels});
      input = rewriter.create<ReshapeOp>(loc, imageType, input,
                                         imageType.getShape());
    }
    auto conv = rewriter.create<Conv2DOp>(
        loc, imageType, input, weight, bias, /*residual=*/Value(),
        /*strides=*/ArrayRef<int64_t>{1, 1},
        /*padding=*/ArrayRef<int64_t>{0, 0, 0, 0},
        /*dilations=*/ArrayRef<int64_t>{1, 1}, /*groups=*/channels,
        /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
    Value result = conv.getResult();
    if (type.getRank() != 4)
      result = rewriter.create<ReshapeOp>(loc, type, result, type.getShape());
    rewriter.replaceOp(op, result);
    return success();
  }

  bool emitRemarks;
};

struct FoldBatchNormPass final
    : qnn::impl::FoldBatchNormPassBase<FoldBatchNormPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<FoldIntoLayer, ConvertToDepthwise>(context, emitRemarks);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    if (failed(applyPatternsAndFoldGreedily(getOperation(), patterns)))
      return signalPassFailure();
    getOperation().walk([&](BatchNormOp op) {
      if (llvm::any_of(op.getOperands().drop_front(), [](Value parameter) {
            return !parameter.getDefiningOp<ConstantOp>();
          }))
        return;
      StringRef reason = "expected at least one channel";
      (void)getAffineMap(op, reason);
      op.emitError("cannot fold batch norm '")
          << getLayerName(op) << "': " << reason;
      signalPassFailure();
    });
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
