//===- Boundary.h - Integers at a model's inputs and outputs ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which type do integers of 8 bits have as a model's inputs and outputs, and
// how do they become those inside (see Quantization.h)?
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_BOUNDARY_H
#define QNN_LIB_IMPORT_ONNX_BOUNDARY_H

#include "NodeImporter.h"

namespace mlir::qnn::import {

/// The type a model input of integers gets: with the scale of the first node
/// that reads it, if there is one.
quant::UniformQuantizedType getInputType(MLIRContext *context,
                                         const onnx::GraphProto &graph,
                                         const GraphState &state,
                                         StringRef name, ElementType type);

/// Makes the entry of a model input, of the type above, one of integers, which
/// are signed inside a network.
void importIntegers(OpBuilder &builder, Entry &entry, ElementType type);

/// Computed integers as a model output. Reports types that outputs cannot have.
FailureOr<Value> exportIntegers(OpBuilder &builder, Entry &entry, Location loc);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_BOUNDARY_H
