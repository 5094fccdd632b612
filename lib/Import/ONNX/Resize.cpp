//===- Resize.cpp - Resize and Upsample -----------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nearest neighbours are moved (qnn.resize_nearest, qnn.take); interpolation is
// one qnn.resample along each resized dimension.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Interpolation.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

namespace {
/// Result shape and scales, one per dimension of the input.
struct Target {
  SmallVector<int64_t> shape;
  SmallVector<double> scales;
};
} // namespace

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static Target unchanged(NodeImporter &node) {
  Target target;
  target.shape.assign(node.getShape(0).begin(), node.getShape(0).end());
  target.scales.assign(target.shape.size(), 1.0);
  return target;
}

/// Scales give the size floor(size * scale).
static Target fromScales(NodeImporter &node, ArrayRef<float> scales,
                         ArrayRef<int64_t> axes) {
  Target target = unchanged(node);
  if (scales.size() != axes.size()) {
    node.error() << "expected " << axes.size() << " scales, got "
                 << scales.size();
    return target;
  }
  for (auto [axis, scale] : llvm::zip(axes, scales)) {
    double size = std::floor(double(target.shape[axis]) * scale);
    if (!(scale > 0) || !(size >= 1) || size > double(kMaxElements)) {
      node.error() << "expected scales that give positive sizes, got "
                   << std::to_string(scale) << " for size "
                   << target.shape[axis];
      return target;
    }
    target.scales[axis] = scale;
    target.shape[axis] = int64_t(size);
  }
  return target;
}

/// Sizes that keep the aspect ratio: the smallest or the largest scale of all.
static void keepRatio(MutableArrayRef<int64_t> sizes, ArrayRef<int64_t> axes,
                      const Target &target, bool isLarger) {
  double scale = isLarger ? 0 : std::numeric_limits<double>::infinity();
  for (auto [axis, size] : llvm::zip(axes, sizes)) {
    double own = double(size) / double(target.shape[axis]);
    scale = isLarger ? std::max(scale, own) : std::min(scale, own);
  }
  for (auto [axis, size] : llvm::zip(axes, sizes))
    size =
        int64_t(std::min(std::floor(scale * double(target.shape[axis]) + 0.5),
                         2.0 * double(kMaxElements)));
}

