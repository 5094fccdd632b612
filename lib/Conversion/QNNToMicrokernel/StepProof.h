//===- StepProof.h - Which products fit 16 bits ----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// vpmaddubsw multiplies unsigned activations by signed weights and adds two
// neighbouring products in 16 bits, saturating. For weights p and q that is
// exact whatever the activations are if
//
//     (max(p, 0) + max(q, 0)) * m <= 32767  and
//     (min(p, 0) + min(q, 0)) * m >= -32768,       m: largest activation,
//
// for m = 255 unless both have the same sign and |p| + |q| > 128. If the sums
// over two steps keep these bounds, so does the 16-bit sum of both products.
//
// The table for microkernel.brgemm lists, for each block of 16 channels, first
// the steps that fit 16 bits two by two, then those that fit alone, then those
// that must be widened. Matching steps two by two is greedy: any choice is
// exact.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_STEPPROOF_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_STEPPROOF_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace mlir::qnn {

/// Weights packed as [group][channel / 16][step][16][4], the last block of a
/// group with its channels only.
struct PackedWeights {
  ArrayRef<int8_t> bytes;
  int64_t groups, channels; ///< channels of one group
  int64_t steps;
};

/// What was proved about one layer.
struct StepProof {
  SmallVector<int16_t> table; ///< stepTableSize() entries per block
  int64_t pairs = 0;          ///< weight pairs of the layer
  int64_t proved = 0;         ///< those in steps that fit 16 bits
  int64_t summed = 0;         ///< those of them in steps that fit two by two
};

/// Entries of one block: two counts, then every step once.
inline int64_t stepTableSize(int64_t steps) { return steps + 2; }

/// Precondition: steps < 65536, 0 <= largest <= 255.
StepProof proveSteps(const PackedWeights &weights, int64_t largest);

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_STEPPROOF_H
