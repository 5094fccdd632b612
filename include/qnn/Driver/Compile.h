//===- Compile.h - What quant-compile does ----------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From a model file to an object file with its header: import, graph clean-up,
// calibration, quantization, code generation, emission. quant-compile parses
// its command line into CompileOptions and calls compileModel.
//
// Every output file is written at the very end, all of them or none (but for
// the calibration cache, which is written as soon as it is known).
//
// Usage:
//   Expected<CompileOptions> options = parseCompileOptions(argc, argv);
//   if (Error error = compileModel(*options, llvm::errs())) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DRIVER_COMPILE_H
#define QNN_DRIVER_COMPILE_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mlir::qnn {

/// What is written to CompileOptions::output.
enum class OutputKind { MLIR, LLVM, Assembly, Object, Shared };
enum class Precision { Int8, Float32 };

struct CompileOptions {
  std::string input;  ///< MODEL.onnx or MODEL.mlir
  std::string output; ///< "-": standard output
  OutputKind kind = OutputKind::Object;
  std::string header; ///< the C header's file; empty: none
  std::string report; ///< the report's file, .html or JSON; empty: none
  std::string name;   ///< prefix of the exported names, a C identifier
  Precision precision = Precision::Int8;
  std::vector<std::string> precisionRules;
  /// Print every decision about a layer, not only fallbacks to float.
  bool remarks = false;
  /// Fail when a layer is float that no rule wants float.
  bool errorOnFallback = false;
  /// Print how each level computes each layer.
  bool printSchedule = false;
  /// Quantize also what int8 is predicted to make slower.
  bool force = false;
  std::vector<std::string> calibrationData;
  std::string calibrationCache;
  std::string calibrator = "minmax"; ///< a name in Calibrator.h
  double percentile = 99.99;
  std::string march;
  std::string target; ///< normalized triple
  std::vector<std::string> inputShapes;
  bool quantizedIO = false;
};

/// Parses and checks the command line. Prints help or version and exits where
/// asked for. An error is one line that says what to do.
llvm::Expected<CompileOptions> parseCompileOptions(int argc, char **argv);

/// Compiles one model. `log` takes warnings and the progress of calibration.
/// The error is one line.
llvm::Error compileModel(const CompileOptions &options, raw_ostream &log);

} // namespace mlir::qnn

#endif // QNN_DRIVER_COMPILE_H
