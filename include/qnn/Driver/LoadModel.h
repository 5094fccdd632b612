//===- LoadModel.h - Model files to modules ---------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a tool get from MODEL.onnx or MODEL.mlir to something that can be
// compiled, and its diagnostics into one line? quant-compile and quant-validate
// begin with these.
//
// Usage:
//   DiagnosticLog log(&context, llvm::errs());
//   auto module = loadModel("model.onnx", {}, &context);
//   if (!module)
//     return log.take(module.takeError());
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DRIVER_LOADMODEL_H
#define QNN_DRIVER_LOADMODEL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"

namespace mlir::qnn {

/// What was decided about a layer, and why.
struct Remark {
  std::string layer; ///< its name, that of the ONNX node
  std::string pass;  ///< who decided; empty: none of our passes
  std::string text;

  /// True when it says why the layer is float, although no rule of the user
  /// wants it so.
  bool isFallback() const;
  /// True when it says that a rule of the user keeps the layer float.
  bool isRule() const;
};

/// While it lives: keeps the first MLIR error as one line, and all remarks;
/// passes on warnings and, if told to, remarks.
class DiagnosticLog {
public:
  DiagnosticLog(MLIRContext *context, raw_ostream &log,
                bool printRemarks = false);

  /// Remarks of these passes get the name of the pass.
  void follow(PassManager &passes);
  /// Takes a remark, as if a pass had emitted it.
  void add(Remark remark);
  ArrayRef<Remark> getRemarks() const { return remarks; }

  /// The error to report: what MLIR said first, else `otherwise`.
  llvm::Error take(llvm::Error otherwise);

private:
  raw_ostream &log;
  bool printRemarks;
  std::string first, pass;
  std::vector<Remark> remarks;
  ScopedDiagnosticHandler handler;
};

/// Reads a module with one function, the network. `inputShapes` as of
/// --input-shape.
llvm::Expected<OwningOpRef<ModuleOp>>
loadModel(StringRef path, ArrayRef<std::string> inputShapes,
          MLIRContext *context);

/// True when the network is quantized already: some tensor of it is.
bool isQuantized(func::FuncOp func);

} // namespace mlir::qnn

#endif // QNN_DRIVER_LOADMODEL_H
