//===- Assignment.h - The best precisions within a budget -------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which precision should each layer have? Of all choices whose noises add up to
// no more than a budget the one with the least predicted time, conversions
// between 8 bits and more included, or the one with the fewest bytes of
// weights: an integer program, solved by CBC (COIN-OR).
//
//   minimize    sum time z + sum cost |w_from - w_to|    (+ a little of the
//               other objective, which decides between equals)
//   subject to  sum of z of a layer = 1,  w = sum of z of wide precisions
//               sum noise z + sum rounding (1 - r) + clipping (1 - c)
//                 <= maxNoise
//               r, c <= w of every reader of the tensor and of what makes it
//               sum macs w <= maxWideMacs
//
// z = 1 gives a layer a precision, r = 1 leaves a tensor more than 8 bits,
// c = 1 float. (r <= w of the maker only where it cannot leave its sums.) That
// noises add up is a model (they are not quite independent): whoever uses the
// answer measures it.
//
// Usage:
//   auto assignment = assignPrecisions(choices, {maxNoise, maxWideMacs});
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_ASSIGNMENT_H
#define QNN_ACCURACY_ASSIGNMENT_H

#include "qnn/Accuracy/PrecisionChoices.h"

namespace mlir::qnn {

enum class Objective { Time, Size };

struct AssignmentLimits {
  double maxNoise;
  double maxWideMacs; ///< multiply-accumulates of wide precisions
  bool allowInt4 = true;
  bool allowWide = true; ///< where int8 is possible
};

/// The best assignment. None when none keeps both limits.
std::optional<PrecisionAssignment>
assignPrecisions(const PrecisionChoices &choices,
                 const AssignmentLimits &limits,
                 Objective objective = Objective::Time);

/// The least sum of noises with at most so many multiply-accumulates wide.
double getLeastNoise(const PrecisionChoices &choices, double maxWideMacs);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_ASSIGNMENT_H
