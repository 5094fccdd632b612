//===- Slices.cpp - Parts of tensors --------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

namespace {
/// A strided box and the shape under which it is returned.
struct Box {
  SmallVector<int64_t> starts, sizes, steps, resultShape;
};
} // namespace

/// Output `output` is `box` of input `input`. Precondition: it is inside.
static LogicalResult setSlice(OpImporter &node, int input, const Box &box,
                              int output = 0) {
  if (node.failed())
    return failure();
  Value value = node.createMoved<SliceOp>(node.getAny(input), box.starts,
                                          box.sizes, box.steps);
  return node.setResult(node.reshape(value, box.resultShape), output);
}

LogicalResult tflite::convertSlice(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0);
  Box box;
  box.starts = node.getInts(1, "the start");
  box.sizes = node.getInts(2, "the size");
  if (node.failed())
    return failure();
  if (box.starts.size() != shape.size() || box.sizes.size() != shape.size())
    return node.error() << "expected start and size of " << shape.size()
                        << " dimensions, got " << box.starts.size() << " and "
                        << box.sizes.size();
  box.steps.assign(shape.size(), 1);
  for (auto [d, size] : llvm::enumerate(shape)) {
    int64_t start = box.starts[d];
    if (start >= 0 && start <= size && box.sizes[d] == -1)
      box.sizes[d] = size - start;
    if (start < 0 || start > size || box.sizes[d] < 0 ||
        box.sizes[d] > size - start)
      return node.error() << "expected a box inside " << formatShape(shape)
                          << ", got " << box.sizes[d] << " elements from "
                          << start << " in dimension " << d;
  }
  box.resultShape = box.sizes;
  return setSlice(node, 0, box);
}

//===----------------------------------------------------------------------===//
// Strided slices
//===----------------------------------------------------------------------===//

/// The range of one dimension, as Python's slice(begin, end, step).
static void addRange(Box &box, int64_t size, std::optional<int64_t> begin,
                     std::optional<int64_t> end, int64_t step) {
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  auto place = [&](std::optional<int64_t> index, int64_t missing) {
    if (!index)
      return missing;
    return std::clamp(*index < 0 ? *index + size : *index, low, high);
  };
  int64_t first = place(begin, step > 0 ? low : high);
  int64_t last = place(end, step > 0 ? high : low);
  int64_t distance = step > 0 ? last - first : first - last;
  int64_t stride = std::abs(step);
  int64_t count = std::max<int64_t>((distance + stride - 1) / stride, 0);
  box.starts.push_back(count > 0 ? first : 0);
  box.sizes.push_back(count);
  box.steps.push_back(count > 1 ? step : 1);
}

static bool hasBit(int64_t mask, size_t i) { return mask >> i & 1; }

/// Adds dimension `i` of begin, end and strides, which is a dimension of
/// `size`.
static void addSlice(OpImporter &node, const StridedSliceOptions &options,
                     size_t i, int64_t size, ArrayRef<int64_t> bounds,
                     Box &box) {
  auto limit = [](int64_t index) {
    return std::clamp(index, -kMaxElements, kMaxElements);
  };
  int64_t first = limit(bounds[0]), step = limit(bounds[2]);
  if (hasBit(options.shrink_axis_mask(), i)) {
    int64_t index = first < 0 ? first + size : first;
    if (index < 0 || index >= size)
      node.error() << "expected an index within " << size << ", got " << first;
    return addRange(box, size, index, index + 1, 1);
  }
  if (step == 0) {
    node.error() << "expected strides other than 0, got " << step;
    return;
  }
  auto bound = [&](int64_t mask, int64_t value) {
    return hasBit(mask, i) ? std::nullopt : std::optional<int64_t>(value);
  };
  int64_t last = limit(bounds[1]) + (options.offset() ? first : 0);
  addRange(box, size, bound(options.begin_mask(), first),
           bound(options.end_mask(), last), step);
  box.resultShape.push_back(box.sizes.back());
}

