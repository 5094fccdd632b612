//===- ReadMLIR.cpp - .mlir files as qnn graphs ---------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Import/ReadMLIR.h"

#include "qnn/Conversion/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::qnn;

OwningOpRef<ModuleOp> qnn::readMLIR(StringRef path, MLIRContext *context) {
  auto module = parseSourceFile<ModuleOp>(path, context);
  if (!module ||
      !module->walk([](tosa::TosaOp) { return WalkResult::interrupt(); })
           .wasInterrupted())
    return module;
  PassManager passes(context);
  passes.addNestedPass<func::FuncOp>(tosa::createTosaInferShapesPass());
  passes.addPass(createConvertTosaToQNNPass());
  if (failed(passes.run(*module)))
    return {};
  return module;
}
