//===- TileProduct.cpp - Matrix products in tile registers ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pixels of a line are an equal distance apart in the input. Where it saves
// tiles, a line holds a whole image: it then runs through the columns beside
// the image as well, whose results are dropped. The last tile of a line
// overlaps the one before it, so that all tiles have one shape.
//
// The loop is one iteration longer than there are blocks: each iteration
// multiplies block i into one half of a scratch buffer and then finishes block
// i - 1 from the other half, while the tile multiplier still works on block i.
//
//===----------------------------------------------------------------------===//

#include "TileProduct.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kBlockColumns;
using microkernel::kStepElements;

static constexpr int64_t kPairColumns = 2 * kBlockColumns;

namespace {
class TileLoops {
public:
  TileLoops(KernelBuilder &k, const WeightedLayer &layer, const Walk &walk,
            const ProductSchedule &schedule, const LayerArguments &args,
            const Buffer &output)
      : k(k), walk(walk), schedule(schedule), plan(*schedule.tiles), args(args),
        output(output), residual(layer.residual),
        c(viewPixels(output, layer.isImage())),
        r(args.residual ? viewPixels(layer.residual, layer.isImage()) : c),
        pairs(plan.pairs()),
        panels(llvm::divideCeil(walk.channels, kPairColumns)) {}

  void run();

private:
  /// Where one block lies: a pair of tiles of pixels, a panel of channels.
  struct Block {
    Value pair, panel; ///< panel: within `group`
    Value group, channel;
    Value scratch; ///< offset of its half
  };
  /// One tile of pixels: pixels start + skip to start + rows of a line.
  struct Tile {
    Value line, start, skip;
  };
  Block blockAt(Value index);
  Tile tileAt(const Block &block, int64_t which);
  int64_t groupsOfRows() const { return plan.tiles() > 1 ? 2 : 1; }
  void when(Value condition, llvm::function_ref<void()> then,
            llvm::function_ref<void()> otherwise = nullptr);
  void forColumns(const Block &block, llvm::function_ref<void(int64_t)> body);
  void multiply(const Block &block, int64_t columns);
  void finish(const Block &block, int64_t columns);
  void finishTile(const Block &block, int64_t which, int64_t columns);
  void finishRow(const Block &block, int64_t which, int64_t columns,
                 const Pixel &pixel, Value firstRow, Value count);

  KernelBuilder &k;
  const Walk &walk;
  const ProductSchedule &schedule;
  const TilePlan &plan;
  const LayerArguments &args;
  const Buffer &output, &residual;
  PixelStrides c, r; ///< of output and residual
  int64_t pairs, panels;
  Value scratch;
};
} // namespace

void TileLoops::when(Value condition, llvm::function_ref<void()> then,
                     llvm::function_ref<void()> otherwise) {
  auto branch = k.b.create<scf::IfOp>(condition, bool(otherwise));
  OpBuilder::InsertionGuard guard(k.b);
  k.b.setInsertionPointToStart(branch.thenBlock());
  then();
  if (!otherwise)
    return;
  k.b.setInsertionPointToStart(branch.elseBlock());
  otherwise();
}

/// Calls `body` with the number of columns of the block's panel.
void TileLoops::forColumns(const Block &block,
                           llvm::function_ref<void(int64_t)> body) {
  int64_t rest = walk.channels - (panels - 1) * kPairColumns;
  if (rest == kPairColumns || panels == 1)
    return body(rest);
  Value isLast = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                           block.panel, k.index(panels - 1));
  when(isLast, [&] { body(rest); }, [&] { body(kPairColumns); });
}

TileLoops::Block TileLoops::blockAt(Value index) {
  auto divide = [&](Value x, int64_t y) -> std::pair<Value, Value> {
    return {k.b.createOrFold<arith::DivUIOp>(x, k.index(y)),
            k.b.createOrFold<arith::RemUIOp>(x, k.index(y))};
  };
  Block block;
  Value panel;
  if (schedule.pixelsOutermost)
    std::tie(block.pair, panel) = divide(index, walk.groups * panels);
  else
    std::tie(panel, block.pair) = divide(index, pairs);
  std::tie(block.group, block.panel) = divide(panel, panels);
  block.channel = k.add(k.mul(block.group, walk.channels),
                        k.mul(block.panel, kPairColumns));
  int64_t half = groupsOfRows() * plan.rows * kPairColumns;
  block.scratch = k.mul(divide(index, 2).second, half);
  return block;
}

TileLoops::Tile TileLoops::tileAt(const Block &block, int64_t which) {
  Value index = k.mul(block.pair, groupsOfRows());
  if (which == 1) {
    // The second one of the last pair may be the first one again.
    index = k.add(index, 1);
    if (plan.tiles() % 2)
      index = k.b.create<arith::MinUIOp>(index, k.index(plan.tiles() - 1));
  }
  Tile tile;
  tile.line =
      k.b.createOrFold<arith::DivUIOp>(index, k.index(plan.tilesPerLine));
  Value first =
      k.mul(k.b.createOrFold<arith::RemUIOp>(index, k.index(plan.tilesPerLine)),
            plan.rows);
  tile.start = first;
  tile.skip = k.index(0);
  if (plan.lineLength % plan.rows) {
    tile.start =
        k.b.create<arith::MinUIOp>(first, k.index(plan.lineLength - plan.rows));
    tile.skip = k.b.create<arith::SubIOp>(first, tile.start);
  }
  if (which == 1 && plan.tiles() % 2) {
    Value repeats = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                              block.pair, k.index(pairs - 1));
    tile.skip =
        k.b.create<arith::SelectOp>(repeats, k.index(plan.rows), tile.skip);
  }
  return tile;
}

