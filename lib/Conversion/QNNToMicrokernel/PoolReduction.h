//===- PoolReduction.h - What pools make of windows -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The maximum or the average of the elements of a window, whatever the loops
// that visit them.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_POOLREDUCTION_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_POOLREDUCTION_H

#include "Average.h"

namespace mlir::qnn {

/// How many positions of a window lie inside the input, and how many count:
/// the same, or those in the padding too.
struct WindowCounts {
  Value counted, added;
  Value factor; ///< of a quantized average of `counted` positions, f32
};

struct PoolReduction {
  std::optional<Average> average; ///< or the maximum
  Type element;                   ///< as stored: f32 or i8

  bool isMaximum() const { return !average; }
  /// The order of the elements of a window matters: to sums of floats, and to
  /// maxima that are -0 or +0.
  bool isOrdered() const { return element.isF32(); }
  /// The elements of which one pass makes results.
  int64_t width(KernelBuilder &k) const;
  /// Nothing yet, of at most `terms` vectors of `lanes` elements.
  Sums init(KernelBuilder &k, int64_t lanes, int64_t terms) const;
  Sums add(KernelBuilder &k, const Sums &acc, Value loaded) const;
  /// Precondition: !isOrdered().
  Sums merge(KernelBuilder &k, const Sums &x, const Sums &y) const;
  Value finish(KernelBuilder &k, const Sums &acc,
               const WindowCounts &counts) const;
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_POOLREDUCTION_H
