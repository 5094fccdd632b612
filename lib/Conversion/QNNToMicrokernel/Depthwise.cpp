//===- Depthwise.cpp - Depthwise convolutions -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One channel in, one channel out: the loops over the tiles of a DepthwisePlan.
//
//===----------------------------------------------------------------------===//

#include "DepthwiseTile.h"
#include "Schedule.h"

#include "qnn/CostModel/CostModel.h"

using namespace mlir;
using namespace mlir::qnn;

/// Images of up to this many bytes stay in cache while each block of channels
/// walks all of them; of larger ones, each row meets all blocks first.
static constexpr int64_t kCachedImageBytes = 256 * 1024;

namespace {
/// Emits the loops of one kernel.
class DepthwiseLoops {
public:
  explicit DepthwiseLoops(const DepthwiseKernel &kernel)
      : kernel(kernel), k(kernel.k), plan(kernel.plan), output(kernel.output) {}

  void run();

private:
  void forRows(llvm::function_ref<void(Value, int64_t)> body);
  void forBlocks(llvm::function_ref<void(const ChannelBlock &)> body);
  void emitRow(Value image, Value row, int64_t firstRow,
               const ChannelBlock &block);
  void emitTile(const Pixel &pixel, int64_t firstRow, int64_t vectors,
                const ChannelBlock &block);

  const DepthwiseKernel &kernel;
  KernelBuilder &k;
  const DepthwisePlan &plan;
  const Buffer &output;
};
} // namespace

void DepthwiseLoops::run() {
  // Units share rows.
  double macs = double(output.elements()) * plan.h.kernel * plan.w.kernel;
  k.split(CostModel(k.level).depthwise(macs, !plan.isFloat),
          llvm::divideCeil(output.shape[1], plan.rows));
  int64_t imageBytes = kernel.input.strides[0] * (plan.isFloat ? 4 : 1);
  k.loop(0, output.shape[0], 1, [&](Value n) {
    if (imageBytes <= kCachedImageBytes)
      return forBlocks([&](const ChannelBlock &block) {
        forRows([&](Value row, int64_t firstRow) {
          emitRow(n, row, firstRow, block);
        });
      });
    forRows([&](Value row, int64_t firstRow) {
      forBlocks(
          [&](const ChannelBlock &block) { emitRow(n, row, firstRow, block); });
    });
  });
}

/// Covers this unit's output rows; the last ones together with rows that are
/// there already.
void DepthwiseLoops::forRows(llvm::function_ref<void(Value, int64_t)> body) {
  k.sharedTiles(output.shape[1], plan.rows, [&](Value row, int64_t count) {
    if (count == plan.rows)
      return body(row, 0);
    body(k.index(output.shape[1] - plan.rows), plan.rows - count);
  });
}

void DepthwiseLoops::forBlocks(
    llvm::function_ref<void(const ChannelBlock &)> body) {
  for (const ChannelRun &run : plan.runs)
    k.loop(0, run.count, 1, [&](Value i) {
      Value channel = k.add(k.mul(i, run.channels), run.first);
      Value constants = k.add(k.mul(i, run.elements()), run.constants);
      if (plan.isFloat) // as in the layer
        body({run, channel, channel, channel});
      else
        body({run, channel, constants,
              k.mul(constants, plan.weightBytesPerLane())});
    });
}

/// One step of output rows of one block of channels.
void DepthwiseLoops::emitRow(Value image, Value row, int64_t firstRow,
                             const ChannelBlock &block) {
  int64_t pixels = block.run.pixels, width = output.shape[2];
  int64_t vectors = pixels > 1 ? 1 : plan.vectors;
  int64_t whole = width / pixels, full = whole / vectors * vectors;
  k.loop(0, full * pixels, vectors * pixels, [&](Value column) {
    emitTile({image, row, column}, firstRow, vectors, block);
  });
  if (full < whole)
    emitTile({image, row, k.index(full * pixels)}, firstRow, whole - full,
             block);
  // The last pixels together with some that are there already.
  if (whole * pixels < width)
    emitTile({image, row, k.index(width - pixels)}, firstRow, 1, block);
}

void DepthwiseLoops::emitTile(const Pixel &pixel, int64_t firstRow,
                              int64_t vectors, const ChannelBlock &block) {
  PixelStrides strides = kernel.input.pixels();
  strides.row *= plan.h.stride;
  strides.column *= plan.w.stride;
  int64_t origin = kernel.input.windowOrigin(plan.h, plan.w);
  Value in = positionOf(k, pixel, strides, origin);
  Value residual;
  if (kernel.args.residual)
    residual = k.add(positionOf(k, pixel, kernel.residual), block.channel);
  DepthwiseTile(kernel, block, firstRow, vectors, k.add(in, block.channel),
                k.add(positionOf(k, pixel, output), block.channel), residual)
      .emit();
}

//===----------------------------------------------------------------------===//
// Entry point
//===----------------------------------------------------------------------===//

/// Float weights as [tap][channel].
static Value packFloats(WeightedLayer &layer, Conv2DOp conv, int64_t channels) {
  NetworkLowering &net = layer.net;
  if (!layer.packsAtRunTime) {
    int64_t taps = layer.floatWeights.size() / channels;
    SmallVector<float> packed(layer.floatWeights.size());
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t t = 0; t < taps; ++t)
        packed[t * channels + c] = layer.floatWeights[c * taps + t];
    return net.constant(packed);
  }
  Buffer from = net.getContiguous(conv.getWeight());
  int64_t taps = from.elements() / channels;
  Buffer to = net.allocate(conv.getWeight().getType(), Border());
  from.shape = to.shape = {channels, taps};
  from.strides = {taps, 1};
  to.strides = {1, channels};
  net.emitCopy(from, to);
  return to.memory;
}

LogicalResult NetworkLowering::lowerDepthwise(WeightedLayer &layer,
                                              Conv2DOp conv,
                                              const Buffer &input,
                                              const Buffer &output) {
  setBuffer(conv.getResult(), output);
  if (output.elements() == 0)
    return success();
  auto [h, w] = getWindows(conv);
  DepthwisePlan plan(level, layer.isFloat, h, w, output.shape);
  FailureOr<StringAttr> given = getGivenSchedule(conv, level);
  if (failed(given) ||
      (*given && failed(plan.set(conv, *given, level, output.shape))))
    return failure();
  Value packed;
  if (layer.isFloat) {
    packed = packFloats(layer, conv, output.shape[3]);
  } else {
    packed = constant(plan.packWeights(layer.weights));
    layer.bias = plan.packChannels<int32_t>(layer.bias);
    layer.factors = plan.packChannels<float>(layer.factors);
    if (!layer.fixedFactors.empty())
      layer.fixedFactors =
          plan.packChannels<FixedPointFactor>(layer.fixedFactors);
    layer.magnitudes = plan.packChannels<int64_t>(layer.magnitudes);
  }
  LayerArguments args = layer.makeArguments(input, output);
  args.weights = packed;
  std::string key = layer.key(args, input, output);
  llvm::raw_string_ostream(key)
      << conv->getAttrDictionary() << conv.getWeight().getType().getShape()[1];
  setSchedule(plan.str());
  callKernel("depthwise", key, args.present(),
             [&](KernelBuilder &k, ValueRange parameters) {
               LayerArguments inside = args.inside(parameters);
               DepthwiseKernel kernel = {k,     plan,   inside,
                                         input, output, layer.residual};
               DepthwiseLoops(kernel).run();
             });
  return success();
}
