//===- ObjectABI.h - What an emitted object looks like ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which structs, codes and numbers do an emitted object and its caller share?
// The emitter lays its constants out like this, the header writer spells the
// same in C with the model's prefix, and the runner of shared objects reads it.
// A change of anything here raises kAbiVersion.
//
// Only plain data; 64-bit pointers; natural alignment, no padding.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_TARGET_OBJECTABI_H
#define QNN_TARGET_OBJECTABI_H

#include <cstddef>
#include <cstdint>

namespace mlir::qnn::abi {

/// NAME_ABI_VERSION of the header.
inline constexpr uint32_t kAbiVersion = 3;
/// Raised when docs/Numerics.md changes a bit of any result.
inline constexpr uint32_t kNumericsVersion = 1;
/// Alignment of the arena and of the constants, in bytes.
inline constexpr uint64_t kAlign = 64;

/// Results of NAME_run and NAME_selftest.
enum Status : int32_t {
  Ok = 0,
  NullArgument = 1, ///< context, inputs or outputs is null
  BadArena = 2,     ///< the arena is null or not aligned to kAlign
  NullTensor = 3,   ///< a pointer in inputs or outputs is null
  SelftestDiffers = 4,
};

/// Element types of inputs and outputs. A bool is a byte, 0 or 1.
enum ElementType : int32_t {
  Float32 = 0,
  Int8 = 1,
  Int32 = 2,
  Int64 = 3,
  Bool = 4,
  UInt8 = 5
};

/// NAME_context.
struct Context {
  void *arena;
  void (*parallelFor)(void *argument, int64_t count,
                      void (*body)(void *bodyArgument, int64_t index),
                      void *bodyArgument);
  void *parallelForArgument;
  /// `layer` is the name of a LayerInfo.
  void (*profile)(void *argument, const char *layer, int32_t begins);
  void *profileArgument;
};

/// NAME_tensor_info.
struct TensorInfo {
  const char *name;
  const int64_t *shape;
  uint32_t rank;
  int32_t type;      ///< ElementType
  float scale;       ///< of Int8, else 0
  int32_t zeroPoint; ///< of Int8, else 0
  uint64_t bytes;
};
static_assert(sizeof(TensorInfo) == 40);

/// NAME_layer_info: one layer, in the order of execution.
struct LayerInfo {
  const char *name; ///< of the ONNX node; unique
  const char *kind; ///< such as "conv2d"
  int32_t type;     ///< Int8 where its results are quantized, else Float32
  uint32_t units;   ///< most independent parts of a kernel
  uint64_t macs;    ///< multiply-adds
  uint64_t weightBytes, inputBytes, outputBytes;
  uint64_t predictedNanoseconds; ///< 0: no prediction
};
static_assert(sizeof(LayerInfo) == 64);

/// NAME_info.
struct Info {
  uint32_t abiVersion;
  uint32_t numericsVersion;
  uint64_t arenaBytes;
  uint64_t selftestArenaBytes;
  uint64_t constantBytes;
  uint32_t align;
  uint32_t inputCount;
  uint32_t outputCount;
  uint32_t levelCount;
  const TensorInfo *inputs;
  const TensorInfo *outputs;
  const char *const *levels;
  const char *level; ///< the one this CPU runs
  const char *name;
  const char *build;       ///< hash of code and constants, hexadecimal
  const LayerInfo *layers; ///< of the level
  uint64_t layerCount;
};
static_assert(sizeof(Info) == 112);

using RunFn = int (*)(const Context *, const void *const *inputs,
                      void *const *outputs);
using DescribeFn = const Info *(*)();
using SelftestFn = int (*)(const Context *);

} // namespace mlir::qnn::abi

#endif // QNN_TARGET_OBJECTABI_H
