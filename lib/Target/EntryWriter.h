//===- EntryWriter.h - Entry points as LLVM assembly ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_TARGET_ENTRYWRITER_H
#define QNN_LIB_TARGET_ENTRYWRITER_H

#include "qnn/Target/ObjectEmitter.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnn {

/// Writes the text; "NAME" stands for the prefix until the end.
class EntryWriter {
public:
  EntryWriter(const GeneratedCode &code, const EntryOptions &options,
              std::string build)
      : code(code), options(options), build(std::move(build)) {}

  std::string write() {
    writeLevelChoice();
    writeInfos();
    writeDispatch();
    writeRun();
    writeSelftest();
    std::string result;
    for (llvm::StringRef rest = text; !rest.empty();) {
      auto [before, after] = rest.split("NAME");
      result += before;
      if (before.size() != rest.size())
        result += options.name;
      rest = after;
    }
    return result;
  }

private:
  void writeLevelChoice();
  void writeInfos();
  void writeTensorInfos(llvm::StringRef which, llvm::ArrayRef<TensorInfo> list);
  void writeString(const llvm::Twine &symbol, llvm::StringRef value);
  void writeDispatch();
  void writeRun();
  void writeTensorChecks(llvm::StringRef which, size_t count);
  void writeSelftest();
  void writeFillFunctions();
  void writeSelftestInputs(uint64_t &offset);
  void writeSelftestHash(uint64_t offset);

  /// Appends a line.
  template <typename... Args> void line(const char *format, Args &&...args) {
    text += llvm::formatv(format, std::forward<Args>(args)...).str();
    text += '\n';
  }

  const GeneratedCode &code;
  const EntryOptions &options;
  std::string build;
  std::string text;
};

} // namespace mlir::qnn

#endif // QNN_LIB_TARGET_ENTRYWRITER_H
