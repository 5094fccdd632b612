//===- Profile.h - Where the time of a run goes -----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Measures the layers of a network and shows them as a table or as JSON.
// Bandwidths and rates are of the work a layer has to do, not of what it
// happens to read twice.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_RUNNER_PROFILE_H
#define QNN_LIB_RUNNER_PROFILE_H

#include "qnn/Runner/Network.h"

namespace llvm::json {
class OStream;
}

namespace mlir::qnn {

class Profile {
public:
  /// Runs `network` so many times. Fails where it describes no layers.
  static llvm::Expected<Profile> measure(Network &network,
                                         ArrayRef<const void *> inputs,
                                         ArrayRef<void *> outputs,
                                         unsigned runs);

  /// One line per layer, then the sum.
  void print(llvm::raw_ostream &os) const;
  /// The attribute "profile".
  void printJson(llvm::json::OStream &json) const;

private:
  struct Row {
    LayerInfo layer;
    double microseconds; ///< median
  };
  double sum() const;
  /// What part of the machine's multiply-adds a layer reached, in per cent; 0
  /// where that is not known.
  double getShareOfLimit(const Row &row) const;

  std::vector<Row> rows;
  /// Multiply-adds per nanosecond of the threads, in int8 and f32; 0: unknown.
  double peakInt8 = 0, peakFloat = 0;
  unsigned runs = 0;
};

} // namespace mlir::qnn

#endif // QNN_LIB_RUNNER_PROFILE_H
