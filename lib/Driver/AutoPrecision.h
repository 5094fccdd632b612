//===- AutoPrecision.h - --precision=auto and recipes -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How the options of quant-compile become calls of lib/Accuracy, and their
// answers a recipe and a part of the report.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DRIVER_AUTOPRECISION_H
#define QNN_LIB_DRIVER_AUTOPRECISION_H

#include "qnn/Accuracy/Automatic.h"
#include "qnn/Accuracy/Recipe.h"
#include "qnn/Calibration/Cache.h"
#include "qnn/Driver/Compile.h"
#include "qnn/Target/TargetLevel.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qnn {

/// What was decided.
struct AutoResult {
  Recipe recipe;
  /// Fields of the report: "accuracy", "pareto", "recipe".
  llvm::json::Object report;
};

/// Called with the recipe so far, when `module` is the best yet and keeps the
/// contract of the options.
using ImprovedFn =
    llvm::function_ref<llvm::Error(ModuleOp module, const Recipe &recipe)>;

/// One way to prepare a network for int8.
struct PreparedNetwork {
  OwningOpRef<ModuleOp> module; ///< Calibrated stage with ranges and remedies
  CalibrationCache cache;
  Improvement improvement;
};

/// Finds ranges and remedies for network.module, calibrated into network.cache.
llvm::Error improvePrepared(PreparedNetwork &network,
                            const CompileOptions &options);

/// Decides the precisions of `network`. `graph` is the hash for the recipe. A
/// contract that cannot be kept is an error that says why.
llvm::Expected<AutoResult>
choosePrecisions(PreparedNetwork &network, StringRef graph,
                 const CompileOptions &options, const TargetLevel &level,
                 ImprovedFn onImproved, raw_ostream &log);

/// The field "accuracy" of the report on `module`, Calibrated stage with
/// ranges: which layer loses how much, on some of the calibration data.
/// `cache`: where the ranges came from, if from a calibration.
llvm::Expected<llvm::json::Object>
measureAccuracy(ModuleOp module, const CompileOptions &options,
                const TargetLevel &level, const CalibrationCache *cache);

/// --calibrator=auto: gives the observers of `module` their ranges.
llvm::Error chooseCalibrators(ModuleOp module, const CompileOptions &options,
                              const CalibrationCache &cache);

/// Applies ranges, remedies (which may need the calibration data of `options`)
/// and precisions of `recipe`. `module`: Calibrated stage.
llvm::Error applyRecipe(const Recipe &recipe, ModuleOp module,
                        const CompileOptions &options);

} // namespace mlir::qnn

#endif // QNN_LIB_DRIVER_AUTOPRECISION_H
