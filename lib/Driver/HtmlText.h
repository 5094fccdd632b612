//===- HtmlText.h - Text of the report page ---------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How JSON becomes text on a page: names in it come from models of others.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DRIVER_HTMLTEXT_H
#define QNN_LIB_DRIVER_HTMLTEXT_H

#include "llvm/Support/JSON.h"

#include <string>

namespace mlir::qnn {

/// Text for HTML.
std::string escape(llvm::StringRef text);
/// JSON for a script element, which `</script>` and `<!--` would end.
std::string escapeForScript(llvm::StringRef json);
/// Four digits.
std::string formatNumber(double value);
/// A field as text; empty where it is missing or null.
std::string getText(const llvm::json::Object &object, llvm::StringRef key);
/// A field that is a number; 0 where it is missing or null.
double getNumber(const llvm::json::Object &object, llvm::StringRef key);

} // namespace mlir::qnn

#endif // QNN_LIB_DRIVER_HTMLTEXT_H
