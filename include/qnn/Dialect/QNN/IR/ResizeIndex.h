//===- ResizeIndex.h - Which element a resize reads -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The index map of qnn.resize_nearest along one dimension, shared by the
// interpreter and the code generator. Coordinates are computed in binary32 as
// ONNX Runtime does, so that exact halves fall on the same side.
//
// Usage:
//   getNearestIndices(2, 4, 2.0, CoordinateMode::Asymmetric,
//                     NearestMode::Floor)   // {0, 0, 1, 1}
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_RESIZEINDEX_H
#define QNN_DIALECT_QNN_IR_RESIZEINDEX_H

#include "qnn/Dialect/QNN/IR/QNN.h"

#include <cmath>

namespace mlir::qnn {

/// The coordinate in the operand of output index `index` (ONNX Resize,
/// attribute coordinate_transformation_mode).
inline float getResizeCoordinate(int64_t index, int64_t inSize, int64_t outSize,
                                 float scale, CoordinateMode mode) {
  float x = static_cast<float>(index);
  switch (mode) {
  case CoordinateMode::Asymmetric:
    return x / scale;
  case CoordinateMode::HalfPixel:
    return (x + 0.5f) / scale - 0.5f;
  case CoordinateMode::PytorchHalfPixel:
    return outSize > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
  case CoordinateMode::AlignCorners:
    return outSize == 1 ? 0.0f
                        : x * static_cast<float>(inSize - 1) /
                              static_cast<float>(outSize - 1);
  }
  llvm_unreachable("unknown coordinate mode");
}

/// The integer nearest to coordinate `x` (ONNX Resize, attribute nearest_mode).
inline float roundResizeCoordinate(float x, NearestMode mode) {
  switch (mode) {
  case NearestMode::RoundPreferFloor:
    return std::ceil(x - 0.5f);
  case NearestMode::RoundPreferCeil:
    return std::floor(x + 0.5f);
  case NearestMode::Floor:
    return std::floor(x);
  case NearestMode::Ceil:
    return std::ceil(x);
  }
  llvm_unreachable("unknown nearest mode");
}

/// For each of `outSize` output indices the operand index it copies, clamped
/// into [0, inSize - 1]. Precondition: inSize > 0 and scale > 0.
inline SmallVector<int64_t> getNearestIndices(int64_t inSize, int64_t outSize,
                                              double scale,
                                              CoordinateMode coordinateMode,
                                              NearestMode nearestMode) {
  SmallVector<int64_t> indices;
  float last = static_cast<float>(inSize - 1);
  for (int64_t i = 0; i < outSize; ++i) {
    float x = getResizeCoordinate(i, inSize, outSize, static_cast<float>(scale),
                                  coordinateMode);
    float nearest = roundResizeCoordinate(x, nearestMode);
    indices.push_back(
        static_cast<int64_t>(std::min(std::max(0.0f, nearest), last)));
  }
  return indices;
}

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_IR_RESIZEINDEX_H
