//===- FuzzImport.h - What every fuzzed importer must keep to ---*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What does a fuzz target do with one file? It calls fuzzImport, which ends the
// program where an importer breaks its word: a failure comes with exactly one
// error, a success with none, and what was imported passes the verifier and the
// passes of quant-import, before and after. (Memory and undefined behaviour are
// the sanitizers' business.)
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TOOLS_QUANT_FUZZ_FUZZIMPORT_H
#define QNN_TOOLS_QUANT_FUZZ_FUZZIMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::qnn::fuzz {

using Import =
    llvm::function_ref<FailureOr<OwningOpRef<ModuleOp>>(MLIRContext &)>;

/// Runs `import` in a fresh context and checks its outcome.
void fuzzImport(Import import);

} // namespace mlir::qnn::fuzz

#endif // QNN_TOOLS_QUANT_FUZZ_FUZZIMPORT_H
