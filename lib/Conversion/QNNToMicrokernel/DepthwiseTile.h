//===- DepthwiseTile.h - Some outputs of a depthwise layer ------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Emits the code of one tile of a DepthwisePlan: some rows by some vectors of
// output of one block of channels. The taps of the window are written out, or,
// of a large window, those of one column.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_DEPTHWISETILE_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_DEPTHWISETILE_H

#include "DepthwisePlan.h"
#include "WeightedLayer.h"

namespace mlir::qnn {

/// A kernel being emitted.
struct DepthwiseKernel {
  KernelBuilder &k;
  const DepthwisePlan &plan;
  const LayerArguments &args;
  const Buffer &input, &output, &residual; ///< residual: when args has one
};

/// A block of channels at run time.
struct ChannelBlock {
  const ChannelRun &run;
  Value channel;   ///< the first one
  Value constants; ///< where its bias and scales begin
  Value weights;   ///< where its weights begin
};

class DepthwiseTile {
public:
  /// The tile of `vectors` output vectors from the output position `out` on,
  /// which reads its window from `in` and its residual (or null) from
  /// `residual` on. Rows before `firstRow` are there already.
  DepthwiseTile(const DepthwiseKernel &kernel, const ChannelBlock &block,
                int64_t firstRow, int64_t vectors, Value in, Value out,
                Value residual)
      : kernel(kernel), k(kernel.k), plan(kernel.plan), args(kernel.args),
        block(block), run(block.run), firstRow(firstRow), vectors(vectors),
        in(in), out(out), residual(residual) {}

  void emit();

private:
  /// The quarters of interleaved input, of accumulators, of weights.
  using Quarters = SmallVector<Value>;

  Quarters initial();
  void accumulate();
  void accumulateInLoop();
  void addTaps(const Quarters &x, int64_t group, int64_t column,
               int64_t quarter);
  Quarters loadInput(int64_t group, Value column);
  Quarters interleaved(ArrayRef<Value> rows);
  Value loadPixels(Value memory, Value position, int64_t step);
  Value loadWeights(Value at, int64_t quarter);
  Value multiplyAdd(Value acc, Value x, Value w);
  void finish(int64_t row, int64_t vector);
  Value finishFloat(Value acc, Value residualAt);
  Value finishBytes(ArrayRef<Value> accumulator, Value residualAt);
  void storePixels(Value all, Value position);
  /// Accumulators of an output vector.
  Quarters &at(int64_t row, int64_t vector) {
    return accumulators[row * vectors + vector];
  }

  const DepthwiseKernel &kernel;
  KernelBuilder &k;
  const DepthwisePlan &plan;
  const LayerArguments &args;
  const ChannelBlock &block;
  const ChannelRun &run;
  int64_t firstRow, vectors;
  Value in, out, residual;
  SmallVector<Quarters> accumulators; ///< [row][vector]
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_DEPTHWISETILE_H
