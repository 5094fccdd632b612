//===- Rearrangements.cpp - Reversed sequences, crops, columns ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

//===----------------------------------------------------------------------===//
// ReverseSequence
//===----------------------------------------------------------------------===//

/// The first `length` elements of every sequence in reverse.
LogicalResult import::convertReverseSequence(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t batchAxis = node.getInt("batch_axis", 1);
  int64_t timeAxis = node.getInt("time_axis", 0);
  SmallVector<int64_t> lengths = node.getInts(1, "sequence_lens");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (shape.size() < 2 || batchAxis + timeAxis != 1 || batchAxis * timeAxis)
    return node.error() << "expected time and batch as the first two axes, got "
                        << timeAxis << " and " << batchAxis << " of "
                        << formatShape(shape);
  int64_t batch = shape[batchAxis], time = shape[timeAxis];
  bool fits = int64_t(lengths.size()) == batch &&
              llvm::all_of(lengths, [&](int64_t length) {
                return length >= 0 && length <= time;
              });
  if (!fits)
    return node.error() << "expected " << batch << " lengths of at most "
                        << time << ", got [" << lengths << "]";
  if (mlir::failed(node.requireFolding(batch * time)))
    return failure();
  SmallVector<int64_t> source(batch * time), rows = {batch * time};
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t t = 0; t < time; ++t) {
      int64_t from = t < lengths[b] ? lengths[b] - 1 - t : t;
      source[timeAxis == 0 ? t * batch + b : b * time + t] =
          timeAxis == 0 ? from * batch + b : b * time + from;
    }
  rows.append(shape.begin() + 2, shape.end());
  x = Emitter{node}.take(node.reshape(x, rows), 0, source);
  return node.setResult(node.reshape(x, shape));
}

//===----------------------------------------------------------------------===//
// CenterCropPad
//===----------------------------------------------------------------------===//

LogicalResult import::convertCenterCropPad(NodeImporter &node) {
  SmallVector<int64_t> target = node.getInts(1, "shape");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> starts(shapeOf(x).size(), 0), sizes(shapeOf(x)),
      ones(starts.size(), 1), low = starts, high = starts;
  int64_t rank = starts.size();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  axes = node.getInts("axes", axes);
  (void)node.normalizeAxes(axes, rank); // distinct
  if (!node.failed() &&
      (axes.size() != target.size() || !countElements(target)))
    return node.error() << "expected as many sizes as axes, got [" << target
                        << "] and [" << axes << "]";
  for (size_t i = 0; i < axes.size() && !node.failed(); ++i) {
    int64_t d = node.normalizeAxis(axes[i], rank),
            change = target[i] - sizes[d];
    if (change < 0) {
      starts[d] = -change / 2;
      sizes[d] = target[i];
    } else {
      low[d] = change / 2;
      high[d] = change - change / 2;
    }
  }
  x = node.createMoved<SliceOp>(x, ArrayRef<int64_t>(starts),
                                ArrayRef<int64_t>(sizes),
                                ArrayRef<int64_t>(ones));
  return node.setResult(node.createMoved<PadOp>(
      x, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high),
      llvm::APFloat(node.getMovedNumber(0))));
}

//===----------------------------------------------------------------------===//
// Col2Im
//===----------------------------------------------------------------------===//

namespace {
/// The blocks of one dimension of an image.
struct Blocks {
  int64_t image, size, stride, dilation, low, count;
};
} // namespace

