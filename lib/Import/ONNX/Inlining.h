//===- Inlining.h - Calls and branches become nodes -------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How do a model's own functions, and the branch that an If takes, become nodes
// of the graph around them? By copies whose inner names get a prefix.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_INLINING_H
#define QNN_LIB_IMPORT_ONNX_INLINING_H

#include "mlir/IR/Location.h"
#include "llvm/ADT/StringSet.h"

#include "onnx/onnx_pb.h"

namespace mlir::qnn::import {

/// Replaces every call of a function of `model` by the function's nodes.
/// Reports calls that do not end, that become too many, and functions of
/// another opset than `opset`.
LogicalResult inlineFunctions(onnx::ModelProto &model, int64_t opset,
                              Location loc);

/// Gives all names that `graph` defines itself a prefix.
void prefixNames(onnx::GraphProto &graph, StringRef prefix);

/// Adds what the nodes of `graph`, and of the graphs in them, read, and its
/// outputs.
void collectUsedNames(const onnx::GraphProto &graph, llvm::StringSet<> &used);

/// Adds what the nodes of `graph` define.
void collectDefinedNames(const onnx::GraphProto &graph,
                         llvm::StringSet<> &names);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_INLINING_H
