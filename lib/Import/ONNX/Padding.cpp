//===- Padding.cpp - Pad and Expand ---------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

LogicalResult import::convertExpand(NodeImporter &node) {
  SmallVector<int64_t> input(node.getShape(0));
  SmallVector<int64_t> target = node.getInts(1, "shape");
  if (node.failed())
    return failure();
  auto shape =
      countElements(target) ? broadcastShapes(input, target) : std::nullopt;
  std::optional<int64_t> count = shape ? countElements(*shape) : std::nullopt;
  if (!count)
    return node.error() << "expected a shape that " << formatShape(input)
                        << " broadcasts to, got [" << target << "]";
  if (ArrayRef<int64_t>(*shape) == ArrayRef<int64_t>(input))
    return node.forward(0);
  int64_t work = node.isConstant(0) ? *count : 0;
  for (int64_t size : *shape)
    work += size;
  if (mlir::failed(node.requireFolding(work)))
    return failure();
  if (!node.isConstant(0)) { // dimensions of size 1 are repeated
    SmallVector<int64_t> spread(shape->size() - input.size(), 1);
    llvm::append_range(spread, input);
    Value x = node.reshape(node.getAny(0), spread);
    for (auto [axis, size] : llvm::enumerate(*shape))
      if (size != spread[axis])
        x = Emitter{node}.take(x, axis, SmallVector<int64_t>(size, 0));
    return node.setResult(x);
  }
  HostTensor tensor = node.getConstant(0, "data");
  SmallVector<int64_t> strides = tensor.getStrides();
  for (size_t d = 0; d < strides.size(); ++d)
    strides[d] = input[d] == 1 ? 0 : strides[d];
  strides.insert(strides.begin(), shape->size() - input.size(), 0);
  return node.setResult(tensor.strided(*shape, 0, strides));
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

/// Low padding of all dimensions, then high.
static SmallVector<int64_t> readPads(NodeImporter &node, int64_t rank) {
  SmallVector<int64_t> pads =
      node.getOpset() < 11 ? node.getInts("pads") : node.getInts(1, "pads");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  if (node.getOpset() >= 18 && node.hasInput(3)) {
    axes = node.getInts(3, "axes");
    (void)node.normalizeAxes(axes, rank); // distinct
  }
  if (!node.failed() && pads.size() != 2 * axes.size())
    node.error() << "expected " << 2 * axes.size() << " pads, got "
                 << pads.size();
  SmallVector<int64_t> result(2 * rank, 0);
  for (size_t i = 0; i < axes.size() && !node.failed(); ++i) {
    int64_t axis = node.normalizeAxis(axes[i], rank);
    result[axis] = pads[i];
    result[rank + axis] = pads[axes.size() + i];
  }
  return result;
}

/// The element of a dimension of `size` that padding in `mode` puts at `index`,
/// which may be negative.
static int64_t getPadded(int64_t index, int64_t size, StringRef mode) {
  if (mode == "edge" || size == 1)
    return std::clamp<int64_t>(index, 0, size - 1);
  auto wrap = [&](int64_t period) {
    return (index % period + period) % period;
  };
  if (mode == "wrap")
    return wrap(size);
  int64_t at = wrap(2 * size - 2); // there and back
  return at < size ? at : 2 * size - 2 - at;
}

/// Modes that repeat elements of the input.
static Value padWithElements(NodeImporter &node, Value x, ArrayRef<int64_t> low,
                             ArrayRef<int64_t> high, StringRef mode) {
  for (size_t d = 0; d < low.size() && x; ++d) {
    int64_t size = shapeOf(x)[d], count = low[d] + size + high[d];
    if (low[d] + high[d] == 0)
      continue;
    if (size == 0) {
      node.error() << "expected elements to pad with";
      return {};
    }
    if (mlir::failed(node.requireFolding(count)))
      return {};
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < count; ++i)
      indices.push_back(getPadded(i - low[d], size, mode));
    x = Emitter{node}.take(x, d, indices);
  }
  return x;
}

/// The value that constant padding has.
static float readPadValue(NodeImporter &node) {
  if (node.getOpset() < 11)
    return node.getFloat("value", 0.0f);
  if (!node.hasInput(2))
    return node.getMovedNumber(0);
  if (node.isFloat(2))
    return node.getScalar(2, "constant_value");
  SmallVector<int64_t> value = node.getInts(2, "constant_value");
  return node.failed() || value.empty() ? 0.0f : node.getMovedNumber(value[0]);
}

LogicalResult import::convertPad(NodeImporter &node) {
  std::string mode = node.getString("mode", "constant");
  if (!node.failed() &&
      !llvm::is_contained({"constant", "edge", "reflect", "wrap"}, mode))
    return node.error()
           << "expected mode constant, edge, reflect or wrap, got '" << mode
           << "'";
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t rank = shape.size();
  SmallVector<int64_t> pads = readPads(node, rank);
  Value input = node.getAny(0);
  float value = readPadValue(node);
  if (node.failed())
    return failure();
  // Negative padding crops first.
  SmallVector<int64_t> low, high, starts(rank, 0), sizes(rank), steps(rank, 1);
  for (int64_t d = 0; d < rank; ++d) {
    int64_t before = pads[d], after = pads[rank + d];
    if (std::abs(before / 2) > kMaxElements ||
        std::abs(after / 2) > kMaxElements || shape[d] + before + after < 0)
      return node.error() << "expected pads that leave a dimension, got "
                          << before << " and " << after << " on size "
                          << shape[d];
    low.push_back(std::max<int64_t>(before, 0));
    high.push_back(std::max<int64_t>(after, 0));
    int64_t first = std::max<int64_t>(-before, 0);
    int64_t last = shape[d] - std::max<int64_t>(-after, 0);
    if (last < first || first > shape[d] || last < 0)
      return node.error() << "expected pads that crop at most size " << shape[d]
                          << ", got " << before << " and " << after;
    starts[d] = last == first ? 0 : first;
    sizes[d] = last - first;
  }
  if (sizes != shape)
    input = node.createMoved<SliceOp>(input, ArrayRef<int64_t>(starts),
                                      ArrayRef<int64_t>(sizes),
                                      ArrayRef<int64_t>(steps));
  if (mode != "constant")
    return node.setResult(padWithElements(node, input, low, high, mode));
  return node.setResult(node.createMoved<PadOp>(input, ArrayRef<int64_t>(low),
                                                ArrayRef<int64_t>(high),
                                                llvm::APFloat(value)));
}