static Target fromSizes(NodeImporter &node, SmallVector<int64_t> sizes,
                        ArrayRef<int64_t> axes, StringRef policy) {
  Target target = unchanged(node);
  if (sizes.size() != axes.size()) {
    node.error() << "expected " << axes.size() << " sizes, got "
                 << sizes.size();
    return target;
  }
  auto isOutside = [&] {
    return llvm::any_of(llvm::zip(axes, sizes), [&](auto pair) {
      auto [axis, size] = pair;
      return size < 1 || size > kMaxElements || target.shape[axis] < 1;
    });
  };
  if (!isOutside() && policy != "stretch")
    keepRatio(sizes, axes, target, policy == "not_smaller");
  if (isOutside()) {
    node.error() << "expected positive sizes, got [" << sizes << "]";
    return target;
  }
  for (auto [axis, size] : llvm::zip(axes, sizes)) {
    target.scales[axis] = double(size) / double(target.shape[axis]);
    target.shape[axis] = size;
  }
  return target;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static LogicalResult emitNearest(NodeImporter &node, const Target &target,
                                 CoordinateMode coordinates,
                                 NearestMode nearest) {
  Value input = node.getAny(0);
  if (node.failed())
    return failure();
  return node.setResult(node.createMoved<ResizeNearestOp>(
      input, ArrayRef<int64_t>(target.shape), ArrayRef<double>(target.scales),
      coordinates, nearest));
}

/// One op along every dimension that changes.
static LogicalResult emitResampled(NodeImporter &node, const Target &target,
                                   const Interpolation &interpolation,
                                   ArrayRef<float> roi) {
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> shape(shapeOf(x));
  size_t rank = shape.size();
  for (size_t d = 0; d < rank && !node.failed(); ++d) {
    ResizedAxis axis{shape[d], target.shape[d], float(target.scales[d])};
    if (roi.size() == 2 * rank) {
      axis.start = roi[d];
      axis.end = roi[rank + d];
    }
    if (axis.in == axis.out && axis.scale == 1.0f && !interpolation.crops())
      continue;
    if (mlir::failed(
            node.requireFolding(axis.out * interpolation.countTaps(axis))))
      return failure();
    Taps taps = interpolation.getTaps(axis);
    x = node.create<ResampleOp>(
        x, int64_t(d), taps.count, ArrayRef<int64_t>(taps.indices),
        ArrayRef<float>(taps.weights), ArrayRef<float>(taps.offsets));
  }
  return node.failed() ? failure() : node.setResult(x);
}

static SmallVector<int64_t> allAxes(NodeImporter &node) {
  return llvm::to_vector(llvm::seq<int64_t>(node.getShape(0).size()));
}

/// Upsample, and Resize of opset 10: coordinates are index / scale, of which
/// nearest takes the floor.
static LogicalResult convertOldResize(NodeImporter &node) {
  std::string mode = node.getString("mode", "nearest");
  SmallVector<float> scales = node.getOpset() < 9 ? node.getFloatList("scales")
                                                  : node.getFloats(1, "scales");
  if (node.failed())
    return failure();
  Target target = fromScales(node, scales, allAxes(node));
  if (mode == "nearest")
    return emitNearest(node, target, CoordinateMode::Asymmetric,
                       NearestMode::Floor);
  if (mode != "linear" && mode != "bilinear")
    return node.error() << "expected mode nearest or linear, got '" << mode
                        << "'";
  Interpolation interpolation;
  interpolation.coordinates = "asymmetric";
  return emitResampled(node, target, interpolation, {});
}

LogicalResult import::convertUpsample(NodeImporter &node) {
  return convertOldResize(node);
}

/// Reads scales or sizes and the axes they are of.
static Target readTarget(NodeImporter &node, SmallVector<int64_t> &axes) {
  axes = node.getInts("axes", allAxes(node));
  (void)node.normalizeAxes(axes, node.getShape(0).size()); // distinct
  for (int64_t &axis : axes)
    axis = node.normalizeAxis(axis, node.getShape(0).size());
  SmallVector<int64_t> sizes;
  SmallVector<float> scales;
  if (node.hasInput(3))
    sizes = node.getInts(3, "sizes");
  if (node.hasInput(2))
    scales = node.getFloats(2, "scales");
  std::string policy = node.getString("keep_aspect_ratio_policy", "stretch");
  if (!node.failed() && sizes.empty() == scales.empty())
    node.error() << "expected either scales or sizes";
  if (!node.failed() &&
      !llvm::is_contained({"stretch", "not_larger", "not_smaller"}, policy))
    node.error() << "expected keep_aspect_ratio_policy stretch, not_larger or "
                    "not_smaller, got '"
                 << policy << "'";
  if (node.failed())
    return {};
  return sizes.empty() ? fromScales(node, scales, axes)
                       : fromSizes(node, sizes, axes, policy);
}

/// The region of interest as starts and ends of all dimensions.
static SmallVector<float> readRoi(NodeImporter &node, ArrayRef<int64_t> axes) {
  size_t rank = node.getShape(0).size(), count = axes.size();
  SmallVector<float> given = node.getFloats(1, "roi");
  SmallVector<float> roi(2 * rank, 0.0f);
  std::fill(roi.begin() + rank, roi.end(), 1.0f);
  if (!node.failed() &&
      !llvm::all_of(given, [](float v) { return std::isfinite(v); }))
    node.error() << "expected a finite roi";
  if (!node.failed() && given.size() != 2 * count)
    node.error() << "expected a roi of " << 2 * count << " numbers, got "
                 << given.size();
  if (!node.failed())
    for (auto [i, axis] : llvm::enumerate(axes)) {
      roi[axis] = given[i];
      roi[rank + axis] = given[count + i];
    }
  return roi;
}

LogicalResult import::convertResize(NodeImporter &node) {
  if (node.getOpset() < 11)
    return convertOldResize(node);
  std::string mode = node.getString("mode", "nearest");
  Interpolation interpolation;
  interpolation.coordinates =
      node.getString("coordinate_transformation_mode", "half_pixel");
  interpolation.cubicCoefficient = node.getFloat("cubic_coeff_a", -0.75f);
  interpolation.excludesOutside = node.getFlag("exclude_outside", false);
  interpolation.outside = node.getFloat("extrapolation_value", 0.0f);
  interpolation.antialias = node.getFlag("antialias", false);
  std::string nearest = node.getString("nearest_mode", "round_prefer_floor");
  auto nearestMode = symbolizeNearestMode(nearest);
  SmallVector<int64_t> axes;
  Target target = readTarget(node, axes);
  if (node.failed())
    return failure();
  if (!interpolation.isKnown())
    return node.unsupported("coordinate_transformation_mode '" +
                            interpolation.coordinates + "'");
  if (!nearestMode)
    return node.unsupported("nearest_mode '" + nearest + "'");
  if (mode == "nearest")
    interpolation.kind = Interpolation::Nearest;
  else if (mode == "cubic")
    interpolation.kind = Interpolation::Cubic;
  else if (mode != "linear")
    return node.error() << "expected mode nearest, linear or cubic, got '"
                        << mode << "'";
  interpolation.nearest = *nearestMode;
  auto coordinateMode = symbolizeCoordinateMode(interpolation.coordinates);
  if (mode == "nearest" && coordinateMode)
    return emitNearest(node, target, *coordinateMode, *nearestMode);
  SmallVector<float> roi;
  if (interpolation.crops())
    roi = readRoi(node, axes);
  return emitResampled(node, target, interpolation, roi);
}
