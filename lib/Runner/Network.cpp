//===- Network.cpp - Something that can be run ----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Runner/Network.h"

using namespace mlir;
using namespace mlir::qnn;

size_t PortInfo::getNumBytes() const {
  size_t bytes = getNpyTypeSize(type);
  for (int64_t size : shape)
    bytes *= size;
  return bytes;
}

NpyType qnn::getArrayType(abi::ElementType type) {
  switch (type) {
  case abi::Float32:
    return NpyType::Float32;
  case abi::Int8:
    return NpyType::Int8;
  case abi::Int32:
    return NpyType::Int32;
  case abi::Int64:
    return NpyType::Int64;
  case abi::Bool:
    return NpyType::Bool;
  case abi::UInt8:
    return NpyType::UInt8;
  }
  llvm_unreachable("unknown element type");
}
