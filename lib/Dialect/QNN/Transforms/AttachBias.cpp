//===- AttachBias.cpp - Biases that other tools add behind a layer --------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttachBias.h"

#include "qnn/Dialect/QNN/IR/QNN.h"

using namespace mlir;
using namespace mlir::qnn;

using quant::DequantizeCastOp;

/// The constant behind `value`: float, or i32 and dequantized. Null for others.
static ConstantOp getBiasConstant(Value value) {
  auto dequantize = value.getDefiningOp<DequantizeCastOp>();
  if (!dequantize)
    return value.getDefiningOp<ConstantOp>();
  auto constant = dequantize.getArg().getDefiningOp<ConstantOp>();
  return constant && isAccumulatorTensor(constant.getType()) ? constant
                                                             : ConstantOp();
}

/// Why `layer` takes no bias from behind it; empty when it does.
static StringRef whyNoBias(RequantFusableOpInterface layer) {
  auto weighted = dyn_cast_or_null<QuantizableOpInterface>(*layer);
  OpOperand *weight = weighted ? weighted.getWeightOperand() : nullptr;
  auto bias = layer.getBiasRange();
  if (!weight || !bias || !bias->empty())
    return "not a layer without a bias";
  auto dequantize = weight->get().getDefiningOp<DequantizeCastOp>();
  if (!dequantize || !dequantize.getArg().getDefiningOp<ConstantOp>())
    return "the weights are not quantized";
  auto residual = layer.getResidualRange();
  if ((residual && !residual->empty()) || layer.getClampMinAttr() ||
      layer.getClampMaxAttr())
    return "more follows the sum already";
  return layer->hasOneUse() ? "" : "the sum has other uses";
}

namespace {
/// add(layer(x), b) -> layer(x) bias(b), for one constant b per channel.
struct AttachBias final : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    bool swapped = bool(getBiasConstant(op.getLhs()));
    Value sum = swapped ? op.getRhs() : op.getLhs();
    ConstantOp constant = getBiasConstant(swapped ? op.getLhs() : op.getRhs());
    auto layer =
        dyn_cast_or_null<RequantFusableOpInterface>(sum.getDefiningOp());
    if (!constant || !layer || sum.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "expected a layer and a constant");
    if (StringRef reason = whyNoBias(layer); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    auto type = cast<RankedTensorType>(constant.getType());
    int64_t channels = cast<RankedTensorType>(op.getType()).getShape().back();
    if (type.getRank() != 1 || type.getDimSize(0) != channels)
      return rewriter.notifyMatchFailure(op, "not one value per channel");

    rewriter.setInsertionPoint(layer);
    Value bias = rewriter.create<ConstantOp>(constant.getLoc(), type,
                                             constant.getValue());
    if (isQuantizedTensor(type))
      bias = rewriter.create<DequantizeCastOp>(
          constant.getLoc(), type.clone(rewriter.getF32Type()), bias);
    rewriter.modifyOpInPlace(layer, [&] {
      layer.getBiasRange()->assign(bias);
      layer.setClampMinAttr(op.getClampMinAttr());
      layer.setClampMaxAttr(op.getClampMaxAttr());
    });
    rewriter.replaceOp(op, layer->getResults());
    return success();
  }
};
} // namespace

void qnn::populateAttachBiasPatterns(RewritePatternSet &patterns) {
  patterns.add<AttachBias>(patterns.getContext());
}
