//===- Validate.h - What quant-validate does --------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a reference and a candidate on the same samples, one after the other,
// prints how far apart they are, and says whether a contract is kept.
// quant-validate parses its command line into ValidateOptions and calls
// validateNetworks.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_VALIDATE_VALIDATE_H
#define QNN_VALIDATE_VALIDATE_H

#include "qnn/Runner/Network.h"
#include "qnn/Target/JIT.h"
#include "qnn/Validate/Comparison.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::qnn {

struct ValidateOptions {
  /// MODEL.onnx, MODEL.mlir (float or quantized) or MODEL.so.
  std::string reference, candidate;
  /// As calibration data, see SampleReader.h.
  std::vector<std::string> data;
  /// FILE.npy of int32 or int64; empty: no labels.
  std::string labels;
  /// --input-shape of ONNX models.
  std::vector<std::string> inputShapes;
  unsigned topK = 5;
  /// How many of the worst samples and of the flipped predictions to list.
  unsigned worst = 10;
  bool json = false;
  /// The contract: points of top-1 that may be lost, dB that every output must
  /// have, per cent of equal predictions.
  std::optional<double> maxDrop, minSqnr, minAgreement;
};

/// Opens a network of any kind to run in this process: models are compiled for
/// this machine, ONNX and float .mlir as f32. An error is one line.
llvm::Expected<std::unique_ptr<Network>>
openCompiled(StringRef path, ArrayRef<std::string> inputShapes);

/// A compiled network to run in this process.
std::unique_ptr<Network> makeNetwork(std::unique_ptr<JITNetwork> jit);

/// Runs both on all of options.data, with options.labels where there are some.
/// The paths of `options` name the networks in errors.
llvm::Expected<ComparisonStatistics>
compareNetworks(Network &reference, Network &candidate,
                const ValidateOptions &options);

/// Prints the comparison to `os` and returns which clauses of the contract are
/// violated, each as a sentence; none: it is kept. A contract always demands
/// that nothing becomes NaN or infinite.
llvm::Expected<std::vector<std::string>>
validateNetworks(const ValidateOptions &options, llvm::raw_ostream &os);

} // namespace mlir::qnn

#endif // QNN_VALIDATE_VALIDATE_H
