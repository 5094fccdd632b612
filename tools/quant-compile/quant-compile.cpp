//===- quant-compile.cpp - Compiles a model to an object file -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Driver/Compile.h"

#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

static int fail(llvm::Error error) {
  llvm::errs() << "error: " << llvm::toString(std::move(error)) << '\n';
  return 1;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::Expected<mlir::qnn::CompileOptions> options =
      mlir::qnn::parseCompileOptions(argc, argv);
  if (!options)
    return fail(options.takeError());
  if (llvm::Error error = mlir::qnn::compileModel(*options, llvm::errs()))
    return fail(std::move(error));
  return 0;
}
