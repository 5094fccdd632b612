//===- ReduceMean.cpp - Means over axes -----------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Average.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// The dimensions of a mean: kept ones but the last, which gives the vectors,
/// and summed ones.
struct MeanLoops {
  MeanLoops(ReduceMeanOp op, const Buffer &input, const Buffer &output);

  SmallVector<int64_t> kept, summed, summedIn;
  SmallVector<SmallVector<int64_t>> keptStrides = {{}, {}}; ///< input, output
  int64_t inner = 1, innerIn = 0, innerOut = 0;
  int64_t count = 1; ///< values of one mean
};

/// Emits the loops of one kernel.
struct MeanKernel {
  const MeanLoops &loops;
  const Average &average;
  float factor;
  const Buffer &input, &output;

  void emit(KernelBuilder &k, ValueRange args) const;
};
} // namespace

MeanLoops::MeanLoops(ReduceMeanOp op, const Buffer &input,
                     const Buffer &output) {
  int64_t position = 0;
  for (int64_t d = 0; d < int64_t(input.shape.size()); ++d) {
    bool isSummed = llvm::is_contained(op.getAxes(), d);
    if (isSummed) {
      summed.push_back(input.shape[d]);
      summedIn.push_back(input.strides[d]);
      count *= input.shape[d];
    } else {
      kept.push_back(input.shape[d]);
      keptStrides[0].push_back(input.strides[d]);
      keptStrides[1].push_back(output.strides[position]);
    }
    position += !isSummed || op.getKeepDims();
  }
  if (kept.empty())
    return;
  inner = kept.pop_back_val();
  innerIn = keptStrides[0].pop_back_val();
  innerOut = keptStrides[1].pop_back_val();
}

void MeanKernel::emit(KernelBuilder &k, ValueRange args) const {
  bool vectorizes = loops.innerIn == 1 && loops.innerOut == 1;
  auto emitMean = [&](Value in, Value out, Value i, int64_t lanes) {
    Sums sums = average.sumOver(k, args[0], k.add(in, k.mul(i, loops.innerIn)),
                                lanes, loops.summed, loops.summedIn);
    Value counted = k.index(loops.count), added = k.index(loops.count);
    Value mean = average.finish(k, sums, counted, added, k.f32(factor));
    k.store(mean, args[1], k.add(out, k.mul(i, loops.innerOut)));
  };
  k.nest(loops.kept, loops.keptStrides, {input.offset, output.offset},
         [&](ArrayRef<Value> at) {
           k.vectorLoop(loops.inner, vectorizes ? average.width(k) : 1,
                        [&](Value i, int64_t lanes) {
                          emitMean(at[0], at[1], i, lanes);
                        });
         });
}

LogicalResult NetworkLowering::lowerReduceMean(ReduceMeanOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  Average average(*this, op);
  MeanLoops loops(op, input, output);
  if (loops.count == 0)
    return op.emitOpError("expected at least one value to average");
  average.setCount(loops.count);
  float factor = average.isFloat ? 0.0f : average.factor(loops.count);
  std::string key = average.key();
  llvm::raw_string_ostream(key) << op->getAttrDictionary() << input.signature()
                                << output.signature() << keyOf(factor);
  MeanKernel kernel{loops, average, factor, input, output};
  callKernel("reduce_mean", key, {input.memory, output.memory},
             [&](KernelBuilder &k, ValueRange args) { kernel.emit(k, args); });
  return success();
}
