//===- ChooseRanges.h - The calibrator of each tensor -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which calibrator is best for this tensor? `--calibrator=auto` asks the ops
// that read it: each is run on the tensor rounded with the range of every
// calibrator, and the range with the least error at their results is taken.
//
// The error of a range is the sum over its readers of noise / signal at their
// results, with float weights and everything else in float; of the tensor
// itself where no op reads it as integers. Of equal ranges the first calibrator
// (in the order of its enum) counts.
//
// Usage:
//   auto choices = chooseRanges(network, func, cache, samples);
//   setRanges(func, choices, /*minmax=*/false);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_ACCURACY_CHOOSERANGES_H
#define QNN_ACCURACY_CHOOSERANGES_H

#include "qnn/Accuracy/Samples.h"
#include "qnn/Accuracy/StepwiseNetwork.h"
#include "qnn/Calibration/Cache.h"

namespace mlir::qnn {

struct RangeChoice {
  std::string tensor; ///< name of the qnn.observe
  Calibrator calibrator;
  float min, max;
  double error;                    ///< of this range
  std::pair<float, float> extreme; ///< the range of Calibrator::MinMax
  double minmaxError;              ///< and its error

  /// The same tensor with the range of Calibrator::MinMax.
  RangeChoice asMinMax() const {
    return {tensor,         Calibrator::MinMax, extreme.first,
            extreme.second, minmaxError,        extreme,
            minmaxError};
  }
};

/// Gives every qnn.observe of `func` its range of `choices`, or that of
/// Calibrator::MinMax.
void setRanges(func::FuncOp func, ArrayRef<RangeChoice> choices, bool minmax);

/// Chooses the range of every qnn.observe of `func`; `cache` has all of them.
/// Returns the choices in program order.
std::vector<RangeChoice> chooseRanges(StepwiseNetwork &network,
                                      func::FuncOp func,
                                      const CalibrationCache &cache,
                                      const SampleSet &samples);

} // namespace mlir::qnn

#endif // QNN_ACCURACY_CHOOSERANGES_H
