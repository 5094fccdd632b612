//===- IntegerScales.cpp - What integers of tosa stand for ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerScales.h"

#include "mlir/Dialect/Quant/QuantTypes.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fromtosa;

double fromtosa::getFactor(tosa::RescaleOp op, int64_t channel) {
  return std::ldexp(double(op.getMultiplier()[channel]),
                    -op.getShift()[channel]);
}

tosa::RescaleOp fromtosa::getOnlyRescale(Operation *op) {
  bool hasWeights = isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp>(op) ||
                    isa<tosa::TransposeConv2DOp, tosa::FullyConnectedOp>(op);
  if (!hasWeights || !op->hasOneUse())
    return {};
  return dyn_cast<tosa::RescaleOp>(*op->user_begin());
}

/// Integers other than bools and 64-bit ones, quantized or plain.
static bool isInteger(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (isa<quant::UniformQuantizedType>(element))
    return true;
  return element.isInteger(8) || element.isInteger(16) || element.isInteger(32);
}

bool fromtosa::isNarrowInteger(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto quantized = dyn_cast<quant::UniformQuantizedType>(element))
    return quantized.getStorageTypeIntegralWidth() <= 16;
  return element.isInteger(8) || element.isInteger(16);
}

//===----------------------------------------------------------------------===//
// Ratios of scales
//===----------------------------------------------------------------------===//

int IntegerScales::getNode(Value value) {
  auto [known, isNew] = ids.try_emplace(value, nodes.size());
  if (isNew)
    nodes.push_back(Node{known->second, 1});
  return known->second;
}

IntegerScales::Place IntegerScales::find(int node) const {
  double ratio = 1;
  while (nodes[node].parent != node) {
    ratio *= nodes[node].ratio;
    node = nodes[node].parent;
  }
  return {node, ratio};
}

static bool areClose(double a, double b) {
  return std::abs(a - b) <= 1e-5 * std::abs(b);
}

void IntegerScales::pin(Value value, double scale) {
  Place place = find(getNode(value));
  Node &root = nodes[place.root];
  root.scaled = true;
  if (root.scale && !areClose(*root.scale * place.ratio, scale))
    (*report)(current, "scales contradict each other");
  if (!root.scale)
    root.scale = scale / place.ratio;
}

/// The scale of `value` is `ratio` times that of `other`.
void IntegerScales::relate(Value value, Value other, double ratio) {
  if (!isInteger(value.getType()) || !isInteger(other.getType()))
    return;
  Place a = find(getNode(value)), b = find(getNode(other));
  double between = ratio * b.ratio / a.ratio; // of the roots
  if (a.root == b.root) {
    if (!areClose(between, 1))
      (*report)(current, "scales contradict each other");
    return;
  }
  Node &from = nodes[a.root], &to = nodes[b.root];
  if (from.scale && to.scale && !areClose(*from.scale, between * *to.scale))
    (*report)(current, "scales contradict each other");
  if (from.scale && !to.scale)
    to.scale = *from.scale / between;
  to.scaled |= from.scaled;
  from.parent = b.root;
  from.ratio = between;
}

bool IntegerScales::isScaled(Value value) const {
  auto known = ids.find(value);
  return known != ids.end() && nodes[find(known->second).root].scaled;
}

double IntegerScales::getScale(Value value) const {
  Place place = find(ids.lookup(value));
  return place.ratio * nodes[place.root].scale.value_or(1);
}

void IntegerScales::setZeroPoint(Value value, int64_t zeroPoint) {
  auto [known, isNew] = zeroPoints.try_emplace(value, zeroPoint);
  if (!isNew && known->second != zeroPoint)
    (*report)(current, "zero point " + Twine(zeroPoint) +
                           " of a tensor that has zero point " +
                           Twine(known->second));
}

//===----------------------------------------------------------------------===//
// What ops say
//===----------------------------------------------------------------------===//

void IntegerScales::addTypes(Value value) {
  if (!isInteger(value.getType()))
    return;
  Node &node = nodes[getNode(value)];
  node.scaled |= isNarrowInteger(value.getType());
  auto type = dyn_cast<quant::UniformQuantizedType>(
      getElementTypeOrSelf(value.getType()));
  if (!type)
    return;
  // What a convolution sums has the scale that its rescale asks for.
  if (Operation *op = value.getDefiningOp(); op && getOnlyRescale(op))
    return;
  pin(value, type.getScale());
  setZeroPoint(value, type.getZeroPoint());
}

void IntegerScales::visitRescale(tosa::RescaleOp op) {
  Value input = op.getInput(), output = op.getOutput();
  nodes[find(getNode(input)).root].scaled = true;
  nodes[find(getNode(output)).root].scaled = true;
  setZeroPoint(input, int32_t(op.getInputZp()));
  setZeroPoint(output, int32_t(op.getOutputZp()));
  Operation *producer = input.getDefiningOp();
  if (producer && getOnlyRescale(producer))
    return;
  if (op.getMultiplier().size() != 1)
    return (*report)(op, "one multiplier per channel is only for convolutions");
  relate(output, input, 1 / getFactor(op));
}

/// The result of `op` stands for the product of its operands.
void IntegerScales::addProduct(Operation *op, double factor) {
  products.push_back({op, factor});
}

