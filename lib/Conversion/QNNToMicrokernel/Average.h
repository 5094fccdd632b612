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

/// Sums of one vector of terms: one vector of f32 or i32 lanes; of 16 bytes or
/// more two halves of i16 lanes, or four quarters of i32 lanes where there may
/// be more terms than i16 lanes hold.
using Sums = SmallVector<Value>;

struct Average {
  /// Precondition: `op` has the clamp attributes; operand 0 is what is summed.
  Average(NetworkLowering &net, Operation *op);

  /// Means are of `count` values each: says so where the arithmetic asks.
  void setCount(int64_t count);
  /// f32(s / (s' * count)).
  float factor(int64_t count) const;
  std::string key() const;
  /// The elements of which one pass makes results.
  int64_t width(KernelBuilder &k) const;
  Value zero(KernelBuilder &k, int64_t lanes) const;
  /// No sums yet, of at most `terms` terms of `lanes` elements.
  Sums init(KernelBuilder &k, int64_t lanes, int64_t terms) const;
  Sums add(KernelBuilder &k, const Sums &sums, Value loaded) const;
  /// The sum of quantized sums.
  Sums merge(KernelBuilder &k, const Sums &x, const Sums &y) const;
  /// init() plus the elements at `at` along all of `sizes`, in order.
  Sums sumOver(KernelBuilder &k, Value memory, Value at, int64_t lanes,
               ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) const;
  /// The bounds, without a scale.
  KernelBuilder::Epilogue epilogue(KernelBuilder &k) const;
  /// The mean of `counted` positions (index), `added` of which were summed; the
  /// others are padding.
  Value finish(KernelBuilder &k, const Sums &sums, Value counted, Value added,
               Value factor) const;

  bool isFloat;
  ClampBounds clamp;
  int32_t inputZero = 0;
  double inputScale = 1, outputScale = 1;
  StoredParams bounds = {};
  /// In fixed point: a pool divides by its count and then requantizes by
  /// `fixedFactor`; others multiply by it.
  bool fixedPoint = false, isPool = false;
  FixedPointFactor fixedFactor;

private:
  Value finishQuarters(KernelBuilder &k, const Sums &sums, Value zeros,
                       Value counted, Value factor) const;
  /// Rounded steps of centered sums.
  Value fixedSteps(KernelBuilder &k, Value sum, Value counted) const;
  int32_t inputBias = 0; ///< what the stored domain adds to integers
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_AVERAGE_H
