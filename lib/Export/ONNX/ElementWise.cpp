//===- ElementWise.cpp - Element-wise operators and softmax ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Writers.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

static void writeBinary(GraphWriter &graph, Operation *op, StringRef type) {
  StringRef name = getLayerName(op);
  Layout home = graph.getCommonLayout(
      op->getOperands(),
      cast<RankedTensorType>(op->getResult(0).getType()).getRank());
  SmallVector<std::string> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(graph.getBroadcast(operand, home, name + "/constant"));
  graph.finish(op, graph.add(type, name, inputs), home);
}

void exporting::write(GraphWriter &graph, AddOp op) {
  writeBinary(graph, op, "Add");
}
void exporting::write(GraphWriter &graph, SubOp op) {
  writeBinary(graph, op, "Sub");
}
void exporting::write(GraphWriter &graph, MulOp op) {
  writeBinary(graph, op, "Mul");
}
void exporting::write(GraphWriter &graph, DivOp op) {
  writeBinary(graph, op, "Div");
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

/// `setAttributes` completes the node.
static void writeUnary(
    GraphWriter &graph, Operation *op, StringRef type,
    function_ref<void(onnx::NodeProto *, ArrayRef<int64_t>)> setAttributes =
        [](onnx::NodeProto *, ArrayRef<int64_t>) {}) {
  Value input = op->getOperand(0);
  Layout home = graph.getLayout(input);
  onnx::NodeProto *node =
      graph.add(type, getLayerName(op), graph.getReal(input, home));
  setAttributes(node, home);
  graph.setResult(op, node, home);
}

void exporting::write(GraphWriter &graph, ReluOp op) {
  writeUnary(graph, op, "Relu");
}
void exporting::write(GraphWriter &graph, SigmoidOp op) {
  writeUnary(graph, op, "Sigmoid");
}
void exporting::write(GraphWriter &graph, HardSwishOp op) {
  writeUnary(graph, op, "HardSwish");
}
void exporting::write(GraphWriter &graph, TanhOp op) {
  writeUnary(graph, op, "Tanh");
}
void exporting::write(GraphWriter &graph, SqrtOp op) {
  writeUnary(graph, op, "Sqrt");
}
void exporting::write(GraphWriter &graph, ErfOp op) {
  writeUnary(graph, op, "Erf");
}

void exporting::write(GraphWriter &graph, ClipOp op) {
  writeUnary(graph, op, "Clip", [&](onnx::NodeProto *node, ArrayRef<int64_t>) {
    graph.addBounds(node, op.getMinAttr(), op.getMaxAttr());
  });
}

void exporting::write(GraphWriter &graph, LeakyReluOp op) {
  writeUnary(graph, op, "LeakyRelu",
             [&](onnx::NodeProto *node, ArrayRef<int64_t>) {
               setFloat(node, "alpha", op.getAlpha().convertToFloat());
             });
}

void exporting::write(GraphWriter &graph, HardSigmoidOp op) {
  writeUnary(graph, op, "HardSigmoid",
             [&](onnx::NodeProto *node, ArrayRef<int64_t>) {
               setFloat(node, "alpha", op.getAlpha().convertToFloat());
               setFloat(node, "beta", op.getBeta().convertToFloat());
             });
}

/// The scale to which `value` is rounded, here or where it is used; 1 if none.
static double getRoundingScale(Value value) {
  auto scaleOf = [](Value v) {
    auto type = dyn_cast<quant::UniformQuantizedType>(
        cast<RankedTensorType>(v.getType()).getElementType());
    return type ? type.getScale() : 1.0;
  };
  double scale = scaleOf(value);
  for (Operation *user : value.getUsers())
    if (isa<quant::QuantizeCastOp>(user))
      scale = std::min(scale, scaleOf(user->getResult(0)));
  return scale;
}

/// ONNX Runtime 1.30 fuses a softmax with its casts, and its integer kernel
/// overflows at scales below 1/256. A Sum of one operand, which is that
/// operand, keeps them apart.
void exporting::write(GraphWriter &graph, SoftmaxOp op) {
  Layout home = graph.getLayout(op.getInput());
  onnx::NodeProto *node = graph.add("Softmax", getLayerName(op),
                                    graph.getReal(op.getInput(), home));
  setInt(node, "axis", llvm::find(home, int64_t(op.getAxis())) - home.begin());
  if (getRoundingScale(op.getResult()) < 1.0 / 256)
    node = graph.add("Sum", getLayerName(op) + "/sum", node->output(0));
  graph.setResult(op, node, home);
}
