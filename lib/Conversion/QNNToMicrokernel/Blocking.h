//===- Blocking.h - Register blocks of matrix products ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How many output pixels and channels does one microkernel.brgemm hold in
// registers, and how long does a product take? The answers depend on the level
// (registers, accumulators per block of 16 channels) and on the output shape
// only.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_BLOCKING_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_BLOCKING_H

#include "qnn/Target/TargetLevel.h"

#include <algorithm>

namespace mlir::qnn {

/// A register block: rows x columns pixels by 16 * blocks channels.
struct Blocking {
  int64_t rows, columns, blocks;
};

/// Registers that accumulate one pixel of 16 channels.
inline int64_t accumulatorsPerBlock(const TargetLevel &level, bool isFloat) {
  if (!isFloat && level.dot == DotKind::NeonWidening)
    return 8;
  return 16 * 32 / level.vectorBits;
}

/// Registers left for accumulators after weights, activations and temporaries.
inline int64_t accumulatorBudget(const TargetLevel &level, bool isFloat) {
  if (level.vectorRegisters == 32)
    return level.vectorBits == 512 ? 28 : 24;
  bool proves = !isFloat && level.dot == DotKind::ProvedPairs;
  return proves || level.vectorBits == 128 ? 8 : 12;
}

/// Sizes that cover `size` in the fewest steps of at most `limit`, as evenly as
/// possible.
inline int64_t evenStep(int64_t size, int64_t limit) {
  int64_t steps = (size + limit - 1) / limit;
  return (size + steps - 1) / steps;
}

/// The block for an output of height x width pixels and `channels` channels.
inline Blocking chooseBlocking(const TargetLevel &level, bool isFloat,
                               int64_t height, int64_t width,
                               int64_t channels) {
  int64_t perBlock = accumulatorsPerBlock(level, isFloat);
  int64_t budget =
      std::max<int64_t>(accumulatorBudget(level, isFloat) / perBlock, 1);
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

/// About how long a matrix product of `macs` multiply-adds takes, to decide
/// into how many units it falls.
inline double productNanoseconds(const TargetLevel &level, bool isFloat,
                                 double macs) {
  bool sumsQuads = level.dot == DotKind::VNNI || level.dot == DotKind::NeonDot;
  double perLane = isFloat ? 1 : sumsQuads ? 4 : 1.5;
  return macs / (5 * perLane * level.vectorBits / 32);
}

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_BLOCKING_H
