//===- LoadModel.cpp - Model files to modules -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Driver/LoadModel.h"

#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Import/ImportModel.h"
#include "qnn/Import/ReadMLIR.h"
#include "qnn/Support/Diagnostics.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::qnn;

bool Remark::isRule() const {
  return StringRef(text).starts_with(kFloatByRuleRemark);
}

bool Remark::isFallback() const {
  return !isRule() && (StringRef(text).starts_with(kKeepsFloatRemark) ||
                       StringRef(text).starts_with(kStaysFloatRemark));
}

/// `text` about what stands at `where`, which may be empty.
static std::string formatLine(StringRef where, const Twine &text) {
  return escapeControls((where.empty() ? "" : where + ": ").str() + text.str());
}

DiagnosticLog::DiagnosticLog(MLIRContext *context, raw_ostream &log,
                             bool printRemarks)
    : log(log), printRemarks(printRemarks),
      handler(context, [this](Diagnostic &diagnostic) {
        std::string where = formatLocation(diagnostic.getLocation());
        std::string line = formatLine(where, diagnostic.str());
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
            first.empty())
          first = line;
        else if (diagnostic.getSeverity() == DiagnosticSeverity::Warning)
          this->log << "warning: " << line << '\n';
        else if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
          add({where, pass, diagnostic.str()});
        return success();
      }) {}

void DiagnosticLog::add(Remark remark) {
  if (printRemarks)
    log << "remark: " << formatLine(remark.layer, remark.text) << '\n';
  remarks.push_back(std::move(remark));
}

namespace {
/// Keeps the name of the pass that runs.
struct PassFollower final : PassInstrumentation {
  explicit PassFollower(std::string &name) : name(name) {}
  void runBeforePass(Pass *pass, Operation *) override {
    name = pass->getArgument().str();
  }
  void runAfterPass(Pass *, Operation *) override { name.clear(); }
  void runAfterPassFailed(Pass *, Operation *) override { name.clear(); }

  std::string &name;
};
} // namespace

void DiagnosticLog::follow(PassManager &passes) {
  passes.addInstrumentation(std::make_unique<PassFollower>(pass));
}

llvm::Error DiagnosticLog::take(llvm::Error otherwise) {
  if (first.empty())
    return llvm::createStringError(
        escapeControls(llvm::toString(std::move(otherwise))));
  llvm::consumeError(std::move(otherwise));
  return llvm::createStringError(first);
}

static llvm::Expected<OwningOpRef<ModuleOp>>
readModule(StringRef path, ArrayRef<std::string> inputShapes,
           MLIRContext *context) {
  StringRef extension = llvm::sys::path::extension(path);
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return llvm::createStringError("cannot read '" + path +
                                   "': " + code.message());
  if (extension == ".mlir") {
    if (!inputShapes.empty())
      return llvm::createStringError("--input-shape is for ONNX and TFLite "
                                     "models: shapes of .mlir files are "
                                     "fixed");
    OwningOpRef<ModuleOp> module = readMLIR(path, context);
    if (!module)
      return llvm::createStringError("cannot read '" + path + "' as MLIR");
    return module;
  }
  if (extension != ".onnx" && extension != ".tflite" && !isTFLiteFile(path))
    return llvm::createStringError(
        "cannot read '" + path +
        "': expected MODEL.onnx, MODEL.tflite or MODEL.mlir");
  ImportOptions import;
  for (const std::string &shape : inputShapes)
    if (llvm::Error error = addInputShape(shape, import))
      return std::move(error);
  FailureOr<OwningOpRef<ModuleOp>> module = importModel(path, import, context);
  if (failed(module))
    return llvm::createStringError("cannot import '" + path + "'");
  return std::move(*module);
}

llvm::Expected<OwningOpRef<ModuleOp>>
qnn::loadModel(StringRef path, ArrayRef<std::string> inputShapes,
               MLIRContext *context) {
  auto module = readModule(path, inputShapes, context);
  if (!module)
    return module.takeError();
  auto functions = llvm::to_vector((*module)->getOps<func::FuncOp>());
  if (functions.size() != 1 || functions.front().isExternal())
    return llvm::createStringError("'" + path +
                                   "': expected one function, the "
                                   "network, got " +
                                   Twine(functions.size()));
  return module;
}

/// Bytes that a float network casts: an input of scale 1.
static bool isPlainInput(Value value) {
  if (auto rename = value.getDefiningOp<RequantizeOp>())
    value = rename.getInput();
  auto element = getUniformElementType(value.getType());
  return isa<BlockArgument>(value) && element && element.getScale() == 1.0;
}

bool qnn::isQuantized(func::FuncOp func) {
  auto isQuantizedValue = [](Value value) {
    return isQuantizedTensor(value.getType()) && !isPlainInput(value);
  };
  if (func->hasAttr(kQuantizedAttr) ||
      llvm::any_of(func.getArguments(), isQuantizedValue))
    return true;
  return func
      .walk([&](Operation *op) {
        return llvm::any_of(op->getResults(), isQuantizedValue)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}
