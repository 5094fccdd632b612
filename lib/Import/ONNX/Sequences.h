//===- Sequences.h - Lists of tensors ---------------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What becomes of ONNX's sequences, which exporters use for the lists of their
// language (chunks, the operands of a concatenation)? Their lengths are static,
// so importing one only remembers the names of its tensors.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_SEQUENCES_H
#define QNN_LIB_IMPORT_ONNX_SEQUENCES_H

#include "NodeImporter.h"

namespace mlir::qnn::import {

/// Whether `proto` makes or reads a sequence.
bool isSequenceOp(const GraphState &state, const onnx::NodeProto &proto);

/// Notes the sequences that `proto` makes and returns the nodes on tensors that
/// take its place. Precondition: isSequenceOp, and inputs that are not
/// poisoned.
FailureOr<std::vector<onnx::NodeProto>>
expandSequenceOp(GraphState &state, onnx::NodeProto &proto);

/// The names and limits of these ops, for the table of supported ops.
ArrayRef<std::pair<StringRef, StringRef>> getSequenceOps();

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_SEQUENCES_H
