//===- Interpolation.cpp - What a resized element is a sum of -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpolation.h"

#include "qnn/Dialect/QNN/IR/ResizeIndex.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

bool Interpolation::isKnown() const {
  return symbolizeCoordinateMode(coordinates) ||
         llvm::is_contained({"tf_crop_and_resize", "tf_half_pixel_for_nn",
                             "half_pixel_symmetric"},
                            coordinates);
}

float Interpolation::getCoordinate(int64_t index,
                                   const ResizedAxis &axis) const {
  if (auto mode = symbolizeCoordinateMode(coordinates))
    return getResizeCoordinate(index, axis.in, axis.out, axis.scale, *mode);
  float x = static_cast<float>(index);
  if (coordinates == "tf_half_pixel_for_nn")
    return (x + 0.5f) / axis.scale;
  float in = static_cast<float>(axis.in), out = static_cast<float>(axis.out);
  if (coordinates == "half_pixel_symmetric") {
    // The result covers the middle of the operand.
    float adjustment = out / (axis.scale * in);
    return in / 2 * (1.0f - adjustment) + (x + 0.5f) / axis.scale - 0.5f;
  }
  if (axis.out == 1)
    return 0.5f * (axis.start + axis.end) * (in - 1.0f);
  return axis.start * (in - 1.0f) +
         x * (axis.end - axis.start) * (in - 1.0f) / (out - 1.0f);
}

/// The weight of an element at a distance: a hat, or the cubic of Keys (1981).
float Interpolation::getWeight(float distance) const {
  float x = std::fabs(distance), a = cubicCoefficient;
  if (kind == Linear)
    return std::max(0.0f, 1.0f - x);
  if (x <= 1.0f)
    return ((a + 2.0f) * x - (a + 3.0f)) * x * x + 1.0f;
  if (x < 2.0f)
    return ((a * x - 5.0f * a) * x + 8.0f * a) * x - 4.0f * a;
  return 0.0f;
}

/// The taps of the element at `coordinate`, always the same number.
void Interpolation::append(Taps &taps, float coordinate,
                           const ResizedAxis &axis) const {
  float last = static_cast<float>(axis.in - 1);
  auto clamp = [&](float index) {
    return static_cast<int64_t>(std::clamp(index, 0.0f, last));
  };
  bool isOutside = crops() && (coordinate < 0.0f || coordinate > last);
  if (crops())
    taps.offsets.push_back(isOutside ? outside : 0.0f);
  if (kind == Nearest) {
    taps.indices.push_back(clamp(roundResizeCoordinate(coordinate, nearest)));
    taps.weights.push_back(isOutside ? 0.0f : 1.0f);
    return;
  }
  if (kind == Linear && !antialias)
    coordinate = std::clamp(coordinate, 0.0f, last);
  // An operand made smaller is smoothed: the weights are spread.
  float stretch = antialias ? std::min(axis.scale, 1.0f) : 1.0f;
  float first = std::floor(coordinate) - float(taps.count / 2 - 1);
  SmallVector<float> weights;
  float sum = 0.0f;
  for (int64_t t = 0; t < taps.count; ++t) {
    float index = first + static_cast<float>(t);
    float weight = getWeight((index - coordinate) * stretch);
    if (excludesOutside && (index < 0.0f || index > last))
      weight = 0.0f;
    taps.indices.push_back(clamp(index));
    weights.push_back(weight);
    sum += weight;
  }
  bool normalizes = excludesOutside || antialias;
  for (float weight : weights)
    taps.weights.push_back(isOutside    ? 0.0f
                           : normalizes ? weight / sum
                                        : weight);
}

int64_t Interpolation::countTaps(const ResizedAxis &axis) const {
  if (kind == Nearest)
    return 1;
  float stretch = antialias ? std::min(axis.scale, 1.0f) : 1.0f;
  float reach = kind == Linear ? 1.0f : 2.0f;
  return 2 * static_cast<int64_t>(
                 std::min(std::ceil(reach / stretch), float(1 << 19)));
}

Taps Interpolation::getTaps(const ResizedAxis &axis) const {
  Taps taps;
  taps.count = countTaps(axis);
  for (int64_t i = 0; i < axis.out; ++i)
    append(taps, getCoordinate(i, axis), axis);
  return taps;
}
