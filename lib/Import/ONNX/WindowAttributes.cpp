//===- WindowAttributes.cpp - Sliding windows over images and volumes -----===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Windows.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

Window Window::along(size_t d) const {
  return {{kernel[d]},
          {strides[d]},
          {dilations[d]},
          {padding[d], padding[rank() + d]}};
}

Window Window::inSlices() const {
  Window window = *this;
  window.padding.erase(window.padding.begin() + rank());
  for (auto *list :
       {&window.kernel, &window.strides, &window.dilations, &window.padding})
    list->erase(list->begin());
  return window;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// The padding that auto_pad asks for along one dimension: output size =
/// ceil(input / stride), the odd one at the end (SAME_UPPER) or the beginning.
static std::pair<int64_t, int64_t> samePadding(int64_t input, int64_t kernel,
                                               int64_t stride, int64_t dilation,
                                               bool upper) {
  int64_t output = (input + stride - 1) / stride;
  int64_t span = (kernel - 1) * dilation + 1;
  int64_t total = std::max<int64_t>((output - 1) * stride + span - input, 0);
  int64_t small = total / 2, large = total - total / 2;
  return upper ? std::pair(small, large) : std::pair(large, small);
}

static bool isListOf(ArrayRef<int64_t> values, size_t size, int64_t low) {
  return values.size() == size && llvm::all_of(values, [&](int64_t v) {
           return v >= low && v <= std::numeric_limits<int32_t>::max();
         });
}

static void readPadding(NodeImporter &node, ArrayRef<int64_t> sizes,
                        Window &window) {
  size_t n = sizes.size();
  std::string mode = node.getString("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) {
    window.padding = node.getInts("pads", SmallVector<int64_t>(2 * n, 0));
    if (!isListOf(window.padding, 2 * n, 0))
      node.error() << "expected pads to be " << 2 * n
                   << " non-negative numbers, got [" << window.padding << "]";
    return;
  }
  window.padding.assign(2 * n, 0);
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    for (size_t d = 0; d < n; ++d)
      std::tie(window.padding[d], window.padding[n + d]) =
          samePadding(sizes[d], window.kernel[d], window.strides[d],
                      window.dilations[d], mode == "SAME_UPPER");
  } else if (mode != "VALID") {
    node.error() << "expected auto_pad to be NOTSET, SAME_UPPER, SAME_LOWER or "
                    "VALID, got '"
                 << mode << "'";
  }
}

Window import::readWindow(NodeImporter &node, ArrayRef<int64_t> image,
                          ArrayRef<int64_t> kernel) {
  ArrayRef<int64_t> sizes = image.drop_front(2);
  size_t n = sizes.size();
  SmallVector<int64_t> ones(n, 1);
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides = node.getInts("strides", ones);
  window.dilations = node.getInts("dilations", ones);
  for (auto [name, values] :
       {std::pair("kernel_shape", ArrayRef(window.kernel)),
        std::pair("strides", ArrayRef(window.strides)),
        std::pair("dilations", ArrayRef(window.dilations))})
    if (!isListOf(values, n, 1))
      node.error() << "expected " << name << " to be " << n
                   << " positive numbers, got [" << values << "]";
  if (node.failed())
    return window;
  readPadding(node, sizes, window);
  if (node.failed() || n != 1)
    return window;
  window.kernel.insert(window.kernel.begin(), 1);
  window.strides.insert(window.strides.begin(), 1);
  window.dilations.insert(window.dilations.begin(), 1);
  window.padding = {0, window.padding[0], 0, window.padding[1]};
  return window;
}

FailureOr<size_t> import::getImageRank(NodeImporter &node) {
  size_t rank = node.getShape(0).size();
  if (node.failed())
    return failure();
  if (rank > 5)
    return node.unsupported(Twine(rank - 2) + "-D, only 1-D, 2-D and 3-D are");
  if (rank < 3)
    return node.error() << "expected an input of rank 3 to 5, got " << rank;
  return rank;
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

Value import::toChannelsLast(NodeImporter &node, Value image) {
  if (!image)
    return {};
  ArrayRef<int64_t> shape = shapeOf(image);
  if (shape.size() == 5)
    return node.transpose(image, {0, 2, 3, 4, 1});
  if (shape.size() == 3)
    image = node.reshape(image, {shape[0], shape[1], 1, shape[2]});
  return node.transpose(image, {0, 2, 3, 1});
}

Value import::fromChannelsLast(NodeImporter &node, Value image, size_t rank) {
  if (!image)
    return {};
  if (rank == 5)
    return node.transpose(image, {0, 4, 1, 2, 3});
  image = node.transpose(image, {0, 3, 1, 2});
  if (image && rank == 3) {
    ArrayRef<int64_t> shape = shapeOf(image);
    image = node.reshape(image, {shape[0], shape[1], shape[3]});
  }
  return image;
}

//===----------------------------------------------------------------------===//
// Volumes
//===----------------------------------------------------------------------===//

Value import::stackSlices(NodeImporter &node, Value volume, const Window &depth,
                          int64_t groups) {
  if (!volume || node.failed())
    return {};
  int64_t kernel = depth.kernel[0], stride = depth.strides[0];
  int64_t span = (kernel - 1) * depth.dilations[0] + 1;
  int64_t total = shapeOf(volume)[1] + depth.padding[0] + depth.padding[1];
  SmallVector<int64_t> shape(shapeOf(volume));
  if (total < span || groups < 1 || shape[4] % groups != 0) {
    node.error() << "expected a window within a depth of " << total
                 << " and groups that divide " << shape[4]
                 << " channels, got depth " << span << " and " << groups;
    return {};
  }
  if (mlir::failed(node.requireFolding(kernel)))
    return {};
  if (total != shape[1]) {
    SmallVector<int64_t> low(5, 0), high(5, 0);
    low[1] = depth.padding[0];
    high[1] = depth.padding[1];
    volume = node.create<PadOp>(volume, ArrayRef<int64_t>(low),
                                ArrayRef<int64_t>(high), llvm::APFloat(0.0f));
  }
  SmallVector<int64_t> starts(5, 0), sizes(shape), steps(5, 1);
  sizes[1] = (total - span) / stride + 1;
  steps[1] = stride;
  SmallVector<int64_t> grouped(ArrayRef(sizes).drop_back());
  grouped.append({groups, shape[4] / groups});
  SmallVector<Value> taps;
  for (int64_t tap = 0; tap < kernel && !node.failed(); ++tap) {
    starts[1] = tap * depth.dilations[0];
    Value slice = node.create<SliceOp>(volume, ArrayRef<int64_t>(starts),
                                       ArrayRef<int64_t>(sizes),
                                       ArrayRef<int64_t>(steps));
    taps.push_back(groups == 1 ? slice : node.reshape(slice, grouped));
  }
  if (node.failed())
    return {};
  int64_t axis = shapeOf(taps[0]).size() - 1;
  Value stacked = node.create<ConcatOp>(ValueRange(taps), axis);
  return node.reshape(
      stacked, {sizes[0] * sizes[1], sizes[2], sizes[3], kernel * shape[4]});
}

Value import::unstackSlices(NodeImporter &node, Value images, int64_t batch) {
  if (!images)
    return {};
  SmallVector<int64_t> shape(shapeOf(images));
  shape[0] = batch == 0 ? 0 : shape[0] / batch;
  shape.insert(shape.begin(), batch);
  return node.reshape(images, shape);
}
