//===- Exporter.h - Networks as ONNX models ---------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a network get into the hands of other runtimes? A function of the
// Graph or Quantized stage becomes a standard ONNX model: float operators, with
// QuantizeLinear and DequantizeLinear where the network has integers, so that
// each tensor of the file holds the integers that the network computes with.
//
// Inputs and outputs keep names, layout and types. Spatial operators are NCHW;
// a tensor is transposed only where two operators need it in different layouts.
// Nodes have the names of layers, and so has the tensor of a layer's result
// before it is quantized. Activations are u8, or s8 when the zero points of all
// are 0, as TensorRT wants; weights are s8 (or narrower) per channel, biases
// s32 of scale input x weight. The opset is the lowest with all that occurs: 13
// for most networks.
//
// quant-compile calls this for --emit=onnx. Stateless, thread-safe for
// different contexts. The result owns its bytes.
//
// Usage:
//   Expected<ONNXModel> model = exportONNX(func, "model.onnx.data");
//   files.add("model.onnx", std::move(model->bytes));
//
//===----------------------------------------------------------------------===//

#ifndef QNN_EXPORT_ONNX_EXPORTER_H
#define QNN_EXPORT_ONNX_EXPORTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qnn {

/// A model file, and the file of its large constants beside it.
struct ONNXModel {
  std::string bytes;
  std::string externalData; ///< empty: there is no such file
};

/// Protobuf files stay below 2 GiB.
inline constexpr int64_t kMaxInlineONNXBytes = int64_t(2000) << 20;

/// Writes `func`. When its constants have more than `maxInlineBytes` together,
/// the large ones go to a second file, to be called `dataFile`. The error names
/// every op that has no ONNX form.
llvm::Expected<ONNXModel>
exportONNX(func::FuncOp func, StringRef dataFile,
           int64_t maxInlineBytes = kMaxInlineONNXBytes);

} // namespace mlir::qnn

#endif // QNN_EXPORT_ONNX_EXPORTER_H
