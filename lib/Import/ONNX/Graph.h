//===- Graph.h - Structure of an ONNX graph ---------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Is this graph well formed, in which order can its nodes be computed, and what
// shapes do its inputs have? Answers come before any node is imported.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_GRAPH_H
#define QNN_LIB_IMPORT_ONNX_GRAPH_H

#include "HostTensor.h"

#include "qnn/Import/ONNX/Importer.h"

namespace mlir::qnn::import {

/// The nodes of `graph` in an order that computes operands first; file order
/// where possible. Reports names defined twice or nowhere, and cycles, at the
/// node, else at `loc`.
FailureOr<std::vector<int>> orderNodes(const onnx::GraphProto &graph,
                                       Location loc);

/// A model input that is not an initializer.
struct ModelInput {
  std::string name;
  SmallVector<int64_t> shape;
  ElementType type; ///< one that hasGraphType, uint8 or int8
};

/// All model inputs with static shapes: what the file fixes, what
/// `options.inputShapes` binds. Reports inputs of other types and dimensions
/// left unknown or contradicted. Half, bfloat16 and double become float.
FailureOr<std::vector<ModelInput>> bindInputs(const onnx::GraphProto &graph,
                                              const ImportOptions &options,
                                              Location loc);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_GRAPH_H
