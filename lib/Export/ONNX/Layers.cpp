//===- Layers.cpp - Convolutions and matrix products ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Writers.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

void exporting::write(GraphWriter &graph, Conv2DOp op) {
  StringRef name = getLayerName(op);
  SmallVector<std::string> inputs = {
      graph.getReal(op.getInput(), kChannelsFirst),
      graph.getReal(op.getWeight(), kChannelsFirst, name + "/weight")};
  if (Value bias = op.getBias())
    inputs.push_back(graph.getReal(bias, {0}, name + "/bias"));
  onnx::NodeProto *node = graph.add("Conv", name, inputs);
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  setInts(node, "kernel_shape", {weight.getDimSize(1), weight.getDimSize(2)});
  setInts(node, "strides", op.getStrides());
  setInts(node, "pads", op.getPadding());
  setInts(node, "dilations", op.getDilations());
  setInt(node, "group", op.getGroups());
  graph.finish(op, node, kChannelsFirst);
}

/// Gemm for a matrix, whose weights stay as they are, else MatMul and Add.
void exporting::write(GraphWriter &graph, FullyConnectedOp op) {
  StringRef name = getLayerName(op);
  int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  Layout plain = getIdentity(rank);
  SmallVector<std::string> inputs = {graph.getReal(op.getInput(), plain)};
  std::string bias;
  if (op.getBias())
    bias = graph.getReal(op.getBias(), {0}, name + "/bias");
  onnx::NodeProto *node;
  if (rank == 2) {
    inputs.push_back(graph.getReal(op.getWeight(), {0, 1}, name + "/weight"));
    if (!bias.empty())
      inputs.push_back(bias);
    node = graph.add("Gemm", name, inputs);
    setInt(node, "transB", 1);
    return graph.finish(op, node, plain);
  }
  inputs.push_back(graph.getReal(op.getWeight(), {1, 0}, name + "/weight"));
  node = graph.add("MatMul", name, inputs);
  if (!bias.empty()) {
    graph.renameResult(node, name + "/product");
    node = graph.add("Add", name + "/bias_add", {node->output(0), bias});
  }
  graph.finish(op, node, plain);
}

void exporting::write(GraphWriter &graph, MatMulOp op) {
  auto getOperand = [&](Value value) {
    return graph.getReal(
        value, getIdentity(cast<RankedTensorType>(value.getType()).getRank()));
  };
  onnx::NodeProto *node =
      graph.add("MatMul", getLayerName(op),
                {getOperand(op.getLhs()), getOperand(op.getRhs())});
  graph.finish(op, node, getIdentity(op.getType().getRank()));
}

void exporting::write(GraphWriter &graph, BiasOp op) {
  StringRef name = getLayerName(op);
  Layout home =
      graph.getCommonLayout(op->getOperands(), op.getType().getRank());
  onnx::NodeProto *node =
      graph.add("Add", name,
                {graph.getReal(op.getInput(), home),
                 graph.getBroadcast(op.getBias(), home, name + "/bias")});
  graph.setResult(op, node, home);
}

void exporting::write(GraphWriter &graph, BatchNormOp op) {
  StringRef name = getLayerName(op);
  // Channels are dimension 1 in ONNX, and last here.
  int64_t rank = op.getType().getRank();
  Layout layout = {0};
  if (rank > 1)
    layout.push_back(rank - 1);
  for (int64_t i = 1; i + 1 < rank; ++i)
    layout.push_back(i);
  SmallVector<std::string> inputs = {graph.getReal(op.getInput(), layout)};
  StringRef roles[] = {"scale", "offset", "mean", "variance"};
  for (auto [role, value] : llvm::zip(roles, op->getOperands().drop_front()))
    inputs.push_back(graph.getReal(value, {0}, name + "/" + role));
  onnx::NodeProto *node = graph.add("BatchNormalization", name, inputs);
  setFloat(node, "epsilon", op.getEpsilon().convertToFloat());
  graph.setResult(op, node, layout);
}
