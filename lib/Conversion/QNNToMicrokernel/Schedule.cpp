//===- Schedule.cpp - How a matrix product is computed --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Schedule.h"

#include "qnn/CostModel/CostModel.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kBlockColumns;
using microkernel::kStepElements;

//===----------------------------------------------------------------------===//
// Vector registers
//===----------------------------------------------------------------------===//

/// Registers that accumulate one pixel of 16 channels.
static int64_t accumulatorsPerBlock(const TargetLevel &level, bool isFloat) {
  if (!isFloat && level.dot == DotKind::NeonWidening)
    return 8;
  return 16 * 32 / level.vectorBits;
}

/// Registers left for accumulators after weights, activations and temporaries.
static int64_t accumulatorBudget(const TargetLevel &level, bool isFloat) {
  // Of two steps, whole registers of activations and weights.
  if (!isFloat && level.dot == DotKind::NeonWidening)
    return 16;
  if (level.vectorRegisters == 32)
    return level.vectorBits == 512 ? 28 : 24;
  bool proves = !isFloat && level.dot == DotKind::ProvedPairs;
  return proves || level.vectorBits == 128 ? 8 : 12;
}

/// Sizes that cover `size` in the fewest steps of at most `limit`, as evenly as
/// possible.
static int64_t evenStep(int64_t size, int64_t limit) {
  int64_t steps = (size + limit - 1) / limit;
  return (size + steps - 1) / steps;
}

/// How many fewer there are where pairs of bf16 are widened to two registers.
static int64_t wideningRegisters(const TargetLevel &level, bool isFloat,
                                 const Walk &walk) {
  if (!isFloat || walk.stepElements != 2 || level.hasBF16)
    return 0;
  return level.vectorRegisters == 32 && level.vectorBits == 128 ? 8 : 4;
}

/// The block for the output of `walk`.
static Blocking chooseBlocking(const TargetLevel &level, bool isFloat,
                               const Walk &walk) {
  int64_t height = walk.height, width = walk.width, channels = walk.channels;
  int64_t perBlock = accumulatorsPerBlock(level, isFloat);
  int64_t registers = accumulatorBudget(level, isFloat) -
                      wideningRegisters(level, isFloat, walk);
  int64_t budget = std::max<int64_t>(registers / perBlock, 1);
  int64_t channelBlocks = (channels + 15) / 16;
  int64_t pixels = std::min(height * width, budget);
  // Two blocks share each broadcast where registers allow; few pixels leave
  // room for more blocks, which hide the latency of the multiply.
  int64_t blocks = level.vectorBits == 512 ? 2 : 1;
  blocks =
      std::min({std::max(blocks, budget / pixels), channelBlocks, int64_t(8)});
  // Every block has its own list of proved steps; one addition has no latency
  // to hide.
  if (!isFloat && level.dot == DotKind::ProvedPairs)
    blocks = 1;
  int64_t most = std::max<int64_t>(budget / blocks, 1);
  int64_t columns = evenStep(width, most);
  int64_t rows = evenStep(height, std::max<int64_t>(most / columns, 1));
  return {rows, columns, blocks};
}

//===----------------------------------------------------------------------===//
// Tile registers
//===----------------------------------------------------------------------===//

static constexpr int64_t kTileRows = 16;

TilePlan::TilePlan(const Walk &walk)
    : lines(walk.images * walk.height), lineLength(walk.width) {
  int64_t width = walk.a.column ? walk.a.row / walk.a.column : 0;
  if (walk.height > 1 && width >= walk.width &&
      walk.a.row % walk.a.column == 0) {
    int64_t length = (walk.height - 1) * width + walk.width;
    if (walk.images * llvm::divideCeil(length, kTileRows) <
        lines * llvm::divideCeil(lineLength, kTileRows)) {
      lines = walk.images;
      lineLength = length;
      padded = width;
    }
  }
  tilesPerLine = llvm::divideCeil(lineLength, kTileRows);
  rows = llvm::divideCeil(lineLength, tilesPerLine);
  int64_t steps = walk.reduction.back();
  chunks = llvm::divideCeil(steps, int64_t(16));
  depth = llvm::divideCeil(steps, chunks);
}

SmallVector<int8_t> TilePlan::configuration() const {
  // Palette 1; bytes per row of tile i at 16 + 2 * i, rows at 48 + i.
  SmallVector<int8_t> bytes(64, 0);
  bytes[0] = 1;
  for (int tile = 0; tile < 8; ++tile) {
    bool isActivation = tile == 4 || tile == 5, isWeight = tile >= 6;
    bytes[16 + 2 * tile] = int8_t(isActivation ? depth * kStepElements : 64);
    bytes[48 + tile] = int8_t(isWeight ? depth : rows);
  }
  return bytes;
}

//===----------------------------------------------------------------------===//
// The cost model
//===----------------------------------------------------------------------===//

/// Bytes of the packed weights of one group: a step is a float, a pair of bf16
/// or four bytes.
static int64_t weightBytes(const Walk &walk) {
  return walk.channels * walk.steps() * 4;
}

static double registerNanoseconds(const TargetLevel &level, bool isFloat,
                                  const Walk &walk) {
  double macs = double(walk.pixels()) * walk.groups *
                llvm::alignTo(walk.channels, kBlockColumns) * walk.steps() *
                walk.stepElements;
  CostModel model(level);
  double bytes = walk.groups * weightBytes(walk);
  if (isFloat && walk.stepElements == 2)
    return model.productBF16(macs, bytes);
  return model.product(macs, bytes, !isFloat);
}

