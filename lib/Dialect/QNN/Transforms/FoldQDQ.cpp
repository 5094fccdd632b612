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

#include "ExactIntegers.h"
#include "QuantizedLayers.h"

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

/// True for what layers multiply: at most 8 bits, zero points 0, one scale or
/// one per output channel.
bool isWeight(Type type) {
  quant::QuantizedType element = getQuantizedElementType(type);
  if (!element || element.getStorageTypeIntegralWidth() > 8)
    return false;
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(element))
    return uniform.getZeroPoint() == 0;
  auto perAxis = cast<quant::UniformQuantizedPerAxisType>(element);
  return perAxis.getQuantizedDimension() == 0 &&
         llvm::all_of(perAxis.getZeroPoints(),
                      [](int64_t zero) { return zero == 0; });
}

/// Why `op` between dcasts and a qcast has no integer form; empty, with the
/// integer operands in `integers`, when it has one. A float residual has no
/// integers where `floatResidual` allows one.
StringRef whyNotInteger(QuantizableOpInterface op,
                        SmallVectorImpl<Value> &integers,
                        bool floatResidual = false) {
  OpOperand *weight = op.getWeightOperand(), *bias = op.getBiasOperand();
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = getIntegers(operand.get());
    bool isResidual =
        weight && operand.getOperandNumber() > 1 && &operand != bias;
    if (!value && !(floatResidual && isResidual))
      return &operand == weight ? "the weights are not quantized"
                                : "not every operand is dequantized";
    integers.push_back(value);
    if (&operand == weight
            ? !isWeight(value.getType())
            : value && &operand != bias && !isNarrow(value.getType()))
      return &operand == weight
                 ? "the weights are not symmetric of at most 8 bits, with "
                   "scales per output channel"
                 : "an activation has no single scale of at most 16 bits";
  }
  if (bias) {
    SmallVector<OpOperand *> activations = op.getActivationOperands();
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

/// Why the result of `op` cannot be made of its i32 accumulator; empty when it
/// can.
StringRef whyNoAccumulator(QuantizableOpInterface op,
                           SmallVectorImpl<Value> &integers) {
  if (isKeptFloat(op))
    return "is kept float";
  bool isProduct = op.getWeightOperand() || isa<MatMulOp>(*op);
  if (!isProduct || !isa<RequantFusableOpInterface>(*op) ||
      !isFloatTensor(op->getResult(0).getType()))
    return "has no accumulator to end in";
  SmallVector<Value> all;
  StringRef reason;
  if (getResultType(op, reason) && whyNotInteger(op, all).empty())
    return "the result is quantized";
  return whyNotInteger(op, integers, /*floatResidual=*/true);
}

/// The type of the sum of products of two operands: one scale per output
/// channel of the second, along `axis`, or one for all without an axis.
Type getAccumulatorType(Type input, Type weight, int64_t axis) {
  Type i32 = IntegerType::get(input.getContext(), 32);
  Type f32 = Float32Type::get(input.getContext());
  int64_t min = std::numeric_limits<int32_t>::min(),
          max = std::numeric_limits<int32_t>::max();
  auto getProduct = [&](int64_t c) {
    return getScale(getQuantizedElementType(input), 0) *
           getScale(getQuantizedElementType(weight), c);
  };
  if (axis < 0)
    return quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, i32, f32, getProduct(0), 0, min, max);
  int64_t channels = cast<RankedTensorType>(weight).getDimSize(0);
  SmallVector<double> scales;
  for (int64_t c = 0; c < channels; ++c)
    scales.push_back(getProduct(c));
  return quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, i32, f32, scales,
      SmallVector<int64_t>(channels, 0), axis, min, max);
}

/// The float ops that follow the accumulator `sum` of `op`: its residual and
/// its clamp.
Value createEpilogue(PatternRewriter &rewriter, RequantFusableOpInterface op,
                     Value sum) {
  FloatAttr low = op.getClampMinAttr(), high = op.getClampMaxAttr();
  auto residual = op.getResidualRange();
  if (residual && !residual->empty())
    return rewriter.create<AddOp>(op.getLoc(), sum.getType(), sum,
                                  (*residual)[0].get(), low, high);
  if (!low && !high)
    return sum;
  if (low && !high && low.getValue().isZero())
    return rewriter.create<ReluOp>(op.getLoc(), sum.getType(), sum);
  float infinity = std::numeric_limits<float>::infinity();
  return rewriter.create<ClipOp>(
      op.getLoc(), sum.getType(), sum,
      low ? low : rewriter.getF32FloatAttr(-infinity),
      high ? high : rewriter.getF32FloatAttr(infinity));
}

/// op(dcast(q)...) -> epilogue(dcast(op(q...))) with the sum itself as integer
/// result.
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
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Type elementType =
        getAccumulatorType(integers[0].getType(), integers[1].getType(),
                           op.getWeightOperand() ? type.getRank() - 1 : -1);
    // The sum without what follows it.
    auto whole = cast<RequantFusableOpInterface>(*op);
    Operation *folded = rewriter.clone(*op);
    auto sum = cast<RequantFusableOpInterface>(folded);
    sum.setClampMinAttr({});
    sum.setClampMaxAttr({});
    if (auto residual = sum.getResidualRange())
      residual->clear();
    folded->setOperands(
        ArrayRef(integers).take_front(folded->getNumOperands()));
    folded->getResult(0).setType(type.clone(elementType));
    folded->removeAttr(kPrecisionAttr);
    if (emitRemarks)
      folded->emitRemark("folded into quantized ")
          << folded->getName().stripDialect() << " with a float result";
    Value real = rewriter.create<DequantizeCastOp>(op.getLoc(), type,
                                                   folded->getResult(0));
    rewriter.replaceOp(op, createEpilogue(rewriter, whole, real));
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
    if (emitRemarks)
      explainRefusals();
    dequantizeConstants(getOperation());
  }

  void explainRefusals() {
    // Say why an op beside a cast stays float.
    getOperation().walk([](Operation *op) {
      auto isCast = [](Operation *user) { return isa<QuantizeCastOp>(user); };
      bool isBesideCast =
          llvm::any_of(op->getOperands(),
                       [](Value v) { return bool(getIntegers(v)); }) ||
          llvm::any_of(op->getUsers(), isCast);
      if (!isBesideCast || !isa<QNNDialect>(op->getDialect()) ||
          op->hasAttr(kWidePartAttr))
        return;
      SmallVector<Value> integers;
      Type type;
      if (auto quantizable = dyn_cast<QuantizableOpInterface>(op))
        op->emitRemark(kStaysFloatRemark)
            << whyNotFolded(quantizable, integers, type);
      else if (!isa<ConstantOp>(op))
        op->emitRemark(kStaysFloatRemark) << "has no integer form";
    });
  }

  FrozenRewritePatternSet patterns;
};
} // namespace

void qnn::populateFoldQDQPatterns(RewritePatternSet &patterns,
                                  bool emitRemarks) {
  patterns.add<FoldPair, SinkDequantize>(patterns.getContext());
  populateExactIntegerPatterns(patterns);
  patterns.add<FoldIntoOp, FoldIntoAccumulator>(patterns.getContext(),
                                                emitRemarks);
}
