//===- StepProof.cpp - Which products fit 16 bits -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepProof.h"

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

#include <array>

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kBlockColumns;
using microkernel::kStepElements;

namespace {
/// A step is matched with one of this many that follow.
constexpr size_t kWindow = 64;

/// Sums of the positive and of the negative weights of each pair of a step.
struct PairSums {
  std::array<int16_t, kBlockColumns * kStepElements / 2> positive = {},
                                                         negative = {};

  PairSums(const int8_t *weights, int64_t columns) {
    for (int64_t i = 0; i < columns * kStepElements; ++i) {
      int16_t &sum = weights[i] > 0 ? positive[i / 2] : negative[i / 2];
      sum += weights[i];
    }
  }
};

/// The bounds on sums of weights.
struct Bounds {
  int32_t most, least;

  explicit Bounds(int64_t largest)
      : most(largest ? 32767 / largest : 32767),
        least(largest ? -(32768 / largest) : -32768) {}

  bool hold(const PairSums &step) const {
    return llvm::all_of(step.positive, [&](int sum) { return sum <= most; }) &&
           llvm::all_of(step.negative, [&](int sum) { return sum >= least; });
  }
  bool hold(const PairSums &a, const PairSums &b) const {
    bool fits = true;
    for (size_t i = 0; i < a.positive.size(); ++i)
      fits &= a.positive[i] + b.positive[i] <= most &&
              a.negative[i] + b.negative[i] >= least;
    return fits;
  }
};

/// The steps of one block by how they may be taken.
struct Classes {
  SmallVector<int16_t> summed, alone, widened;

  Classes(const int8_t *block, int64_t columns, int64_t steps,
          const Bounds &bounds);
};
} // namespace

Classes::Classes(const int8_t *block, int64_t columns, int64_t steps,
                 const Bounds &bounds) {
  SmallVector<std::pair<int16_t, PairSums>> fitting;
  for (int64_t s = 0; s < steps; ++s) {
    PairSums sums(block + s * columns * kStepElements, columns);
    if (bounds.hold(sums))
      fitting.emplace_back(int16_t(s), sums);
    else
      widened.push_back(int16_t(s));
  }
  SmallVector<bool> taken(fitting.size());
  for (size_t i = 0; i < fitting.size(); ++i) {
    if (taken[i])
      continue;
    size_t last = std::min(fitting.size(), i + kWindow), j = i + 1;
    while (j < last &&
           (taken[j] || !bounds.hold(fitting[i].second, fitting[j].second)))
      ++j;
    if (j >= last) {
      alone.push_back(fitting[i].first);
      continue;
    }
    taken[j] = true;
    summed.append({fitting[i].first, fitting[j].first});
  }
}

StepProof mlir::qnn::proveSteps(const PackedWeights &weights, int64_t largest) {
  StepProof proof;
  Bounds bounds(largest);
  const int8_t *block = weights.bytes.data();
  for (int64_t g = 0; g < weights.groups; ++g)
    for (int64_t first = 0; first < weights.channels; first += kBlockColumns) {
      int64_t columns = std::min(weights.channels - first, kBlockColumns);
      Classes classes(block, columns, weights.steps, bounds);
      int64_t pairs = columns * kStepElements / 2; // of a step
      proof.pairs += pairs * weights.steps;
      proof.summed += pairs * classes.summed.size();
      proof.proved += pairs * (classes.summed.size() + classes.alone.size());
      proof.table.push_back(int16_t(classes.summed.size() / 2));
      proof.table.push_back(int16_t(classes.alone.size()));
      for (const auto *steps :
           {&classes.summed, &classes.alone, &classes.widened})
        llvm::append_range(proof.table, *steps);
      block += weights.steps * columns * kStepElements;
    }
  return proof;
}
