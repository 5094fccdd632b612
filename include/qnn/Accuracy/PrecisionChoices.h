//===- PrecisionChoices.h - What each layer could be ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which precisions can every layer have, what do they take in time, bytes and
// noise, and which tensors are rounded to 8 bits by which of them? This is what
// an assignment of precisions (Assignment.h) is made of.
//
// Usage:
//   PrecisionChoices choices = getPrecisionChoices(func, accuracy, model);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_PRECISIONCHOICES_H
#define QNN_ACCURACY_PRECISIONCHOICES_H

#include "qnn/Accuracy/Attribution.h"
#include "qnn/Dialect/QNN/Transforms/PrecisionCosts.h"

namespace mlir::qnn {

/// One precision of one layer.
struct PrecisionCandidate {
  StringRef precision; ///< one of kPrecisions
  double nanoseconds;  ///< predicted; conversions to layers that have no choice
                       ///< among them
  int64_t bytes;       ///< of weights
  double noise;        ///< of weights, over the signal at the network's results
};

/// True for precisions that read and leave more than 8 bits.
inline bool isWide(StringRef precision) {
  return precision != "int8" && precision != "int4";
}

struct LayerChoices {
  Operation *op;
  int64_t macs;
  /// The first one is what the layer is without a search.
  SmallVector<PrecisionCandidate, 4> candidates;
  bool leavesAccumulator; ///< in int8 its result is float if all readers are
  bool hasWeights;        ///< its result can be, for readers of 16 bits

  const PrecisionCandidate *find(StringRef precision) const {
    const auto *found =
        llvm::find_if(candidates, [&](const PrecisionCandidate &c) {
          return c.precision == precision;
        });
    return found == candidates.end() ? nullptr : found;
  }
};

/// A tensor that is rounded to 8 bits unless all its readers, and what makes
/// it, have more: its noise over signal at the network's results. A range of 16
/// bits clips as one of 8 bits does.
struct RoundedTensor {
  std::optional<size_t> producer; ///< index of a layer
  SmallVector<size_t> readers;    ///< indices of layers
  double rounding, clipping;
};

/// Ops that only move values are no layers: they follow their neighbours.
struct PrecisionChoices {
  std::vector<LayerChoices> layers; ///< in program order
  double otherNanoseconds = 0;      ///< of ops that have no choice
  SmallVector<PrecisionBorder> borders;
  std::vector<RoundedTensor> tensors;
};

/// One precision for each layer.
using PrecisionAssignment = SmallVector<StringRef>;

/// The choices for `func`, Calibrated stage with ranges. Layers whose precision
/// is given have that one only.
PrecisionChoices getPrecisionChoices(func::FuncOp func,
                                     const NetworkAccuracy &accuracy,
                                     const CostModel &model);

/// The first candidate of every layer.
PrecisionAssignment getDefaultAssignment(const PrecisionChoices &choices);

/// The sum of noises, the predicted nanoseconds and the bytes of weights.
double getNoise(const PrecisionChoices &choices,
                ArrayRef<StringRef> assignment);
double getNanoseconds(const PrecisionChoices &choices,
                      ArrayRef<StringRef> assignment);
int64_t getWeightBytes(const PrecisionChoices &choices,
                       ArrayRef<StringRef> assignment);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_PRECISIONCHOICES_H
