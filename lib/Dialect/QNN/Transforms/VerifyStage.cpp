//===- VerifyStage.cpp - Check which ops a stage may hold -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input and output: the same module. Each stage is one table of what it
// allows; a new stage is one more row. Cost: one walk.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Passes.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_VERIFYSTAGEPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-verify-stage"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// What a stage allows beyond float `qnn` ops in functions.
struct Stage {
  StringRef name;
  /// Legal dialects.
  SmallVector<StringRef> dialects;
  bool batchNorm = false;
  bool observe = false;
  bool quantizedConstants = false;
  bool quantizedOps = false;
};

const Stage *findStage(StringRef name) {
  static const Stage stages[] = {
      {"graph", {"builtin", "func", "qnn"}, /*batchNorm=*/true},
      {"calibrated", {"builtin", "func", "qnn"}, false, /*observe=*/true},
      {"qdq",
       {"builtin", "func", "qnn", "quant"},
       false,
       false,
       /*quantizedConstants=*/true},
      {"quantized",
       {"builtin", "func", "qnn", "quant"},
       false,
       false,
       true,
       /*quantizedOps=*/true},
  };
  for (const Stage &stage : stages)
    if (stage.name == name)
      return &stage;
  return nullptr;
}

/// Whether `quantize` follows a dequantize, other than of an accumulator, whose
/// real numbers have another use.
bool isFoldablePair(quant::QuantizeCastOp quantize) {
  auto dequantize = quantize.getArg().getDefiningOp<quant::DequantizeCastOp>();
  quant::UniformQuantizedType type =
      dequantize ? getUniformElementType(dequantize.getArg().getType())
                 : nullptr;
  return type && type.getStorageTypeIntegralWidth() <= 16;
}

/// Whether `op` makes real numbers of the bytes of an input.
bool readsInput(Operation *op) {
  if (!isa<RequantizeOp, quant::DequantizeCastOp>(op))
    return false;
  Value value = op->getOperand(0);
  if (auto rename = value.getDefiningOp<RequantizeOp>())
    value = rename.getInput();
  return isa<BlockArgument>(value);
}

/// Why `op` is illegal in `stage`; empty when it is legal.
StringRef whyIllegal(Operation *op, const Stage &stage) {
  if (readsInput(op))
    return {};
  if (!llvm::is_contained(stage.dialects, op->getName().getDialectNamespace()))
    return "its dialect";
  // Computed parameters cannot be folded: such batch norms stay, in float.
  bool isFoldable =
      isa<BatchNormOp>(op) &&
      llvm::all_of(op->getOperands().drop_front(), [](Value parameter) {
        return parameter.getDefiningOp<ConstantOp>();
      });
  if (isFoldable && !stage.batchNorm)
    return "batch norms (run qnn-fold-batch-norm)";
  if (isa<ObserveOp>(op) && !stage.observe)
    return "observers (run qnn-quantize)";
  if (isa<quant::StorageCastOp>(op))
    return "storage casts";
  auto isQuantized = [](Type type) { return bool(isQuantizedTensor(type)); };
  if (isa<QNNDialect>(op->getDialect())) {
    bool quantized = llvm::any_of(op->getOperandTypes(), isQuantized) ||
                     llvm::any_of(op->getResultTypes(), isQuantized);
    if (quantized &&
        !(isa<ConstantOp>(op) ? stage.quantizedConstants : stage.quantizedOps))
      return "quantized tensors in it";
  }
  if (auto quantize = dyn_cast<quant::QuantizeCastOp>(op);
      quantize && stage.quantizedOps && isFoldablePair(quantize))
    return "a quantize after a dequantize (run qnn-fold-qdq)";
  return {};
}

struct VerifyStagePass final : qnn::impl::VerifyStagePassBase<VerifyStagePass> {
  using Base::Base;

  void runOnOperation() override {
    const Stage *expected = findStage(stage);
    if (!expected) {
      getOperation().emitError("qnn-verify-stage: expected stage graph, "
                               "calibrated, qdq or quantized, got '")
          << stage << "'";
      return signalPassFailure();
    }
    getOperation().walk([&](Operation *op) {
      StringRef reason = whyIllegal(op, *expected);
      if (reason.empty())
        return;
      op->emitError("'") << op->getName() << "' in stage " << expected->name
                         << ": the stage does not allow " << reason;
      signalPassFailure();
    });
  }
};
} // namespace
