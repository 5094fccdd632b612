//===- WideLayers.h - Layers with 16-bit activations ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a layer multiply activations of 16 bits, when every level multiplies
// bytes? As two layers. The activation is split into two s8 tensors with zero
// point 0, h = quantize(x; 256 s) and l = quantize(x - dequantize(h); s); each
// is multiplied by the same weights into an i32 accumulator of its own, and the
// rest (sum, residual, clamp) is float.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_WIDELAYERS_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_WIDELAYERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qnn {

/// Replaces layers marked `qnn.precision = "int16"` of a Calibrated graph by
/// two int8 layers each. On failure an error was emitted.
LogicalResult expandWideLayers(func::FuncOp func);

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_WIDELAYERS_H
