//===- Steps.h - The parts of a compilation ---------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What compileModel is made of; each in the file of its name.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DRIVER_STEPS_H
#define QNN_LIB_DRIVER_STEPS_H

#include "qnn/Calibration/Cache.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Driver/Compile.h"
#include "qnn/Driver/LoadModel.h"
#include "qnn/Target/ObjectEmitter.h"

#include "llvm/Support/JSON.h"

namespace mlir::qnn {

/// A layer that an int8 network computes in float.
struct FloatLayer {
  std::string name, kind;
  std::string reason;      ///< in a few words
  std::string explanation; ///< in a sentence; empty: there is none
  int64_t macs = 0;
  bool byRule = false; ///< the user wants it so
};

/// What part of a network is computed in int8 or in bf16. Layers are the ops
/// that compute, not those that only move values.
struct Coverage {
  int64_t int8Macs = 0, bf16Macs = 0, floatMacs = 0, layers = 0;
  std::vector<FloatLayer> floatLayers;

  int64_t getMacs() const { return int8Macs + bf16Macs + floatMacs; }
  /// The part of the multiply-accumulates; 1 when there are none.
  double getShare() const;
};

/// The coverage of a network in the Quantized stage; `remarks` say why layers
/// are float.
Coverage measureCoverage(func::FuncOp func, ArrayRef<Remark> remarks);
/// Prints the line on what int8 covers and, before it, if told to, why layers
/// are float that no rule wants so.
void printCoverage(const Coverage &coverage, bool explain, raw_ostream &os);
/// The same of a float network with products in bf16.
void printBF16Coverage(const Coverage &coverage, raw_ostream &os);
/// Fails, naming layers and remedies, when a layer is float without a rule.
llvm::Error checkFallbacks(const Coverage &coverage);
/// Adds remarks on the predicted cost of each layer in its precision and in the
/// other, and of each conversion that is left.
void explainChoices(func::FuncOp func, const TargetLevel &level,
                    DiagnosticLog &log);

/// --io=quantized: arguments that are only quantized, and results that were
/// only dequantized, become the integers. The others stay f32. Fails when there
/// is none of either.
llvm::Error exposeQuantizedIO(func::FuncOp func);

/// --requantize=fixed-point: says so on the function.
void setFixedPoint(func::FuncOp func);
/// Fails, naming an op, when a function that requantizes in integers only
/// computes something else than quantization and dequantization in float.
llvm::Error checkFixedPoint(func::FuncOp func);

/// The golden vector of a network: its outputs come from the reference
/// interpreter, or, for networks that would take it long, from the code itself
/// where this machine runs it.
llvm::Expected<SelftestVector> makeSelftestVector(func::FuncOp func,
                                                  const GeneratedCode &code,
                                                  const llvm::Triple &triple);

/// What the report says beside the layers; `code` is null for --emit=mlir.
struct ReportInput {
  const CompileOptions &options;
  const CalibrationCache *calibration; ///< null: not calibrated
  const GeneratedCode *code;
  uint64_t outputBytes;
  const Coverage *coverage; ///< null: not int8
  ArrayRef<Remark> remarks;
  /// "accuracy", "pareto" and "recipe", as far as they were measured; null: not
  /// at all.
  const llvm::json::Object *measured = nullptr;
};

/// What calibration found for the tensors of a network of the Calibrated stage,
/// in a form that others read: TensorRT's calibration cache, a line of text for
/// each tensor with the bits of its symmetric scale, max(|min|, |max|) / 127,
/// as f32 in hexadecimal. Tensors have the names that exportONNX gives them.
std::string writeScaleTable(func::FuncOp func);

/// The table of --print-schedule.
void printSchedules(ArrayRef<LayerSchedule> schedules, llvm::raw_ostream &os);

/// The report on a compiled network: JSON, or a page when the file it is for
/// ends in .html.
std::string writeReport(func::FuncOp func, const ReportInput &input);

} // namespace mlir::qnn

#endif // QNN_LIB_DRIVER_STEPS_H
