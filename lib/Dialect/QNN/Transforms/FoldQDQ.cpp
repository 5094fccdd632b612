//===- FoldQDQ.cpp - Fold quantize/dequantize pairs into integer ops ------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: the QDQ stage. Output: the Quantized stage; quant.qcast and
// quant.dcast remain only where integer and float parts meet. Ops are cloned
// through their interfaces: the quantized form has the same attributes. Cost:
// linear in the number of ops.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_FOLDQDQPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-fold-qdq"

using namespace mlir;
using namespace mlir::qnn;

using quant::DequantizeCastOp;
using quant::QuantizeCastOp;

namespace {
/// The integers `real` was dequantized from, or null.
Value getIntegers(Value real) {
  auto dequantize = real.getDefiningOp<DequantizeCastOp>();
  return dequantize && isQuantizedTensor(dequantize.getArg().getType())
             ? dequantize.getArg()
             : Value();
}

/// A per-tensor type of at most 16 bits: the range of Numerics.h's quantize.
bool isNarrow(Type type) {
  quant::UniformQuantizedType element = getUniformElementType(type);
  return element && element.getStorageTypeIntegralWidth() <= 16;
}

/// `op` on other operands, with another element type of its result and without
/// a precision.
Operation *cloneAs(PatternRewriter &rewriter, Operation *op,
                   ValueRange operands, Type elementType) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  OperationState state(op->getLoc(), op->getName(), operands,
                       type.clone(elementType), op->getAttrs());
  state.attributes.erase(kPrecisionAttr);
  return rewriter.create(state);
}

Type getElementType(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

/// qcast(dcast(q)) -> q, or requantize(q) when the types differ.
struct FoldPair final : OpRewritePattern<QuantizeCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeCastOp op,
                                PatternRewriter &rewriter) const override {
    Value integers = getIntegers(op.getArg());
    if (!integers)
      return rewriter.notifyMatchFailure(op, "operand is not dequantized");
    if (!isNarrow(integers.getType()) || !isNarrow(op.getType()))
      return rewriter.notifyMatchFailure(
          op, "expected per-tensor types of at most 16 bits");
    if (integers.getType() == op.getType())
      rewriter.replaceOp(op, integers);
    else
      rewriter.replaceOpWithNewOp<RequantizeOp>(op, op.getType(), integers);
    return success();
  }
};

/// f(dcast(q)) -> dcast(f(q)) for f that moves or selects values.
struct SinkDequantize final : OpInterfaceRewritePattern<CommutesWithQDQ> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(CommutesWithQDQ op,
                                PatternRewriter &rewriter) const override {
    if (!op.commutesWithQDQ())
      return rewriter.notifyMatchFailure(op, "does not commute");
    if (isKeptFloat(op))
      return rewriter.notifyMatchFailure(op, "is kept float");
    Value integers =
        op->getNumOperands() == 1 ? getIntegers(op->getOperand(0)) : Value();
    if (!integers || !isNarrow(integers.getType()))
      return rewriter.notifyMatchFailure(
          op, "operand is not dequantized with one scale");
    Operation *moved =
        cloneAs(rewriter, op, integers, getElementType(integers));
    rewriter.replaceOpWithNewOp<DequantizeCastOp>(
        op, op->getResult(0).getType(), moved->getResult(0));
    return success();
  }
};

/// True when `bias` has scale input x weight in every channel.
bool isBiasOf(Value bias, Value input, Value weight) {
  quant::QuantizedType type = getQuantizedElementType(bias.getType());
  quant::QuantizedType inputs = getQuantizedElementType(input.getType());
  quant::QuantizedType weights = getQuantizedElementType(weight.getType());
  if (!isAccumulatorTensor(bias.getType()) || !inputs || !weights)
    return false;
  int64_t channels = cast<RankedTensorType>(bias.getType()).getNumElements();
  for (int64_t c = 0; c < channels; ++c)
    if (getScale(type, c) != getScale(inputs, 0) * getScale(weights, c))
      return false;
  return true;
}

/// Why `op` between dcasts and a qcast has no integer form; empty, with the
/// integer operands in `integers`, when it has one.
StringRef whyNotInteger(QuantizableOpInterface op,
                        SmallVectorImpl<Value> &integers) {
  for (Value operand : op->getOperands()) {
    Value value = getIntegers(operand);
    if (!value)
      return "not every operand is dequantized";
    integers.push_back(value);
  }
  SmallVector<OpOperand *> activations = op.getActivationOperands();
  for (OpOperand *operand : activations)
    if (!isNarrow(integers[operand->getOperandNumber()].getType()))
      return "an activation has no single scale of at most 16 bits";
  if (OpOperand *bias = op.getBiasOperand()) {
    OpOperand *weight = op.getWeightOperand();
    if (!isBiasOf(integers[bias->getOperandNumber()],
                  integers[activations.front()->getOperandNumber()],
                  integers[weight->getOperandNumber()]))
      return "the scale of the bias is not input scale x weight scale";
  }
  return {};
}

/// The one type all users quantize the result of `op` to, or null and a reason.
Type getResultType(Operation *op, StringRef &reason) {
  Type type;
  for (Operation *user : op->getUsers()) {
    auto quantize = dyn_cast<QuantizeCastOp>(user);
    if (!quantize) {
      reason = "the result has a float use";
      return {};
    }
    if (!isNarrow(quantize.getType()) || (type && type != quantize.getType())) {
      reason = "the result is quantized to more than one type";
      return {};
    }
    type = quantize.getType();
  }
  if (!type)
    reason = "the result is not used";
  return type;
}

