//===- Summary.h - A comparison as text and JSON ----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What quant-validate prints, and what it holds against its contract.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_VALIDATE_SUMMARY_H
#define QNN_LIB_VALIDATE_SUMMARY_H

#include "qnn/Validate/Validate.h"

namespace mlir::qnn {

/// What is printed about a finished comparison.
struct Summary {
  const ValidateOptions &options;
  const ComparisonStatistics &statistics;
  std::vector<std::string> outputs; ///< names
  std::string level;                ///< of a candidate that is an object
  std::vector<std::string> violations;
};

/// The clauses of the contract that do not hold, as sentences.
std::vector<std::string> findViolations(const ValidateOptions &options,
                                        const ComparisonStatistics &statistics,
                                        ArrayRef<std::string> outputs);

void printSummary(const Summary &summary, llvm::raw_ostream &os);
/// One line.
void printJson(const Summary &summary, llvm::raw_ostream &os);

} // namespace mlir::qnn

#endif // QNN_LIB_VALIDATE_SUMMARY_H
