//===- RoundToBF16.cpp - Operands of products to bf16 ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: f32 products, some marked "bf16". Output: the same with bf16 operands
// for those. Cost: one pass over their weights.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Support/Numerics.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_ROUNDTOBF16PASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-round-to-bf16"

using namespace mlir;
using namespace mlir::qnn;

StringRef qnn::whyNotBF16(Operation *op) {
  auto quantizable = cast<QuantizableOpInterface>(op);
  for (OpOperand *operand :
       {quantizable.getWeightOperand(), quantizable.getBiasOperand()})
    if (operand && !operand->get().getDefiningOp<ConstantOp>())
      return "its weights or bias are not constants";
  auto conv = dyn_cast<Conv2DOp>(op);
  if (conv && conv.getGroups() > 1 &&
      conv.getWeight().getType().getShape()[3] % 2 != 0)
    return "bf16 is multiplied in pairs, and its groups have an odd number of "
           "channels";
  return {};
}

namespace {
struct RoundToBF16Pass final : qnn::impl::RoundToBF16PassBase<RoundToBF16Pass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> layers;
    getOperation().walk([&](Operation *op) {
      if (isMarkedBF16(op) && isa<Conv2DOp, FullyConnectedOp, MatMulOp>(op) &&
          llvm::all_of(op->getOperandTypes(), isFloatTensor))
        layers.push_back(op);
    });
    for (Operation *op : layers) {
      StringRef reason = whyNotBF16(op);
      if (!reason.empty()) {
        op->setAttr(kPrecisionAttr, StringAttr::get(&getContext(), "float"));
        op->emitRemark(kStaysFloatRemark) << reason;
      } else if (failed(round(cast<QuantizableOpInterface>(op)))) {
        return signalPassFailure();
      } else if (emitRemarks) {
        op->emitRemark(kBF16Remark);
      }
    }
  }

  LogicalResult round(QuantizableOpInterface op) {
    OpBuilder builder(op);
    Type bf16 = builder.getBF16Type();
    OpOperand *weight = op.getWeightOperand();
    for (OpOperand *operand : op.getActivationOperands()) {
      auto type = cast<RankedTensorType>(operand->get().getType());
      if (operand != weight && isFactor(*operand))
        operand->set(builder.create<ToBF16Op>(op.getLoc(), type.clone(bf16),
                                              operand->get()));
    }
    return weight ? roundWeights(builder, *weight) : success();
  }

  /// False for residuals and biases, which are added.
  static bool isFactor(OpOperand &operand) {
    return operand.getOperandNumber() < 2;
  }

  LogicalResult roundWeights(OpBuilder &builder, OpOperand &weight) {
    auto constant = weight.get().getDefiningOp<ConstantOp>();
    FailureOr<SmallVector<float>> values = getFloatValues(constant.getValue());
    if (failed(values))
      return constant.emitError("expected the data of constant '")
             << getLayerName(constant) << "'";
    SmallVector<uint16_t> rounded;
    for (float value : *values)
      rounded.push_back(toBF16(value));
    auto type = cast<RankedTensorType>(weight.get().getType());
    weight.set(builder.create<ConstantOp>(
        constant.getLoc(),
        getBF16Elements(&getContext(), type.getShape(), rounded)));
    if (constant.use_empty())
      constant.erase();
    return success();
  }
};
} // namespace
