//===- Runner.h - What quant-run does ---------------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a network once on .npy inputs, prints or writes its outputs and measures
// it. quant-run parses its command line into RunOptions and calls runNetworks.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_RUNNER_RUNNER_H
#define QNN_RUNNER_RUNNER_H

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace mlir::qnn {

struct RunOptions {
  /// The .so or .mlir file.
  std::string file;
  /// The function to run; empty: the only one, or `main`.
  std::string entry;
  /// NAME=FILE.npy or NAME=FILE.npz (its array NAME), one per network input.
  std::vector<std::string> inputs;
  /// Where to write one .npy file per output; empty: nowhere.
  std::string outputDir;
  /// Print the values of all outputs. Without `entry`, run every function.
  bool print = false;
  /// Print one JSON object as the last line.
  bool json = false;
  /// Timed runs after the first one; 0: none.
  unsigned bench = 0;
  /// Runs whose layers are measured one by one; 0: none.
  unsigned profile = 0;
  /// Threads to use where the network can.
  unsigned threads = 1;
};

/// Does what `options` say and writes the report to `os`. An error says which
/// input is wrong and how to correct it; nothing is half written then.
llvm::Error runNetworks(const RunOptions &options, llvm::raw_ostream &os);

} // namespace mlir::qnn

#endif // QNN_RUNNER_RUNNER_H
