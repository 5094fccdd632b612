//===- Sampling.cpp - Images read at computed positions -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An image is a row of pixels; a position is a pixel index and weights that the
// network computes, so every neighbour is one qnn.gather.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

namespace {
/// An image as rows of pixels, [N * H * W, C], and where each image starts.
struct Pixels {
  Value rows;
  Value start; ///< in f32, broadcasts to positions
  int64_t height, width;
};

/// GridSample along one dimension.
struct Axis {
  int64_t size;
  bool alignCorners;
};
} // namespace

/// NCHW images as pixels; `start` is [N, 1, 1].
static Pixels getPixels(NodeImporter &node, Value images) {
  SmallVector<int64_t> s(shapeOf(images));
  // Positions are computed in f32.
  if (s[0] * s[2] * s[3] > (1 << 24)) {
    (void)node.unsupported("images of more than 2^24 pixels");
    return {};
  }
  Value rows = node.reshape(node.transpose(images, {0, 2, 3, 1}),
                            {s[0] * s[2] * s[3], s[1]});
  std::vector<float> starts(s[0]);
  for (int64_t i = 0; i < s[0]; ++i)
    starts[i] = float(i * s[2] * s[3]);
  return {rows,
          node.createConstant(HostTensor::fromFloats({s[0], 1, 1}, starts)),
          s[2], s[3]};
}

static Value clamp(Emitter &e, Value x, float low, float high) {
  Builder &b = e.node.getBuilder();
  return x ? e.node.create<ClipOp>(x, b.getF32FloatAttr(low),
                                   b.getF32FloatAttr(high))
           : Value();
}

/// The pixels at whole positions, which are cut to the image: [positions, C].
static Value readPixels(Emitter &e, const Pixels &pixels, Value y, Value x) {
  y = clamp(e, y, 0.0f, float(pixels.height - 1));
  x = clamp(e, x, 0.0f, float(pixels.width - 1));
  Value at = e.add(e.mul(y, e.constant(float(pixels.width))), x);
  at = e.cast(e.add(at, pixels.start), e.node.getBuilder().getI32Type());
  return at ? e.gather(pixels.rows, at, 0) : Value();
}

/// 1 where 0 <= x < size, else 0.
static Value isInside(Emitter &e, Value x, int64_t size) {
  Value low = e.compare(CompareFunction::LessOrEqual, e.constant(0.0f), x);
  Value high =
      e.compare(CompareFunction::LessOrEqual, x, e.constant(float(size - 1)));
  return e.cast(e.binary(BinaryFunction::And, low, high),
                e.node.getBuilder().getF32Type());
}

/// `weight` of positions times their pixels.
static Value weigh(Emitter &e, Value pixels, Value weight) {
  if (!pixels || !weight)
    return {};
  SmallVector<int64_t> shape(shapeOf(weight));
  shape.push_back(1);
  return e.mul(pixels, e.node.reshape(weight, shape));
}

//===----------------------------------------------------------------------===//
// GridSample
//===----------------------------------------------------------------------===//

/// Positions beyond the image mirrored at its border, which is the middle of
/// the last pixels with align_corners, else their edge.
static Value reflect(Emitter &e, Value x, const Axis &axis) {
  float low = axis.alignCorners ? 0.0f : -0.5f;
  float span = axis.alignCorners ? float(axis.size - 1) : float(axis.size);
  if (span == 0.0f)
    return e.mul(x, e.constant(0.0f));
  using F = UnaryFunction;
  Value distance = e.unary(F::Abs, e.sub(x, e.constant(low)));
  Value turns = e.unary(F::Floor, e.div(distance, e.constant(span)));
  Value rest = e.sub(distance, e.mul(turns, e.constant(span)));
  Value half = e.mul(turns, e.constant(0.5f));
  Value isEven =
      e.compare(CompareFunction::Equal, half, e.unary(F::Floor, half));
  Value there = e.add(rest, e.constant(low));
  Value back = e.sub(e.constant(low + span), rest);
  return clamp(e, e.select(isEven, there, back), 0.0f, float(axis.size - 1));
}

