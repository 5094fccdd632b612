//===- ModelFile.h - Bytes to ModelProto ------------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Is this file an ONNX model at all? What is in the graph is checked elsewhere.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_MODELFILE_H
#define QNN_LIB_IMPORT_ONNX_MODELFILE_H

#include "mlir/IR/Location.h"
#include "llvm/Support/MemoryBufferRef.h"

#include "onnx/onnx_pb.h"

namespace mlir::qnn::import {

/// Parses the file at `path` into `model`, which then has a graph. Reports at
/// `loc` why it cannot.
LogicalResult readModel(StringRef path, Location loc, onnx::ModelProto &model);
/// The same for a file in memory.
LogicalResult readModel(llvm::MemoryBufferRef bytes, Location loc,
                        onnx::ModelProto &model);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_MODELFILE_H
