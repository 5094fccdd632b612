//===- ReadMLIR.h - .mlir files as qnn graphs -------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What network is in this .mlir file? Modules of qnn ops come as they are,
// those of tosa ops after tosa-infer-shapes and convert-tosa-to-qnn. Every tool
// that takes a model reads .mlir files so; quant-opt does not.
//
// Errors are MLIR diagnostics. Thread-safe for different contexts.
//
// Usage:
//   OwningOpRef<ModuleOp> module = readMLIR("model.mlir", &context);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_IMPORT_READMLIR_H
#define QNN_IMPORT_READMLIR_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::qnn {

/// The module in the file at `path`; null after an error was emitted.
/// Precondition: `context` has registerAllDialects.
OwningOpRef<ModuleOp> readMLIR(StringRef path, MLIRContext *context);

} // namespace mlir::qnn

#endif // QNN_IMPORT_READMLIR_H