/// Why `op` stays float, or empty, its integer operands and its result type.
StringRef whyNotFolded(QuantizableOpInterface op,
                       SmallVectorImpl<Value> &integers, Type &type) {
  if (isKeptFloat(op))
    return "is kept float";
  if (op->getNumResults() != 1 || !isFloatTensor(op->getResult(0).getType()))
    return "is not a float op";
  StringRef reason;
  type = getResultType(op, reason);
  if (!type)
    return reason;
  return whyNotInteger(op, integers);
}

/// qcast(op(dcast(q)...)) -> op(q...).
struct FoldIntoOp final : OpInterfaceRewritePattern<QuantizableOpInterface> {
  FoldIntoOp(MLIRContext *context, bool emitRemarks)
      : OpInterfaceRewritePattern(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(QuantizableOpInterface op,
                                PatternRewriter &rewriter) const override {
    // SinkDequantize serves the ops that commute: exactly, for every use.
    auto commuting = dyn_cast<CommutesWithQDQ>(*op);
    if (commuting && commuting.commutesWithQDQ())
      return rewriter.notifyMatchFailure(op, "commutes");
    SmallVector<Value> integers;
    Type type;
    StringRef reason = whyNotFolded(op, integers, type);
    if (!reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Type elementType = cast<RankedTensorType>(type).getElementType();
    // A movement op that computes (padding with a value) keeps one type.
    if (commuting && getElementType(integers[0]) != elementType)
      integers[0] = rewriter.create<RequantizeOp>(
          op.getLoc(),
          cast<RankedTensorType>(integers[0].getType()).clone(elementType),
          integers[0]);
    Operation *folded = cloneAs(rewriter, op, integers, elementType);
    if (emitRemarks)
      folded->emitRemark("folded into quantized ")
          << folded->getName().stripDialect();
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      rewriter.replaceOp(user, folded->getResults());
    rewriter.eraseOp(op);
    return success();
  }

  bool emitRemarks;
};

/// Why the result of `op` cannot be its i32 accumulator; empty when it can.
StringRef whyNoAccumulator(QuantizableOpInterface op,
                           SmallVectorImpl<Value> &integers) {
  if (isKeptFloat(op))
    return "is kept float";
  if (!op.getWeightOperand() || !endsInAccumulator(op))
    return "has no accumulator to end in";
  if (llvm::any_of(op->getUsers(),
                   [](Operation *user) { return isa<QuantizeCastOp>(user); }))
    return "the result is quantized";
  StringRef reason = whyNotInteger(op, integers);
  if (reason.empty() &&
      !getQuantizedElementType(
          integers[op.getWeightOperand()->getOperandNumber()].getType()))
    return "the weights are not quantized";
  return reason;
}

/// op(dcast(q)...) -> dcast(op(q...)) with the sum itself as integer result.
struct FoldIntoAccumulator final
    : OpInterfaceRewritePattern<QuantizableOpInterface> {
  FoldIntoAccumulator(MLIRContext *context, bool emitRemarks)
      : OpInterfaceRewritePattern(context), emitRemarks(emitRemarks) {}

  LogicalResult matchAndRewrite(QuantizableOpInterface op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> integers;
    StringRef reason = whyNoAccumulator(op, integers);
    if (!reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Value input =
        integers[op.getActivationOperands().front()->getOperandNumber()];
    Value weight = integers[op.getWeightOperand()->getOperandNumber()];
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    int64_t channels = cast<RankedTensorType>(weight.getType()).getDimSize(0);
    SmallVector<double> scales;
    for (int64_t c = 0; c < channels; ++c)
      scales.push_back(getScale(getQuantizedElementType(input.getType()), 0) *
                       getScale(getQuantizedElementType(weight.getType()), c));
    auto elementType = quant::UniformQuantizedPerAxisType::get(
        quant::QuantizationFlags::Signed, rewriter.getI32Type(),
        rewriter.getF32Type(), scales, SmallVector<int64_t>(channels, 0),
        type.getRank() - 1, std::numeric_limits<int32_t>::min(),
        std::numeric_limits<int32_t>::max());
    Operation *folded = cloneAs(rewriter, op, integers, elementType);
    if (emitRemarks)
      folded->emitRemark("folded into quantized ")
          << folded->getName().stripDialect() << " with a float result";
    rewriter.replaceOpWithNewOp<DequantizeCastOp>(op, type,
                                                  folded->getResult(0));
    return success();
  }

  bool emitRemarks;
};

struct FoldQDQPass final : qnn::impl::FoldQDQPassBase<FoldQDQPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateFoldQDQPatterns(set, emitRemarks);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    if (failed(applyPatternsAndFoldGreedily(getOperation(), patterns)))
      return signalPassFailure();
    if (!emitRemarks)
      return;
    // Say why an op beside a cast stays float.
    getOperation().walk([](QuantizableOpInterface op) {
      bool besideCast =
          llvm::any_of(op->getOperands(),
                       [](Value v) { return bool(getIntegers(v)); }) ||
          llvm::any_of(op->getUsers(),
                       [](Operation *u) { return isa<QuantizeCastOp>(u); });
      SmallVector<Value> integers;
      Type type;
      if (besideCast && !op->hasAttr(kWidePartAttr))
        op->emitRemark(kStaysFloatRemark) << whyNotFolded(op, integers, type);
    });
  }

  FrozenRewritePatternSet patterns;
};
} // namespace

void qnn::populateFoldQDQPatterns(RewritePatternSet &patterns,
                                  bool emitRemarks) {
  patterns.add<FoldPair, SinkDequantize>(patterns.getContext());
  patterns.add<FoldIntoOp, FoldIntoAccumulator>(patterns.getContext(),
                                                emitRemarks);
}
