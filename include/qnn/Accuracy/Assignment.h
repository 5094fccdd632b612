//===- Assignment.h - The fastest precisions within a budget ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which layers should stay float? Of all choices whose noises add up to no more
// than a budget the one with the least predicted time, conversions between int8
// and float included: an integer program, solved by CBC (COIN-OR).
//
//   minimize    sum (x ? f32 : int8) + sum cost |x_from - x_to|
//   subject to  sum weightNoise (1 - x) + sum resultNoise (1 - r) <= maxNoise
//               r <= x of the layer and of each of its readers
//               sum macs of the layers in float <= maxFloatMacs
//
// x = 1 keeps a layer float, r = 1 its result. That noises add up is a model
// (they are not quite independent): whoever uses the answer measures it.
//
// Usage:
//   auto isFloat = assignPrecisions(costs, layers, {maxNoise, maxFloatMacs});
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_ASSIGNMENT_H
#define QNN_ACCURACY_ASSIGNMENT_H

#include "qnn/Dialect/QNN/Transforms/PrecisionCosts.h"

#include <optional>

namespace mlir::qnn {

/// What a layer of PrecisionCosts brings into the sums.
struct LayerShare {
  /// Noise over signal at the network's results: of integer weights, which an
  /// int8 layer has, and of a rounded result, which is float only where the
  /// layer and all its readers are.
  double weightNoise = 0, resultNoise = 0;
  int64_t macs = 0;
  bool mustBeInt8 = false; ///< the user's rule
};

struct AssignmentLimits {
  double maxNoise;
  double maxFloatMacs;
};

/// For each layer of `costs`: whether it stays float. `shares` has one entry
/// per layer. None when no choice keeps both limits.
std::optional<SmallVector<bool>>
assignPrecisions(const PrecisionCosts &costs, ArrayRef<LayerShare> shares,
                 const AssignmentLimits &limits);

/// The least sum of noises with at most so many multiply-accumulates in float.
double getLeastNoise(const PrecisionCosts &costs, ArrayRef<LayerShare> shares,
                     double maxFloatMacs);

/// The sum of noises of a choice.
double getNoise(const PrecisionCosts &costs, ArrayRef<LayerShare> shares,
                ArrayRef<bool> isFloat);

/// The predicted nanoseconds of a choice.
double getNanoseconds(const PrecisionCosts &costs, ArrayRef<bool> isFloat);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_ASSIGNMENT_H
