//===- Diagnostics.cpp - Errors as the tools print them -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnn;

std::string qnn::escapeControls(StringRef text) {
  std::string result;
  while (!text.empty()) {
    unsigned char c = text.front();
    const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.begin());
    const auto *end = reinterpret_cast<const llvm::UTF8 *>(text.end());
    size_t length = llvm::getNumBytesForUTF8(c);
    if (c >= 0x20 && c != 0x7f && llvm::isLegalUTF8Sequence(begin, end)) {
      result += text.take_front(length);
      text = text.drop_front(length);
      continue;
    }
    text = text.drop_front();
    result += '\\';
    result += llvm::hexdigit(c >> 4);
    result += llvm::hexdigit(c & 15);
  }
  return result;
}

std::string qnn::formatLocation(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location part : fused.getLocations())
      if (std::string text = formatLocation(part); !text.empty())
        return text;
  }
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return formatLocation(call.getCallee());
  auto file = dyn_cast<FileLineColLoc>(loc);
  if (!file)
    return "";
  std::string text = file.getFilename().str();
  if (file.getLine() != 0)
    text += ":" + std::to_string(file.getLine()) + ":" +
            std::to_string(file.getColumn());
  return text;
}

static LogicalResult printOneLine(Diagnostic &diagnostic) {
  bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
  if (!isError && diagnostic.getSeverity() != DiagnosticSeverity::Warning)
    return success();
  std::string where = formatLocation(diagnostic.getLocation());
  llvm::errs() << (isError ? "error: " : "warning: ")
               << escapeControls(where.empty() ? "" : where + ": ")
               << escapeControls(diagnostic.str()) << '\n';
  return success();
}

OneLineDiagnostics::OneLineDiagnostics(MLIRContext *context)
    : ScopedDiagnosticHandler(context) {
  setHandler(printOneLine);
}
