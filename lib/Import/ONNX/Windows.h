//===- Windows.h - Sliding windows over images and volumes ------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How do windows of one and three spatial dimensions become those of two that
// qnn ops have? Those of three are taken apart: a convolution reads the slices
// that a window spans in depth as channels; a pool of a volume is a pool of its
// slices, then one along the depth.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_WINDOWS_H
#define QNN_LIB_IMPORT_ONNX_WINDOWS_H

#include "NodeImporter.h"

namespace mlir::qnn::import {

/// The attributes all window ops share, for two or three spatial dimensions:
/// those of one have a height of 1.
struct Window {
  SmallVector<int64_t> kernel, strides, dilations;
  SmallVector<int64_t> padding; // low of all dimensions, then high

  size_t rank() const { return kernel.size(); }
  /// Of dimension `d` alone: a window of one dimension.
  Window along(size_t d) const;
  /// Without the first dimension, the depth.
  Window inSlices() const;
};

/// Reads the window of an op on an image of ONNX shape `image`, of rank 3 to 5.
/// Reports what is wrong.
Window readWindow(NodeImporter &node, ArrayRef<int64_t> image,
                  ArrayRef<int64_t> kernel);

/// Rank of input 0, when it has one to three spatial dimensions.
FailureOr<size_t> getImageRank(NodeImporter &node);

/// An image or volume, N C spatial (ONNX), with channels last; images of one
/// spatial dimension get a height of 1. Null passes through.
Value toChannelsLast(NodeImporter &node, Value image);
/// Back to the layout of ONNX, of rank `rank`.
Value fromChannelsLast(NodeImporter &node, Value image, size_t rank);

/// The slices of a volume, NDHWC, that a window along the depth reads, as
/// channels of images: [N * positions, H, W, (group, tap, channel)].
Value stackSlices(NodeImporter &node, Value volume, const Window &depth,
                  int64_t groups);
/// Images of `batch` volumes as volumes.
Value unstackSlices(NodeImporter &node, Value images, int64_t batch);

/// Where the maxima of a pool of `x`, in the layout of ONNX, are in its row of
/// all elements: i64, of the shape of the result with a height of 1 for images
/// of one dimension. Null after an error.
Value createMaxPoolIndices(NodeImporter &node, Value x, const Window &window,
                           bool ceilMode);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_WINDOWS_H
