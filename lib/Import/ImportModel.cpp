//===- ImportModel.cpp - Model files of any format as qnn graphs ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Import/ImportModel.h"

#include "qnn/Import/ReadMLIR.h"
#include "qnn/Import/TFLite/Importer.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::qnn;

bool qnn::isTFLiteFile(StringRef path) {
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status) ||
      llvm::sys::fs::is_directory(status))
    return false;
  auto start = llvm::MemoryBuffer::getFileSlice(
      path, std::min<uint64_t>(status.getSize(), 16), /*Offset=*/0);
  return start && isTFLite((*start)->getBuffer());
}

FailureOr<OwningOpRef<ModuleOp>> qnn::importModel(StringRef path,
                                                  const ImportOptions &options,
                                                  MLIRContext *context) {
  if (path.ends_with(".mlir")) {
    if (!options.inputShapes.empty())
      return emitError(FileLineColLoc::get(context, path, 0, 0))
             << "shapes of .mlir files are fixed: leave --input-shape out";
    OwningOpRef<ModuleOp> module = readMLIR(path, context);
    if (!module)
      return failure();
    return std::move(module);
  }
  // What cannot be read, the importers report.
  if (!path.ends_with(".tflite") && !isTFLiteFile(path))
    return importONNX(path, options, context);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return emitError(FileLineColLoc::get(context, path, 0, 0))
           << "cannot read the model: " << file.getError().message();
  return importTFLite((*file)->getMemBufferRef(), options, context);
}
