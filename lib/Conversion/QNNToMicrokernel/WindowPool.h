//===- WindowPool.h - The loops of pools with windows -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Windows are cut at the borders of the input instead of reading padding, so a
// pool needs no border. Channels are vectors.
//
// A small window is written out. The output columns whose windows are cut are
// written out too, the others are a loop. Where order does not matter, a column
// of a window is reduced once and kept for the neighbouring windows.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WINDOWPOOL_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WINDOWPOOL_H

#include "PoolReduction.h"

namespace mlir::qnn {

struct WindowPool {
  const PoolReduction &reduction;
  Window h, w;
  bool includePad; ///< positions in the padding count
  const Buffer &input, &output;

  /// `args`: input, output, and for a quantized average the factors of every
  /// number of positions.
  void emit(KernelBuilder &k, ValueRange args) const;
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WINDOWPOOL_H