LogicalResult tflite::convertStridedSlice(OpImporter &node) {
  auto *options = node.getOptions<StridedSliceOptions>();
  SmallVector<int64_t> shape = node.getShape(0);
  SmallVector<int64_t> begin = node.getInts(1, "begin"),
                       end = node.getInts(2, "end"),
                       steps = node.getInts(3, "the strides");
  if (node.failed())
    return failure();
  size_t count = begin.size();
  if (end.size() != count || steps.size() != count || count > 32)
    return node.error() << "expected begin, end and strides of one size, got "
                        << count << ", " << end.size() << " and "
                        << steps.size();
  // How many dimensions an ellipsis stands for.
  size_t used = 0;
  for (size_t i = 0; i < count; ++i)
    used += !hasBit(options->ellipsis_mask(), i) &&
            !hasBit(options->new_axis_mask(), i);
  if (used > shape.size())
    return node.error() << "expected slices of " << shape.size()
                        << " dimensions, got " << used;
  Box box;
  auto keepAll = [&](size_t dimensions) {
    for (; dimensions > 0; --dimensions) {
      int64_t size = shape[box.sizes.size()];
      addRange(box, size, std::nullopt, std::nullopt, 1);
      box.resultShape.push_back(size);
    }
  };
  for (size_t i = 0; i < count && !node.failed(); ++i) {
    if (hasBit(options->ellipsis_mask(), i)) {
      keepAll(shape.size() - used);
      used = shape.size();
    } else if (hasBit(options->new_axis_mask(), i)) {
      box.resultShape.push_back(1);
    } else {
      addSlice(node, *options, i, shape[box.sizes.size()],
               {begin[i], end[i], steps[i]}, box);
    }
  }
  if (node.failed())
    return failure();
  keepAll(shape.size() - box.sizes.size());
  return setSlice(node, 0, box);
}

//===----------------------------------------------------------------------===//
// Splits
//===----------------------------------------------------------------------===//

/// One output for each of `sizes` along `axis` of input `input`.
static LogicalResult split(OpImporter &node, int input, int64_t axis,
                           ArrayRef<int64_t> sizes) {
  Box box;
  box.sizes = node.getShape(input);
  box.starts.assign(box.sizes.size(), 0);
  box.steps.assign(box.sizes.size(), 1);
  for (auto [i, size] : llvm::enumerate(sizes)) {
    box.sizes[axis] = size;
    box.resultShape = box.sizes;
    if (failed(setSlice(node, input, box, i)))
      return failure();
    box.starts[axis] += size;
  }
  return success();
}

LogicalResult tflite::convertSplit(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(1);
  int64_t axis = node.normalizeAxis(node.getInt(0, "the axis"), shape.size());
  int64_t parts = node.getNumOutputs();
  if (!node.failed() && shape[axis] % parts != 0)
    return node.error() << "expected equal parts, got " << parts << " of "
                        << shape[axis];
  if (node.failed())
    return failure();
  return split(node, 1, axis, SmallVector<int64_t>(parts, shape[axis] / parts));
}

LogicalResult tflite::convertSplitV(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0);
  SmallVector<int64_t> sizes = node.getInts(1, "the sizes");
  int64_t axis = node.normalizeAxis(node.getInt(2, "the axis"), shape.size());
  if (node.failed())
    return failure();
  int64_t sum = 0, open = llvm::count(sizes, -1);
  for (int64_t size : sizes)
    sum += std::clamp<int64_t>(size, 0, kMaxElements);
  for (int64_t &size : sizes)
    if (size == -1 && open == 1)
      size = shape[axis] - sum;
  bool negative = llvm::any_of(sizes, [](int64_t size) { return size < 0; });
  if (int64_t(sizes.size()) != node.getNumOutputs() || negative ||
      (open == 0 && sum != shape[axis]))
    return node.error() << "expected " << node.getNumOutputs()
                        << " sizes that sum to " << shape[axis] << ", got ["
                        << sizes << "]";
  return split(node, 0, axis, sizes);
}
