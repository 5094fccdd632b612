//===- HtmlReport.h - The report as one page --------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The page holds the JSON report, tables of it that need no JavaScript, and a
// script that draws charts of it; it loads nothing.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DRIVER_HTMLREPORT_H
#define QNN_LIB_DRIVER_HTMLREPORT_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir::qnn {

/// The page for a JSON report of writeReport.
std::string writeHtmlReport(llvm::StringRef json);

/// Chart.js, and our style sheet and script: files that the build embeds.
llvm::StringRef getChartLibrary();
llvm::StringRef getPageStyle();
llvm::StringRef getPageScript();

} // namespace mlir::qnn

#endif // QNN_LIB_DRIVER_HTMLREPORT_H
