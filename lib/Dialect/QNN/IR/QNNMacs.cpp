//===- QNNMacs.cpp - Multiply-accumulates of network ops ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/Macs.h"

using namespace mlir;
using namespace mlir::qnn;

static int64_t getElements(Value value) {
  return cast<ShapedType>(value.getType()).getNumElements();
}

int64_t qnn::countMacs(Operation *op) {
  if (auto conv = dyn_cast<Conv2DOp>(op)) {
    auto weight = cast<ShapedType>(conv.getWeight().getType());
    return getElements(conv.getResult()) *
           (weight.getNumElements() / weight.getDimSize(0));
  }
  if (auto layer = dyn_cast<FullyConnectedOp>(op))
    return getElements(layer.getResult()) *
           cast<ShapedType>(layer.getWeight().getType()).getShape().back();
  if (auto product = dyn_cast<MatMulOp>(op))
    return getElements(product.getResult()) *
           cast<ShapedType>(product.getLhs().getType()).getShape().back();
  return 0;
}

int64_t qnn::countMacs(func::FuncOp func) {
  int64_t total = 0;
  func.walk([&](Operation *op) { total += countMacs(op); });
  return total;
}
