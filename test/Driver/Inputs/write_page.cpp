//===- write_page.cpp - The page of a JSON report -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HtmlReport.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

int main() {
  auto json = llvm::MemoryBuffer::getSTDIN();
  llvm::outs() << mlir::qnn::writeHtmlReport((*json)->getBuffer());
}
