//===- PrecisionCosts.cpp - The price of int8 and of float ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/PrecisionCosts.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

static Value throughObserver(Value value) {
  auto observe = value.getDefiningOp<ObserveOp>();
  return observe ? observe.getInput() : value;
}

/// Adds the conversions at the operands and the result of layer `index`.
static void addBorders(PrecisionCosts &costs, size_t index, Operation *op,
                       const CostModel &model) {
  auto convert = [&](Value tensor) {
    return model.convert(cast<ShapedType>(tensor.getType()).getNumElements());
  };
  LayerTimes &times = costs.layers[op];
  for (OpOperand *operand :
       cast<QuantizableOpInterface>(op).getActivationOperands()) {
    Operation *producer = throughObserver(operand->get()).getDefiningOp();
    if (isa_and_nonnull<ConstantOp>(producer))
      continue;
    auto found = costs.layers.find(producer);
    if (found == costs.layers.end())
      times.int8 += convert(operand->get());
    else
      costs.borders.push_back({size_t(found - costs.layers.begin()), index,
                               convert(operand->get())});
  }
  Value result = op->getResult(0);
  for (Operation *user : result.getUsers())
    if (auto observe = dyn_cast<ObserveOp>(user))
      result = observe.getResult();
  if (llvm::any_of(result.getUsers(), [&](Operation *user) {
        return !costs.layers.contains(user);
      }))
    times.int8 += convert(result);
}

PrecisionCosts qnn::getPrecisionCosts(func::FuncOp func,
                                      const CostModel &model) {
  PrecisionCosts costs;
  func.walk([&](Operation *op) {
    if (runsInInt8(op))
      costs.layers[op] = {model.predict(op, true), model.predict(op, false)};
  });
  for (size_t i = 0; i < costs.layers.size(); ++i)
    addBorders(costs, i, costs.layers.begin()[i].first, model);
  return costs;
}
