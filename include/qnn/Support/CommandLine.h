//===- CommandLine.h - Options whose errors are one line --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How our tools read their llvm::cl options. Called once, in main, after the
// options have been declared.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_COMMANDLINE_H
#define QNN_SUPPORT_COMMANDLINE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mlir::qnn {

/// Parses the command line. Prints help (with `overview`) or the version and
/// exits where asked to. The error is one line, without the name of the
/// program.
llvm::Error parseCommandLine(int argc, char **argv, llvm::StringRef overview);

/// The value of an option that takes a whole number of at least `least`.
/// (llvm::cl prints what it cannot parse itself, so such options are strings.)
llvm::Expected<unsigned> parseCount(llvm::StringRef option,
                                    llvm::StringRef text, unsigned least);

} // namespace mlir::qnn

#endif // QNN_SUPPORT_COMMANDLINE_H