static Value applyPadding(Emitter &e, Value x, const Axis &axis,
                          StringRef padding) {
  if (padding == "border")
    return clamp(e, x, 0.0f, float(axis.size - 1));
  return padding == "reflection" ? reflect(e, x, axis) : x;
}

/// The weights of the four taps around a position, `t` behind the second: the
/// cubic of Keys with -0.75.
static SmallVector<Value> getCubicWeights(Emitter &e, Value t) {
  constexpr float a = -0.75f;
  auto polynomial = [&](Value x, float c3, float c2, float c1, float c0) {
    Value sum = e.add(e.mul(x, e.constant(c3)), e.constant(c2));
    sum = e.add(e.mul(sum, x), e.constant(c1));
    return e.add(e.mul(sum, x), e.constant(c0));
  };
  auto near = [&](Value x) {
    return polynomial(x, a + 2.0f, -(a + 3.0f), 0.0f, 1.0f);
  };
  auto far = [&](Value x) {
    return polynomial(x, a, -5.0f * a, 8.0f * a, -4.0f * a);
  };
  Value one = e.constant(1.0f);
  return {far(e.add(t, one)), near(t), near(e.sub(one, t)),
          far(e.sub(e.constant(2.0f), t))};
}

namespace {
/// One dimension of the neighbours of a position.
struct Neighbours {
  SmallVector<Value> at, weights;
};
} // namespace

/// What a position at `x` reads; in mode zeros what lies outside weighs 0.
static Neighbours getNeighbours(Emitter &e, Value x, const Axis &axis,
                                StringRef mode, StringRef padding) {
  Neighbours result;
  bool isCubic = mode == "cubic";
  if (mode == "nearest")
    x = e.unary(UnaryFunction::Round, x);
  // The taps of a cubic are mirrored or cut one by one.
  if (!isCubic)
    x = applyPadding(e, x, axis, padding);
  if (mode == "nearest") {
    // A mirrored half may lie between pixels.
    x = e.unary(UnaryFunction::Round, x);
    result = {{x}, {e.constant(1.0f)}};
  } else {
    Value first = e.unary(UnaryFunction::Floor, x);
    Value t = e.sub(x, first);
    if (isCubic)
      result.weights = getCubicWeights(e, t);
    else
      result.weights = {e.sub(e.constant(1.0f), t), t};
    for (int i = 0; i < (isCubic ? 4 : 2); ++i)
      result.at.push_back(e.add(first, e.constant(float(isCubic ? i - 1 : i))));
  }
  for (size_t i = 0; i < result.at.size(); ++i) {
    if (isCubic)
      result.at[i] = applyPadding(e, result.at[i], axis, padding);
    if (padding == "zeros")
      result.weights[i] =
          e.mul(result.weights[i], isInside(e, result.at[i], axis.size));
  }
  return result;
}

/// Coordinates from -1 to 1 as positions: to the middle of the last pixels with
/// align_corners, else to their edge.
static Value getPosition(Emitter &e, Value grid, int64_t which,
                         const Axis &axis) {
  SmallVector<int64_t> shape(shapeOf(grid)), starts(4, 0), ones(4, 1);
  starts[3] = which;
  shape[3] = 1;
  Value x =
      e.node.create<SliceOp>(grid, ArrayRef<int64_t>(starts),
                             ArrayRef<int64_t>(shape), ArrayRef<int64_t>(ones));
  x = e.add(e.node.reshape(x, ArrayRef(shape).drop_back()), e.constant(1.0f));
  float size = float(axis.size);
  if (axis.alignCorners)
    return e.mul(x, e.constant((size - 1.0f) / 2.0f));
  return e.mul(e.sub(e.mul(x, e.constant(size)), e.constant(1.0f)),
               e.constant(0.5f));
}

