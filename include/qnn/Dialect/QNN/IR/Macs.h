//===- Macs.h - Multiply-accumulates of network ops -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How much work is a layer? Padding counts: every output element has all its
// products.
//
// Usage:
//   int64_t macs = countMacs(func);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_MACS_H
#define QNN_DIALECT_QNN_IR_MACS_H

#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qnn {

/// Multiply-accumulates of a convolution or matrix product; 0 for other ops.
int64_t countMacs(Operation *op);
/// Multiply-accumulates of a network.
int64_t countMacs(func::FuncOp func);

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_IR_MACS_H