void IntegerScales::visitMatMul(tosa::MatMulOp op) {
  if (!isInteger(op.getA().getType()))
    return;
  auto info = op.getQuantizationInfo();
  if (info) {
    setZeroPoint(op.getA(), info->getAZp());
    setZeroPoint(op.getB(), info->getBZp());
  }
  addProduct(op, 1);
}

/// Ops whose operands and results have one scale. Where all are narrow they
/// have one zero point as well, unless the op has some of its own.
static const llvm::StringSet<> &getSameScaleOps() {
  static const llvm::StringSet<> ops = {
      "add",          "sub",        "maximum",    "minimum",    "concat",
      "clamp",        "abs",        "identity",   "reshape",    "transpose",
      "slice",        "tile",       "reverse",    "pad",        "gather",
      "select",       "max_pool2d", "avg_pool2d", "reduce_max", "reduce_min",
      "reduce_sum",   "negate",     "resize",     "equal",      "greater",
      "greater_equal"};
  return ops;
}

void IntegerScales::visit(Operation *op) {
  current = op;
  StringRef name = op->getName().stripDialect();
  if (auto rescale = dyn_cast<tosa::RescaleOp>(op))
    return visitRescale(rescale);
  if (auto product = dyn_cast<tosa::MatMulOp>(op))
    return visitMatMul(product);
  if (isa<tosa::CastOp>(op)) {
    // A number as it is, on the integer side.
    for (Value value : {op->getOperand(0), Value(op->getResult(0))})
      if (isNarrowInteger(value.getType())) {
        pin(value, 1);
        setZeroPoint(value, 0);
      }
    return;
  }
  if (auto mul = dyn_cast<tosa::MulOp>(op)) {
    if (isInteger(mul.getType()))
      addProduct(op, std::ldexp(1.0, mul.getShift()));
    return;
  }
  if (auto info = op->getAttrOfType<tosa::ConvOpQuantizationAttr>(
          "quantization_info")) {
    setZeroPoint(op->getOperand(0), info.getInputZp());
    return;
  }
  if (!getSameScaleOps().contains(name))
    return;
  auto info =
      op->getAttrOfType<tosa::UnaryOpQuantizationAttr>("quantization_info");
  if (info) {
    setZeroPoint(op->getOperand(0), info.getInputZp());
    setZeroPoint(op->getResult(0), info.getOutputZp());
  }
  double ratio = 1;
  if (auto resize = dyn_cast<tosa::ResizeOp>(op);
      resize && resize.getMode() == "BILINEAR")
    ratio = 1.0 / (resize.getScale()[0] * resize.getScale()[2]);
  Value first;
  for (Value value : op->getOperands()) {
    // Paddings, permutations, indices and conditions are no values.
    bool isValue = getElementTypeOrSelf(value) ==
                       getElementTypeOrSelf(op->getOperand(0)) ||
                   isa<tosa::SelectOp>(op);
    if (!isValue || getElementTypeOrSelf(value).isInteger(1))
      continue;
    if (first)
      relate(value, first);
    else
      first = value;
  }
  if (first)
    relate(op->getResult(0), first, ratio);
  if (!info)
    movers.push_back(op);
}

void IntegerScales::spreadZeroPoints() {
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation *op : movers) {
      SmallVector<Value> values(op->getOperands());
      llvm::append_range(values, op->getResults());
      llvm::erase_if(values,
                     [](Value v) { return !isNarrowInteger(v.getType()); });
      auto known = llvm::find_if(
          values, [&](Value value) { return zeroPoints.contains(value); });
      if (known == values.end())
        continue;
      int64_t zeroPoint = zeroPoints.lookup(*known);
      current = op;
      for (Value value : values) {
        changed |= !zeroPoints.contains(value);
        setZeroPoint(value, zeroPoint);
      }
    }
  }
}

void IntegerScales::solveProducts() {
  auto isKnown = [&](Value value) {
    return nodes[find(getNode(value)).root].scale.has_value();
  };
  for (auto [op, factor] : products) {
    current = op;
    Value a = op->getOperand(0), b = op->getOperand(1), y = op->getResult(0);
    if (!isScaled(a) && !isScaled(b) && !isScaled(y))
      continue;
    // One unknown follows from two; else scales are 1 where nothing is known.
    if (isKnown(y) && isKnown(a) != isKnown(b)) {
      Value known = isKnown(a) ? a : b;
      pin(known == a ? b : a, getScale(y) / (getScale(known) * factor));
      continue;
    }
    for (Value operand : {a, b})
      if (!isKnown(operand))
        pin(operand, getScale(operand));
    pin(y, getScale(a) * getScale(b) * factor);
  }
}

void IntegerScales::solve(func::FuncOp func, Report reportTo) {
  report = &reportTo;
  current = func;
  llvm::for_each(func.getArguments(), [&](Value v) { addTypes(v); });
  func.walk([&](Operation *op) {
    current = op;
    llvm::for_each(op->getResults(), [&](Value v) { addTypes(v); });
  });
  func.walk([&](Operation *op) { visit(op); });
  solveProducts();
  spreadZeroPoints();
}