static double tileNanoseconds(const Walk &walk, const TilePlan &plan) {
  constexpr double kCyclesPerNanosecond = 3;
  int64_t panels = llvm::divideCeil(walk.channels, 2 * kBlockColumns);
  double blocks = double(plan.pairs()) * walk.groups * panels;
  double runs = double(walk.steps()) / walk.reduction.back();
  double multiply = 64 * runs * plan.chunks, finish = 8.0 * 2 * plan.rows;
  return blocks *
         (std::max(multiply, finish) + 0.5 * std::min(multiply, finish)) /
         kCyclesPerNanosecond;
}

static double predict(const TargetLevel &level, bool isFloat, const Walk &walk,
                      const ProductSchedule &schedule) {
  return schedule.tiles ? tileNanoseconds(walk, *schedule.tiles)
                        : registerNanoseconds(level, isFloat, walk);
}

static ProductSchedule findFastest(const TargetLevel &level, bool isFloat,
                                   bool mayUseTiles, const Walk &walk) {
  ProductSchedule schedule;
  schedule.block = chooseBlocking(level, isFloat, walk);
  // Weights that stay in the nearest cache are read again for every block of
  // pixels; larger ones once.
  schedule.pixelsOutermost = weightBytes(walk) <= 24 * 1024;
  schedule.nanoseconds = predict(level, isFloat, walk, schedule);
  if (!mayUseTiles)
    return schedule;
  ProductSchedule tiled = schedule;
  tiled.tiles = TilePlan(walk);
  tiled.nanoseconds = predict(level, isFloat, walk, tiled);
  return tiled.nanoseconds < schedule.nanoseconds ? tiled : schedule;
}

//===----------------------------------------------------------------------===//
// Schedules as text
//===----------------------------------------------------------------------===//

std::string ProductSchedule::str() const {
  std::string text = "tiles";
  if (!tiles)
    text = llvm::formatv("vectors {0}x{1}x{2}", block.rows, block.columns,
                         block.blocks);
  return text + (pixelsOutermost ? " pixels" : " channels");
}

/// Reads what str() writes; false for any other text.
static bool parse(StringRef text, const Walk &walk, ProductSchedule &schedule) {
  auto [layout, order] = text.rsplit(' ');
  if (order != "pixels" && order != "channels")
    return false;
  schedule.pixelsOutermost = order == "pixels";
  schedule.tiles.reset();
  if (layout == "tiles") {
    schedule.tiles = TilePlan(walk);
    return true;
  }
  if (!layout.consume_front("vectors "))
    return false;
  for (int64_t *size : {&schedule.block.rows, &schedule.block.columns,
                        &schedule.block.blocks}) {
    auto [first, rest] = layout.split('x');
    if (first.getAsInteger(10, *size) || *size < 1)
      return false;
    layout = rest;
  }
  return layout.empty();
}

FailureOr<StringAttr> qnn::getGivenSchedule(Operation *op,
                                            const TargetLevel &level) {
  Attribute attribute = op->getAttr(kScheduleAttr);
  if (!attribute)
    return StringAttr();
  auto byLevel = dyn_cast<DictionaryAttr>(attribute);
  if (!byLevel || !llvm::all_of(byLevel, [](NamedAttribute entry) {
        return findLevel(entry.getName()) && isa<StringAttr>(entry.getValue());
      }))
    return op->emitError("expected ")
           << kScheduleAttr << " to name levels of --march and their "
           << "schedules, got " << attribute;
  return byLevel.getAs<StringAttr>(level.name);
}

/// Replaces `schedule` by what the attribute of `op` says.
static LogicalResult applyOverride(Operation *op, const TargetLevel &level,
                                   bool isFloat, bool mayUseTiles,
                                   const Walk &walk,
                                   ProductSchedule &schedule) {
  FailureOr<StringAttr> given = getGivenSchedule(op, level);
  if (failed(given) || !*given)
    return given;
  StringAttr text = *given;
  if (!parse(text.getValue(), walk, schedule))
    return op->emitError("expected a schedule 'tiles ORDER' or 'vectors "
                         "ROWSxCOLUMNSxBLOCKS ORDER', ORDER being channels or "
                         "pixels, got ")
           << text;
  if (schedule.tiles && !mayUseTiles)
    return op->emitError("expected a schedule in vectors: ")
           << level.name << " has no tiles for this layer";
  int64_t registers = schedule.block.rows * schedule.block.columns *
                      schedule.block.blocks *
                      accumulatorsPerBlock(level, isFloat);
  if (!schedule.tiles && registers > level.vectorRegisters)
    return op->emitError("expected a block that fits ")
           << level.vectorRegisters << " registers of " << level.name
           << ", got " << registers << " in " << text;
  if (!isFloat && level.dot == DotKind::ProvedPairs &&
      schedule.block.blocks != 1)
    return op->emitError("expected one block of channels at ")
           << level.name
           << ", where each block has its own order of steps, got " << text;
  return success();
}

FailureOr<ProductSchedule> qnn::chooseSchedule(Operation *op,
                                               const TargetLevel &level,
                                               bool isFloat, bool mayUseTiles,
                                               const Walk &walk) {
  mayUseTiles &= level.hasTiles;
  ProductSchedule schedule = findFastest(level, isFloat, mayUseTiles, walk);
  if (failed(applyOverride(op, level, isFloat, mayUseTiles, walk, schedule)))
    return failure();
  schedule.nanoseconds = predict(level, isFloat, walk, schedule);
  return schedule;
}
