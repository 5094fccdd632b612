//===- InitAll.h - Registers every dialect and pass -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only list of what this project adds to MLIR. Every tool calls it once,
// before it parses anything.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_INITALL_H
#define QNN_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::qnn {

/// Adds our dialects and the upstream ones our stages use.
void registerAllDialects(DialectRegistry &registry);

/// Registers our passes and pipelines, and the upstream passes used with them.
void registerAllPasses();

} // namespace mlir::qnn

#endif // QNN_INITALL_H
