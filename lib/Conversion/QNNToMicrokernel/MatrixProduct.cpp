//===- MatrixProduct.cpp - Convolutions and fully connected layers --------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both are a matrix product (Walk.h) of packed weights (WeightPacking.h).
//
//===----------------------------------------------------------------------===//

#include "Schedule.h"
#include "TileProduct.h"
#include "WeightPacking.h"

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kBlockColumns;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace {
/// Emits the loops of one kernel around register blocks.
class BlockedLoops {
public:
  BlockedLoops(KernelBuilder &k, const WeightedLayer &layer, const Walk &walk,
               const ProductSchedule &schedule, const LayerArguments &args,
               const Buffer &output)
      : k(k), layer(layer), walk(walk), args(args), output(output),
        schedule(schedule), c(viewPixels(output, layer.isImage())),
        r(args.residual ? viewPixels(layer.residual, layer.isImage()) : c) {}

  void run();

private:
  void tiled(int64_t size, int64_t tile, bool isShared,
             llvm::function_ref<void(Value, int64_t)> body);
  void split();
  void forPixelBlocks(
      llvm::function_ref<void(const Pixel &, int64_t, int64_t)> body);
  void forChannelBlocks(llvm::function_ref<void(Value, int64_t)> body);
  void emitBlock(Value group, Value column, const Pixel &pixel, int64_t rows,
                 int64_t columns, int64_t channels);

  KernelBuilder &k;
  const WeightedLayer &layer;
  const Walk &walk;
  const LayerArguments &args;
  const Buffer &output;
  const ProductSchedule &schedule;
  PixelStrides c, r;           ///< of output and residual
  bool sharesChannels = false; ///< among units; else pixels
};
} // namespace

/// Covers [0, size), or this unit's share of it, by steps and a remainder.
void BlockedLoops::tiled(int64_t size, int64_t tile, bool isShared,
                         llvm::function_ref<void(Value, int64_t)> body) {
  if (isShared)
    return k.sharedTiles(size, tile, body);
  int64_t full = size / tile * tile;
  k.loop(0, full, tile, [&](Value i) { body(i, tile); });
  if (full < size)
    body(k.index(full), size - full);
}

/// Units share what costs more to read twice: the weights, by their channels,
/// or the pixels.
void BlockedLoops::split() {
  const Blocking &block = schedule.block;
  int64_t columns = block.blocks * kBlockColumns;
  int64_t weights =
      walk.groups * walk.channels * walk.steps() * layer.stepElements();
  int64_t inputs = walk.pixels() * walk.a.column;
  sharesChannels = weights > inputs && walk.channels > columns;
  int64_t parts = sharesChannels ? llvm::divideCeil(walk.channels, columns)
                  : walk.height > 1
                      ? llvm::divideCeil(walk.height, block.rows)
                      : llvm::divideCeil(walk.width, block.columns);
  k.split(schedule.nanoseconds, parts);
}

void BlockedLoops::run() {
  split();
  k.loop(0, walk.groups, 1, [&](Value group) {
    if (schedule.pixelsOutermost)
      return forPixelBlocks(
          [&](const Pixel &pixel, int64_t rows, int64_t columns) {
            forChannelBlocks([&](Value column, int64_t channels) {
              emitBlock(group, column, pixel, rows, columns, channels);
            });
          });
    forChannelBlocks([&](Value column, int64_t channels) {
      forPixelBlocks([&](const Pixel &pixel, int64_t rows, int64_t columns) {
        emitBlock(group, column, pixel, rows, columns, channels);
      });
    });
  });
}

/// Calls `body` with the first channel and the number of channels of a block.
void BlockedLoops::forChannelBlocks(
    llvm::function_ref<void(Value, int64_t)> body) {
  tiled(walk.channels, schedule.block.blocks * kBlockColumns, sharesChannels,
        body);
}

/// Calls `body` with the first pixel and the size of a block.
void BlockedLoops::forPixelBlocks(
    llvm::function_ref<void(const Pixel &, int64_t, int64_t)> body) {
  bool isOneRow = walk.height == 1;
  k.loop(0, walk.images, 1, [&](Value n) {
    tiled(walk.height, schedule.block.rows, !sharesChannels && !isOneRow,
          [&](Value h, int64_t rows) {
            tiled(walk.width, schedule.block.columns,
                  !sharesChannels && isOneRow, [&](Value w, int64_t columns) {
                    body({n, h, w}, rows, columns);
                  });
          });
  });
}

