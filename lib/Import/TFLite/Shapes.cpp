//===- Shapes.cpp - Shapes, and tensors of a given shape ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

/// Dimensions of one op are repeated up to this size.
static constexpr int64_t kLongest = int64_t(1) << 24;

//===----------------------------------------------------------------------===//
// Shapes are static
//===----------------------------------------------------------------------===//

LogicalResult tflite::convertShape(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0);
  Type type =
      getIntegerType(node.getBuilder().getContext(), node.getOutput().type);
  if (node.failed())
    return failure();
  if (!type || type.isInteger(1))
    return node.error() << "expected a shape of INT32 or INT64, got "
                        << formatType(node.getOutput().type);
  if (node.getCode() == BuiltinOperator::RANK)
    return node.setResult(node.createIntegers({}, int64_t(shape.size()), type));
  return node.setResult(
      node.createIntegers({int64_t(shape.size())}, shape, type));
}

LogicalResult tflite::convertRange(OpImporter &node) {
  if (!node.getInput(0).isInteger())
    return node.unsupported("of floats");
  int64_t start = node.getInt(0, "the start"),
          limit = node.getInt(1, "the end"), step = node.getInt(2, "the step");
  Type type =
      getIntegerType(node.getBuilder().getContext(), node.getOutput().type);
  if (node.failed())
    return failure();
  auto fits = [](int64_t value) { return std::abs(value) <= kMaxElements; };
  if (!type || type.isInteger(1) || step == 0 || !fits(start) || !fits(limit) ||
      !fits(step))
    return node.error() << "expected a range of integers, got " << start
                        << " to " << limit << " by " << step;
  SmallVector<int64_t> values;
  for (int64_t i = start; step > 0 ? i < limit : i > limit; i += step) {
    if (int64_t(values.size()) == kLongest)
      return node.unsupported("of more than " + Twine(kLongest) + " elements");
    values.push_back(i);
  }
  return node.setResult(
      node.createIntegers({int64_t(values.size())}, values, type));
}

/// The shape of what two shapes broadcast to.
LogicalResult tflite::convertBroadcastArgs(OpImporter &node) {
  SmallVector<int64_t> a = node.getInts(0, "a shape"),
                       b = node.getInts(1, "a shape");
  Type type =
      getIntegerType(node.getBuilder().getContext(), node.getOutput().type);
  if (node.failed())
    return failure();
  if (a.size() < b.size())
    std::swap(a, b);
  b.insert(b.begin(), a.size() - b.size(), 1);
  for (auto [size, other] : llvm::zip_equal(a, b)) {
    if (size != other && size != 1 && other != 1)
      return node.error() << "expected shapes that broadcast, got "
                          << formatShape(a) << " and " << formatShape(b);
    size = size == 1 ? other : size;
  }
  if (!type || type.isInteger(1))
    return node.error() << "expected a shape of INT32 or INT64, got "
                        << formatType(node.getOutput().type);
  return node.setResult(node.createIntegers({int64_t(a.size())}, a, type));
}

//===----------------------------------------------------------------------===//
// Repeated elements
//===----------------------------------------------------------------------===//

/// `x` with slice i of the result slice `i % size` of dimension `axis`.
static Value repeat(OpImporter &node, Value x, int64_t axis, int64_t count) {
  if (node.failed() || !x || shapeOf(x)[axis] == count)
    return node.failed() ? Value() : x;
  if (count < 0 || count > kLongest) {
    node.error() << "expected a size of at most " << kLongest << ", got "
                 << count;
    return {};
  }
  SmallVector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i)
    indices.push_back(i % shapeOf(x)[axis]);
  return Emitter{node}.take(x, axis, indices);
}

LogicalResult tflite::convertTile(OpImporter &node) {
  SmallVector<int64_t> repeats = node.getInts(1, "the repeats");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (repeats.size() != shapeOf(x).size())
    return node.error() << "expected " << shapeOf(x).size() << " repeats, got "
                        << repeats.size();
  for (size_t d = 0; d < repeats.size() && !node.failed(); ++d) {
    std::optional<int64_t> size = countElements({repeats[d], shapeOf(x)[d]});
    if (!size)
      return node.error() << "expected a reasonable number of repeats, got "
                          << repeats[d];
    x = repeat(node, x, d, *size);
  }
  return node.setResult(x);
}

/// `x` broadcast to `shape`; null and an error where it cannot be.
static Value broadcast(OpImporter &node, Value x, ArrayRef<int64_t> shape) {
  if (node.failed() || !x)
    return {};
  SmallVector<int64_t> sizes(shapeOf(x));
  bool fits = sizes.size() <= shape.size();
  if (fits)
    sizes.insert(sizes.begin(), shape.size() - sizes.size(), 1);
  for (size_t d = 0; fits && d < shape.size(); ++d)
    fits = sizes[d] == 1 || sizes[d] == shape[d];
  if (!fits || !countElements(shape)) {
    node.error() << "expected a shape to which " << formatShape(shapeOf(x))
                 << " can be broadcast, got " << formatShape(shape);
    return {};
  }
  x = node.reshape(x, sizes);
  for (size_t d = 0; d < shape.size(); ++d)
    x = repeat(node, x, d, shape[d]);
  return x;
}

LogicalResult tflite::convertBroadcastTo(OpImporter &node) {
  SmallVector<int64_t> shape = node.getInts(1, "the shape");
  return node.setResult(broadcast(node, node.getAny(0), shape));
}

LogicalResult tflite::convertFill(OpImporter &node) {
  SmallVector<int64_t> shape = node.getInts(0, "the shape");
  Value value = node.getAny(1);
  if (value && !shapeOf(value).empty())
    return node.error() << "expected one value, got shape "
                        << formatShape(shapeOf(value));
  return node.setResult(broadcast(node, value, shape));
}

LogicalResult tflite::convertZerosLike(OpImporter &node) {
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  return node.setResult(
      broadcast(node, Emitter{node}.scalar(0, x), shapeOf(x)));
}

LogicalResult tflite::convertReverse(OpImporter &node) {
  Value x = node.getAny(0);
  SmallVector<int64_t> axes = node.getInts(1, "the axes");
  if (node.failed())
    return failure();
  SmallVector<int64_t> sizes(shapeOf(x)), starts(sizes.size(), 0),
      steps(sizes.size(), 1);
  for (int64_t axis : node.normalizeAxes(axes, sizes.size())) {
    if (node.failed())
      return failure();
    starts[axis] = std::max<int64_t>(sizes[axis] - 1, 0);
    steps[axis] = -1;
  }
  return node.setResult(node.createMoved<SliceOp>(x, starts, sizes, steps));
}
