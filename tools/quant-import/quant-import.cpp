//===- quant-import.cpp - Imports a model as a qnn graph ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Import/ImportModel.h"
#include "qnn/Import/TFLite/Importer.h"
#include "qnn/InitAll.h"
#include "qnn/Support/CommandLine.h"
#include "qnn/Support/Diagnostics.h"
#include "qnn/Support/PrintModule.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
namespace cl = llvm::cl;

/// Prints `error: <text>` and returns the exit code of a failed tool.
static int fail(llvm::Error error) {
  llvm::errs() << "error: "
               << qnn::escapeControls(llvm::toString(std::move(error))) << '\n';
  return 1;
}

/// Imports and cleans up; null after a printed error.
static OwningOpRef<ModuleOp> import(StringRef model, bool raw,
                                    const qnn::ImportOptions &options,
                                    MLIRContext *context) {
  auto module = qnn::importModel(model, options, context);
  if (failed(module))
    return {};
  PassManager passes(context);
  if (!raw) {
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    passes.addNestedPass<func::FuncOp>(qnn::createSinkTransposesPass());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
  }
  if (failed(passes.run(**module)))
    return {};
  return std::move(*module);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::OptionCategory category("quant-import options");
  cl::opt<std::string> model(
      cl::Positional, cl::desc("MODEL.onnx|MODEL.tflite"), cl::cat(category));
  cl::opt<std::string> output(
      "o", cl::init("-"), cl::value_desc("FILE.mlir"), cl::cat(category),
      cl::desc("Where to write the graph (default: standard output)"));
  cl::list<std::string> shapes(
      "input-shape", cl::value_desc("NAME:1x3x224x224"), cl::cat(category),
      cl::desc("Shape of a model input whose dimensions the file leaves open"));
  cl::opt<bool> raw("raw", cl::cat(category),
                    cl::desc("Keep the transposes around every NHWC op"));
  cl::opt<bool> list("list-ops", cl::cat(category),
                     cl::desc("Print the table of supported ONNX ops"));
  cl::opt<bool> listTFLite("list-tflite-ops", cl::cat(category),
                           cl::desc("Print the table of supported TFLite ops"));
  cl::HideUnrelatedOptions(category);
  if (llvm::Error error = qnn::parseCommandLine(
          argc, argv,
          "Imports an ONNX model (opset 1 to 23), a TFLite model or a function "
          "of tosa ops\n(.mlir) as a graph of qnn ops with static shapes.\n"))
    return fail(std::move(error));
  if (list) {
    qnn::printSupportedOps(llvm::outs());
    return 0;
  }
  if (listTFLite) {
    qnn::printSupportedTFLiteOps(llvm::outs());
    return 0;
  }
  if (model.empty())
    return fail(llvm::createStringError(
        "expected a model to import: quant-import MODEL.onnx -o model.mlir"));
  qnn::ImportOptions options;
  for (const std::string &shape : shapes)
    if (llvm::Error error = qnn::addInputShape(shape, options))
      return fail(std::move(error));
  DialectRegistry registry;
  qnn::registerAllDialects(registry);
  MLIRContext context(registry);
  qnn::OneLineDiagnostics diagnostics(&context);
  OwningOpRef<ModuleOp> module = import(model, raw, options, &context);
  if (!module)
    return 1;
  // The locations are the names of nodes: later stages report by them.
  auto print = [&](raw_ostream &os) {
    qnn::printModule(*module, os);
    return llvm::Error::success();
  };
  if (llvm::Error error = llvm::writeToOutput(output, print))
    return fail(std::move(error));
  return 0;
}
