//===- ExactIntegers.h - Integer forms without a rounding -------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which general ops compute on stored integers what they compute on the real
// numbers they stand for? Part of qnn-fold-qdq.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_EXACTINTEGERS_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_EXACTINTEGERS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::qnn {

/// What only compares or moves 8-bit values, and, in fixed point,
/// interpolation.
void populateExactIntegerPatterns(RewritePatternSet &patterns);

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_EXACTINTEGERS_H
