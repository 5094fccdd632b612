//===- Search.h - Mixed precisions that keep a contract ---------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which precision should each layer have so that the network is accurate
// enough, and as fast (or as small) as that allows? The error attribution
// predicts, an integer program proposes (Assignment.h), and each proposal is
// compiled and measured on the validation data; the budget of noise is narrowed
// until the best proposal that keeps the goal is found.
//
// Weights of 4 bits cost accuracy: they are proposed only where a contract says
// how much may be lost.
//
// Usage:
//   auto result = searchPrecisions(module, accuracy, model, options, onBetter);
//   // the layers of `module` have the precisions of the best choice
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_SEARCH_H
#define QNN_ACCURACY_SEARCH_H

#include "qnn/Accuracy/Assignment.h"
#include "qnn/CostModel/CostModel.h"
#include "qnn/Validate/Validate.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qnn {

struct SearchOptions {
  /// Points of top-1 accuracy that may be lost on the labels.
  std::optional<double> maxDrop;
  /// Decibels that every output must have.
  std::optional<double> minSqnr;
  /// Part of the multiply-accumulates that has to stay int8. Above 0: there is
  /// no contract, the goal is a wish.
  double minInt8Share = 0;
  /// What is best among the choices that keep the goal.
  Objective objective = Objective::Time;
  /// Also measures some choices that are more accurate, or smaller, than the
  /// best one, to show what they cost.
  bool exploreFront = false;
  /// Seconds after which nothing new is tried; 0: none.
  double timeBudget = 0;
  /// The data, its labels and the name of the model in errors.
  ValidateOptions validation;
};

/// One measured choice of precisions.
struct SearchPoint {
  PrecisionAssignment precisions; ///< of each layer of PrecisionChoices
  double sqnr;                    ///< of the worst output
  double agreement; ///< part of equal predictions; 1 without scores
  std::optional<double> accuracy, drop; ///< in points, with labels
  double nanoseconds;                   ///< predicted
  int64_t weightBytes;
  bool keepsGoal;

  int64_t count(StringRef precision) const {
    return llvm::count(precisions, precision);
  }
};

struct SearchResult {
  std::vector<SearchPoint> points; ///< in the order they were tried
  size_t best = 0;                 ///< the best that keeps the goal, or the
                                   ///< most accurate where none does
  int64_t samples = 0;
  bool ranOutOfTime = false;
  const SearchPoint &getBest() const { return points[best]; }
  /// True when no other point is better in accuracy, time or size, and none
  /// worse in another.
  bool isOnFront(const SearchPoint &point) const;
};

/// Called when a better choice was found; `module` has its precisions.
using BetterFn =
    llvm::function_ref<llvm::Error(ModuleOp module, const SearchResult &)>;

/// Searches for the only function of `module`, Calibrated stage with ranges.
/// Layers whose precision is given keep it.
llvm::Expected<SearchResult> searchPrecisions(ModuleOp module,
                                              const NetworkAccuracy &accuracy,
                                              const CostModel &model,
                                              const SearchOptions &options,
                                              BetterFn onBetter);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_SEARCH_H
