//===- Importer.h - ONNX models as qnn graphs -------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What does this .onnx file compute, as a module of qnn ops? quant-import and
// quant-compile call this first.
//
// The module holds one function `main`. Its arguments and results are the
// model's inputs and outputs: their own layout, f32, names in the argument and
// result attribute `qnn.name`. Inside, every spatial op is NHWC between two
// `qnn.transpose`; `qnn-sink-transposes` removes those. Each op has the NameLoc
// of its ONNX node (or of the node's first output where it has no name).
//
// Errors are reported as MLIR diagnostics, exactly one for each failed import,
// at the node's location, or at a FileLineColLoc of the model file. A file is
// never trusted: every size, type, name and offset is checked here.
//
// The module owns all weights (big ones as dense resources). The model file is
// closed on return; float weights in files beside it are mapped into memory,
// not read, and stay mapped as long as the context lives: such a file must not
// be shortened meanwhile. Thread-safe for different contexts.
//
// Usage:
//   ImportOptions options;
//   options.inputShapes["input"] = {1, 3, 224, 224};
//   FailureOr<OwningOpRef<ModuleOp>> module =
//       importONNX("model.onnx", options, &context);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_IMPORT_ONNX_IMPORTER_H
#define QNN_IMPORT_ONNX_IMPORTER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace mlir::qnn {

struct ImportOptions {
  /// Shapes for model inputs, by name. Must agree with the dimensions the model
  /// fixes; a symbolic dimension bound here is bound in every input.
  llvm::StringMap<SmallVector<int64_t>> inputShapes;
};

/// Parses `NAME:1x3x224x224` (the name may hold colons) into `options`.
/// Returns the reason in words when it cannot; `options` is then unchanged.
llvm::Error addInputShape(StringRef spec, ImportOptions &options);

/// Imports the model at `path`. Loads the dialects it needs into `context`.
/// On failure one error has been emitted.
FailureOr<OwningOpRef<ModuleOp>>
importONNX(StringRef path, const ImportOptions &options, MLIRContext *context);

/// The same for a model in memory, whose identifier is its path: external data
/// is looked up beside it. The bytes may go away after the call.
FailureOr<OwningOpRef<ModuleOp>> importONNX(llvm::MemoryBufferRef bytes,
                                            const ImportOptions &options,
                                            MLIRContext *context);

/// Prints the table of supported ops in Markdown: op, whether it also folds on
/// constants, and accepted forms.
void printSupportedOps(raw_ostream &os);

} // namespace mlir::qnn

#endif // QNN_IMPORT_ONNX_IMPORTER_H
