//===- ValueScan.cpp - Extremes and bins of many values -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ValueScan.h"

#include "llvm/Support/Compiler.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::qnn;

// The loader chooses, once, the best clone for the CPU. (Sanitizers run before
// it could.)
#if defined(__x86_64__) && defined(__ELF__) &&                                 \
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#define QNN_CLONES                                                             \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define QNN_CLONES
#endif

static constexpr int kBlock = 16;
using Floats = float __attribute__((vector_size(kBlock * sizeof(float))));
using Ints = int32_t __attribute__((vector_size(kBlock * sizeof(float))));

//===----------------------------------------------------------------------===//
// Extremes
//===----------------------------------------------------------------------===//

QNN_CLONES ValueRange qnn::findValueRange(const float *data, int64_t n) {
  // Several vectors: each hides the latency of the others.
  constexpr int kVectors = 4;
  Floats low[kVectors], high[kVectors];
  Ints magnitude[kVectors];
  for (int k = 0; k < kVectors; ++k) {
    low[k] = high[k] = Floats{} + data[0];
    magnitude[k] = Ints{};
  }
  int64_t i = 0;
  for (; i + kVectors * kBlock <= n; i += kVectors * kBlock)
    for (int k = 0; k < kVectors; ++k) {
      Floats value;
      std::memcpy(&value, data + i + k * kBlock, sizeof(value));
      low[k] = value < low[k] ? value : low[k];
      high[k] = value > high[k] ? value : high[k];
      // As integers, infinity and NaN are larger than every finite magnitude.
      Ints bits = reinterpret_cast<Ints>(value) & 0x7fffffff;
      magnitude[k] = bits > magnitude[k] ? bits : magnitude[k];
    }
  ValueRange range = {data[0], data[0], true};
  for (; i < n; ++i) {
    range.low = std::min(range.low, data[i]);
    range.high = std::max(range.high, data[i]);
    range.finite &= std::isfinite(data[i]);
  }
  for (int k = 0; k < kVectors; ++k)
    for (int lane = 0; lane < kBlock; ++lane) {
      range.low = std::min(range.low, low[k][lane]);
      range.high = std::max(range.high, high[k][lane]);
      range.finite &= magnitude[k][lane] < 0x7f800000;
    }
  return range;
}

//===----------------------------------------------------------------------===//
// Bins
//===----------------------------------------------------------------------===//

namespace {
/// Tables that neighbouring values take turns with: an increment need not wait
/// for one before it that had the same bin.
struct Tables {
  static constexpr int kTables = 4;
  static constexpr int kMaxBins = 2048;
  /// What fits any count.
  static constexpr int64_t kMaxBlocks = 4096;
  uint16_t counts[kTables][kMaxBins];
};
} // namespace

/// The bins of a block.
static inline __attribute__((always_inline)) void
findBins(const float *data, double perWidth, int middle, int32_t *bins) {
  for (int i = 0; i < kBlock; ++i) {
    // A power of two: the product, and so the bin, is exact.
    double scaled = data[i] * perWidth;
    auto bin = static_cast<int32_t>(scaled);
    bins[i] = bin - (scaled < bin) + middle;
  }
}

/// Counts whole blocks, `step` values apart.
QNN_CLONES static void countBlocks(const float *data, int64_t blocks,
                                   int64_t step, double perWidth, int middle,
                                   uint64_t *counts) {
  for (int64_t b = 0; b < blocks; ++b, data += step) {
    int32_t bins[kBlock];
    findBins(data, perWidth, middle, bins);
    for (int32_t bin : bins)
      ++counts[bin];
  }
}

/// The same into tables.
QNN_CLONES static void countManyBlocks(const float *data, int64_t blocks,
                                       int64_t step, double perWidth,
                                       int middle, Tables &tables) {
  for (int64_t b = 0; b < blocks; ++b, data += step) {
    int32_t bins[kBlock];
    findBins(data, perWidth, middle, bins);
    for (int i = 0; i < kBlock; ++i)
      ++tables.counts[i % Tables::kTables][bins[i]];
  }
}

QNN_CLONES static void addTables(const Tables &tables, uint64_t *counts,
                                 int numBins) {
  for (int bin = 0; bin < numBins; ++bin) {
    uint32_t sum = 0;
    for (int k = 0; k < Tables::kTables; ++k)
      sum += tables.counts[k][bin];
    counts[bin] += sum;
  }
}

int64_t qnn::countValues(const float *data, int64_t n, int64_t first,
                         int64_t blockStride, int log2Width, uint64_t *counts,
                         int numBins) {
  double perWidth = std::ldexp(1.0, -log2Width);
  int middle = numBins / 2;
  int64_t counted = 0;
  auto countOne = [&](int64_t i) {
    ++counted;
    ++counts[static_cast<int>(std::floor(data[i] * perWidth)) + middle];
  };
  // The values before the first block boundary, whole blocks, the rest.
  int64_t i = 0;
  for (; i < n && (first + i) % kBlock != 0; ++i)
    if ((first + i) / kBlock % blockStride == 0)
      countOne(i);
  int64_t block = (first + i) / kBlock;
  i += (blockStride - block % blockStride) % blockStride * kBlock;
  int64_t step = blockStride * kBlock;
  while (i + kBlock <= n) {
    int64_t blocks = std::min(Tables::kMaxBlocks, (n - i - kBlock) / step + 1);
    // Tables are cleared and added up at the cost of some hundred values.
    if (blocks >= 64) {
      Tables tables = {};
      countManyBlocks(data + i, blocks, step, perWidth, middle, tables);
      addTables(tables, counts, numBins);
    } else {
      countBlocks(data + i, blocks, step, perWidth, middle, counts);
    }
    counted += blocks * kBlock;
    i += blocks * step;
  }
  for (; i < n; ++i)
    countOne(i);
  return counted;
}
