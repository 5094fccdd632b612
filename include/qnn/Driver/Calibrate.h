//===- Calibrate.h - What quant-calibrate does ------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How is a calibration cache made without compiling, and one made of several?
// quant-calibrate parses its command line and calls one of these. A cache is
// the same whether this or quant-compile made it.
//
// Usage:
//   CalibrateOptions options = {"model.onnx", {"samples.npz"}, "ranges.json"};
//   if (Error error = calibrateModel(options, llvm::errs())) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DRIVER_CALIBRATE_H
#define QNN_DRIVER_CALIBRATE_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mlir::qnn {

struct CalibrateOptions {
  std::string model;             ///< MODEL.onnx or MODEL.mlir
  std::vector<std::string> data; ///< as of --calibration-data
  std::string output;            ///< the cache; "-": standard output
  std::vector<std::string> inputShapes;
  std::vector<std::string> precisionRules;
};

/// Calibrates a float model. `log` takes warnings and progress. The error is
/// one line.
llvm::Error calibrateModel(const CalibrateOptions &options, raw_ostream &log);

/// Writes the cache of all samples of the caches `inputs` (at least two) to
/// `output`. Samples that are counted twice are a warning in `log`. The error
/// is one line.
llvm::Error mergeCaches(ArrayRef<std::string> inputs, StringRef output,
                        raw_ostream &log);

} // namespace mlir::qnn

#endif // QNN_DRIVER_CALIBRATE_H