void TileLoops::multiply(const Block &block, int64_t columns) {
  SmallVector<Value> offsets;
  for (int64_t which = 0; which < groupsOfRows(); ++which) {
    Tile tile = tileAt(block, which);
    Value image = tile.line, row = k.index(0);
    if (!plan.padded) {
      Value height = k.index(walk.height);
      image = k.b.createOrFold<arith::DivUIOp>(tile.line, height);
      row = k.b.createOrFold<arith::RemUIOp>(tile.line, height);
    }
    offsets.push_back(
        k.add(positionOf(k, {image, row, tile.start}, walk.a, walk.aOrigin),
              k.mul(block.group, walk.aGroup)));
  }
  int64_t perChannel = walk.steps() * plan.depth * kStepElements;
  SmallVector<int64_t> strides = walk.reductionStrides;
  k.b.create<microkernel::TileBrgemmOp>(
      args.input, offsets, args.weights, k.mul(block.channel, perChannel),
      args.bias, block.channel, scratch, block.scratch, plan.rows, plan.depth,
      columns, walk.a.column, walk.reduction, strides,
      kBlockColumns * perChannel);
}

void TileLoops::finish(const Block &block, int64_t columns) {
  for (int64_t which = 0; which < groupsOfRows(); ++which)
    finishTile(block, which, columns);
}

void TileLoops::finishTile(const Block &block, int64_t which, int64_t columns) {
  Tile tile = tileAt(block, which);
  Value rows = k.index(plan.rows);
  if (!plan.padded) {
    Value height = k.index(walk.height);
    Value count = k.b.createOrFold<arith::SubIOp>(rows, tile.skip);
    return finishRow(block, which, columns,
                     {k.b.createOrFold<arith::DivUIOp>(tile.line, height),
                      k.b.createOrFold<arith::RemUIOp>(tile.line, height),
                      k.add(tile.start, tile.skip)},
                     tile.skip, count);
  }
  // The parts of the tile that lie in rows of the image.
  Value padded = k.index(plan.padded);
  Value first = k.add(tile.start, tile.skip), end = k.add(tile.start, rows);
  Value low = k.b.create<arith::DivUIOp>(first, padded);
  Value high = k.add(k.b.create<arith::DivUIOp>(k.add(end, -1), padded), 1);
  k.loop(low, high, {}, [&](Value row, ValueRange) {
    Value rowStart = k.mul(row, plan.padded);
    Value from = k.b.create<arith::MaxUIOp>(first, rowStart);
    Value to = k.b.create<arith::MinUIOp>(end, k.add(rowStart, walk.width));
    Value count = k.b.create<arith::MaxSIOp>(
        k.b.create<arith::SubIOp>(to, from), k.index(0));
    Value column = k.b.create<arith::SubIOp>(from, rowStart);
    finishRow(block, which, columns, {tile.line, row, column},
              k.b.create<arith::SubIOp>(from, tile.start), count);
    return SmallVector<Value>();
  });
}

/// Finishes `count` pixels of an image row from `pixel` on, whose accumulators
/// are the rows from `firstRow` on of a tile.
void TileLoops::finishRow(const Block &block, int64_t which, int64_t columns,
                          const Pixel &pixel, Value firstRow, Value count) {
  int64_t pitch = llvm::alignTo(columns, kBlockColumns);
  Value acc =
      k.add(block.scratch, k.mul(k.add(firstRow, which * plan.rows), pitch));
  Value residualOffset;
  IntegerAttr residualStride;
  if (args.residual) {
    residualOffset =
        k.add(positionOf(k, pixel, r, residual.offset), block.channel);
    residualStride = k.b.getI64IntegerAttr(r.column);
  }
  k.b.create<microkernel::FinishRowsOp>(
      scratch, acc, count, args.scale, block.channel, args.output,
      k.add(positionOf(k, pixel, c, output.offset), block.channel),
      args.residual, residualOffset, args.low, args.high, args.zeroPoint,
      args.residualFactor, args.residualZero, k.b.getI64IntegerAttr(columns),
      k.b.getI64IntegerAttr(c.column), residualStride);
}

void TileLoops::run() {
  int64_t total = pairs * walk.groups * panels;
  k.split(schedule.nanoseconds, total);
  auto [low, high] = k.share(total);
  int64_t size = 2 * groupsOfRows() * plan.rows * kPairColumns;
  scratch = k.b.create<memref::AllocaOp>(
      MemRefType::get({size}, k.b.getI32Type()), k.b.getI64IntegerAttr(64));
  k.b.create<microkernel::TileConfigureOp>(args.tiles);
  k.loop(
      low, k.add(high, 1), {},
      [&, low = low, high = high](Value i, ValueRange) {
        auto compare = [&](arith::CmpIPredicate predicate, Value bound) {
          return k.b.create<arith::CmpIOp>(predicate, i, bound);
        };
        when(compare(arith::CmpIPredicate::ult, high), [&] {
          Block block = blockAt(i);
          forColumns(block, [&](int64_t columns) { multiply(block, columns); });
        });
        when(compare(arith::CmpIPredicate::ugt, low), [&] {
          Block block = blockAt(k.add(i, -1));
          forColumns(block, [&](int64_t columns) { finish(block, columns); });
        });
        return SmallVector<Value>();
      });
  k.b.create<microkernel::TileReleaseOp>();
}

void qnn::emitTileProduct(KernelBuilder &k, const WeightedLayer &layer,
                          const Walk &walk, const ProductSchedule &schedule,
                          const LayerArguments &args, const Buffer &output) {
  TileLoops(k, layer, walk, schedule, args, output).run();
}
