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

#include <optional>
#include <string>
#include <vector>

namespace mlir::qnn {

/// What is written to CompileOptions::output.
enum class OutputKind { MLIR, ONNX, LLVM, Assembly, Object, Shared };
/// Auto: Int8, where layers may stay float for the sake of accuracy. BF16:
/// Float32, where products multiply bf16.
enum class Precision { Int8, Auto, BF16, Float32 };

/// --calibrator: chosen tensor by tensor (qnn/Accuracy/ChooseRanges.h).
inline constexpr StringLiteral kAutoCalibrator = "auto";

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
  std::string calibrationTable; ///< where to write the scales; empty: nowhere
  std::string calibrator =
      "minmax"; ///< a name in Calibrator.h, or kAutoCalibrator
  double percentile = 99.99;
  bool symmetricActivations = false; ///< zero points 0
  bool perTensorWeights = false;     ///< one weight scale per layer
  /// The contract of Precision::Auto: points of top-1 on `labels` that may be
  /// lost, decibels that every output must have.
  std::optional<double> maxDrop, minSqnr;
  double timeBudget = 0;     ///< seconds; 0: none
  bool minimizeSize = false; ///< among what keeps the contract; else time
  std::string labels;        ///< FILE.npy, one class per sample
  std::vector<std::string> validationData; ///< empty: calibrationData
  std::string recipe;                      ///< the recipe to apply; empty: none
  std::string saveRecipe;                  ///< where to write what was decided
  std::string march;
  bool namesLevels = false; ///< `march` does, not the compiler
  std::string target;       ///< normalized triple
  std::vector<std::string> inputShapes;
  bool quantizedIO = false;
  bool fixedPoint = false; ///< --requantize=fixed-point
};

/// Parses and checks the command line. Prints help or version and exits where
/// asked for. An error is one line that says what to do.
llvm::Expected<CompileOptions> parseCompileOptions(int argc, char **argv);

/// Compiles one model. `log` takes warnings and the progress of calibration.
/// The error is one line.
llvm::Error compileModel(const CompileOptions &options, raw_ostream &log);

} // namespace mlir::qnn

#endif // QNN_DRIVER_COMPILE_H
