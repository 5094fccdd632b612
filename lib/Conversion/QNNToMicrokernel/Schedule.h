//===- Schedule.h - How a matrix product is computed ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which registers hold what, which loop is outermost, and how long does that
// take? A schedule is chosen by a cost model from the level and the walk alone;
// docs/Performance.md states its figures.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_SCHEDULE_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_SCHEDULE_H

#include "Walk.h"

#include "qnn/Target/TargetLevel.h"

namespace mlir::qnn {

/// A register block: rows x columns pixels by 16 * blocks channels.
struct Blocking {
  int64_t rows, columns, blocks;
};

/// How the rows and the reduction of a product fall into tiles.
struct TilePlan {
  /// Precondition: `walk` counts steps and is merged.
  explicit TilePlan(const Walk &walk);

  int64_t lines;      ///< of pixels an equal distance apart
  int64_t lineLength; ///< pixels, those beside the image included
  int64_t padded = 0; ///< pixels per image row of a line that holds all rows
  int64_t tilesPerLine, rows; ///< rows: pixels per tile; tiles may overlap
  int64_t depth, chunks;      ///< steps per tile, tiles per run

  int64_t tiles() const { return lines * tilesPerLine; }
  int64_t pairs() const { return llvm::divideCeil(tiles(), 2); }
  /// Steps per run, those of the padding included.
  int64_t paddedSteps() const { return depth * chunks; }
  /// The 64 bytes that microkernel.tile_configure loads.
  SmallVector<int8_t> configuration() const;
};

/// How one product is computed.
struct ProductSchedule {
  std::optional<TilePlan> tiles; ///< in tile registers, else:
  Blocking block = {};           ///< in vector registers
  bool pixelsOutermost = false;  ///< else blocks of channels are
  double nanoseconds = 0;        ///< predicted, on one core

  /// "tiles ORDER" or "vectors ROWSxCOLUMNSxBLOCKS ORDER", ORDER being the
  /// outermost loop: "channels" or "pixels".
  std::string str() const;
};

/// On layers: a dictionary from names of levels to schedules as
/// ProductSchedule::str() and DepthwisePlan::str() write them, which replace
/// the chosen ones.
inline constexpr llvm::StringLiteral kScheduleAttr = "qnn.schedule";

/// What the attribute of `op` says for `level`, null for nothing; reports one
/// that is no such dictionary.
FailureOr<StringAttr> getGivenSchedule(Operation *op, const TargetLevel &level);

/// The fastest schedule for `op`, or the one that its attribute says; reports
/// an attribute that makes no sense. Precondition: `walk` counts steps and is
/// merged.
FailureOr<ProductSchedule> chooseSchedule(Operation *op,
                                          const TargetLevel &level,
                                          bool isFloat, bool mayUseTiles,
                                          const Walk &walk);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_SCHEDULE_H
