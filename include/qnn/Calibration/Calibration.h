//===- Calibration.h - Observe a network on sample data ---------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What values do the tensors of a network take on real inputs? quant-compile
// asks after qnn-insert-observers; qnn-apply-ranges uses the answer.
//
// The float network is compiled for this machine and run in this process, one
// batch after the other. Memory does not depend on the number of samples, and
// the statistics do not depend on their order nor on the batch: where axis 0 of
// an observed tensor is the batch (nothing above transposes it away), each
// index is a sample, and what fills up a last, incomplete batch does not count.
//
// Usage:
//   auto cache = calibrate(module, {"samples.npz"}, llvm::errs());
//   if (!cache) ...   // one line that names the file, sample or tensor
//
//===----------------------------------------------------------------------===//

#ifndef QNN_CALIBRATION_CALIBRATION_H
#define QNN_CALIBRATION_CALIBRATION_H

#include "qnn/Calibration/Cache.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qnn {

/// Runs the only function of `network` (Graph stage with qnn.observe) on all
/// samples of `data` (see SampleReader.h) and returns what its observers saw.
/// Progress goes to `progress`: a line that is rewritten on a terminal, else
/// one line for every tenth. NaN or infinity in the data or in an observed
/// tensor is an error. Errors of code generation are also emitted as MLIR
/// diagnostics.
llvm::Expected<CalibrationCache> calibrate(ModuleOp network,
                                           ArrayRef<std::string> data,
                                           llvm::raw_ostream &progress);

} // namespace mlir::qnn

#endif // QNN_CALIBRATION_CALIBRATION_H
