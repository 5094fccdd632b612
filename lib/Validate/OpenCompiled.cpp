//===- OpenCompiled.cpp - Any model, compiled into this process ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What runs is what quant-compile would have put into an object, so a
// comparison holds for what ships, and takes no longer.
//
//===----------------------------------------------------------------------===//

#include "qnn/Driver/LoadModel.h"
#include "qnn/Import/ImportModel.h"
#include "qnn/InitAll.h"
#include "qnn/Pipelines/Pipelines.h"
#include "qnn/Target/JIT.h"
#include "qnn/Validate/Validate.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnn;

static llvm::Expected<std::unique_ptr<JITNetwork>>
compile(StringRef path, ArrayRef<std::string> inputShapes,
        MLIRContext *context) {
  auto module = loadModel(path, inputShapes, context);
  if (!module)
    return module.takeError();
  PassManager passes(context);
  if (isQuantized(*(**module).getOps<func::FuncOp>().begin()))
    buildQuantizedModelPipeline(passes);
  else
    buildGraphPipeline(passes);
  if (failed(passes.run(**module)))
    return llvm::createStringError("'" + path + "': cannot be compiled");
  return JITNetwork::create(**module);
}

llvm::Expected<std::unique_ptr<Network>>
qnn::openCompiled(StringRef path, ArrayRef<std::string> inputShapes) {
  llvm::file_magic magic;
  if (std::error_code code = llvm::identify_magic(path, magic))
    return llvm::createStringError("cannot read '" + path +
                                   "': " + code.message());
  if (magic.is_object())
    return openSharedObject(path, /*threads=*/1);
  bool isModel = path.ends_with(".onnx") || path.ends_with(".tflite") ||
                 isTFLiteFile(path);
  if (!isModel && !path.ends_with(".mlir"))
    return llvm::createStringError(
        "cannot read '" + path +
        "': expected MODEL.onnx, MODEL.tflite, MODEL.mlir or MODEL.so");
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  DiagnosticLog diagnostics(&context, llvm::errs());
  // Shapes are for the model of the two.
  auto jit = compile(path, isModel ? inputShapes : std::nullopt, &context);
  if (!jit)
    return diagnostics.take(jit.takeError());
  return makeNetwork(std::move(*jit));
}
