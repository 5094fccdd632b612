//===- TransposedConv.cpp - ConvTranspose ---------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With stride s, element s * q + r of the full result (before padding is cut
// off) is sum over m of x[q - m] * w[s * m + r]: a convolution with as many
// channels as there are phases r, on the grid of the input, whose phases are
// then interleaved. So it runs, and quantizes, as a convolution, with no more
// products than a transposed one has (but for kernels that s does not divide).
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"
#include "Windows.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

namespace {
/// One spatial dimension.
struct Phases {
  int64_t in, kernel, stride, dilation;
  int64_t out = 0, before = 0; ///< of the result, and cut off in front of it

  int64_t span() const { return (kernel - 1) * dilation + 1; }
  /// Taps of one phase.
  int64_t taps() const { return (span() + stride - 1) / stride; }
  /// Positions of each phase, and how many of them the input has to be padded
  /// for.
  int64_t count() const {
    return std::max((before + out + stride - 1) / stride, in);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> readList(NodeImporter &node, StringRef name,
                                     size_t size, int64_t missing,
                                     int64_t least) {
  SmallVector<int64_t> list =
      node.getInts(name, SmallVector<int64_t>(size, missing));
  bool valid = list.size() == size && llvm::all_of(list, [&](int64_t value) {
                 return value >= least && value <= (int64_t(1) << 20);
               });
  if (!node.failed() && !valid)
    node.error() << "expected " << name << " to be " << size << " numbers from "
                 << least << ", got [" << list << "]";
  return node.failed() ? SmallVector<int64_t>(size, 1) : list;
}

/// How the padding of a dimension, `total`, is cut off: from output_shape or
/// auto_pad, the odd one at the end (SAME_UPPER) or the beginning.
static int64_t getPadBefore(int64_t total, StringRef mode) {
  total = std::max<int64_t>(total, 0);
  return mode == "SAME_UPPER" ? total / 2 : total - total / 2;
}

static SmallVector<Phases> readPhases(NodeImporter &node,
                                      ArrayRef<int64_t> image,
                                      ArrayRef<int64_t> kernel) {
  size_t n = image.size();
  std::string mode = node.getString("auto_pad", "NOTSET");
  auto strides = readList(node, "strides", n, 1, 1);
  auto dilations = readList(node, "dilations", n, 1, 1);
  auto extra = readList(node, "output_padding", n, 0, 0);
  auto pads = readList(node, "pads", 2 * n, 0, 0);
  auto declared = node.getInts("kernel_shape", kernel);
  if (!node.failed() && ArrayRef<int64_t>(declared) != kernel)
    node.error() << "expected kernel_shape [" << kernel
                 << "] as the weight has, got [" << declared << "]";
  bool given = node.hasAttr("output_shape");
  SmallVector<int64_t> shape;
  if (given) // models have it with batch and channels too
    shape = node.getInts("output_shape");
  if (given && shape.size() == n + 2)
    shape.erase(shape.begin(), shape.begin() + 2);
  if (!node.failed() && given && shape.size() != n)
    node.error() << "expected output_shape to be " << n << " numbers, got ["
                 << shape << "]";
  SmallVector<Phases> result;
  for (size_t d = 0; d < n && !node.failed(); ++d) {
    Phases phases{image[d], kernel[d], strides[d], dilations[d]};
    int64_t full = (image[d] - 1) * strides[d] + extra[d] + phases.span();
    bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    if (given || same) {
      phases.out = given ? shape[d] : image[d] * strides[d];
      phases.before = getPadBefore(full - phases.out, mode);
    } else {
      bool isValid = mode == "VALID";
      phases.before = isValid ? 0 : pads[d];
      phases.out = full - phases.before - (isValid ? 0 : pads[n + d]);
    }
    if (phases.out < 1 || phases.out > (int64_t(1) << 31))
      node.error() << "expected padding that leaves a result, got size "
                   << phases.out;
    result.push_back(phases);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static Value pad(NodeImporter &node, Value x, int64_t dimension, int64_t high) {
  if (!x || high == 0)
    return x;
  SmallVector<int64_t> low(shapeOf(x).size(), 0), after = low;
  after[dimension] = high;
  return node.create<PadOp>(x, ArrayRef<int64_t>(low), ArrayRef<int64_t>(after),
                            llvm::APFloat(0.0f));
}

static Value slice(NodeImporter &node, Value x, int64_t dimension,
                   int64_t start, int64_t size, int64_t step) {
  if (!x)
    return {};
  SmallVector<int64_t> starts(shapeOf(x).size(), 0), sizes(shapeOf(x)),
      steps(starts.size(), 1);
  if (start == 0 && size == sizes[dimension] && step == 1)
    return x;
  starts[dimension] = start;
  sizes[dimension] = size;
  steps[dimension] = step;
  return node.create<SliceOp>(x, ArrayRef<int64_t>(starts),
                              ArrayRef<int64_t>(sizes),
                              ArrayRef<int64_t>(steps));
}

/// The kernel along `dimension` with zeros between its taps and behind them, as
/// [.., taps in reverse, stride, ..].
static Value splitKernel(NodeImporter &node, Value w, int64_t dimension,
                         const Phases &phases) {
  if (!w)
    return {};
  SmallVector<int64_t> shape(shapeOf(w));
  if (phases.dilation > 1) {
    shape.insert(shape.begin() + dimension + 1, 1);
    w = pad(node, node.reshape(w, shape), dimension + 1, phases.dilation - 1);
    shape.erase(shape.begin() + dimension + 1);
    shape[dimension] *= phases.dilation;
    w = slice(node, node.reshape(w, shape), dimension, 0, phases.span(), 1);
  }
  w = pad(node, w, dimension, phases.taps() * phases.stride - phases.span());
  shape[dimension] = phases.taps();
  shape.insert(shape.begin() + dimension + 1, phases.stride);
  w = node.reshape(w, shape);
  if (phases.taps() == 1)
    return w;
  return slice(node, w, dimension, phases.taps() - 1, phases.taps(), -1);
}

/// [C, O/g, D, H, W] as the OHWI weight of [g, phases, O/g] output channels;
/// the taps in depth are input channels, as stackSlices has them.
static Value makeWeight(NodeImporter &node, Value w, int64_t groups,
                        ArrayRef<Phases> phases) {
  for (int64_t d = 2; d >= 0; --d)
    w = splitKernel(node, w, 2 + d, phases[d]);
  if (!w)
    return {};
  // C, O/g, then taps and stride of depth, height, width.
  SmallVector<int64_t> s(shapeOf(w)), split = {groups, s[0] / groups};
  llvm::append_range(split, ArrayRef(s).drop_front());
  w = node.reshape(w, split);
  w = node.transpose(w, {0, 4, 6, 8, 2, 5, 7, 3, 1});
  return node.reshape(w, {groups * s[3] * s[5] * s[7] * s[1], s[4], s[6],
                          s[2] * s[0] / groups});
}

/// Every phase has the bias of its output channel.
static Value makeBias(NodeImporter &node, Value bias, int64_t groups,
                      int64_t phases) {
  if (!bias)
    return {};
  int64_t channels = shapeOf(bias)[0];
  int64_t each = channels / groups;
  if (mlir::failed(node.requireFolding(channels * phases)))
    return {};
  SmallVector<int64_t> indices;
  for (int64_t i = 0; i < channels * phases; ++i)
    indices.push_back(i / (each * phases) * each + i % each);
  return Emitter{node}.take(bias, 0, indices);
}

/// [N, D, H, W, (g, sd, sh, sw, O/g)] as the volume of the result.
static Value interleave(NodeImporter &node, Value x, int64_t groups,
                        ArrayRef<Phases> phases) {
  if (!x)
    return {};
  SmallVector<int64_t> s(shapeOf(x));
  int64_t sd = phases[0].stride, sh = phases[1].stride, sw = phases[2].stride;
  int64_t each = s[4] / (groups * sd * sh * sw);
  if (sd == 1 && sh * sw > 1) {
    x = node.reshape(x, {s[0] * s[1], s[2], s[3], groups, sh, sw, each});
    x = node.transpose(x, {0, 1, 4, 2, 5, 3, 6});
    x = node.reshape(x, {s[0], s[1], s[2] * sh, s[3] * sw, groups * each});
  } else if (sd > 1) {
    x = node.reshape(x, {s[0], s[1], s[2], s[3], groups, sd, sh, sw, each});
    x = node.transpose(x, {0, 1, 5, 2, 6, 3, 7, 4, 8});
    x = node.reshape(x, {s[0], s[1] * sd, s[2] * sh, s[3] * sw, groups * each});
  }
  for (int64_t d = 0; d < 3; ++d)
    x = slice(node, x, 1 + d, phases[d].before, phases[d].out, 1);
  return x;
}

//===----------------------------------------------------------------------===//
// Converter
//===----------------------------------------------------------------------===//

/// The phases of the result before padding is cut off, as channels.
static Value convolve(NodeImporter &node, Value x, Value w, Value bias,
                      int64_t groups, ArrayRef<Phases> phases) {
  if (!x || !w)
    return {};
  int64_t batch = shapeOf(x)[0];
  Window depth{{phases[0].taps()},
               {1},
               {1},
               {phases[0].taps() - 1, phases[0].count() - phases[0].in}};
  x = stackSlices(node, x, depth, groups);
  if (!x)
    return {};
  SmallVector<int64_t> ones = {1, 1}, padding;
  for (const Phases &p : phases.drop_front())
    padding.push_back(p.taps() - 1);
  for (const Phases &p : phases.drop_front())
    padding.push_back(p.count() - p.in);
  Value result = node.create<Conv2DOp>(
      x, w, bias, /*residual=*/Value(), ArrayRef<int64_t>(ones),
      ArrayRef<int64_t>(padding), ArrayRef<int64_t>(ones), groups,
      /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
  return unstackSlices(node, result, batch);
}

LogicalResult import::convertConvTranspose(NodeImporter &node) {
  SmallVector<int64_t> image(node.getShape(0)), weight(node.getShape(1));
  int64_t groups = node.getInt("group", 1);
  if (node.failed())
    return failure();
  size_t rank = image.size();
  if (rank > 5)
    return node.unsupported(Twine(rank - 2) + "-D, only 1-D, 2-D and 3-D are");
  bool fits = rank >= 3 && weight.size() == rank && groups > 0 &&
              weight[0] == image[1] && image[1] % groups == 0 &&
              !llvm::is_contained(image, 0) && !llvm::is_contained(weight, 0);
  if (!fits)
    return node.error() << "expected an image and a weight with its channels "
                           "first, in groups, got "
                        << formatShape(image) << " and " << formatShape(weight);
  SmallVector<Phases> phases = readPhases(node, ArrayRef(image).drop_front(2),
                                          ArrayRef(weight).drop_front(2));
  Value x = node.getValue(0), w = node.getValue(1);
  Value bias = node.hasInput(2) ? node.getValue(2) : Value();
  if (bias && shapeOf(bias) != ArrayRef<int64_t>(weight[1] * groups))
    return node.error() << "expected a bias of " << weight[1] * groups
                        << " values, got shape " << formatShape(shapeOf(bias));
  if (node.failed())
    return failure();
  // Depth and height of 1.
  while (phases.size() < 3) {
    phases.insert(phases.begin(), Phases{1, 1, 1, 1, 1, 0});
    image.insert(image.begin() + 2, 1);
    weight.insert(weight.begin() + 2, 1);
  }
  x = toChannelsLast(node, node.reshape(x, image));
  w = makeWeight(node, node.reshape(w, weight), groups, phases);
  bias = makeBias(node, bias, groups,
                  phases[0].stride * phases[1].stride * phases[2].stride);
  Value result = convolve(node, x, w, bias, groups, phases);
  result = interleave(node, result, groups, phases);
  result = fromChannelsLast(node, result, /*rank=*/5);
  if (!result)
    return failure();
  SmallVector<int64_t> shape(shapeOf(result));
  shape.erase(shape.begin() + 2, shape.begin() + 2 + (5 - rank));
  return node.setResult(node.reshape(result, shape));
}
