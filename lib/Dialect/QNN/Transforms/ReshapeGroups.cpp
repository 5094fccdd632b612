//===- ReshapeGroups.cpp - Transposes under reshapes ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReshapeGroups.h"

#include "mlir/Support/LLVM.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// A run of neighbouring dimensions that the reshape keeps together.
struct Run {
  SmallVector<int64_t> from; // dimensions of x, none of size 1 but dimension 0
  SmallVector<int64_t> to;   // dimensions of the result, those of size 1 too
};
} // namespace

/// The runs in the order of the transposed x; none for shapes with zeros.
static std::optional<SmallVector<Run>>
collectRuns(ArrayRef<int64_t> source, ArrayRef<int64_t> permutation,
            ArrayRef<int64_t> result) {
  if (llvm::is_contained(source, 0))
    return std::nullopt;
  SmallVector<Run> runs;
  size_t i = 0, j = 0;
  // The batch stays by itself, also when it is 1.
  if (!permutation.empty() && !result.empty() && permutation[0] == 0 &&
      source[0] == result[0]) {
    runs.push_back({{0}, {0}});
    i = j = 1;
  }
  while (true) {
    while (i < permutation.size() && source[permutation[i]] == 1)
      ++i;
    if (i == permutation.size())
      break;
    Run run;
    int64_t in = source[permutation[i]], out = 1;
    run.from.push_back(permutation[i++]);
    while (in != out) {
      if (out < in) { // both products are equal in the end
        out *= result[j];
        run.to.push_back(j++);
        continue;
      }
      in *= source[permutation[i]];
      if (source[permutation[i]] != 1)
        run.from.push_back(permutation[i]);
      ++i;
    }
    runs.push_back(std::move(run));
  }
  if (runs.empty())
    return std::nullopt;
  for (; j < result.size(); ++j)
    runs.back().to.push_back(j);
  return runs;
}

std::optional<ReshapedTranspose>
qnn::splitReshapedTranspose(ArrayRef<int64_t> source,
                            ArrayRef<int64_t> permutation,
                            ArrayRef<int64_t> result) {
  std::optional<SmallVector<Run>> runs =
      collectRuns(source, permutation, result);
  if (!runs)
    return std::nullopt;
  llvm::sort(*runs, [](const Run &a, const Run &b) {
    return *llvm::min_element(a.from) < *llvm::min_element(b.from);
  });
  ReshapedTranspose split;
  SmallVector<int64_t> order, places;
  split.after.assign(result.size(), 0);
  for (const Run &run : *runs) {
    llvm::append_range(order, run.from);
    for (int64_t dimension : run.to) {
      split.after[dimension] = split.shape.size();
      split.shape.push_back(result[dimension]);
    }
  }
  if (llvm::is_sorted(split.after))
    return std::nullopt;
  // Dimensions of size 1 keep their places in x, the others take the rest.
  places = llvm::to_vector(llvm::make_filter_range(
      llvm::seq<int64_t>(source.size()),
      [&](int64_t d) { return llvm::is_contained(order, d); }));
  split.before = llvm::to_vector(llvm::seq<int64_t>(source.size()));
  for (auto [place, dimension] : llvm::zip_equal(places, order))
    split.before[place] = dimension;
  return split;
}
