//===- QuantizedIO.cpp - Inputs and outputs as integers -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "qnn/Dialect/QNN/IR/QNN.h"

using namespace mlir;
using namespace mlir::qnn;

/// The type to which all users of `argument` quantize it; null when there is
/// another use.
static Type getQuantizedType(BlockArgument argument) {
  Type type;
  for (Operation *user : argument.getUsers()) {
    auto qcast = dyn_cast<quant::QuantizeCastOp>(user);
    if (!qcast || (type && type != qcast.getType()))
      return {};
    type = qcast.getType();
  }
  return type && getUniformElementType(type) ? type : Type();
}

static bool exposeArgument(BlockArgument argument) {
  Type type = getQuantizedType(argument);
  if (!type)
    return false;
  argument.setType(type);
  for (Operation *user : llvm::make_early_inc_range(argument.getUsers())) {
    user->getResult(0).replaceAllUsesWith(argument);
    user->erase();
  }
  return true;
}

static bool exposeResult(OpOperand &result) {
  auto dcast = result.get().getDefiningOp<quant::DequantizeCastOp>();
  if (!dcast || !getUniformElementType(dcast.getArg().getType()))
    return false;
  result.set(dcast.getArg());
  if (dcast.use_empty())
    dcast.erase();
  return true;
}

llvm::Error qnn::exposeQuantizedIO(func::FuncOp func) {
  Block &body = func.getBody().front();
  Operation *terminator = body.getTerminator();
  bool changed = false;
  for (BlockArgument argument : body.getArguments())
    changed |= exposeArgument(argument);
  for (OpOperand &result : terminator->getOpOperands())
    changed |= exposeResult(result);
  if (!changed)
    return llvm::createStringError("--io=quantized: the network computes no "
                                   "input or output with integers");
  func.setFunctionType(FunctionType::get(func.getContext(),
                                         body.getArgumentTypes(),
                                         terminator->getOperandTypes()));
  return llvm::Error::success();
}
