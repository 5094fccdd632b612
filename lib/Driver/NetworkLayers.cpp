//===- NetworkLayers.cpp - Layers as their user knows them ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLayers.h"

#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::qnn;

bool qnn::isComputing(Operation *op) {
  if (!isa_and_nonnull<QNNDialect>(op->getDialect()) ||
      isa<ConstantOp, ObserveOp, RequantizeOp>(op))
    return false;
  auto moves = dyn_cast<CommutesWithQDQ>(op);
  return !moves || !moves.commutesWithQDQ();
}

/// What makes numbers of stored integers (indices, sums) is in integers too.
static bool isInt8(Operation *op) {
  Type type = op->getResult(0).getType();
  return isQuantizedTensor(type) ||
         (op->getNumOperands() > 0 && !isFloatTensor(type) &&
          isQuantizedTensor(op->getOperand(0).getType()));
}

/// The precision of an op after quantization.
static StringRef getPrecision(Operation *op) {
  if (op->hasAttr(kWidePartAttr))
    return "int16";
  if (!isInt8(op)) {
    // What is float is what its attribute says, float if nothing.
    auto given = op->getAttrOfType<StringAttr>(kPrecisionAttr);
    bool isOther = given && !given.getValue().starts_with("int");
    return isOther ? given.getValue() : "float";
  }
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  OpOperand *weight = quantizable ? quantizable.getWeightOperand() : nullptr;
  quant::QuantizedType type =
      weight ? getQuantizedElementType(weight->get().getType()) : nullptr;
  return type && type.getStorageTypeIntegralWidth() == 4 ? "int4" : "int8";
}

/// Whether `op` says more about its layer than `other`.
static bool isMoreTelling(Operation *op, Operation *other) {
  auto rank = [](Operation *op) {
    return std::tuple(countMacs(op), isComputing(op),
                      isComputing(op) && !isInt8(op));
  };
  return rank(op) >= rank(other);
}

std::vector<NetworkLayer> qnn::getNetworkLayers(func::FuncOp func) {
  std::vector<NetworkLayer> layers;
  llvm::StringMap<size_t> indices;
  func.walk([&](Operation *op) {
    if (!isa_and_nonnull<QNNDialect>(op->getDialect()) || isa<ConstantOp>(op))
      return;
    bool hasName = bool(op->getLoc()->findInstanceOf<NameLoc>());
    size_t index = layers.size();
    if (hasName)
      index = indices.try_emplace(getLayerName(op), index).first->second;
    if (index == layers.size())
      layers.push_back({getLayerName(op), {}, op, "", 0, 0});
    NetworkLayer &layer = layers[index];
    layer.ops.push_back(op);
    if (isMoreTelling(op, layer.main))
      layer.main = op;
    // Two parts with half of the bits each.
    int64_t macs = countMacs(op) / (op->hasAttr(kWidePartAttr) ? 2 : 1);
    (isInt8(op) ? layer.int8Macs : layer.floatMacs) += macs;
  });
  for (NetworkLayer &layer : layers)
    layer.precision = getPrecision(layer.main);
  return layers;
}
