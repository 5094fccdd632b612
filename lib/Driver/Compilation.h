//===- Compilation.h - One run of quant-compile -----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The state of a compilation between its steps: Compile.cpp goes from the model
// to the Quantized stage, Emit.cpp from there to files.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DRIVER_COMPILATION_H
#define QNN_LIB_DRIVER_COMPILATION_H

#include "AutoPrecision.h"
#include "Steps.h"

#include "qnn/Support/OutputFile.h"

#include "mlir/Pass/PassManager.h"

namespace mlir::qnn {

/// One compilation. Its parts return after the first error.
class Compilation {
public:
  Compilation(const CompileOptions &options, MLIRContext *context,
              DiagnosticLog &diagnostics, raw_ostream &log)
      : options(options), context(context), diagnostics(diagnostics), log(log),
        triple(options.target) {}

  llvm::Error run();

private:
  llvm::Error checkCalibration();
  llvm::Error runPasses(function_ref<void(PassManager &)> build,
                        StringRef what);
  llvm::Error insertObservers();
  llvm::Error quantize();
  /// Lets the products of a float network multiply bf16.
  llvm::Error useBF16();
  llvm::Error prepare(StringRef cache);
  llvm::Error finish();
  llvm::Expected<const TargetLevel *> getBestLevel();
  llvm::Error equalize();
  llvm::Expected<PreparedNetwork> prepareNetwork();
  llvm::Expected<PreparedNetwork> prepareBest();
  llvm::Error quantizeAutomatically();
  llvm::Error quantizeByRecipe();
  llvm::Error compileQuantized();
  llvm::Error saveImproved(ModuleOp improved, const Recipe &recipe);
  llvm::Expected<std::string> calibrateInto(SmallVectorImpl<char> &temporary);
  llvm::Error explain();
  ReportInput getReportInput(const GeneratedCode *code, uint64_t bytes) const;
  llvm::Error emit();
  llvm::Error emitMLIR();
  llvm::Error emitONNX();
  llvm::Error emitCode();
  llvm::Expected<std::string> emitFile(GeneratedCode &code);

  func::FuncOp getFunction() { return *module->getOps<func::FuncOp>().begin(); }

  const CompileOptions &options;
  MLIRContext *context;
  DiagnosticLog &diagnostics;
  raw_ostream &log;
  llvm::Triple triple;
  OwningOpRef<ModuleOp> module;
  std::optional<CalibrationCache> calibration;
  std::optional<Coverage> coverage;           ///< of an int8 network
  std::optional<llvm::json::Object> accuracy; ///< of --precision=auto
  /// Writing a result that a search may still better: nothing is said about it.
  bool isInterim = false;
  OutputFiles files;
};

} // namespace mlir::qnn

#endif // QNN_LIB_DRIVER_COMPILATION_H
