//===- Diagnostics.h - Errors as the tools print them -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does an MLIR diagnostic become one line on standard error? As
// `error: <node or file>: message`, without notes or source excerpts, whatever
// characters a damaged file has put into names. Tools that import models or run
// pipelines hold one for as long as they use the context.
//
// Usage:
//   OneLineDiagnostics diagnostics(&context);
//   if (failed(passManager.run(*module)))
//     return 1; // the error has been printed
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_DIAGNOSTICS_H
#define QNN_SUPPORT_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

namespace mlir::qnn {

/// The name in a NameLoc, or `file`, `file:line:column` of a FileLineColLoc;
/// empty where the location says nothing.
std::string formatLocation(Location loc);

/// Prints errors and warnings to standard error, one line each; drops remarks
/// and notes.
class OneLineDiagnostics : public ScopedDiagnosticHandler {
public:
  explicit OneLineDiagnostics(MLIRContext *context);
};

/// `text` with control characters and what is not UTF-8 as `\0A`, for one line
/// of output.
std::string escapeControls(StringRef text);

} // namespace mlir::qnn

#endif // QNN_SUPPORT_DIAGNOSTICS_H
