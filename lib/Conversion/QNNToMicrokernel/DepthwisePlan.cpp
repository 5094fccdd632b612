//===- DepthwisePlan.cpp - Schedules of depthwise convolutions ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DepthwisePlan.h"

#include "qnn/Conversion/KernelBuilder.h"

using namespace mlir;
using namespace mlir::qnn;

/// Taps that one instruction of the level adds.
static int64_t groupSizeOf(const TargetLevel &level) {
  switch (level.dot) {
  case DotKind::VNNI:
  case DotKind::NeonDot:
  case DotKind::NeonMatrix:
    return 4;
  case DotKind::WidenPairs:
  case DotKind::ProvedPairs:
    return 2;
  case DotKind::NeonWidening:
    return 1;
  }
  llvm_unreachable("covered switch");
}

DepthwisePlan::DepthwisePlan(const TargetLevel &level, bool isFloat,
                             const Window &h, const Window &w,
                             ArrayRef<int64_t> output)
    : isFloat(isFloat), h(h), w(w), channels(output[3]),
      groupSize(isFloat ? 1 : groupSizeOf(level)) {
  chooseRows(output[1]);
  chooseVectors(level);
  if (isFloat)
    coverChannels(level.vectorBits / 32, 1, 1);
  else
    coverChannels(level.vectorBits / 8, 16, output[2]);
}

/// As many rows as fill the groups that one row needs anyway.
void DepthwisePlan::chooseRows(int64_t height) {
  rows = 1;
  if (h.dilation == 1) {
    int64_t filled = llvm::alignTo(h.kernel, groupSize);
    rows = std::min((filled - h.kernel) / h.stride + 1, height);
  }
  findRowOffsets();
}

void DepthwisePlan::findRowOffsets() {
  rowOffsets.clear();
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < h.kernel; ++i)
      rowOffsets.push_back(row * h.stride + i * h.dilation);
  llvm::sort(rowOffsets);
  rowOffsets.erase(std::unique(rowOffsets.begin(), rowOffsets.end()),
                   rowOffsets.end());
}

/// True when the input of all vectors fits registers, beside the rest.
bool DepthwisePlan::fitsColumns(const TargetLevel &level) const {
  int64_t columns = (vectors - 1) * w.stride + w.kernel;
  int64_t weights = rows * w.kernel * groups();
  return groupSize > 1 && !isLarge() && vectors > 1 && w.dilation == 1 &&
         columns * groups() * quarters() + rows * vectors + weights <=
             level.vectorRegisters - 4;
}

/// Either the interleaved input of some vectors stays in registers and each
/// quarter is finished on its own, or accumulators stay and input streams by.
void DepthwisePlan::chooseVectors(const TargetLevel &level) {
  for (vectors = 4; vectors > 1; --vectors) {
    keepsColumns = fitsColumns(level);
    if (keepsColumns)
      return;
  }
  int64_t accumulators = level.vectorRegisters / (isFloat ? 3 : 2);
  vectors = std::clamp<int64_t>(accumulators / (rows * quarters()), 1, 8);
  // Weights would be kept for later vectors: too many to be of use.
  if (groupSize > 1 || isLarge())
    vectors = 1;
}

void DepthwisePlan::addRun(int64_t first, int64_t count, int64_t block,
                           int64_t pixels) {
  int64_t before = 0;
  if (!runs.empty())
    before = runs.back().constants + runs.back().count * runs.back().elements();
  runs.push_back({first, count, block, pixels, before});
}

/// Covers all channels with blocks of vectors, each half as long as the one
/// before, the last one at least `least` long; `width` output columns may be
/// packed into a vector of a short block. Where blocks overlap, channels are
/// computed twice.
void DepthwisePlan::coverChannels(int64_t vectorElements, int64_t least,
                                  int64_t width) {
  int64_t done = channels / vectorElements * vectorElements;
  if (done > 0)
    addRun(0, done / vectorElements, vectorElements, 1);
  while (done < channels) {
    int64_t rest = channels - done;
    int64_t block = std::min<int64_t>(
        std::max<int64_t>(llvm::bit_floor(uint64_t(rest)), least),
        vectorElements);
    // A larger block instead of two smaller ones.
    if (rest > block && 2 * block <= channels && rest > 3 * block / 2)
      block *= 2;
    int64_t first = block > rest && block <= channels ? channels - block : done;
    int64_t pixels = std::min<int64_t>(least == 1 ? 1 : vectorElements / block,
                                       llvm::bit_floor(uint64_t(width)));
    addRun(first, 1, block, pixels);
    done = first + block;
  }
}

std::string DepthwisePlan::str() const {
  return ("depthwise " + Twine(rows) + "x" + Twine(vectors) + " taps " +
          Twine(groupSize))
      .str();
}

