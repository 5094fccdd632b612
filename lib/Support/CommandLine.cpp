//===- CommandLine.cpp - Options whose errors are one line ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/CommandLine.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

llvm::Error mlir::qnn::parseCommandLine(int argc, char **argv,
                                        llvm::StringRef overview) {
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (llvm::cl::ParseCommandLineOptions(argc, argv, overview, &stream))
    return llvm::Error::success();
  llvm::StringRef first = llvm::StringRef(message).ltrim().split('\n').first;
  first.consume_front(llvm::sys::path::filename(argv[0]));
  first.consume_front(": ");
  return llvm::createStringError(first);
}

llvm::Expected<unsigned> mlir::qnn::parseCount(llvm::StringRef option,
                                               llvm::StringRef text,
                                               unsigned least) {
  unsigned value;
  if (!text.getAsInteger(10, value) && value >= least)
    return value;
  return llvm::createStringError("--" + option +
                                 ": expected a whole number of at least " +
                                 llvm::Twine(least) + ", got '" + text + "'");
}
