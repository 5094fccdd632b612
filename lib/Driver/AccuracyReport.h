//===- AccuracyReport.h - Accuracy as JSON ----------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The fields "accuracy" and "pareto" of the report, which docs/Accuracy.md
// explains.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DRIVER_ACCURACYREPORT_H
#define QNN_LIB_DRIVER_ACCURACYREPORT_H

#include "qnn/Accuracy/Search.h"

#include "llvm/Support/JSON.h"

namespace mlir::qnn {

/// What the attribute of a layer says; "int8" without one.
StringRef getChosenPrecision(Operation *op);

/// Which layer loses how much, and what its other forms would gain and cost.
/// `choices` are those before a search.
llvm::json::Value makeAccuracy(const NetworkAccuracy &accuracy,
                               const PrecisionChoices &choices);

/// Adds what a search has measured of the network it chose.
void addMeasured(llvm::json::Value &value, const NetworkAccuracy &accuracy,
                 const SearchResult &search);

/// All points that a search has measured.
llvm::json::Value makePareto(const SearchResult &search);

} // namespace mlir::qnn

#endif // QNN_LIB_DRIVER_ACCURACYREPORT_H
