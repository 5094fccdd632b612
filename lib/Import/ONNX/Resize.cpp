//===- Resize.cpp - Resize and Upsample, nearest neighbour ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

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

/// Scales give the size floor(size * scale).
static Target fromScales(NodeImporter &node, ArrayRef<float> scales,
                         ArrayRef<int64_t> axes) {
  Target target;
  target.shape.assign(node.getShape(0).begin(), node.getShape(0).end());
  target.scales.assign(target.shape.size(), 1.0);
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

static Target fromSizes(NodeImporter &node, ArrayRef<int64_t> sizes,
                        ArrayRef<int64_t> axes) {
  Target target;
  target.shape.assign(node.getShape(0).begin(), node.getShape(0).end());
  target.scales.assign(target.shape.size(), 1.0);
  if (sizes.size() != axes.size()) {
    node.error() << "expected " << axes.size() << " sizes, got "
                 << sizes.size();
    return target;
  }
  for (auto [axis, size] : llvm::zip(axes, sizes)) {
    if (size < 1 || size > kMaxElements || target.shape[axis] < 1) {
      node.error() << "expected positive sizes, got " << size << " for size "
                   << target.shape[axis];
      return target;
    }
    target.scales[axis] = double(size) / double(target.shape[axis]);
    target.shape[axis] = size;
  }
  return target;
}

static LogicalResult emit(NodeImporter &node, const Target &target,
                          CoordinateMode coordinates, NearestMode nearest) {
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  return node.setResult(node.create<ResizeNearestOp>(
      input, ArrayRef<int64_t>(target.shape), ArrayRef<double>(target.scales),
      coordinates, nearest));
}

static SmallVector<int64_t> allAxes(NodeImporter &node) {
  return llvm::to_vector(llvm::seq<int64_t>(node.getShape(0).size()));
}

/// Upsample, and Resize of opset 10: floor of index / scale.
static LogicalResult convertOldResize(NodeImporter &node) {
  std::string mode = node.getString("mode", "nearest");
  if (mode != "nearest")
    return node.unsupported("mode '" + mode + "', only nearest is");
  SmallVector<float> scales = node.getOpset() < 9 ? node.getFloatList("scales")
                                                  : node.getFloats(1, "scales");
  if (node.failed())
    return failure();
  return emit(node, fromScales(node, scales, allAxes(node)),
              CoordinateMode::Asymmetric, NearestMode::Floor);
}

LogicalResult import::convertUpsample(NodeImporter &node) {
  return convertOldResize(node);
}

LogicalResult import::convertResize(NodeImporter &node) {
  if (node.getOpset() < 11)
    return convertOldResize(node);
  std::string mode = node.getString("mode", "nearest");
  if (mode != "nearest")
    return node.unsupported("mode '" + mode + "', only nearest is");
  std::string coordinates =
      node.getString("coordinate_transformation_mode", "half_pixel");
  std::string nearest = node.getString("nearest_mode", "round_prefer_floor");
  std::string policy = node.getString("keep_aspect_ratio_policy", "stretch");
  auto coordinateMode = symbolizeCoordinateMode(coordinates);
  auto nearestMode = symbolizeNearestMode(nearest);
  if (node.failed())
    return failure();
  if (!coordinateMode)
    return node.unsupported("coordinate_transformation_mode '" + coordinates +
                            "'");
  if (!nearestMode)
    return node.unsupported("nearest_mode '" + nearest + "'");
  if (policy != "stretch")
    return node.unsupported("keep_aspect_ratio_policy '" + policy + "'");
  SmallVector<int64_t> axes = node.getInts("axes", allAxes(node));
  (void)node.normalizeAxes(axes, node.getShape(0).size()); // distinct
  for (int64_t &axis : axes)
    axis = node.normalizeAxis(axis, node.getShape(0).size());
  SmallVector<int64_t> sizes;
  SmallVector<float> scales;
  if (node.hasInput(3))
    sizes = node.getInts(3, "sizes");
  if (node.hasInput(2))
    scales = node.getFloats(2, "scales");
  if (node.failed())
    return failure();
  if (sizes.empty() == scales.empty())
    return node.error() << "expected either scales or sizes";
  return emit(node,
              sizes.empty() ? fromScales(node, scales, axes)
                            : fromSizes(node, sizes, axes),
              *coordinateMode, *nearestMode);
}
