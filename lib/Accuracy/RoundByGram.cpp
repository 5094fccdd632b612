//===- RoundByGram.cpp - Integers with the least error at the result ------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/ImproveWeights.h"

#include <Eigen/Core>

using namespace mlir;
using namespace mlir::qnn;

using Vector = Eigen::VectorXf;

/// Sweeps over all weights; few flips are left after two.
static constexpr int kSweeps = 4;

/// Rounds one channel: in units of its scale, `real` are its weights.
static void roundChannel(const Vector &real, MutableArrayRef<int8_t> integers,
                         ArrayRef<float> gram, int largest) {
  int64_t depth = real.size();
  Eigen::Map<const Eigen::MatrixXf> matrix(gram.data(), depth, depth);
  Vector error = real;
  for (int64_t i = 0; i < depth; ++i)
    error[i] -= integers[i];
  Vector gradient = matrix * error;
  bool changed = true;
  for (int sweep = 0; sweep < kSweeps && changed; ++sweep) {
    changed = false;
    for (int64_t i = 0; i < depth; ++i) {
      // To the other neighbour of the real weight.
      int step = error[i] > 0 ? 1 : -1;
      int moved = integers[i] + step;
      if (error[i] == 0 || std::abs(moved) > largest)
        continue;
      // Error i changes by -step: e^T H e by -2 step (H e)_i + H_ii.
      if (-2 * step * gradient[i] + matrix(i, i) >= 0)
        continue;
      integers[i] = static_cast<int8_t>(moved);
      error[i] -= step;
      gradient -= static_cast<float>(step) * matrix.col(i);
      changed = true;
    }
  }
}

SmallVector<int8_t> qnn::roundByGram(ArrayRef<float> weights,
                                     ArrayRef<int8_t> nearest,
                                     ArrayRef<double> scales,
                                     ArrayRef<float> gram, int largest) {
  SmallVector<int8_t> integers(nearest);
  int64_t channels = scales.size(), depth = weights.size() / channels;
  for (int64_t c = 0; c < channels; ++c) {
    Vector real(depth);
    for (int64_t i = 0; i < depth; ++i)
      real[i] = static_cast<float>(weights[c * depth + i] / scales[c]);
    roundChannel(real, MutableArrayRef(integers).slice(c * depth, depth), gram,
                 largest);
  }
  return integers;
}
