//===- Resize.cpp - Images of another size --------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nearest neighbours are moved; interpolation is one qnn.resample along each
// resized dimension, with the coordinates of TFLite: f32 numbers, or, in 8
// bits, integers of 10 fractional bits.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

/// Height and width of the image of input 0 and of the result.
static SmallVector<int64_t> getSizes(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0),
                       sizes = node.getInts(1, "the size");
  constexpr int64_t kLargest = 1 << 20;
  auto fits = [](int64_t size) { return size >= 1 && size <= kLargest; };
  if (!node.failed() &&
      (shape.size() != 4 || sizes.size() != 2 || !fits(sizes[0]) ||
       !fits(sizes[1]) || !fits(shape[1]) || !fits(shape[2])))
    node.error() << "expected an image and its new height and width, got "
                 << formatShape(shape) << " and " << formatShape(sizes);
  return sizes;
}

LogicalResult tflite::convertResizeNearest(OpImporter &node) {
  auto *options = node.getOptions<ResizeNearestNeighborOptions>();
  SmallVector<int64_t> sizes = getSizes(node);
  Value input = node.getAny(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> shape(shapeOf(input));
  SmallVector<double> scales(4, 1.0);
  for (int d = 0; d < 2; ++d) {
    scales[1 + d] = double(sizes[d]) / double(shape[1 + d]);
    shape[1 + d] = sizes[d];
  }
  // floor(x * in / out), floor((x + 0.5) * in / out), or
  // round(x * (in - 1) / (out - 1)), halves up.
  CoordinateMode coordinate =
      options->align_corners()        ? CoordinateMode::AlignCorners
      : options->half_pixel_centers() ? CoordinateMode::HalfPixel
                                      : CoordinateMode::Asymmetric;
  NearestMode rounding = coordinate == CoordinateMode::Asymmetric
                             ? NearestMode::Floor
                             : NearestMode::RoundPreferCeil;
  return node.setResult(node.createMoved<ResizeNearestOp>(
      input, ArrayRef<int64_t>(shape), ArrayRef<double>(scales), coordinate,
      rounding));
}

namespace {
/// A dimension that is interpolated: what a tap of it is.
struct ResizedAxis {
  int64_t in, out;
  bool alignCorners, halfPixels;

  SmallVector<int64_t> indices = {};
  SmallVector<float> weights = {};

  void addFloatTaps();
  void addFixedPointTaps();

private:
  bool aligns() const { return alignCorners && out > 1; }
  void append(int64_t low, int64_t high, float fraction) {
    indices.push_back(std::min(low, in - 1));
    indices.push_back(std::min(high, in - 1));
    weights.push_back(1.0f - fraction);
    weights.push_back(fraction);
  }
};
} // namespace

void ResizedAxis::addFloatTaps() {
  float scale =
      aligns() ? float(in - 1) / float(out - 1) : float(in) / float(out);
  for (int64_t i = 0; i < out; ++i) {
    float x = halfPixels ? (float(i) + 0.5f) * scale - 0.5f : float(i) * scale;
    float low = std::max(std::floor(x), 0.0f);
    append(int64_t(low), int64_t(std::max(std::ceil(x), 0.0f)), x - low);
  }
}

/// Weights are multiples of 2^-10, exact in f32.
void ResizedAxis::addFixedPointTaps() {
  constexpr int64_t kOne = 1 << 10;
  int64_t from = aligns() ? in - 1 : in, to = aligns() ? out - 1 : out;
  int64_t scale = (kOne * from + to / 2) / to;
  for (int64_t i = 0; i < out; ++i) {
    int64_t x = i * scale + (halfPixels ? scale / 2 - kOne / 2 : 0);
    int64_t low = std::max<int64_t>(x / kOne, 0);
    append(low, (x + kOne - 1) / kOne, float(x - kOne * low) / float(kOne));
  }
}

LogicalResult tflite::convertResizeBilinear(OpImporter &node) {
  auto *options = node.getOptions<ResizeBilinearOptions>();
  SmallVector<int64_t> sizes = getSizes(node);
  Value image = node.getValue(0);
  if (node.failed())
    return failure();
  if (options->align_corners() && options->half_pixel_centers())
    return node.error() << "expected align_corners or half_pixel_centers, got "
                           "both";
  bool inFixedPoint =
      node.isQuantized() && node.getInput(0).type == ElementType::INT8;
  for (int64_t d = 0; d < 2 && !node.failed(); ++d) {
    ResizedAxis axis{shapeOf(image)[1 + d], sizes[d], options->align_corners(),
                     options->half_pixel_centers()};
    if (axis.in == axis.out)
      continue;
    if (inFixedPoint)
      axis.addFixedPointTaps();
    else
      axis.addFloatTaps();
    image = node.create<ResampleOp>(
        image, 1 + d, int64_t(2), ArrayRef<int64_t>(axis.indices),
        ArrayRef<float>(axis.weights), ArrayRef<float>());
  }
  return node.setResult(image);
}
