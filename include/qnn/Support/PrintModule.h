//===- PrintModule.h - Modules with big weights as text ---------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a module become an .mlir file without its weights being in memory
// three more times? MLIR's printer spells each dense resource as one string;
// this one writes them piece by piece. Same syntax, same parser; locations
// stand beside the ops. Called by tools that write modules.
//
// Usage:
//   printModule(*module, os);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_PRINTMODULE_H
#define QNN_SUPPORT_PRINTMODULE_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qnn {

/// Prints a top-level module with locations and all dense resources that its
/// ops hold as attributes.
void printModule(ModuleOp module, raw_ostream &os);

} // namespace mlir::qnn

#endif // QNN_SUPPORT_PRINTMODULE_H
