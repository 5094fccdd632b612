//===- Importer.h - TFLite models as qnn graphs -----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What does this .tflite file compute, as a module of qnn ops? Callers and
// module are as for importONNX: one function `main`, names in `qnn.name`,
// static shapes, a NameLoc on every op (the name of its first result; ops of a
// TFLite file have no names).
//
// A float model becomes float ops. A quantized one becomes the QDQ stage: float
// ops between quant.dcast and quant.qcast, constant weights and biases with
// their integers. Inputs and outputs keep their type: integer ones have the
// quantized type of the file.
//
// Errors are MLIR diagnostics, exactly one for each failed import. A file is
// never trusted: the FlatBuffer is verified first, every index, size and type
// is checked. Nothing of the file is referenced after return. Thread-safe for
// different contexts.
//
// Usage:
//   FailureOr<OwningOpRef<ModuleOp>> module = importTFLite(
//       llvm::MemoryBufferRef(bytes, "model.tflite"), options, &context);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_IMPORT_TFLITE_IMPORTER_H
#define QNN_IMPORT_TFLITE_IMPORTER_H

#include "qnn/Import/ONNX/Importer.h"

#include "llvm/Support/MemoryBufferRef.h"

namespace mlir::qnn {

/// True for the content of a TFLite file: its FlatBuffers identifier is TFL3.
bool isTFLite(StringRef bytes);

/// Imports the model in memory, whose identifier errors name. Loads the
/// dialects it needs into `context`. On failure one error has been emitted.
FailureOr<OwningOpRef<ModuleOp>> importTFLite(llvm::MemoryBufferRef file,
                                              const ImportOptions &options,
                                              MLIRContext *context);

/// Prints the table of supported TFLite ops in Markdown.
void printSupportedTFLiteOps(raw_ostream &os);

} // namespace mlir::qnn

#endif // QNN_IMPORT_TFLITE_IMPORTER_H
