//===- Movement.cpp - Operators that move values --------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Writers.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

/// `values`, one for each dimension, in the order of a layout.
template <typename Range>
static auto arrange(const Range &values, ArrayRef<int64_t> layout) {
  SmallVector<std::decay_t<decltype(values[0])>> arranged;
  for (int64_t dimension : layout)
    arranged.push_back(values[dimension]);
  return arranged;
}

void exporting::write(GraphWriter &graph, ConcatOp op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getCommonLayout(op.getInputs(), op.getType().getRank());
  SmallVector<std::string> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(graph.getReal(input, home, name + "/constant"));
  onnx::NodeProto *node = graph.add("Concat", name, inputs);
  setInt(node, "axis", llvm::find(home, int64_t(op.getAxis())) - home.begin());
  graph.setResult(op, node, home);
}

/// The permutation that a reshape is when it only moves dimensions of size 1;
/// none when it is none.
static std::optional<SmallVector<int64_t>>
getPermutation(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  if (from.size() != to.size())
    return std::nullopt;
  SmallVector<int64_t> ones, others, permutation;
  for (auto [i, size] : llvm::enumerate(from))
    (size == 1 ? ones : others).push_back(i);
  auto one = ones.begin(), other = others.begin();
  for (int64_t size : to) {
    if (size == 1 ? one == ones.end()
                  : other == others.end() || from[*other] != size)
      return std::nullopt;
    permutation.push_back(size == 1 ? *one++ : *other++);
  }
  return permutation;
}

void exporting::write(GraphWriter &graph, ReshapeOp op) {
  StringRef name = getLayerName(op);
  ArrayRef<int64_t> from = op.getInput().getType().getShape();
  ArrayRef<int64_t> to = op.getType().getShape();
  if (auto permutation = getPermutation(from, to))
    return graph.setTransposed(op.getResult(), op.getInput(), *permutation);
  // A layout that moves only ones has the values in order already.
  Layout layout = graph.getLayout(op.getInput()), longer = layout;
  llvm::erase_if(longer, [&](int64_t d) { return from[d] == 1; });
  if (!llvm::is_sorted(longer))
    layout = getIdentity(from.size());
  std::string input = graph.getReal(op.getInput(), layout);
  onnx::NodeProto *node =
      graph.add("Reshape", name, {input, graph.addInts(name + "/shape", to)});
  if (llvm::is_contained(to, 0)) // which is "as the input" otherwise
    setInt(node, "allowzero", 1);
  graph.setResult(op, node, getIdentity(to.size()));
}

void exporting::write(GraphWriter &graph, TransposeOp op) {
  graph.setTransposed(op.getResult(), op.getInput(), op.getPermutation());
}

void exporting::write(GraphWriter &graph, PadOp op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getLayout(op.getInput());
  SmallVector<int64_t> pads = arrange(op.getLow(), home);
  llvm::append_range(pads, arrange(op.getHigh(), home));
  onnx::NodeProto *node = graph.add(
      "Pad", name,
      {graph.getReal(op.getInput(), home), graph.addInts(name + "/pads", pads),
       graph.addFloat(name + "/value", op.getValue().convertToFloat())});
  graph.setResult(op, node, home);
}

void exporting::write(GraphWriter &graph, SliceOp op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getLayout(op.getInput());
  ArrayRef<int64_t> sizes = op.getInput().getType().getShape();
  SmallVector<int64_t> starts, ends, axes, steps;
  for (auto [i, dimension] : llvm::enumerate(home)) {
    int64_t start = op.getStarts()[dimension], step = op.getSteps()[dimension];
    int64_t count = op.getSizes()[dimension];
    if (start == 0 && step == 1 && count == sizes[dimension])
      continue;
    // Before the first element there is only a number that counts as low
    // enough: -1 would be the last one.
    int64_t end = start + count * step;
    starts.push_back(start);
    ends.push_back(end < 0 ? std::numeric_limits<int64_t>::min() : end);
    axes.push_back(i);
    steps.push_back(step);
  }
  onnx::NodeProto *node = graph.add("Slice", name,
                                    {graph.getReal(op.getInput(), home),
                                     graph.addInts(name + "/starts", starts),
                                     graph.addInts(name + "/ends", ends),
                                     graph.addInts(name + "/axes", axes),
                                     graph.addInts(name + "/steps", steps)});
  graph.setResult(op, node, home);
}

void exporting::write(GraphWriter &graph, ResizeNearestOp op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getLayout(op.getInput());
  SmallVector<int64_t> from = arrange(op.getInput().getType().getShape(), home);
  SmallVector<int64_t> to = arrange(op.getShape(), home);
  SmallVector<float> scales;
  // Scales that no f32 has come from sizes.
  bool areScales = true;
  for (auto [i, scale] : llvm::enumerate(arrange(op.getScales(), home))) {
    scales.push_back(float(scale));
    areScales &= double(scales[i]) == scale &&
                 int64_t(std::floor(double(from[i]) * scale)) == to[i];
  }
  SmallVector<std::string> inputs = {graph.getReal(op.getInput(), home), ""};
  if (areScales) {
    inputs.push_back(
        graph.addFloats(name + "/scales", int64_t(scales.size()), scales));
  } else {
    inputs.push_back("");
    inputs.push_back(graph.addInts(name + "/sizes", to));
  }
  onnx::NodeProto *node = graph.add("Resize", name, inputs);
  setString(node, "mode", "nearest");
  setString(node, "coordinate_transformation_mode",
            stringifyCoordinateMode(op.getCoordinateMode()));
  setString(node, "nearest_mode", stringifyNearestMode(op.getNearestMode()));
  graph.setResult(op, node, home);
}
