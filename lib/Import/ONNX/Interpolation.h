//===- Interpolation.h - What a resized element is a sum of -----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which elements of a dimension, with which weights, does ONNX Resize add for
// each element of the result? Coordinates are computed in binary32, as in ONNX
// Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_INTERPOLATION_H
#define QNN_LIB_IMPORT_ONNX_INTERPOLATION_H

#include "qnn/Dialect/QNN/IR/QNN.h"

namespace mlir::qnn::import {

/// One resized dimension.
struct ResizedAxis {
  int64_t in, out;
  float scale;
  float start = 0.0f, end = 1.0f; ///< of the region of interest
};

/// The attributes of qnn.resample.
struct Taps {
  int64_t count = 1;
  SmallVector<int64_t> indices;
  SmallVector<float> weights, offsets;
};

struct Interpolation {
  enum Kind { Nearest, Linear, Cubic };

  Kind kind = Linear;
  std::string coordinates; ///< coordinate_transformation_mode
  NearestMode nearest = NearestMode::RoundPreferFloor;
  float cubicCoefficient = -0.75f;
  bool excludesOutside = false;
  bool antialias = false;
  float outside = 0.0f; ///< extrapolation_value

  /// Whether `coordinates` is a mode of ONNX.
  bool isKnown() const;
  /// Whether there is a region of interest.
  bool crops() const { return coordinates == "tf_crop_and_resize"; }
  /// Of one element of the result; at most 2^20.
  int64_t countTaps(const ResizedAxis &axis) const;
  Taps getTaps(const ResizedAxis &axis) const;

private:
  float getCoordinate(int64_t index, const ResizedAxis &axis) const;
  float getWeight(float distance) const;
  void append(Taps &taps, float coordinate, const ResizedAxis &axis) const;
};

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_INTERPOLATION_H
