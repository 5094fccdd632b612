//===- quant-opt.cpp - Runs passes on MLIR files --------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/InitAll.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

/// An error about a function would print it with all its weights; not unless
/// asked for.
static llvm::SmallVector<char *> quietDiagnostics(int argc, char **argv) {
  static char quiet[] = "--mlir-print-op-on-diagnostic=false";
  llvm::SmallVector<char *> result(argv, argv + argc);
  if (llvm::none_of(result, [](llvm::StringRef argument) {
        return argument.contains("-mlir-print-op-on-diagnostic");
      }))
    result.push_back(quiet);
  return result;
}

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::qnn::registerAllDialects(registry);
  mlir::qnn::registerAllPasses();
  llvm::SmallVector<char *> arguments = quietDiagnostics(argc, argv);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(arguments.size(), arguments.data(),
                        "Quantizing compiler pass driver\n", registry));
}
