//===- AttachBias.h - Biases that other tools add behind a layer *- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which sums with a constant are biases? Part of qnn-prepare-qdq: other tools
// write a fully connected layer as MatMul and Add. Stateless.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_ATTACHBIAS_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_ATTACHBIAS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::qnn {

/// Layers with dequantized weights take the one constant per channel, float or
/// i32 and dequantized, that is added behind them.
void populateAttachBiasPatterns(RewritePatternSet &patterns);

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_ATTACHBIAS_H
