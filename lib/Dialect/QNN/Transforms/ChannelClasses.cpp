//===- ChannelClasses.cpp - Channels that scale together ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Disjoint sets over the channels of all tensors; one visit of each op.
//
//===----------------------------------------------------------------------===//

#include "ChannelClasses.h"

#include "ChannelRanges.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

bool qnn::isWeightedLayer(Operation *op) {
  if (!isa<Conv2DOp, FullyConnectedOp>(op) ||
      op->hasAttr(kRoundedWeightsAttr) || op->hasAttr(kBiasCorrectionAttr))
    return false;
  auto layer = cast<QuantizableOpInterface>(op);
  OpOperand *bias = layer.getBiasOperand();
  return succeeded(getFloatValues(layer.getWeightOperand()->get())) &&
         (!bias || succeeded(getFloatValues(bias->get())));
}

OpOperand *qnn::getChannelConstant(Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  for (OpOperand &operand : op->getOpOperands()) {
    auto shape = cast<RankedTensorType>(operand.get().getType()).getShape();
    if (operand.get().getDefiningOp<ConstantOp>() && type.getRank() > 0 &&
        !shape.empty() && shape.back() == type.getShape().back() &&
        ShapedType::getNumElements(shape) == shape.back())
      return &operand;
  }
  return nullptr;
}

size_t ChannelClasses::numChannels(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getShape().back();
}

size_t ChannelClasses::find(const std::vector<size_t> &parents, size_t node) {
  while (parents[node] != node)
    node = parents[node];
  return node;
}

ChannelClasses::ChannelClasses(func::FuncOp func) {
  for (BlockArgument argument : func.getArguments()) {
    addTensor(argument);
    fix(argument, "the model's input");
  }
  for (Operation &op : func.getOps())
    if (!isa<ConstantOp>(op) && op.getNumResults() == 1)
      addTensor(op.getResult(0));
  for (Operation &op : func.getOps())
    if (!isa<ConstantOp>(op))
      visit(&op);
  fixed.resize(parents.size(), false);
  for (auto [tensor, reason] : fixedTensors) {
    for (size_t c = 0; c < numChannels(tensor); ++c)
      fixed[getClass(tensor, c)] = true;
    if (!reason.empty())
      reasons.try_emplace(getGroup(tensor), reason);
  }
}

void ChannelClasses::addTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !isFloatTensor(type) || type.getRank() == 0 ||
      type.getShape().back() == 0)
    return;
  tensors.push_back(value);
  firstNodes[value] = parents.size();
  for (size_t c = 0; c < numChannels(value); ++c) {
    // The first channel stands for the tensor.
    groups.push_back(firstNodes[value]);
    parents.push_back(parents.size());
  }
}

void ChannelClasses::unite(Value a, size_t channelA, Value b, size_t channelB) {
  auto join = [](std::vector<size_t> &sets, size_t x, size_t y) {
    x = find(sets, x);
    y = find(sets, y);
    sets[std::max(x, y)] = std::min(x, y);
  };
  join(parents, firstNodes[a] + channelA, firstNodes[b] + channelB);
  join(groups, firstNodes[a], firstNodes[b]);
}

void ChannelClasses::uniteAll(Value a, Value b) {
  if (!isTensor(a) || !isTensor(b))
    return;
  for (size_t c = 0; c < numChannels(a); ++c)
    unite(a, c, b, c % numChannels(b));
}

void ChannelClasses::fix(Value tensor, StringRef reason) {
  if (isTensor(tensor))
    fixedTensors.push_back({tensor, reason});
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// The channels of the input scale by the columns of the weight, those of the
/// result by its rows.
void ChannelClasses::visitLayer(Operation *op) {
  auto residual = cast<RequantFusableOpInterface>(op).getResidualRange();
  for (OpOperand &operand : *residual)
    uniteAll(op->getResult(0), operand.get());
}

/// Sums of tensors without broadcast, or with a constant that absorbs.
bool ChannelClasses::visitSum(Operation *op) {
  Value result = op->getResult(0);
  OpOperand *constant = isa<AddOp>(op) ? getChannelConstant(op) : nullptr;
  for (OpOperand &operand : op->getOpOperands())
    if (&operand != constant && (operand.get().getType() != result.getType() ||
                                 operand.get().getDefiningOp<ConstantOp>()))
      return false;
  for (OpOperand &operand : op->getOpOperands())
    if (&operand != constant)
      uniteAll(result, operand.get());
  return true;
}

/// One factor carries the scale, the other one (a gate) keeps its own. A
/// constant per channel takes any scale to any other.
void ChannelClasses::visitProduct(Operation *op) {
  Value result = op->getResult(0);
  OpOperand *constant = getChannelConstant(op);
  Value factor = op->getOperand(0), gate = op->getOperand(1);
  if (constant) {
    factor = op->getOperand(1 - constant->getOperandNumber());
    if (factor.getType() == result.getType())
      return;
    fix(factor, op->getName().stripDialect());
    return fix(result, op->getName().stripDialect());
  }
  if (factor.getType() != result.getType())
    std::swap(factor, gate);
  fix(gate, "");
  if (factor.getType() == result.getType() && isTensor(factor) &&
      factor != gate)
    return uniteAll(result, factor);
  fix(factor, op->getName().stripDialect());
  fix(result, op->getName().stripDialect());
}

void ChannelClasses::visitConcat(Operation *op) {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  bool joinsChannels =
      int64_t(cast<ConcatOp>(op).getAxis()) == type.getRank() - 1;
  size_t at = 0;
  for (Value operand : op->getOperands()) {
    size_t channels = numChannels(operand);
    for (size_t c = 0; c < channels && isTensor(operand); ++c)
      unite(result, at + c, operand, c);
    if (operand.getDefiningOp<ConstantOp>())
      fix(result, op->getName().stripDialect());
    at += joinsChannels ? channels : 0;
  }
}

void ChannelClasses::visit(Operation *op) {
  if (op->getNumResults() == 1 && isTensor(op->getResult(0))) {
    if (isWeightedLayer(op) && isTensor(op->getOperand(0)))
      return visitLayer(op);
    if (isa<AddOp, SubOp>(op) && visitSum(op))
      return;
    if (isa<MulOp>(op))
      return visitProduct(op);
    if (isa<ConcatOp>(op))
      return visitConcat(op);
    if (scalesWithChannels(op) && isTensor(op->getOperand(0)))
      return uniteAll(op->getResult(0), op->getOperand(0));
  }
  StringRef reason =
      isa<func::ReturnOp>(op) ? "" : op->getName().stripDialect();
  for (Value operand : op->getOperands())
    fix(operand, reason);
  for (Value result : op->getResults())
    fix(result, reason);
}
