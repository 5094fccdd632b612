//===- QuantizedOperators.h - QLinear ops as Q/DQ around ops ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What does QLinearConv, or a relative of it, compute? By definition the float
// op between DequantizeLinear and QuantizeLinear: that is what stands in the
// graph after expandQuantizedOperators, before any node is imported.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_QUANTIZEDOPERATORS_H
#define QNN_LIB_IMPORT_ONNX_QUANTIZEDOPERATORS_H

#include <string>
#include <utility>
#include <vector>

#include "onnx/onnx_pb.h"

namespace mlir::qnn::import {

/// Replaces the ops of this file's table, of ONNX and com.microsoft, by ONNX
/// nodes of the same names, as opset `opset` has them. Nodes with too few
/// inputs stay as they are.
void expandQuantizedOperators(onnx::GraphProto &graph, int64_t opset);

/// Those of com.microsoft, with their domain, and the forms they have.
std::vector<std::pair<std::string, std::string>> getExpandedOps();

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_QUANTIZEDOPERATORS_H
