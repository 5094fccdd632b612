//===- StepwiseNetwork.cpp - A float network, op by op --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/StepwiseNetwork.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Support/Numerics.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::qnn;

/// Floats of memory that hold a tensor: integers lie there as they are.
static int64_t getWords(Type type) {
  auto tensor = cast<ShapedType>(type);
  int64_t bytes = llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
  return llvm::divideCeil(tensor.getNumElements() * bytes, sizeof(float));
}

/// A module of one function that is `op` without its clamp on its operands.
/// Constants are part of it, those of a layer replaced by `constants`, if any.
static OwningOpRef<ModuleOp> isolate(Operation *op,
                                     const LayerConstants *constants) {
  OpBuilder builder(op->getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(op->getLoc());
  SmallVector<Type> inputs;
  for (Value operand : op->getOperands())
    if (!operand.getDefiningOp<ConstantOp>())
      inputs.push_back(operand.getType());
  builder.setInsertionPointToEnd(module->getBody());
  auto func = builder.create<func::FuncOp>(
      op->getLoc(), "layer",
      builder.getFunctionType(inputs, op->getResultTypes()));
  Block *body = func.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  IRMapping mapping;
  unsigned next = 0;
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    auto constant = operand.get().getDefiningOp<ConstantOp>();
    if (!constant)
      continue;
    bool isWeight = quantizable && &operand == quantizable.getWeightOperand();
    bool isBias = quantizable && &operand == quantizable.getBiasOperand();
    if (constants && (isWeight || isBias))
      mapping.map(operand.get(),
                  createFloatConstant(
                      builder, op->getLoc(),
                      cast<ShapedType>(operand.get().getType()).getShape(),
                      isWeight ? constants->weights : constants->biases));
    else if (!mapping.contains(operand.get()))
      builder.clone(*constant, mapping);
  }
  Operation *clone = builder.clone(*op, mapping);
  if (auto fusable = dyn_cast<RequantFusableOpInterface>(clone)) {
    fusable.setClampMinAttr({});
    fusable.setClampMaxAttr({});
  }
  // One argument per operand: two operands may be one tensor.
  for (OpOperand &operand : clone->getOpOperands())
    if (operand.get().getParentBlock() != body)
      operand.set(body->getArgument(next++));
  builder.create<func::ReturnOp>(op->getLoc(), clone->getResults());
  return module;
}

llvm::Error StepwiseNetwork::addStep(Operation *op) {
  NetworkStep step = {op, {}, sizes.size()};
  for (Value operand : op->getOperands())
    if (!operand.getDefiningOp<ConstantOp>())
      step.operands.push_back(numbers.lookup(operand));
  Value result = op->getResult(0);
  numbers[result] = sizes.size();
  sizes.push_back(getWords(result.getType()));
  auto jit = JITNetwork::create(*isolate(op, nullptr));
  if (!jit)
    return jit.takeError();
  steps.push_back(std::move(step));
  compiled.push_back(std::move(*jit));
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<StepwiseNetwork>>
StepwiseNetwork::create(func::FuncOp func) {
  std::unique_ptr<StepwiseNetwork> network(new StepwiseNetwork);
  for (BlockArgument argument : func.getArguments()) {
    network->numbers[argument] = network->sizes.size();
    network->sizes.push_back(getWords(argument.getType()));
  }
  for (Operation &op : func.getBody().front()) {
    if (isa<ConstantOp>(op))
      continue;
    if (auto observe = dyn_cast<ObserveOp>(op)) {
      network->numbers[observe.getResult()] =
          network->getNumber(observe.getInput());
    } else if (op.hasTrait<OpTrait::IsTerminator>()) {
      for (Value result : op.getOperands())
        network->results.push_back(network->getNumber(result));
    } else if (llvm::Error error = network->addStep(&op)) {
      return std::move(error);
    }
  }
  return network;
}

void qnn::applyClamp(Operation *op, MutableArrayRef<float> values) {
  auto fusable = dyn_cast<RequantFusableOpInterface>(op);
  if (!fusable)
    return;
  auto get = [](FloatAttr bound) -> std::optional<float> {
    if (!bound)
      return std::nullopt;
    return bound.getValue().convertToFloat();
  };
  std::optional<float> low = get(fusable.getClampMinAttr()),
                       high = get(fusable.getClampMaxAttr());
  if (!low && !high)
    return;
  ScalarMath math;
  for (float &value : values)
    value =
        clampF32(math, value, low ? &*low : nullptr, high ? &*high : nullptr);
}

void StepwiseNetwork::run(const NetworkStep &step,
                          ArrayRef<const float *> operands, float *result,
                          bool clamp) {
  SmallVector<const void *> from(operands.begin(), operands.end());
  compiled[&step - steps.data()]->run(from, {result});
  if (clamp)
    applyClamp(step.op, {result, size_t(getSize(step.result))});
}

llvm::Expected<std::unique_ptr<JITNetwork>>
StepwiseNetwork::compile(const NetworkStep &step,
                         const LayerConstants &constants) {
  return JITNetwork::create(*isolate(step.op, &constants));
}
