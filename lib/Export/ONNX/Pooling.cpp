//===- Pooling.cpp - Pools and means --------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Writers.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

/// True when rounding the output size down gives the same: ONNX Runtime 1.30
/// divides by the wrong count where QLinearAveragePool rounds up.
template <typename OpTy> static bool endsEvenly(OpTy op) {
  for (int i : {0, 1}) {
    int64_t size = op.getInput().getType().getDimSize(1 + i);
    auto getSize = [&](bool ceil) {
      return getWindowOutputSize(size, op.getKernel()[i], op.getStrides()[i],
                                 op.getDilations()[i], op.getPadding()[i],
                                 op.getPadding()[i + 2], ceil);
    };
    if (getSize(true) != getSize(false))
      return false;
  }
  return true;
}

template <typename OpTy>
static onnx::NodeProto *addPool(GraphWriter &graph, OpTy op, StringRef type) {
  onnx::NodeProto *node = graph.add(
      type, getLayerName(op), graph.getReal(op.getInput(), kChannelsFirst));
  setInts(node, "kernel_shape", op.getKernel());
  setInts(node, "strides", op.getStrides());
  setInts(node, "pads", op.getPadding());
  if (op.getCeilMode() && !endsEvenly(op))
    setInt(node, "ceil_mode", 1);
  if (llvm::any_of(op.getDilations(), [](int64_t d) { return d != 1; }))
    setInts(node, "dilations", op.getDilations());
  return node;
}

void exporting::write(GraphWriter &graph, MaxPool2DOp op) {
  graph.setResult(op, addPool(graph, op, "MaxPool"), kChannelsFirst);
}

void exporting::write(GraphWriter &graph, AvgPool2DOp op) {
  onnx::NodeProto *node = addPool(graph, op, "AveragePool");
  if (op.getCountIncludePad())
    setInt(node, "count_include_pad", 1);
  graph.finish(op, node, kChannelsFirst);
}

void exporting::write(GraphWriter &graph, GlobalAvgPoolOp op) {
  graph.finish(op,
               graph.add("GlobalAveragePool", getLayerName(op),
                         graph.getReal(op.getInput(), kChannelsFirst)),
               kChannelsFirst);
}

void exporting::write(GraphWriter &graph, GlobalMaxPoolOp op) {
  graph.setResult(op,
                  graph.add("GlobalMaxPool", getLayerName(op),
                            graph.getReal(op.getInput(), kChannelsFirst)),
                  kChannelsFirst);
}

static int64_t countBelow(ArrayRef<int64_t> axes, int64_t dimension) {
  return llvm::count_if(axes, [&](int64_t axis) { return axis < dimension; });
}

onnx::NodeProto *exporting::addReduction(GraphWriter &graph, Operation *op,
                                         StringRef type,
                                         ArrayRef<int64_t> reduced,
                                         bool keepDims, bool axesAreOperand,
                                         Layout &left) {
  StringRef name = getLayerName(op);
  Value input = op->getOperand(0);
  Layout home = graph.getLayout(input);
  // Axes of the ONNX tensor, and the layout of what is left.
  SmallVector<int64_t> axes;
  for (auto [i, dimension] : llvm::enumerate(home)) {
    bool isReduced = llvm::is_contained(reduced, dimension);
    if (isReduced)
      axes.push_back(i);
    if (keepDims)
      left.push_back(dimension);
    else if (!isReduced)
      left.push_back(dimension - countBelow(reduced, dimension));
  }
  onnx::NodeProto *node = graph.add(type, name, graph.getReal(input, home));
  if (axesAreOperand)
    node->add_input(graph.addInts(name + "/axes", axes));
  else
    setInts(node, "axes", axes);
  setInt(node, "keepdims", keepDims);
  return node;
}

void exporting::write(GraphWriter &graph, ReduceMeanOp op) {
  Layout left;
  onnx::NodeProto *node =
      addReduction(graph, op, "ReduceMean", op.getAxes(), op.getKeepDims(),
                   /*axesAreOperand=*/graph.getOpset() >= 18, left);
  graph.finish(op, node, left);
}