LogicalResult import::convertGridSample(NodeImporter &node) {
  std::string mode = node.getString("mode", "linear");
  std::string padding = node.getString("padding_mode", "zeros");
  bool alignCorners = node.getFlag("align_corners", false);
  Value images = node.getValue(0), grid = node.getValue(1);
  if (node.failed())
    return failure();
  mode = mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode;
  if (!llvm::is_contained({"linear", "nearest", "cubic"}, mode) ||
      !llvm::is_contained({"zeros", "border", "reflection"}, padding))
    return node.error() << "expected mode linear, nearest or cubic and "
                           "padding_mode zeros, border or reflection, got '"
                        << mode << "' and '" << padding << "'";
  SmallVector<int64_t> image(shapeOf(images)), points(shapeOf(grid));
  if (image.size() == 5)
    return node.unsupported("of volumes");
  if (image.size() != 4 || points.size() != 4 || points[3] != 2 ||
      points[0] != image[0] || image[2] * image[3] == 0)
    return node.error() << "expected images and a grid of as many, got "
                        << formatShape(image) << " and " << formatShape(points);
  Emitter e{node};
  Pixels pixels = getPixels(node, images);
  Axis height{image[2], alignCorners}, width{image[3], alignCorners};
  if (node.failed())
    return failure();
  Neighbours x =
      getNeighbours(e, getPosition(e, grid, 0, width), width, mode, padding);
  Neighbours y =
      getNeighbours(e, getPosition(e, grid, 1, height), height, mode, padding);
  Value sum;
  for (auto [atY, weightY] : llvm::zip_equal(y.at, y.weights))
    for (auto [atX, weightX] : llvm::zip_equal(x.at, x.weights)) {
      Value pixel = readPixels(e, pixels, atY, atX);
      bool isPlain = mode == "nearest" && padding != "zeros";
      Value part = isPlain ? pixel : weigh(e, pixel, e.mul(weightY, weightX));
      sum = sum ? e.add(sum, part) : part;
    }
  return node.setResult(node.transpose(sum, {0, 3, 1, 2}));
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

/// Column `which` of the regions, [R, 1].
static Value getColumn(Emitter &e, Value regions, int64_t which) {
  SmallVector<int64_t> starts = {0, which}, ones = {1, 1},
                       sizes = {shapeOf(regions)[0], 1};
  return e.node.create<SliceOp>(regions, ArrayRef<int64_t>(starts),
                                ArrayRef<int64_t>(sizes),
                                ArrayRef<int64_t>(ones));
}

/// Sampling points of all regions along one dimension: [R, bins * ratio].
static Value getSamples(Emitter &e, Value start, Value end, float scale,
                        float offset, int64_t bins, int64_t ratio,
                        bool isAtLeastOne) {
  start = e.sub(e.mul(start, e.constant(scale)), e.constant(offset));
  end = e.sub(e.mul(end, e.constant(scale)), e.constant(offset));
  Value size = e.sub(end, start);
  if (isAtLeastOne)
    size = clamp(e, size, 1.0f, std::numeric_limits<float>::infinity());
  Value bin = e.div(size, e.constant(float(bins)));
  std::vector<float> steps;
  for (int64_t i = 0; i < bins * ratio; ++i)
    steps.push_back(float(i / ratio) +
                    (float(i % ratio) + 0.5f) / float(ratio));
  Value multiples = e.node.createConstant(
      HostTensor::fromFloats({1, bins * ratio}, std::move(steps)));
  return e.add(start, e.mul(bin, multiples));
}

/// Both neighbours of a point; 0 counts from one pixel outside on.
static Neighbours getRegionNeighbours(Emitter &e, Value x, int64_t size) {
  Value low = e.compare(CompareFunction::LessOrEqual, e.constant(-1.0f), x);
  Value high =
      e.compare(CompareFunction::LessOrEqual, x, e.constant(float(size)));
  Value inside = e.cast(e.binary(BinaryFunction::And, low, high),
                        e.node.getBuilder().getF32Type());
  x = clamp(e, x, 0.0f, float(size - 1));
  Value first = e.unary(UnaryFunction::Floor, x);
  Value t = e.sub(x, first);
  Value one = e.constant(1.0f);
  return {{first, e.add(first, one)},
          {e.mul(e.sub(one, t), inside), e.mul(t, inside)}};
}

/// [R, A] as [R, A, 1] or [R, 1, A].
static Value spread(NodeImporter &node, Value x, bool isRow) {
  if (!x)
    return {};
  ArrayRef<int64_t> s = shapeOf(x);
  if (isRow)
    return node.reshape(x, {s[0], s[1], 1});
  return node.reshape(x, {s[0], 1, s[1]});
}

/// The mean over the samples of a bin.
static Value poolSamples(Emitter &e, Value samples, int64_t ratio) {
  if (!samples)
    return {};
  SmallVector<int64_t> s(shapeOf(samples)), axes = {2, 4};
  samples = e.node.reshape(
      samples, {s[0], s[1] / ratio, ratio, s[2] / ratio, ratio, s[3]});
  return e.node.reshape(e.mean(samples, ArrayRef<int64_t>(axes)),
                        {s[0], s[1] / ratio, s[2] / ratio, s[3]});
}

LogicalResult import::convertRoiAlign(NodeImporter &node) {
  std::string mode = node.getString("mode", "avg");
  std::string half =
      node.getString("coordinate_transformation_mode",
                     node.getOpset() < 16 ? "output_half_pixel" : "half_pixel");
  int64_t height = node.getInt("output_height", 1);
  int64_t width = node.getInt("output_width", 1);
  int64_t ratio = node.getInt("sampling_ratio", 0);
  float scale = node.getFloat("spatial_scale", 1.0f);
  Value images = node.getValue(0), regions = node.getValue(1);
  Value batch = node.getAny(2);
  if (node.failed())
    return failure();
  if (ratio == 0)
    return node.unsupported("sampling_ratio = 0, which depends on the regions");
  if (mode != "avg")
    return node.unsupported("mode '" + mode + "'");
  SmallVector<int64_t> image(shapeOf(images)), rois(shapeOf(regions));
  constexpr int64_t kMost = 1 << 12;
  bool fits = image.size() == 4 && rois.size() == 2 && rois[1] == 4 &&
              shapeOf(batch) == ArrayRef<int64_t>(rois[0]) &&
              !elementOf(batch).isF32() && image[2] * image[3] > 0 &&
              height > 0 && width > 0 && ratio > 0 && height <= kMost &&
              width <= kMost && ratio <= kMost;
  if (!fits)
    return node.error() << "expected images, regions of 4 numbers and their "
                           "image, got "
                        << formatShape(image) << ", " << formatShape(rois)
                        << " and " << formatShape(shapeOf(batch));
  if (mlir::failed(node.requireFolding((height + width) * ratio)))
    return failure();
  Emitter e{node};
  bool isHalf = half == "half_pixel";
  float offset = isHalf ? 0.5f : 0.0f;
  Pixels pixels = getPixels(node, images);
  if (node.failed())
    return failure();
  Value start = e.mul(e.cast(batch, node.getBuilder().getF32Type()),
                      e.constant(float(image[2] * image[3])));
  pixels.start = node.reshape(start, {rois[0], 1, 1});
  Value x = getSamples(e, getColumn(e, regions, 0), getColumn(e, regions, 2),
                       scale, offset, width, ratio, !isHalf);
  Value y = getSamples(e, getColumn(e, regions, 1), getColumn(e, regions, 3),
                       scale, offset, height, ratio, !isHalf);
  Neighbours columns = getRegionNeighbours(e, spread(node, x, false), image[3]);
  Neighbours rows = getRegionNeighbours(e, spread(node, y, true), image[2]);
  Value sum;
  for (auto [atY, weightY] : llvm::zip_equal(rows.at, rows.weights))
    for (auto [atX, weightX] : llvm::zip_equal(columns.at, columns.weights)) {
      Value part =
          weigh(e, readPixels(e, pixels, atY, atX), e.mul(weightY, weightX));
      sum = sum ? e.add(sum, part) : part;
    }
  Value pooled = poolSamples(e, sum, ratio);
  return node.setResult(node.transpose(pooled, {0, 3, 1, 2}));
}
