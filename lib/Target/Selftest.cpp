//===- Selftest.cpp - The golden vector of an object ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same generator and hash as in EntryTemplates.h, for the compiler's side.
//
//===----------------------------------------------------------------------===//

#include "EntryTemplates.h"

#include "qnn/Target/ObjectEmitter.h"

using namespace mlir::qnn;

std::vector<char> mlir::qnn::makeSelftestInput(const TensorInfo &tensor,
                                               unsigned index, float step) {
  std::vector<char> bytes(getByteSize(tensor));
  uint32_t x = getSelftestSeed(index);
  size_t width = getElementSize(tensor.type);
  for (size_t at = 0; at < bytes.size(); at += width) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    if (tensor.type != abi::Float32) {
      int64_t value = static_cast<int32_t>(x) >> 24;
      if (tensor.type == abi::Bool)
        value = x >> 31;
      std::memcpy(&bytes[at], &value, width); // little-endian
      continue;
    }
    float value = static_cast<float>(static_cast<int32_t>(x) >> 8) * step;
    std::memcpy(&bytes[at], &value, sizeof(value));
  }
  return bytes;
}

uint64_t
mlir::qnn::hashSelftestOutputs(llvm::ArrayRef<llvm::ArrayRef<char>> outputs) {
  uint64_t hash = kHashStart;
  for (llvm::ArrayRef<char> output : outputs)
    for (char byte : output)
      hash = (hash ^ static_cast<uint8_t>(byte)) * kHashPrime;
  return hash;
}
