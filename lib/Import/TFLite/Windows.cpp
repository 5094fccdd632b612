//===- Windows.cpp - Convolution and pooling ------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// TFLite images are NHWC and convolution weights OHWI, as ours; depthwise
// weights are 1HWO.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

namespace {
/// What all window ops share.
struct Window {
  SmallVector<int64_t> kernel, strides, dilations = {1, 1};
  SmallVector<int64_t> padding = {0, 0, 0, 0}; // top, left, bottom, right
};
} // namespace

/// Pads SAME so that the output size is ceil(input / stride), the odd one at
/// the end. Reports what is no window.
static bool finishWindow(OpImporter &node, ArrayRef<int64_t> image,
                         Padding padding, Window &window) {
  for (auto list : {&window.kernel, &window.strides, &window.dilations})
    for (int64_t size : *list)
      if (size < 1 || size > (1 << 24))
        node.error() << "expected a positive kernel, stride and dilation, got "
                     << size;
  if (!node.failed() && image.size() != 4)
    node.error() << "expected an input of rank 4, got " << image.size();
  if (!node.failed() && padding != Padding::SAME && padding != Padding::VALID)
    node.error() << "expected padding SAME or VALID, got " << int(padding);
  if (node.failed() || padding == Padding::VALID)
    return !node.failed();
  for (int d = 0; d < 2; ++d) {
    int64_t input = image[1 + d], stride = window.strides[d];
    int64_t output = (input + stride - 1) / stride;
    int64_t span = (window.kernel[d] - 1) * window.dilations[d] + 1;
    int64_t total = std::max<int64_t>((output - 1) * stride + span - input, 0);
    window.padding[d] = total / 2;
    window.padding[2 + d] = total - total / 2;
  }
  return true;
}

template <typename Options>
static Window getConvWindow(const Options &options, ArrayRef<int64_t> weight) {
  Window window;
  window.kernel = {weight[1], weight[2]};
  window.strides = {options.stride_h(), options.stride_w()};
  window.dilations = {options.dilation_h_factor(), options.dilation_w_factor()};
  return window;
}

static Value createConv(OpImporter &node, Value input, Value weight, Value bias,
                        const Window &window, int64_t groups,
                        const OpImporter::Clamp &clamp) {
  if (node.failed() || !input || !weight)
    return {};
  Value result = node.create<Conv2DOp>(
      input, weight, bias, /*residual=*/Value(),
      ArrayRef<int64_t>(window.strides), ArrayRef<int64_t>(window.padding),
      ArrayRef<int64_t>(window.dilations), groups, clamp.low, clamp.high);
  return node.activate(result, clamp);
}

LogicalResult tflite::convertConv2D(OpImporter &node) {
  auto *options = node.getOptions<Conv2DOptions>();
  SmallVector<int64_t> image = node.getShape(0), weight = node.getShape(1);
  if (node.failed())
    return failure();
  if (weight.size() != 4 || image.size() != 4)
    return node.error() << "expected input and weight of rank 4, got "
                        << formatShape(image) << " and " << formatShape(weight);
  Window window = getConvWindow(*options, weight);
  if (!finishWindow(node, image, options->padding(), window))
    return failure();
  if (weight[3] < 1 || image[3] % weight[3] != 0)
    return node.error() << "expected a weight of the " << image[3]
                        << " input channels, got " << formatShape(weight);
  auto clamp = node.getClamp(options->fused_activation_function());
  Value bias = getBias(node, 2, 0, 1, weight[0]);
  return node.setResult(createConv(node, node.getValue(0),
                                   getWeight(node, 1, {0, 1, 2, 3}), bias,
                                   window, image[3] / weight[3], clamp));
}

LogicalResult tflite::convertDepthwiseConv2D(OpImporter &node) {
  auto *options = node.getOptions<DepthwiseConv2DOptions>();
  SmallVector<int64_t> image = node.getShape(0), weight = node.getShape(1);
  if (node.failed())
    return failure();
  if (weight.size() != 4 || image.size() != 4 || weight[0] != 1)
    return node.error() << "expected an input of rank 4 and a weight 1xHxWxO, "
                           "got "
                        << formatShape(image) << " and " << formatShape(weight);
  Window window = getConvWindow(*options, weight);
  if (!finishWindow(node, image, options->padding(), window))
    return failure();
  if (image[3] < 1 || weight[3] % image[3] != 0)
    return node.error() << "expected a multiple of the " << image[3]
                        << " input channels, got a weight "
                        << formatShape(weight);
  auto clamp = node.getClamp(options->fused_activation_function());
  Value bias = getBias(node, 2, 0, 1, weight[3]);
  return node.setResult(createConv(node, node.getValue(0),
                                   getWeight(node, 1, {3, 1, 2, 0}), bias,
                                   window, image[3], clamp));
}

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

/// `image` with `stride - 1` zeros behind every row and column.
static Value spread(OpImporter &node, Value image, ArrayRef<int64_t> strides) {
  if (node.failed() || !image || (strides[0] == 1 && strides[1] == 1))
    return node.failed() ? Value() : image;
  SmallVector<int64_t> s(shapeOf(image));
  image = node.reshape(image, {s[0], s[1], 1, s[2], 1, s[3]});
  SmallVector<int64_t> low(6, 0),
      high = {0, 0, strides[0] - 1, 0, strides[1] - 1, 0};
  if (!image)
    return {};
  image = node.create<PadOp>(image, low, high, llvm::APFloat(0.0f));
  return node.reshape(image,
                      {s[0], s[1] * strides[0], s[2] * strides[1], s[3]});
}

