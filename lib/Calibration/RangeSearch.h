//===- RangeSearch.h - Ranges that minimize an error ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calibrator::Entropy and Calibrator::MSE on a histogram. What they minimize
// stands in qnn/Calibration/Calibrator.h.
//
// Both leave the exact zeros of a ReLU out: zero is represented exactly, so
// they cost nothing, and as a spike of one bin they would outweigh everything
// else. The zeros are not known apart from the bin they are in; it counts as
// much as the larger of its neighbours at most.
//
// Pure functions.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CALIBRATION_RANGESEARCH_H
#define QNN_LIB_CALIBRATION_RANGESEARCH_H

#include "qnn/Calibration/TensorStatistics.h"

namespace mlir::qnn {

/// Calibrator::Entropy. Precondition: values were seen.
std::pair<float, float> findEntropyRange(const TensorStatistics &statistics);

/// Calibrator::MSE. Precondition: values were seen.
std::pair<float, float> findMSERange(const TensorStatistics &statistics);

} // namespace mlir::qnn

#endif // QNN_LIB_CALIBRATION_RANGESEARCH_H
