//===- FixedPoint.cpp - Networks that compute in integers only ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "qnn/Dialect/QNN/IR/Formulas.h"

using namespace mlir;
using namespace mlir::qnn;

void qnn::setFixedPoint(func::FuncOp func) {
  func->setAttr(kRequantizeAttr,
                StringAttr::get(func.getContext(), kFixedPointRequantize));
}

/// Casts, constants and ops that only move values compute nothing.
static bool computesInFloat(Operation *op) {
  if (op->getNumResults() == 0 ||
      isa<quant::QuantizeCastOp, quant::DequantizeCastOp, CommutesWithQDQ>(
          op) ||
      op->hasTrait<OpTrait::ConstantLike>())
    return false;
  return llvm::any_of(op->getOperandTypes(), isFloatTensor) ||
         llvm::any_of(op->getResultTypes(), isFloatTensor) || isa<DivOp>(op);
}

llvm::Error qnn::checkFixedPoint(func::FuncOp func) {
  if (!usesFixedPoint(func))
    return llvm::Error::success();
  Operation *found = nullptr;
  func.walk([&](Operation *op) {
    if (op == func || !computesInFloat(op))
      return WalkResult::advance();
    found = op;
    return WalkResult::interrupt();
  });
  if (!found)
    return llvm::Error::success();
  return llvm::createStringError(
      "--requantize=fixed-point: '" + getLayerName(found) + "' (" +
      found->getName().getStringRef() +
      ") has no form in integers only here, leave the option out or replace "
      "the op");
}
