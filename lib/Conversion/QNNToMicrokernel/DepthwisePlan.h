//===- DepthwisePlan.h - Schedules of depthwise convolutions ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In which order does a depthwise convolution walk its outputs, and how do its
// constants lie in memory? Channels are lanes. The taps of one column of the
// window are interleaved in groups as long as the dot product of the level
// (four bytes, two 16-bit numbers, or one), so that one instruction multiplies
// a group of taps of every channel. Neighbouring rows of output share the
// interleaved input: a window of three rows reads its taps from four rows, with
// a zero weight for the first or the last one.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_DEPTHWISEPLAN_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_DEPTHWISEPLAN_H

#include "qnn/Dialect/QNN/IR/Formulas.h"
#include "qnn/Target/TargetLevel.h"

namespace mlir::qnn {

/// `count` blocks of `channels` channels from `first` on, one after the other.
/// A vector holds `pixels` neighbouring output pixels of a block.
struct ChannelRun {
  int64_t first, count, channels, pixels;
  int64_t constants; ///< lanes of constants before this run
  int64_t elements() const { return channels * pixels; }
};

struct DepthwisePlan {
  DepthwisePlan(const TargetLevel &level, bool isFloat, const Window &h,
                const Window &w, ArrayRef<int64_t> output);

  /// "depthwise ROWSxVECTORS taps TAPS": a block of output rows and vectors
  /// along a row, and the taps that one instruction adds.
  std::string str() const;
  /// Takes rows and vectors from such a text; `op` reports one that makes no
  /// sense.
  LogicalResult set(Operation *op, StringAttr text, const TargetLevel &level,
                    ArrayRef<int64_t> output);
  /// Quarters of an accumulator: vectors per output vector.
  int64_t quarters() const { return isFloat ? 1 : 4; }
  int64_t groups() const {
    return (int64_t(rowOffsets.size()) + groupSize - 1) / groupSize;
  }
  /// The row of the window that output row `row` reads at slot `slot` of
  /// `group`, or -1.
  int64_t kernelRow(int64_t row, int64_t group, int64_t slot) const;
  /// True when output row `row` reads rows of `group`.
  bool uses(int64_t row, int64_t group) const;

  /// Bytes of packed weights for each lane of constants.
  int64_t weightBytesPerLane() const;
  /// Offset of the weights of one tap group within a block, in vectors.
  int64_t weightVector(int64_t group, int64_t column, int64_t row) const {
    return ((group * w.kernel + column) * rows + row) *
           (groupSize == 1 ? 1 : quarters());
  }

  /// True when the taps of a window are too many to be written out.
  bool isLarge() const { return h.kernel * w.kernel > 64; }

  /// Integer constants in the order of the kernel.
  SmallVector<int8_t> packWeights(ArrayRef<int32_t> weights) const;
  template <typename T> SmallVector<T> packChannels(ArrayRef<T> values) const;

  bool isFloat;
  Window h, w;
  int64_t channels;
  int64_t groupSize; ///< taps that one instruction adds
  int64_t rows;      ///< output rows that share interleaved input
  int64_t vectors;   ///< output vectors along a row that share loads
  bool keepsColumns; ///< input of all vectors stays in registers
  SmallVector<int64_t> rowOffsets; ///< input rows, in rows from the first one
  SmallVector<ChannelRun> runs;

private:
  void chooseRows(int64_t height);
  void findRowOffsets();
  bool fitsColumns(const TargetLevel &level) const;
  void chooseVectors(const TargetLevel &level);
  void coverChannels(int64_t vectorElements, int64_t least, int64_t width);
  void addRun(int64_t first, int64_t count, int64_t block, int64_t pixels);
  int64_t channelOf(const ChannelRun &run, int64_t block, int64_t quarter,
                    int64_t lane) const;
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_DEPTHWISEPLAN_H