static SmallVector<Blocks> readBlocks(NodeImporter &node) {
  SmallVector<int64_t> image = node.getInts(1, "image_shape");
  SmallVector<int64_t> block = node.getInts(2, "block_shape");
  size_t n = image.size();
  auto strides = node.getInts("strides", SmallVector<int64_t>(n, 1));
  auto dilations = node.getInts("dilations", SmallVector<int64_t>(n, 1));
  auto pads = node.getInts("pads", SmallVector<int64_t>(2 * n, 0));
  auto isList = [&](ArrayRef<int64_t> list, size_t size, int64_t least) {
    return list.size() == size && llvm::all_of(list, [&](int64_t value) {
             return value >= least && value < (1 << 24);
           });
  };
  SmallVector<Blocks> result;
  if (node.failed())
    return result;
  if (n == 0 || !isList(image, n, 1) || !isList(block, n, 1) ||
      !isList(strides, n, 1) || !isList(dilations, n, 1) ||
      !isList(pads, 2 * n, 0)) {
    node.error() << "expected sizes, strides, dilations and pads of " << n
                 << " dimensions";
    return result;
  }
  for (size_t d = 0; d < n; ++d) {
    int64_t span = (block[d] - 1) * dilations[d] + 1;
    int64_t rest = image[d] + pads[d] + pads[n + d] - span;
    if (rest < 0)
      node.error() << "expected blocks within the padded image";
    result.push_back({image[d], block[d], strides[d], dilations[d], pads[d],
                      rest / strides[d] + 1});
  }
  return result;
}

/// Where element `tap` of the blocks finds the pixels: the block of each pixel,
/// or `none`.
static SmallVector<int64_t> findBlocks(ArrayRef<Blocks> blocks, int64_t tap,
                                       int64_t pixels, int64_t none) {
  SmallVector<int64_t> source(pixels);
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    int64_t rest = pixel, restTap = tap, block = 0, scale = 1;
    bool isRead = true;
    for (const Blocks &b : llvm::reverse(blocks)) {
      int64_t at = rest % b.image + b.low - restTap % b.size * b.dilation;
      isRead &= at >= 0 && at % b.stride == 0 && at / b.stride < b.count;
      block += at / b.stride * scale;
      scale *= b.count;
      rest /= b.image;
      restTap /= b.size;
    }
    source[pixel] = isRead ? block : none;
  }
  return source;
}

/// Blocks, as columns, back to the image: what several of them hold is added.
LogicalResult import::convertCol2Im(NodeImporter &node) {
  SmallVector<Blocks> blocks = readBlocks(node);
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> s(shapeOf(x)), imageShape, blockShape, counts;
  for (const Blocks &b : blocks) {
    imageShape.push_back(b.image);
    blockShape.push_back(b.size);
    counts.push_back(b.count);
  }
  auto pixels = countElements(imageShape), taps = countElements(blockShape),
       count = countElements(counts);
  if (!pixels || !taps || !count || s.size() != 3 || s[2] != *count ||
      s[1] % *taps != 0)
    return node.error() << "expected columns that blocks fill, got shape "
                        << formatShape(s);
  std::optional<int64_t> work = countElements({*pixels, *taps});
  if (!work || mlir::failed(node.requireFolding(*work)))
    return node.failed() ? failure() : node.unsupported("of this size");
  int64_t channels = s[1] / *taps;
  x = node.reshape(x, {s[0] * channels, *taps, s[2]});
  Emitter e{node};
  Value sum;
  for (int64_t tap = 0; tap < *taps && x; ++tap) {
    SmallVector<int64_t> starts = {0, tap, 0}, ones = {1, 1, 1},
                         sizes = {s[0] * channels, 1, s[2]}, low = {0, 0, 0},
                         high = {0, 0, 1};
    Value part =
        node.create<SliceOp>(x, ArrayRef<int64_t>(starts),
                             ArrayRef<int64_t>(sizes), ArrayRef<int64_t>(ones));
    if (part)
      part = node.create<PadOp>(part, ArrayRef<int64_t>(low),
                                ArrayRef<int64_t>(high), llvm::APFloat(0.0f));
    part = e.take(part, 2, findBlocks(blocks, tap, *pixels, s[2]));
    sum = sum ? e.add(sum, part) : part;
  }
  SmallVector<int64_t> shape = {s[0], channels};
  llvm::append_range(shape, imageShape);
  return node.setResult(node.reshape(sum, shape));
}
