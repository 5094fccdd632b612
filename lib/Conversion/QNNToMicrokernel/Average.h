//===- Average.h - Sums that are scaled and clamped -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How do pools, means and products of activations sum, and turn a sum into a
// result, in float or in quantized form?
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_AVERAGE_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_AVERAGE_H

#include "NetworkLowering.h"

namespace mlir::qnn {

struct Average {
  /// Precondition: `op` has the clamp attributes; operand 0 is what is summed.
  Average(NetworkLowering &net, Operation *op);

  /// f32(s / (s' * count)).
  float factor(int64_t count) const;
  std::string key() const;
  Value init(KernelBuilder &k, int64_t lanes) const;
  Value add(KernelBuilder &k, Value sum, Value loaded) const;
  /// The bounds, without a scale.
  KernelBuilder::Epilogue epilogue(KernelBuilder &k) const;
  /// The mean of `counted` positions (index), `added` of which were summed; the
  /// others are padding.
  Value finish(KernelBuilder &k, Value sum, Value counted, Value added,
               Value factor) const;

  bool isFloat;
  ClampBounds clamp;
  int32_t inputZero = 0;
  double inputScale = 1, outputScale = 1;
  StoredParams bounds = {};
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_AVERAGE_H
