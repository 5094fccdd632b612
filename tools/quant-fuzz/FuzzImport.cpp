//===- FuzzImport.cpp - What every fuzzed importer must keep to -----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzImport.h"

#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fuzz;

/// libFuzzer takes a trap for a finding.
[[noreturn]] static void report(const Twine &what) {
  llvm::errs() << "finding: " << what << '\n';
  llvm::errs().flush();
  __builtin_trap();
}

void fuzz::fuzzImport(Import import) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<QNNDialect, func::FuncDialect>();
  std::vector<std::string> errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors.push_back(diagnostic.str());
    return success();
  });
  auto module = import(context);
  if (failed(module)) {
    if (errors.size() != 1)
      report("expected one error of a failed import, got " +
             Twine(errors.size()) +
             (errors.empty() ? "" : ": " + llvm::join(errors, "; ")));
    return;
  }
  if (!errors.empty())
    report("expected no error of an import that succeeds, got: " + errors[0]);
  if (failed(verify(**module)))
    report("expected a verified module");
  PassManager passes(&context);
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createSinkTransposesPass());
  passes.addPass(createCanonicalizerPass());
  if (failed(passes.run(**module)))
    report("expected the passes of quant-import to succeed" +
           (errors.empty() ? Twine() : ", got: " + Twine(errors[0])));
}
