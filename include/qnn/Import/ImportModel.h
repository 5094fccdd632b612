//===- ImportModel.h - Model files of any format as qnn graphs --*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which importer reads this file? The content decides: what carries the
// identifier of TFLite is TFLite, everything else ONNX; but .mlir is MLIR, of
// qnn or tosa ops. The tools call this. Errors, ownership and thread-safety are
// those of the importers.
//
// Usage:
//   auto module = importModel("model.tflite", options, &context);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_IMPORT_IMPORTMODEL_H
#define QNN_IMPORT_IMPORTMODEL_H

#include "qnn/Import/ONNX/Importer.h"

namespace mlir::qnn {

/// True for a file that is TFLite by its content, whatever its name.
bool isTFLiteFile(StringRef path);

/// Imports the ONNX, TFLite or MLIR model at `path`. On failure one error has
/// been emitted.
FailureOr<OwningOpRef<ModuleOp>>
importModel(StringRef path, const ImportOptions &options, MLIRContext *context);

} // namespace mlir::qnn

#endif // QNN_IMPORT_IMPORTMODEL_H
