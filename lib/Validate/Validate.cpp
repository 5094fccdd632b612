//===- Validate.cpp - What quant-validate does ----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Validate/Validate.h"

#include "Summary.h"

using namespace mlir;
using namespace mlir::qnn;

llvm::Expected<std::vector<std::string>>
qnn::validateNetworks(const ValidateOptions &options, llvm::raw_ostream &os) {
  auto reference = openCompiled(options.reference, options.inputShapes);
  if (!reference)
    return reference.takeError();
  auto candidate = openCompiled(options.candidate, options.inputShapes);
  if (!candidate)
    return candidate.takeError();
  auto statistics = compareNetworks(**reference, **candidate, options);
  if (!statistics)
    return statistics.takeError();
  Summary summary{options, *statistics, {}, (*candidate)->level().str(), {}};
  for (const PortInfo &port : (*reference)->outputs())
    summary.outputs.push_back(port.name);
  summary.violations = findViolations(options, *statistics, summary.outputs);
  printSummary(summary, os);
  if (options.json)
    printJson(summary, os);
  return summary.violations;
}
