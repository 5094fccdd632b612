//===- TileLowering.h - Tile registers to instructions ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// AMX: microkernel.tile_* to the intrinsics with explicit tile numbers (Intel
// 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter
// 18), and microkernel.finish_rows to vectors.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_TILELOWERING_H
#define QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_TILELOWERING_H

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Target/TargetLevel.h"

namespace mlir::qnn {

// Each replaces its op by code for `level`, which has tiles but for
// finish_rows.
void lowerTileOp(microkernel::TileConfigureOp op, const TargetLevel &level);
void lowerTileOp(microkernel::TileReleaseOp op, const TargetLevel &level);
void lowerTileOp(microkernel::TileBrgemmOp op, const TargetLevel &level);
void lowerTileOp(microkernel::FinishRowsOp op, const TargetLevel &level);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_TILELOWERING_H
