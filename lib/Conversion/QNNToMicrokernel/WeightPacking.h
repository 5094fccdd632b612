//===- WeightPacking.h - Weights as kernels read them -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In which order are the weights of a matrix product stored? Packed at compile
// time as [group][channel / 16][run][step][16][4] (i8) or [...][16] (f32),
// every level alike but where a run is padded to whole tiles; the last block of
// a group has only its channels. Weights of four bits are two to a byte in the
// object: vector kernels unpack them as they multiply, and for tiles a kernel
// unpacks them into the arena first.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WEIGHTPACKING_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WEIGHTPACKING_H

#include "StepProof.h"
#include "Walk.h"
#include "WeightedLayer.h"

namespace mlir::qnn {

/// Packs the weights for the kernel, runs of `run` elements each, and returns
/// what was proved of them. Precondition: `walk` counts steps.
StepProof addWeights(WeightedLayer &layer, const Walk &walk, int64_t run,
                     LayerArguments &args);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WEIGHTPACKING_H
