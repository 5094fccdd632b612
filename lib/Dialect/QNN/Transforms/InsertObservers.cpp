//===- InsertObservers.cpp - Mark tensors that will carry a scale ---------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a float graph with precisions assigned. Output: the same with
// qnn.observe on every tensor whose range calibration must find. Cost: linear.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/StringSet.h"

namespace mlir::qnn {
#define GEN_PASS_DEF_INSERTOBSERVERSPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-insert-observers"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Names tensors after what makes them, `name#1`, `name#2`, ... where a name is
/// taken.
class TensorNamer {
public:
  explicit TensorNamer(func::FuncOp func) : func(func) {
    func.walk([&](ObserveOp op) { taken.insert(op.getName()); });
  }

  std::string name(Value value) {
    std::string base = getBaseName(value);
    std::string candidate = base;
    for (int k = 1; !taken.insert(candidate).second; ++k)
      candidate = base + "#" + std::to_string(k);
    return candidate;
  }

private:
  std::string getBaseName(Value value) {
    if (Operation *producer = value.getDefiningOp())
      return getLayerName(producer).str();
    unsigned number = cast<BlockArgument>(value).getArgNumber();
    auto name = func.getArgAttrOfType<StringAttr>(number, kTensorNameAttr);
    return name ? name.getValue().str() : "arg" + std::to_string(number);
  }

  func::FuncOp func;
  llvm::StringSet<> taken;
};

/// True for tensors whose scale is known without calibration, or given already.
bool needsNoObserver(Value value) {
  Operation *producer = value.getDefiningOp();
  if (producer && isa<ConstantOp, ObserveOp, quant::DequantizeCastOp>(producer))
    return true;
  return getFixedRange(value) ||
         llvm::any_of(value.getUsers(), [](Operation *user) {
           return isa<ObserveOp, quant::QuantizeCastOp>(user);
         });
}

struct InsertObserversPass final
    : qnn::impl::InsertObserversPassBase<InsertObserversPass> {
  using Base::Base;

  void runOnOperation() override {
    TensorNamer namer(getOperation());
    OpBuilder builder(&getContext());
    for (Value tensor : getScaledTensors(getOperation())) {
      if (needsNoObserver(tensor))
        continue;
      builder.setInsertionPointAfterValue(tensor);
      std::string name = namer.name(tensor);
      auto observe =
          builder.create<ObserveOp>(tensor.getLoc(), tensor.getType(), tensor,
                                    name, FloatAttr(), FloatAttr());
      tensor.replaceAllUsesExcept(observe.getResult(), observe);
      if (emitRemarks)
        emitRemark(tensor.getLoc(), "observes '") << name << "'";
    }
  }
};
} // namespace
