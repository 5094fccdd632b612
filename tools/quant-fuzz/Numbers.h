//===- Numbers.h - Numbers a damaged file may hold --------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which values do the mutators put in place of others? Mostly small ones, that
// a graph may survive, and now and then the limits of some type.
//
// Usage:
//   Random random(seed);
//   size = random.integer(size);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TOOLS_QUANT_FUZZ_NUMBERS_H
#define QNN_TOOLS_QUANT_FUZZ_NUMBERS_H

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace mlir::qnn::fuzz {

/// Equal seeds give equal numbers.
class Random {
public:
  explicit Random(unsigned seed) : random(seed) {}

  /// Uniform in [0, limit); limit > 0.
  size_t below(size_t limit) { return random() % limit; }
  bool oneIn(size_t n) { return below(n) == 0; }

  int64_t integer(int64_t old) {
    static constexpr int64_t kEdges[] = {
        0,         1,         -1,        2,       3,       4,
        7,         8,         16,        64,      127,     255,
        256,       1 << 16,   1 << 24,   1 << 26, 1 << 30, 1LL << 31,
        1LL << 32, 1LL << 40, 1LL << 62, -2,      -128};
    switch (below(6)) {
    case 0:
      return int64_t(uint64_t(old) + 1);
    case 1:
      return int64_t(uint64_t(old) - 1);
    case 2:
      return kEdges[below(std::size(kEdges))];
    case 3:
      return oneIn(2) ? std::numeric_limits<int64_t>::max()
                      : std::numeric_limits<int64_t>::min();
    default:
      return below(8);
    }
  }

  float real(float old) {
    static constexpr float kEdges[] = {
        0.0f,   -0.0f,  1.0f,     -1.0f,     0.5f,     2.0f,
        1e-9f,  1e-38f, 1e-42f,   3.4e38f,   -3.4e38f, 1e30f,
        255.0f, 2.5f,   INFINITY, -INFINITY, NAN};
    switch (below(4)) {
    case 0:
      return old * 2;
    case 1:
      return -old;
    case 2:
      return float(below(8));
    default:
      return kEdges[below(std::size(kEdges))];
    }
  }

private:
  std::mt19937 random;
};

} // namespace mlir::qnn::fuzz

#endif // QNN_TOOLS_QUANT_FUZZ_NUMBERS_H
