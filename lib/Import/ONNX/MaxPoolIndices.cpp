//===- MaxPoolIndices.cpp - Where the maxima of a pool are ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"
#include "Windows.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

namespace {
/// One spatial dimension.
struct Pooled {
  int64_t in, out, span;
};
} // namespace

static SmallVector<Pooled> measure(NodeImporter &node, ArrayRef<int64_t> image,
                                   const Window &window, bool ceilMode) {
  SmallVector<Pooled> result;
  for (size_t d = 0; d < window.rank(); ++d) {
    int64_t in = image[2 + d], low = window.padding[d];
    int64_t span = (window.kernel[d] - 1) * window.dilations[d] + 1;
    int64_t rest = in + low + window.padding[window.rank() + d] - span;
    if (rest < 0)
      node.error() << "expected a window within the padded input";
    int64_t stride = window.strides[d];
    int64_t last = std::max<int64_t>(rest, 0);
    last = ceilMode ? llvm::divideCeil(last, stride) : last / stride;
    if (ceilMode && last * stride >= in + low)
      --last;
    result.push_back({in, last + 1, span});
  }
  return result;
}

/// The elements that tap `tap` of every window reads, with a dimension of one
/// behind.
static Value readTap(NodeImporter &node, Value padded, const Window &window,
                     ArrayRef<Pooled> pooled, ArrayRef<int64_t> tap) {
  SmallVector<int64_t> starts(2, 0), sizes(shapeOf(padded).take_front(2)),
      steps(2, 1);
  for (size_t d = 0; d < window.rank(); ++d) {
    starts.push_back(tap[d] * window.dilations[d]);
    sizes.push_back(pooled[d].out);
    steps.push_back(window.strides[d]);
  }
  Value slice =
      node.create<SliceOp>(padded, ArrayRef<int64_t>(starts),
                           ArrayRef<int64_t>(sizes), ArrayRef<int64_t>(steps));
  sizes.push_back(1);
  return node.reshape(slice, sizes);
}

/// Numbers `values` along dimension `d` of `rank`.
static Value along(Emitter &e, Value like, size_t d, size_t rank,
                   std::vector<int64_t> values) {
  SmallVector<int64_t> shape(rank, 1);
  shape[d] = values.size();
  return e.integers(shape, std::move(values), like);
}

/// The position of tap 0 of every window plus that of the chosen tap, of which
/// `offsets` tells how far it is.
static Value locate(Emitter &e, Value tap, std::vector<int64_t> offsets,
                    const Window &window, ArrayRef<int64_t> image,
                    ArrayRef<Pooled> pooled, ArrayRef<int64_t> strides) {
  if (!tap)
    return {};
  int64_t count = offsets.size();
  size_t rank = image.size();
  Value index = e.gather(e.integers({count}, std::move(offsets), tap), tap, 0);
  auto append = [&](size_t d, int64_t size, int64_t first, int64_t step) {
    std::vector<int64_t> values(size);
    for (int64_t i = 0; i < size; ++i)
      values[i] = first + i * step;
    index = e.binary(BinaryFunction::Add, index,
                     along(e, tap, d, rank, std::move(values)));
  };
  int64_t plane = ShapedType::getNumElements(image.drop_front(2));
  append(0, image[0], 0, image[1] * plane);
  append(1, image[1], 0, plane);
  for (size_t d = 0; d < window.rank(); ++d)
    append(2 + d, pooled[d].out, -window.padding[d] * strides[d],
           window.strides[d] * strides[d]);
  return index;
}

Value import::createMaxPoolIndices(NodeImporter &node, Value x,
                                   const Window &window, bool ceilMode) {
  bool isColumnMajor = node.getFlag("storage_order", false);
  if (!x)
    return {};
  SmallVector<int64_t> image(shapeOf(x));
  if (image.size() == 3) // as windows have it
    image.insert(image.begin() + 2, 1);
  x = node.reshape(x, image);
  SmallVector<Pooled> pooled = measure(node, image, window, ceilMode);
  size_t n = window.rank();
  SmallVector<int64_t> low(2, 0), high(2, 0), strides(n, 1);
  int64_t taps = 1, work = image[0] + image[1];
  for (size_t d = 0; d < n; ++d) {
    low.push_back(window.padding[d]);
    int64_t reach = (pooled[d].out - 1) * window.strides[d] + pooled[d].span;
    high.push_back(std::max<int64_t>(reach - pooled[d].in - low.back(), 0));
    taps = llvm::SaturatingMultiply(uint64_t(taps), uint64_t(window.kernel[d]));
    work += pooled[d].out;
  }
  constexpr int64_t kMostTaps = 4096;
  if (!node.failed() && (taps < 1 || taps > kMostTaps))
    (void)node.unsupported("output Indices of windows of more than 4096");
  if (node.failed() || mlir::failed(node.requireFolding(work + taps)))
    return {};
  for (size_t d = 1; d < n; ++d) {
    size_t to = isColumnMajor ? d : n - 1 - d;
    size_t from = isColumnMajor ? d - 1 : n - d;
    strides[to] = strides[from] * pooled[from].in;
  }
  x = node.create<PadOp>(
      x, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high),
      llvm::APFloat(-std::numeric_limits<float>::infinity()));
  SmallVector<Value> values;
  std::vector<int64_t> offsets;
  for (int64_t i = 0; i < taps && !node.failed(); ++i) {
    SmallVector<int64_t> tap(n);
    int64_t rest = i, offset = 0;
    for (size_t d = n; d-- > 0; rest /= window.kernel[d]) {
      tap[d] = rest % window.kernel[d];
      offset += tap[d] * window.dilations[d] * strides[d];
    }
    offsets.push_back(offset);
    values.push_back(readTap(node, x, window, pooled, tap));
  }
  if (node.failed())
    return {};
  int64_t last = n + 2;
  Value all = node.create<ConcatOp>(ValueRange(values), last);
  if (!all)
    return {};
  Value best = node.createOf<TopKOp>(node.getBuilder().getI64Type(), all, last,
                                     int64_t(1), /*largest=*/true,
                                     /*last=*/false);
  if (!best)
    return {};
  best = node.reshape(best, shapeOf(best).drop_back());
  Emitter e{node};
  return locate(e, best, std::move(offsets), window, image, pooled, strides);
}