/// One register block, of rows x columns pixels from `pixel` on.
void BlockedLoops::emitBlock(Value group, Value column, const Pixel &pixel,
                             int64_t rows, int64_t columns, int64_t channels) {
  int64_t perChannel =
      walk.steps() * layer.stepElements() / (layer.multipliesNarrow ? 2 : 1);
  Value aOffset = k.add(positionOf(k, pixel, walk.a, walk.aOrigin),
                        k.mul(group, walk.aGroup));
  Value channel = k.add(k.mul(group, walk.channels), column);
  Value cOffset = k.add(positionOf(k, pixel, c, output.offset), channel);
  // Column is a multiple of 16: everything before it are whole blocks.
  Value bOffset = k.mul(channel, perChannel);
  Value residualOffset, stepsOffset;
  DenseI64ArrayAttr residualStrides;
  if (args.residual) {
    residualOffset =
        k.add(positionOf(k, pixel, r, layer.residual.offset), channel);
    residualStrides = k.b.getDenseI64ArrayAttr({r.row, r.column});
  }
  if (args.steps) {
    int64_t blocks = llvm::divideCeil(walk.channels, kBlockColumns);
    Value number =
        k.b.createOrFold<arith::DivUIOp>(column, k.index(kBlockColumns));
    stepsOffset =
        k.mul(k.add(k.mul(group, blocks), number), stepTableSize(walk.steps()));
  }
  k.b.create<microkernel::BrgemmOp>(
      args.input, aOffset, args.weights, bOffset, args.bias, args.scale,
      channel, args.output, cOffset, args.residual, residualOffset, args.low,
      args.high, args.zeroPoint, args.residualFactor, args.residualZero,
      args.steps, stepsOffset, args.stepOffsets,
      k.b.getDenseI64ArrayAttr({rows, columns}),
      k.b.getI64IntegerAttr(channels),
      k.b.getDenseI64ArrayAttr({walk.a.row, walk.a.column}),
      k.b.getDenseI64ArrayAttr({c.row, c.column}), residualStrides,
      k.b.getDenseI64ArrayAttr(walk.reduction),
      k.b.getDenseI64ArrayAttr(walk.reductionStrides),
      k.b.getI64IntegerAttr(kBlockColumns * perChannel),
      layer.hasSymmetricWeights() ? k.b.getUnitAttr() : UnitAttr(),
      layer.multipliesNarrow ? k.b.getUnitAttr() : UnitAttr());
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

static LogicalResult lowerProduct(WeightedLayer &layer, StringRef name,
                                  Walk walk, const Buffer &input,
                                  const Buffer &output) {
  NetworkLowering &net = layer.net;
  net.setBuffer(layer.op.result, output);
  if (output.elements() == 0)
    return success();
  int64_t run = walk.splitRuns(layer.stepElements());
  LayerArguments args = layer.makeArguments(input, output);
  Walk merged = walk;
  SmallVector<PixelStrides> operands = {walk.a,
                                        viewPixels(output, layer.isImage())};
  if (args.residual)
    operands.push_back(viewPixels(layer.residual, layer.isImage()));
  mergeRows(merged, operands);
  bool mayUseTiles = !layer.isFloat && !layer.isAccumulator;
  FailureOr<ProductSchedule> schedule = chooseSchedule(
      layer.op.op, net.getLevel(), layer.isFloat, mayUseTiles, merged);
  if (failed(schedule))
    return failure();
  if (schedule->tiles)
    walk.reduction.back() = schedule->tiles->paddedSteps();
  layer.multipliesNarrow = layer.hasNarrowWeights && !schedule->tiles;
  StepProof proof = addWeights(layer, walk, run, args);
  if (schedule->tiles) {
    args.tiles = net.constant(schedule->tiles->configuration());
    merged.reduction.back() = schedule->tiles->chunks;
    merged.reductionStrides.back() *= schedule->tiles->depth;
  }
  net.setSchedule(schedule->str(), schedule->nanoseconds);
  microkernel::LaunchOp call = net.callKernel(
      name, layer.key(args, input, output) + walk.key() + schedule->str(),
      args.present(), [&](KernelBuilder &k, ValueRange parameters) {
        LayerArguments inside = args.inside(parameters);
        if (schedule->tiles)
          emitTileProduct(k, layer, merged, *schedule, inside, output);
        else
          BlockedLoops(k, layer, merged, *schedule, inside, output).run();
      });
  if (args.steps)
    call->setAttr(
        microkernel::kProvedPairsAttr,
        DenseI64ArrayAttr::get(call.getContext(),
                               {proof.pairs, proof.proved, proof.summed}));
  return success();
}

/// The walk of a convolution over `input`, which has the border it reads.
static Walk walkOf(Conv2DOp op, int64_t groups, const Buffer &input) {
  ArrayRef<int64_t> weight = op.getWeight().getType().getShape();
  ArrayRef<int64_t> result = cast<RankedTensorType>(op.getType()).getShape();
  auto [h, w] = getWindows(op);
  int64_t inputs = input.shape[3] / groups; // channels of one group
  if (isBF16Tensor(op.getInput().getType()))
    inputs = llvm::alignTo(inputs, 2);
  Walk walk;
  walk.images = result[0];
  walk.height = result[1];
  walk.width = result[2];
  walk.groups = groups;
  walk.channels = weight[0] / groups;
  PixelStrides strides = input.pixels();
  walk.aOrigin = input.windowOrigin(h, w);
  walk.a = {strides.image, h.stride * strides.row, w.stride * strides.column};
  walk.aGroup = inputs;
  walk.reduction = {h.kernel};
  walk.reductionStrides = {h.dilation * strides.row};
  bool isContiguous = w.dilation == 1 && strides.column == inputs;
  if (groups == 1 && (isContiguous || w.kernel == 1)) {
    walk.reduction.push_back(w.kernel * inputs);
  } else {
    walk.reduction.append({w.kernel, inputs});
    walk.reductionStrides.push_back(w.dilation * strides.column);
  }
  walk.reductionStrides.push_back(1);
  return walk;
}

/// How many groups to join: what fills a block of columns and costs nothing,
/// since a block takes as long with fewer columns. The weights between channels
/// of different groups are zeros, so only integers stay what they are.
static int64_t getJoinedGroups(const WeightedLayer &layer, int64_t groups,
                               int64_t channels) {
  if (layer.isFloat)
    return 1;
  int64_t joined = 1;
  for (int64_t count = 2; count * channels <= kBlockColumns; ++count)
    if (groups % count == 0)
      joined = count;
  return joined;
}

/// [channel][tap][input of its group] to [channel][tap][input of `joined`
/// groups], zeros elsewhere.
static void joinGroups(WeightedLayer &layer, int64_t groups, int64_t joined) {
  ArrayRef<int64_t> shape =
      cast<ShapedType>(layer.op.weight.getType()).getShape();
  int64_t channels = shape[0] / groups, taps = shape[1] * shape[2];
  int64_t inputs = shape[3];
  SmallVector<int32_t> wide(layer.weights.size() * joined, 0);
  for (int64_t o = 0; o < shape[0]; ++o)
    for (int64_t t = 0; t < taps; ++t)
      llvm::copy(
          ArrayRef(layer.weights).slice((o * taps + t) * inputs, inputs),
          &wide[((o * taps + t) * joined + o / channels % joined) * inputs]);
  layer.weights = std::move(wide);
}

LogicalResult NetworkLowering::lowerConv2D(Conv2DOp op) {
  ArrayRef<int64_t> weight = op.getWeight().getType().getShape();
  ArrayRef<int64_t> padding = op.getPadding();
  Buffer input = getWithBorder(
      op.getInput(), {padding[0], padding[1], padding[2], padding[3]});
  setBuffer(op.getInput(), input);
  WeightedLayer layer(*this, op);
  if (failed(layer.read()))
    return failure();
  int64_t groups = op.getGroups();
  if (groups > 1 && groups == weight[0] && weight[3] == 1 &&
      !layer.isAccumulator)
    return lowerDepthwise(layer, op, input, allocateFor(op.getResult()));
  Buffer output = layer.op.residual
                      ? allocateOver(*layer.op.residualUse, op, layer.op.result)
                      : allocateFor(layer.op.result);
  int64_t joined = getJoinedGroups(layer, groups, weight[0] / groups);
  if (joined > 1)
    joinGroups(layer, groups, joined);
  return lowerProduct(layer, "conv2d", walkOf(op, groups / joined, input),
                      input, output);
}

LogicalResult NetworkLowering::lowerFullyConnected(FullyConnectedOp op) {
  ArrayRef<int64_t> weight = op.getWeight().getType().getShape();
  bool isBF16 = isBF16Tensor(op.getInput().getType());
  Buffer input =
      isBF16 ? getBuffer(op.getInput()) : getContiguous(op.getInput());
  setBuffer(op.getInput(), input);
  WeightedLayer layer(*this, op);
  if (failed(layer.read()))
    return failure();
  int64_t depth = isBF16 ? llvm::alignTo(weight[1], 2) : weight[1];
  Walk walk;
  walk.images = walk.height = 1;
  walk.width = input.elements() / std::max<int64_t>(weight[1], 1);
  walk.groups = 1;
  walk.channels = weight[0];
  walk.aOrigin = input.offset;
  walk.a = {0, 0, depth};
  walk.aGroup = 0;
  walk.reduction = {depth};
  walk.reductionStrides = {1};
  return lowerProduct(layer, "fully_connected", walk, input,
                      allocateContiguous(layer.op.result));
}
