//===- Calibrator.cpp - The table of calibrators --------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Calibration/Calibrator.h"

using namespace mlir;
using namespace mlir::qnn;

static constexpr Calibrator kAll[] = {Calibrator::MinMax, Calibrator::Average,
                                      Calibrator::Percentile,
                                      Calibrator::Entropy, Calibrator::MSE};
static constexpr llvm::StringLiteral kNames[] = {
    "minmax", "average", "percentile", "entropy", "mse"};

llvm::ArrayRef<Calibrator> qnn::getCalibrators() { return kAll; }

llvm::StringRef qnn::getName(Calibrator calibrator) {
  return kNames[static_cast<int>(calibrator)];
}

std::optional<Calibrator> qnn::parseCalibrator(llvm::StringRef name) {
  for (Calibrator calibrator : kAll)
    if (getName(calibrator) == name)
      return calibrator;
  return std::nullopt;
}

std::string qnn::getCalibratorNames(llvm::StringRef separator,
                                    llvm::StringRef last) {
  std::string text;
  for (Calibrator calibrator : kAll) {
    if (!text.empty())
      text += calibrator == std::end(kAll)[-1] ? last : separator;
    text += getName(calibrator);
  }
  return text;
}
