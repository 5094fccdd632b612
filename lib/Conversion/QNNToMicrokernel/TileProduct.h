//===- TileProduct.h - Matrix products in tile registers --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops around microkernel.tile_brgemm (AMX).
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_TILEPRODUCT_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_TILEPRODUCT_H

#include "Schedule.h"
#include "WeightedLayer.h"

namespace mlir::qnn {

/// Emits the loops of one kernel. `walk` counts tiles along its runs;
/// `schedule` has tiles.
void emitTileProduct(KernelBuilder &k, const WeightedLayer &layer,
                     const Walk &walk, const ProductSchedule &schedule,
                     const LayerArguments &args, const Buffer &output);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_TILEPRODUCT_H