/// The weight with rows and columns in reverse order.
static Value reverse(OpImporter &node, Value weight) {
  if (node.failed() || !weight)
    return {};
  SmallVector<int64_t> s(shapeOf(weight));
  SmallVector<int64_t> starts = {0, s[1] - 1, s[2] - 1, 0},
                       steps = {1, -1, -1, 1};
  return node.create<SliceOp>(weight, starts, s, steps);
}

/// A convolution of the input, spread by the strides, with the reversed kernel.
LogicalResult tflite::convertTransposeConv(OpImporter &node) {
  auto *options = node.getOptions<TransposeConvOptions>();
  SmallVector<int64_t> sizes = node.getInts(0, "the output shape");
  SmallVector<int64_t> weight = node.getShape(1), image = node.getShape(2);
  if (node.failed())
    return failure();
  if (weight.size() != 4 || image.size() != 4 || sizes.size() != 4 ||
      weight[3] != image[3] || !countElements(sizes))
    return node.error() << "expected input, weight and result of rank 4 with "
                           "equal input channels, got "
                        << formatShape(image) << ", " << formatShape(weight)
                        << " and " << formatShape(sizes);
  Window window;
  window.kernel = {weight[1], weight[2]};
  window.strides = {options->stride_h(), options->stride_w()};
  if (!finishWindow(node, image, Padding::VALID, window))
    return failure();
  bool same = options->padding() == Padding::SAME;
  SmallVector<int64_t> kept(image);
  for (int d = 0; d < 2; ++d) {
    int64_t stride = window.strides[d], kernel = window.kernel[d];
    int64_t total = std::max<int64_t>(
        (image[1 + d] - 1) * stride + kernel - sizes[1 + d], 0);
    int64_t before = kernel - 1 - (same ? total / 2 : 0);
    int64_t after = sizes[1 + d] - 1 + kernel - image[1 + d] * stride - before;
    if (before < 0 || image[1 + d] * stride + after < 1)
      return node.unsupported("output shape " + formatShape(sizes));
    window.padding[d] = before;
    window.padding[2 + d] = std::max<int64_t>(after, 0);
    kept[1 + d] = image[1 + d] * stride + std::min<int64_t>(after, 0);
  }
  auto clamp = node.getClamp(options->fused_activation_function());
  Value bias = getBias(node, 3, 2, 1, weight[0]);
  Value spreadImage = spread(node, node.getValue(2), window.strides);
  if (spreadImage && shapeOf(spreadImage) != ArrayRef(kept))
    spreadImage = node.create<SliceOp>(spreadImage, SmallVector<int64_t>(4, 0),
                                       kept, SmallVector<int64_t>(4, 1));
  Value kernel = reverse(node, getWeight(node, 1, {0, 1, 2, 3}));
  window.strides = {1, 1};
  return node.setResult(
      createConv(node, spreadImage, kernel, bias, window, 1, clamp));
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

static Value clampTo(OpImporter &node, Value value,
                     const OpImporter::Clamp &clamp) {
  if (!value || !clamp.low)
    return value;
  if (!clamp.high)
    return node.create<ReluOp>(value);
  return node.create<ClipOp>(value, clamp.low, clamp.high);
}

static LogicalResult convertPool(
    OpImporter &node,
    llvm::function_ref<Value(Value, const Window &, const OpImporter::Clamp &)>
        create) {
  auto *options = node.getOptions<Pool2DOptions>();
  SmallVector<int64_t> image = node.getShape(0);
  if (node.failed())
    return failure();
  Window window;
  window.kernel = {options->filter_height(), options->filter_width()};
  window.strides = {options->stride_h(), options->stride_w()};
  if (!finishWindow(node, image, options->padding(), window))
    return failure();
  auto clamp = node.getClamp(options->fused_activation_function());
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  return node.setResult(node.activate(create(input, window, clamp), clamp));
}

LogicalResult tflite::convertAveragePool2D(OpImporter &node) {
  return convertPool(
      node, [&](Value input, const Window &w, const OpImporter::Clamp &clamp) {
        return node.create<AvgPool2DOp>(
            input, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
            ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations),
            /*ceil_mode=*/false, /*count_include_pad=*/false, clamp.low,
            clamp.high);
      });
}

/// The square root of the mean of squares.
LogicalResult tflite::convertL2Pool2D(OpImporter &node) {
  return convertPool(
      node,
      [&](Value input, const Window &w,
          const OpImporter::Clamp &clamp) -> Value {
        Emitter e{node};
        Value squares = e.mul(input, input);
        if (!squares)
          return {};
        Value root = e.unary<SqrtOp>(node.create<AvgPool2DOp>(
            squares, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
            ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations),
            /*ceil_mode=*/false, /*count_include_pad=*/false, FloatAttr(),
            FloatAttr()));
        return clampTo(node, root, clamp);
      });
}

LogicalResult tflite::convertMaxPool2D(OpImporter &node) {
  return convertPool(
      node,
      [&](Value input, const Window &w,
          const OpImporter::Clamp &clamp) -> Value {
        Value result = node.create<MaxPool2DOp>(
            input, ArrayRef<int64_t>(w.kernel), ArrayRef<int64_t>(w.strides),
            ArrayRef<int64_t>(w.padding), ArrayRef<int64_t>(w.dilations),
            /*ceil_mode=*/false);
        return clampTo(node, result, clamp);
      });
}
