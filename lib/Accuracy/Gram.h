//===- Gram.h - Second moments of what a layer reads ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// H = sum x x^T over the patches x that a convolution or product reads, one
// matrix per group of channels. Patches lie as the weights of a channel do. Of
// a sample at most so many patches are taken, evenly spread.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_ACCURACY_GRAM_H
#define QNN_LIB_ACCURACY_GRAM_H

#include "qnn/Dialect/QNN/IR/QNN.h"

#include <vector>

namespace mlir::qnn {

class Gram {
public:
  /// `op` is a conv2d or fully_connected with constant weights.
  explicit Gram(Operation *op);

  int64_t getGroups() const { return groups; }
  int64_t getPatchSize() const { return depth; }
  /// Patches of one sample.
  int64_t getPositions() const { return positions; }
  /// Adds the patches of one sample's input.
  void add(ArrayRef<float> input, int64_t maxPatches);
  /// The matrix of a group, with a hundredth of its mean diagonal added to the
  /// diagonal: where the data say nothing, every weight counts alike.
  std::vector<float> get(int64_t group) const;

private:
  void readPatch(ArrayRef<float> input, int64_t position, int64_t group,
                 float *patch) const;

  Operation *op;
  int64_t groups = 1, depth = 0, positions = 0;
  std::vector<std::vector<float>> matrices; ///< lower halves, row-major
};

} // namespace mlir::qnn

#endif // QNN_LIB_ACCURACY_GRAM_H
