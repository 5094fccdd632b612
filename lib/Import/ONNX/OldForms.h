//===- OldForms.h - Nodes of opset 1 to 6 -----------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How do converters, which know opset 7 and later, read older files? Each node
// is rewritten right before it is converted, when the shapes of its operands
// are known.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_OLDFORMS_H
#define QNN_LIB_IMPORT_ONNX_OLDFORMS_H

#include "mlir/Support/LogicalResult.h"

#include "onnx/onnx_pb.h"

namespace mlir::qnn::import {

struct GraphState;

/// The first opset whose forms the converters know.
inline constexpr int64_t kOldestKnownOpset = 7;

/// Gives a node of an older opset the form of opset 7. Its operands have been
/// imported. Reports what is wrong with it.
LogicalResult upgradeNode(GraphState &state, onnx::NodeProto &proto);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_OLDFORMS_H
