//===- Movement.cpp - Ops that move values --------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

LogicalResult tflite::convertConcatenation(OpImporter &node) {
  auto *options = node.getOptions<ConcatenationOptions>();
  SmallVector<Value> values;
  for (int i = 0; i < node.getNumInputs(); ++i)
    values.push_back(node.getAny(i));
  if (node.failed())
    return failure();
  auto clamp = node.getClamp(options->fused_activation_function());
  if (clamp.low || clamp.isTanh)
    return node.unsupported("with a fused activation");
  int64_t axis = node.normalizeAxis(options->axis(), shapeOf(values[0]).size());
  if (node.failed())
    return failure();
  return node.setResult(node.concat(values, axis));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// Input 1, if it is there, or the option.
static SmallVector<int64_t> getNewShape(OpImporter &node) {
  if (node.hasInput(1))
    return node.getInts(1, "the new shape");
  auto *options = node.getOptions<ReshapeOptions>();
  if (!options || !options->new_shape())
    return {};
  return SmallVector<int64_t>(options->new_shape()->begin(),
                              options->new_shape()->end());
}

LogicalResult tflite::convertReshape(OpImporter &node) {
  SmallVector<int64_t> from = node.getShape(0), to = getNewShape(node);
  if (node.failed())
    return failure();
  // -1: what the others leave.
  SmallVector<int64_t> known(to);
  auto *open = llvm::find(known, -1);
  if (open != known.end())
    *open = 1;
  int64_t count = *countElements(from);
  std::optional<int64_t> rest = countElements(known);
  if (open != known.end() && rest && *rest > 0 && count % *rest == 0) {
    *open = count / *rest;
    rest = count;
  }
  if (rest != count)
    return node.error() << "expected a shape of the " << count
                        << " elements of " << formatShape(from) << ", got "
                        << formatShape(to);
  return node.setResult(node.reshape(node.getAny(0), known));
}

LogicalResult tflite::convertSqueeze(OpImporter &node) {
  auto *options = node.findOptions<SqueezeOptions>();
  SmallVector<int64_t> shape = node.getShape(0), dims, result;
  if (options && options->squeeze_dims())
    dims.assign(options->squeeze_dims()->begin(),
                options->squeeze_dims()->end());
  dims = node.normalizeAxes(dims, shape.size());
  for (auto [d, size] : llvm::enumerate(shape)) {
    bool named = llvm::is_contained(dims, int64_t(d));
    if (named && size != 1)
      node.error() << "expected dimension " << d << " to be 1, got " << size;
    if (!(named || (dims.empty() && size == 1)))
      result.push_back(size);
  }
  return node.setResult(node.reshape(node.getAny(0), result));
}

LogicalResult tflite::convertExpandDims(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0);
  int64_t axis =
      node.normalizeAxis(node.getInt(1, "the axis"), shape.size() + 1);
  if (node.failed())
    return failure();
  shape.insert(shape.begin() + axis, 1);
  return node.setResult(node.reshape(node.getAny(0), shape));
}

LogicalResult tflite::convertTranspose(OpImporter &node) {
  Value input = node.getAny(0);
  SmallVector<int64_t> permutation = node.getInts(1, "the permutation");
  if (node.failed())
    return failure();
  int64_t rank = shapeOf(input).size();
  for (int64_t &p : permutation)
    p = node.normalizeAxis(p, rank);
  if (int64_t(permutation.size()) != rank ||
      int64_t(node.normalizeAxes(permutation, rank).size()) != rank)
    return node.error() << "expected a permutation of " << rank
                        << " dimensions, got [" << permutation << "]";
  return node.setResult(node.transpose(input, permutation));
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// The constant pairs of input 1, one for each of `rank` dimensions.
static void getPaddings(OpImporter &node, size_t rank,
                        SmallVectorImpl<int64_t> &low,
                        SmallVectorImpl<int64_t> &high) {
  IntTensor pads = node.getIntTensor(1, "the padding");
  if (!node.failed() && pads.shape != SmallVector<int64_t>{int64_t(rank), 2})
    node.error() << "expected the padding of " << rank
                 << " dimensions, got shape " << formatShape(pads.shape);
  for (size_t d = 0; d < rank && !node.failed(); ++d) {
    low.push_back(pads.values[2 * d]);
    high.push_back(pads.values[2 * d + 1]);
    if (low[d] < 0 || high[d] < 0 || low[d] > kMaxElements ||
        high[d] > kMaxElements)
      node.error() << "expected a non-negative padding, got " << low[d]
                   << " and " << high[d];
  }
}

LogicalResult tflite::convertPad(OpImporter &node) {
  Value input = node.getAny(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> low, high;
  getPaddings(node, shapeOf(input).size(), low, high);
  float value = 0.0f;
  if (!node.failed() && node.hasInput(2)) {
    if (!node.isConstant(2) || !elementOf(input).isF32())
      return node.unsupported(
          "a padding value that is not constant, or of integers");
    std::vector<float> values = node.getReals(2);
    if (!node.failed() && values.size() != 1)
      return node.error() << "expected one padding value, got "
                          << values.size();
    value = node.failed() ? 0.0f : values[0];
  }
  if (node.failed())
    return failure();
  return node.setResult(
      node.createMoved<PadOp>(input, low, high, llvm::APFloat(value)));
}

/// `count` slices of `x` along `axis`, from `start` backwards.
static Value backwards(OpImporter &node, Value x, int64_t axis, int64_t start,
                       int64_t count) {
  SmallVector<int64_t> sizes(shapeOf(x)), starts(sizes.size(), 0),
      steps(sizes.size(), 1);
  starts[axis] = start;
  sizes[axis] = count;
  steps[axis] = -1;
  return node.createMoved<SliceOp>(x, starts, sizes, steps);
}

/// Mirrored borders, one dimension after the other.
LogicalResult tflite::convertMirrorPad(OpImporter &node) {
  auto *options = node.getOptions<MirrorPadOptions>();
  Value value = node.getAny(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> low, high;
  getPaddings(node, shapeOf(value).size(), low, high);
  // REFLECT leaves the border itself out.
  int64_t skip = options->mode() == MirrorPadMode::REFLECT ? 1 : 0;
  for (size_t d = 0; d < low.size() && !node.failed(); ++d) {
    int64_t size = shapeOf(value)[d];
    if (std::max(low[d], high[d]) > size - skip)
      return node.error() << "expected a padding of at most " << size - skip
                          << " in dimension " << d << ", got "
                          << std::max(low[d], high[d]);
    SmallVector<Value> parts;
    if (low[d] > 0)
      parts.push_back(backwards(node, value, d, low[d] - 1 + skip, low[d]));
    parts.push_back(value);
    if (high[d] > 0)
      parts.push_back(backwards(node, value, d, size - 1 - skip, high[d]));
    if (parts.size() > 1)
      value = node.concat(parts, d);
  }
  return node.setResult(value);
}