LogicalResult DepthwisePlan::set(Operation *op, StringAttr text,
                                 const TargetLevel &level,
                                 ArrayRef<int64_t> output) {
  StringRef rest = text.getValue();
  int64_t givenRows, givenVectors, taps;
  bool isRead =
      rest.consume_front("depthwise ") && !rest.consumeInteger(10, givenRows) &&
      rest.consume_front("x") && !rest.consumeInteger(10, givenVectors) &&
      rest.consume_front(" taps ") && !rest.consumeInteger(10, taps);
  if (!isRead || !rest.empty() || givenRows < 1 || givenVectors < 1)
    return op->emitError("expected a schedule 'depthwise ROWSxVECTORS taps "
                         "TAPS', got ")
           << text;
  if (taps != groupSize)
    return op->emitError("expected taps ")
           << groupSize << ", as " << level.name << " multiplies, got " << text;
  // Weights of floats have an order without rows; large windows are a loop.
  int64_t mostRows = isFloat ? 1 : output[1];
  int64_t mostVectors = isLarge() ? 1 : std::max<int64_t>(output[2], 1);
  if (givenRows > mostRows || givenVectors > mostVectors)
    return op->emitError("expected at most ")
           << mostRows << " rows and " << mostVectors << " vectors, got "
           << text;
  int64_t accumulators = givenRows * givenVectors * quarters();
  if (accumulators > level.vectorRegisters)
    return op->emitError("expected a block that fits ")
           << level.vectorRegisters << " registers of " << level.name
           << ", got " << accumulators << " in " << text;
  rows = givenRows;
  vectors = givenVectors;
  findRowOffsets();
  keepsColumns = fitsColumns(level);
  return success();
}

int64_t DepthwisePlan::kernelRow(int64_t row, int64_t group,
                                 int64_t slot) const {
  size_t index = group * groupSize + slot;
  if (index >= rowOffsets.size())
    return -1;
  int64_t offset = rowOffsets[index] - row * h.stride;
  if (offset < 0 || offset % h.dilation != 0 || offset / h.dilation >= h.kernel)
    return -1;
  return offset / h.dilation;
}

bool DepthwisePlan::uses(int64_t row, int64_t group) const {
  for (int64_t slot = 0; slot < groupSize; ++slot)
    if (kernelRow(row, group, slot) >= 0)
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

int64_t DepthwisePlan::weightBytesPerLane() const {
  // A vector of weights has as many bytes as the block has lanes.
  return weightVector(groups(), 0, 0);
}

/// The channel of a lane of a quarter, or -1 beyond the last one.
int64_t DepthwisePlan::channelOf(const ChannelRun &run, int64_t block,
                                 int64_t quarter, int64_t lane) const {
  int64_t channel = run.first + block * run.channels +
                    KernelBuilder::quarterElement(quarter, lane) % run.channels;
  return channel < channels ? channel : -1;
}

template <typename T>
SmallVector<T> DepthwisePlan::packChannels(ArrayRef<T> values) const {
  SmallVector<T> packed;
  for (const ChannelRun &run : runs)
    for (int64_t block = 0; block < run.count; ++block)
      for (int64_t q = 0; q < quarters(); ++q)
        for (int64_t lane = 0; lane < run.elements() / quarters(); ++lane) {
          int64_t channel = channelOf(run, block, q, lane);
          packed.push_back(channel < 0 ? T() : values[channel]);
        }
  return packed;
}
template SmallVector<int32_t>
    DepthwisePlan::packChannels(ArrayRef<int32_t>) const;
template SmallVector<int64_t>
    DepthwisePlan::packChannels(ArrayRef<int64_t>) const;
template SmallVector<float> DepthwisePlan::packChannels(ArrayRef<float>) const;
template SmallVector<FixedPointFactor>
    DepthwisePlan::packChannels(ArrayRef<FixedPointFactor>) const;

SmallVector<int8_t>
DepthwisePlan::packWeights(ArrayRef<int32_t> weights) const {
  SmallVector<int8_t> packed;
  auto append = [&](int64_t channel, int64_t row, int64_t column, int64_t group,
                    int64_t slot) {
    int64_t i = kernelRow(row, group, slot);
    int32_t value = channel < 0 || i < 0
                        ? 0
                        : weights[(channel * h.kernel + i) * w.kernel + column];
    packed.push_back(int8_t(value));
    if (groupSize == 2) // 16-bit numbers, little endian
      packed.push_back(value < 0 ? -1 : 0);
  };
  auto appendTaps = [&](const ChannelRun &run, int64_t block, int64_t group,
                        int64_t column, int64_t row) {
    for (int64_t q = 0; q < quarters(); ++q)
      for (int64_t lane = 0; lane < run.elements() / quarters(); ++lane)
        for (int64_t slot = 0; slot < groupSize; ++slot)
          append(channelOf(run, block, q, lane), row, column, group, slot);
  };
  for (const ChannelRun &run : runs)
    for (int64_t block = 0; block < run.count; ++block)
      for (int64_t group = 0; group < groups(); ++group)
        for (int64_t column = 0; column < w.kernel; ++column)
          for (int64_t row = 0; row < rows; ++row)
            appendTaps(run, block, group, column, row);
  return packed;
}
