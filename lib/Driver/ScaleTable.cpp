//===- ScaleTable.cpp - Scales of tensors for other tools -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/bit.h"

#include <map>

using namespace mlir;
using namespace mlir::qnn;

/// The name of the model output that `value` is, observed or not.
static StringAttr getOutputName(func::FuncOp func, Value value) {
  for (OpOperand &use : value.getUses()) {
    StringAttr name;
    if (isa<func::ReturnOp>(use.getOwner()))
      name = func.getResultAttrOfType<StringAttr>(use.getOperandNumber(),
                                                  kTensorNameAttr);
    else if (auto observe = dyn_cast<ObserveOp>(use.getOwner()))
      name = getOutputName(func, observe.getResult());
    if (name)
      return name;
  }
  return {};
}

/// What --emit=onnx calls the tensor of `value`: after the input or output that
/// it is, else after the layer.
static std::string getTensorName(func::FuncOp func, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  StringAttr name = argument ? func.getArgAttrOfType<StringAttr>(
                                   argument.getArgNumber(), kTensorNameAttr)
                             : getOutputName(func, value);
  if (name)
    return name.str();
  return argument ? ("arg" + Twine(argument.getArgNumber())).str()
                  : getLayerName(value.getDefiningOp()).str();
}

std::string qnn::writeScaleTable(func::FuncOp func) {
  DenseMap<Value, float> largest;
  std::map<std::string, uint32_t> scales;
  auto take = [&](Value value, float magnitude) {
    largest[value] = magnitude;
    if (!isa_and_present<ObserveOp>(value.getDefiningOp()))
      scales[getTensorName(func, value)] =
          llvm::bit_cast<uint32_t>(magnitude / 127);
  };
  func.walk([&](Operation *op) {
    auto observe = dyn_cast<ObserveOp>(op);
    if (observe && observe.getMin()) {
      float magnitude = std::max(std::abs(observe.getMin()->convertToFloat()),
                                 std::abs(observe.getMax()->convertToFloat()));
      take(observe.getInput(), magnitude);
      take(observe.getResult(), magnitude);
    } else if (movesInt8(op)) {
      auto source = largest.find(op->getOperand(0));
      if (source != largest.end())
        take(op->getResult(0), source->second);
    }
  });
  std::string table;
  llvm::raw_string_ostream os(table);
  // The first line names version and algorithm of the tables TensorRT takes.
  os << "TRT-8501-EntropyCalibration2\n";
  for (const auto &[name, bits] : scales)
    os << name << ": " << llvm::format_hex_no_prefix(bits, 8) << '\n';
  return table;
}
