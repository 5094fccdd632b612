//===- WeightPacking.cpp - Weights as kernels read them -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightPacking.h"

using namespace mlir;
using namespace mlir::qnn;
using microkernel::kBlockColumns;
using microkernel::kStepElements;

/// Pairs of weights that one core unpacks in a nanosecond.
static constexpr double kUnpackedBytes = 16;

/// Weights [channel][run][element] in the order of WeightPacking.h, zeros
/// where runs are padded. Precondition: `walk` counts steps.
template <typename T>
static SmallVector<T> pack(ArrayRef<T> values, const Walk &walk, int64_t run,
                           int64_t stepElements) {
  int64_t stepsPerRun = walk.reduction.back();
  int64_t runs = stepsPerRun ? walk.steps() / stepsPerRun : 0;
  int64_t channels = walk.channels;
  int64_t perChannel = runs * run;
  int64_t packedPerChannel = walk.steps() * stepElements;
  SmallVector<T> packed(walk.groups * channels * packedPerChannel, T(0));
  for (int64_t g = 0; g < walk.groups; ++g)
    for (int64_t o = 0; o < channels; ++o) {
      int64_t inBlock = o % kBlockColumns, first = o - inBlock;
      int64_t columns = std::min(channels - first, kBlockColumns);
      const T *source = &values[(g * channels + o) * perChannel];
      T *block = &packed[(g * channels + first) * packedPerChannel];
      for (int64_t r = 0; r < runs; ++r)
        for (int64_t i = 0; i < run; ++i)
          block[((r * stepsPerRun + i / stepElements) * columns + inBlock) *
                    stepElements +
                i % stepElements] = source[r * run + i];
    }
  return packed;
}

/// The same for float weights that the network computes: a copy at run time.
static Value packAtRunTime(WeightedLayer &layer, const Walk &walk) {
  NetworkLowering &net = layer.net;
  Buffer weights = net.getContiguous(layer.op.weight);
  int64_t depth = walk.steps(), group = walk.channels * depth;
  int64_t full = walk.channels / kBlockColumns * kBlockColumns;
  Type f32 = Float32Type::get(layer.op.op->getContext());
  Buffer packed =
      net.allocate(RankedTensorType::get({walk.groups * group}, f32), Border());
  // [block][channel][term] becomes [block][term][channel].
  auto copy = [&](int64_t first, int64_t blocks, int64_t columns) {
    Buffer from = weights, to = packed;
    from.offset += first * depth;
    to.offset += first * depth;
    from.shape = to.shape = {walk.groups, blocks, columns, depth};
    from.strides = {group, columns * depth, depth, 1};
    to.strides = {group, columns * depth, 1, columns};
    net.emitCopy(from, to);
  };
  copy(0, full / kBlockColumns, kBlockColumns);
  copy(full, 1, walk.channels - full);
  return packed.memory;
}

//===----------------------------------------------------------------------===//
// Weights of four bits
//===----------------------------------------------------------------------===//

/// 2 i and 2 i + 1 of `bytes`, -8 to 7, in byte i: w + 8 in the low and in the
/// high four bits.
static SmallVector<int8_t> joinNibbles(ArrayRef<int8_t> bytes) {
  SmallVector<int8_t> joined;
  for (size_t i = 0; i < bytes.size(); i += 2)
    joined.push_back(int8_t((bytes[i] + 8) | (bytes[i + 1] + 8) << 4));
  return joined;
}

/// Stores what joinNibbles() joined as bytes again.
static void emitSplit(KernelBuilder &k, Value joined, Value bytes,
                      int64_t count) {
  Type i16 = k.b.getIntegerType(16);
  k.split(count / kUnpackedBytes, llvm::divideCeil(count, k.lanes(i16)));
  k.sharedVectorLoop(count, k.lanes(i16), [&](Value i, int64_t width) {
    k.store(k.splitNibbles(k.load(joined, i, width)), bytes, k.mul(i, 2));
  });
}

/// Half as many bytes of constants and, unless kernels read those, one that
/// makes them `packed` in the arena.
static Value addNarrowBytes(WeightedLayer &layer, ArrayRef<int8_t> packed) {
  NetworkLowering &net = layer.net;
  Value joined = net.constant(joinNibbles(packed));
  if (layer.multipliesNarrow)
    return joined;
  int64_t size = packed.size();
  Buffer bytes = net.allocate(
      RankedTensorType::get({size}, IntegerType::get(joined.getContext(), 8)),
      Border());
  net.callKernel("unpack_weights", Twine(size), {joined, bytes.memory},
                 [&](KernelBuilder &k, ValueRange args) {
                   emitSplit(k, args[0], args[1], size / 2);
                 });
  return bytes.memory;
}

//===----------------------------------------------------------------------===//
// Entry point
//===----------------------------------------------------------------------===//

/// The offset in the input of every step.
static SmallVector<int32_t> stepOffsets(const Walk &walk) {
  SmallVector<int32_t> offsets = {0};
  for (auto [size, stride] : llvm::zip(walk.reduction, walk.reductionStrides)) {
    SmallVector<int32_t> inner;
    for (int32_t offset : offsets)
      for (int64_t i = 0; i < size; ++i)
        inner.push_back(int32_t(offset + i * stride));
    offsets = inner;
  }
  return offsets;
}

/// Proves which steps of `packed` fit 16 bits, for levels that use it.
static StepProof addStepProof(WeightedLayer &layer, ArrayRef<int8_t> packed,
                              const Walk &walk, LayerArguments &args) {
  NetworkLowering &net = layer.net;
  if (net.getLevel().dot != DotKind::ProvedPairs || walk.steps() >= 65536)
    return {};
  StepProof proof = proveSteps(
      {packed, walk.groups, walk.channels, walk.steps()}, layer.largestInput());
  args.steps = net.constant(proof.table);
  if (walk.reduction.size() > 1)
    args.stepOffsets = net.constant(stepOffsets(walk));
  return proof;
}

StepProof qnn::addWeights(WeightedLayer &layer, const Walk &walk, int64_t run,
                          LayerArguments &args) {
  if (layer.packsAtRunTime) {
    args.weights = packAtRunTime(layer, walk);
    return {};
  }
  if (layer.isBF16) {
    args.weights = layer.net.pairs(
        pack<uint16_t>(layer.pairedWeights, walk, run, walk.stepElements));
    return {};
  }
  if (layer.isFloat) {
    args.weights =
        layer.net.constant(pack<float>(layer.floatWeights, walk, run, 1));
    return {};
  }
  SmallVector<int8_t> weights(layer.weights.begin(), layer.weights.end());
  SmallVector<int8_t> packed = pack<int8_t>(weights, walk, run, kStepElements);
  args.weights = layer.hasNarrowWeights ? addNarrowBytes(layer, packed)
                                        : layer.net.constant(packed);
  return addStepProof(layer, packed, walk, args);
}
