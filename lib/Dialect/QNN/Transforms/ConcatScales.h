//===- ConcatScales.h - One scale for what a concat joins -------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which operands of a concat should have the scale of its result? Those are
// rounded once, by the layer that makes them, and written into place; others
// are rounded again, by the concat.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_CONCATSCALES_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_CONCATSCALES_H

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

namespace mlir::qnn {

/// Gives the operands and the result of a concat one type, that of the union of
/// their observed ranges, where layers of `func` compute them and where that
/// does not make rounding errors larger.
///
/// With own steps s and chosen steps S, the error of n elements that an op
/// reads is n S^2 / s^2. A concat whose result has the own step s reads n
/// elements with the error n S^2 / s^2, or n (S^2 + T^2) / s^2 where its own
/// chosen step T differs from theirs and rounds them again. The sum over the
/// network may not grow.
void shareConcatScales(func::FuncOp func, TensorTypes &types);

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_CONCATSCALES_H
