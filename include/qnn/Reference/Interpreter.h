//===- Interpreter.h - The oracle: what a network computes ------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is the result of a qnn op, bit for bit? The interpreter executes every
// op in float and in quantized form as docs/Numerics.md defines it: scalar, one
// element after the other. Every pass and every kernel is tested against it,
// the importer and the passes fold constants with it, `quant-run FILE.mlir`
// runs it.
//
// Valid from the Graph stage up to the Quantized stage: qnn ops, quant.qcast,
// quant.dcast and arith.constant in a func.func of one block. Verified IR is
// assumed. No global state; thread-safe on distinct contexts.
//
// Usage:
//   FailureOr<SmallVector<Tensor>> results = interpret(func, inputs);
//   FailureOr<Tensor> folded = interpretOp(transpose, {weights});
//
//===----------------------------------------------------------------------===//

#ifndef QNN_REFERENCE_INTERPRETER_H
#define QNN_REFERENCE_INTERPRETER_H

#include "qnn/Reference/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qnn {

/// Sees the tensor that a qnn.observe lets through.
using ObserveCallback = llvm::function_ref<void(ObserveOp, const Tensor &)>;

/// Runs `func` on one tensor per argument and returns one tensor per result.
/// Intermediate tensors are freed after their last use. On failure an error
/// has been emitted at the offending op.
FailureOr<SmallVector<Tensor>> interpret(func::FuncOp func,
                                         ArrayRef<Tensor> inputs,
                                         ObserveCallback observe = nullptr);

/// The result of one op on given operands (qnn.constant and arith.constant
/// take none). Precondition: the operands have the operand types of `op`. On
/// failure an error has been emitted at `op`.
FailureOr<Tensor> interpretOp(Operation *op, ArrayRef<Tensor> operands);

} // namespace mlir::qnn

#endif // QNN_REFERENCE_INTERPRETER_H
