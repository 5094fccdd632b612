//===- OutputFile.h - Files written whole or not at all ---------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a tool write its results so that a full disk, a bad directory or a
// signal leaves either the old files or the new ones? Called by every tool that
// writes files, last thing before it exits.
//
// Each file goes to a temporary neighbour first; the renames come when all of
// them are complete. "-" is standard output. Thread-safe for distinct paths.
//
// Usage:
//   OutputFiles files;
//   files.add("model.o", std::move(object));
//   files.add("model.h", header);
//   if (llvm::Error error = files.write()) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_OUTPUTFILE_H
#define QNN_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mlir::qnn {

/// A set of files that appear together.
class OutputFiles {
public:
  /// Plans a file; nothing is written yet. `executable` sets the x bits.
  void add(std::string path, std::string contents, bool executable = false);

  /// Writes what was planned. On failure no planned file is half written, and
  /// the message names the file and the reason.
  llvm::Error write();

private:
  struct File {
    std::string path;
    std::string contents;
    bool executable;
  };
  std::vector<File> files;
};

} // namespace mlir::qnn

#endif // QNN_SUPPORT_OUTPUTFILE_H
