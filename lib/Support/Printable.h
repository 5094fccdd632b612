//===- Printable.h - Text from damaged files in messages --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to lib/Support: keeps messages that quote a file one readable line.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_SUPPORT_PRINTABLE_H
#define QNN_LIB_SUPPORT_PRINTABLE_H

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace mlir::qnn {

/// `text` with everything but printable ASCII escaped, cut after 100 bytes.
inline std::string printable(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  llvm::printEscapedString(text.take_front(100), os);
  if (text.size() > 100)
    os << "...";
  return result;
}

} // namespace mlir::qnn

#endif // QNN_LIB_SUPPORT_PRINTABLE_H
