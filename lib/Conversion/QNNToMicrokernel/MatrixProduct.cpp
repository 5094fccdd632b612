//===- MatrixProduct.cpp - Convolutions and fully connected layers --------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both are a matrix product (Walk.h). Weights are packed at compile time as
// [group][channel / 16][run][step][16][4] (i8) or [...][16] (f32), every level
// alike but where a run is padded to whole tiles; the last block of a group has
// only its channels.
//
//===----------------------------------------------------------------------===//

#include "Schedule.h"
#include "StepProof.h"
#include "TileProduct.h"

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kBlockColumns;
using microkernel::kStepElements;

namespace {
/// Weights [channel][run][element] in the order of the file comment, zeros
/// where runs are padded. Precondition: `walk` counts steps.
template <typename T>
SmallVector<T> pack(ArrayRef<T> values, const Walk &walk, int64_t run,
                    int64_t stepElements) {
  int64_t stepsPerRun = walk.reduction.back();
  int64_t runs = stepsPerRun ? walk.steps() / stepsPerRun : 0;
  int64_t channels = walk.channels;
  int64_t perChannel = runs * run;
  int64_t packedPerChannel = walk.steps() * stepElements;
  SmallVector<T> packed(walk.groups * channels * packedPerChannel, T(0));
  for (int64_t g = 0; g < walk.groups; ++g)
    for (int64_t o = 0; o < channels; ++o) {
      int64_t inBlock = o % kBlockColumns, first = o - inBlock;
      int64_t columns = std::min(channels - first, kBlockColumns);
      const T *source = &values[(g * channels + o) * perChannel];
      T *block = &packed[(g * channels + first) * packedPerChannel];
      for (int64_t r = 0; r < runs; ++r)
        for (int64_t i = 0; i < run; ++i)
          block[((r * stepsPerRun + i / stepElements) * columns + inBlock) *
                    stepElements +
                i % stepElements] = source[r * run + i];
    }
  return packed;
}

/// The same for float weights that the network computes: a copy at run time.
Value packAtRunTime(WeightedLayer &layer, const Walk &walk) {
  NetworkLowering &net = layer.net;
  Buffer weights = net.getContiguous(layer.op.weight);
  int64_t depth = walk.steps(), group = walk.channels * depth;
  int64_t full = walk.channels / kBlockColumns * kBlockColumns;
  Type f32 = Float32Type::get(layer.op.op->getContext());
  Buffer packed =
      net.allocate(RankedTensorType::get({walk.groups * group}, f32), Border());
  // [block][channel][term] becomes [block][term][channel].
  auto copy = [&](int64_t first, int64_t blocks, int64_t columns) {
    Buffer from = weights, to = packed;
    from.offset += first * depth;
    to.offset += first * depth;
    from.shape = to.shape = {walk.groups, blocks, columns, depth};
    from.strides = {group, columns * depth, depth, 1};
    to.strides = {group, columns * depth, 1, columns};
    net.emitCopy(from, to);
  };
  copy(0, full / kBlockColumns, kBlockColumns);
  copy(full, 1, walk.channels - full);
  return packed.memory;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

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
  int64_t weights = walk.groups * walk.channels * walk.steps() *
                    (layer.isFloat ? 1 : kStepElements);
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
  int64_t perChannel = walk.steps() * (layer.isFloat ? 1 : kStepElements);
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
      layer.hasSymmetricWeights() ? k.b.getUnitAttr() : UnitAttr());
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

/// The offset in the input of every step.
static SmallVector<int32_t> stepOffsets(const Walk &walk) {
  SmallVector<int32_t> offsets = {0};
  for (auto [size, stride] : llvm::zip(walk.reduction, walk.reductionStrides)) {
    SmallVector<int32_t> inner;
    for (int32_t offset : offsets)
      for (int64_t i = 0; i < size; ++i)
        inner.push_back(int32_t(offset + i * stride));
    offsets = inner;
  }
  return offsets;
}

/// Proves which steps of `packed` fit 16 bits, for levels that use it.
static StepProof addStepProof(WeightedLayer &layer, ArrayRef<int8_t> packed,
                              const Walk &walk, LayerArguments &args) {
  NetworkLowering &net = layer.net;
  if (net.getLevel().dot != DotKind::ProvedPairs || walk.steps() >= 65536)
    return {};
  StepProof proof = proveSteps(
      {packed, walk.groups, walk.channels, walk.steps()}, layer.largestInput());
  args.steps = net.constant(proof.table);
  if (walk.reduction.size() > 1)
    args.stepOffsets = net.constant(stepOffsets(walk));
  return proof;
}

/// Packs the weights for the kernel; returns what was proved of them.
static StepProof addWeights(WeightedLayer &layer, const Walk &walk, int64_t run,
                            LayerArguments &args) {
  if (layer.packsAtRunTime) {
    args.weights = packAtRunTime(layer, walk);
    return {};
  }
  if (layer.isFloat) {
    args.weights =
        layer.net.constant(pack<float>(layer.floatWeights, walk, run, 1));
    return {};
  }
  SmallVector<int8_t> weights(layer.weights.begin(), layer.weights.end());
  SmallVector<int8_t> packed = pack<int8_t>(weights, walk, run, kStepElements);
  args.weights = layer.net.constant(packed);
  return addStepProof(layer, packed, walk, args);
}

static LogicalResult lowerProduct(WeightedLayer &layer, StringRef name,
                                  Walk walk, const Buffer &input,
                                  const Buffer &output) {
  NetworkLowering &net = layer.net;
  net.setBuffer(layer.op.result, output);
  if (output.elements() == 0)
    return success();
  int64_t run = walk.splitRuns(layer.isFloat ? 1 : kStepElements);
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
  MutableOperandRange residual = op.getResidualMutable();
  Buffer output = residual.empty() ? allocateFor(op.getResult())
                                   : allocateOver(residual[0], op.getResult());
  int64_t joined = getJoinedGroups(layer, groups, weight[0] / groups);
  if (joined > 1)
    joinGroups(layer, groups, joined);
  return lowerProduct(layer, "conv2d", walkOf(op, groups / joined, input),
                      input, output);
}

LogicalResult NetworkLowering::lowerFullyConnected(FullyConnectedOp op) {
  ArrayRef<int64_t> weight = op.getWeight().getType().getShape();
  Buffer input = getContiguous(op.getInput());
  setBuffer(op.getInput(), input);
  WeightedLayer layer(*this, op);
  if (failed(layer.read()))
    return failure();
  Walk walk;
  walk.images = walk.height = 1;
  walk.width = input.elements() / std::max<int64_t>(weight[1], 1);
  walk.groups = 1;
  walk.channels = weight[0];
  walk.aOrigin = input.offset;
  walk.a = {0, 0, weight[1]};
  walk.aGroup = 0;
  walk.reduction = {weight[1]};
  walk.reductionStrides = {1};
  return lowerProduct(layer, "fully_connected", walk, input,
                      allocateContiguous(op.getResult()));
}
