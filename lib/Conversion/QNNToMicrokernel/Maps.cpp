//===- Maps.cpp - Loops over tensors --------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels that compute an element from the elements at the same (broadcast)
// position of their operands.
//
//===----------------------------------------------------------------------===//

#include "MapLoops.h"
#include "NetworkLowering.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::qnn;

/// The memory of the operands of a map, and what its code depends on.
static SmallVector<Value> argumentsOf(ArrayRef<Buffer> inputs,
                                      const Buffer &output, std::string &key) {
  SmallVector<Value> arguments;
  for (const Buffer &input : inputs) {
    arguments.push_back(input.memory);
    key += input.signature();
  }
  arguments.push_back(output.memory);
  key += output.signature();
  return arguments;
}

void NetworkLowering::emitMap(StringRef name, const Twine &key,
                              ArrayRef<Buffer> inputs, const Buffer &output,
                              MapBody body) {
  if (output.elements() == 0)
    return;
  std::string fullKey = key.str();
  SmallVector<Value> arguments = argumentsOf(inputs, output, fullKey);
  unsigned widest = 0;
  for (Value memory : arguments)
    widest = std::max(
        widest, cast<MemRefType>(memory.getType()).getElementTypeBitWidth());
  callKernel(name, fullKey, arguments, [&](KernelBuilder &k, ValueRange args) {
    MapLoops(inputs, output)
        .emit(k, args, level.vectorBits / widest,
              [&](MapLoops::Load load, int64_t width) {
                return body(k, load(0, width));
              });
  });
}

void NetworkLowering::emitStepsMap(StringRef name, const Twine &key,
                                   ArrayRef<Buffer> inputs,
                                   const Buffer &output,
                                   const StoredParams &params, double largest,
                                   MapBody body) {
  if (output.elements() == 0)
    return;
  std::string fullKey = (key + keyOf(params)).str();
  SmallVector<Value> arguments = argumentsOf(inputs, output, fullKey);
  auto emit = [&](KernelBuilder &k, ValueRange args) {
    auto bytes = [&](MapLoops::Load load, int64_t width) {
      if (width < 4 * k.lanes())
        return k.saturateBytes(body(k, load(0, width)), params);
      SmallVector<Value> steps;
      for (int64_t i = 0; i < width; i += k.lanes())
        steps.push_back(body(k, load(i, k.lanes())));
      return k.saturateBytes(steps, params, largest);
    };
    MapLoops(inputs, output).emit(k, args, 4 * k.lanes(), bytes);
  };
  callKernel(name, fullKey, arguments, emit);
}

void NetworkLowering::emitCopy(const Buffer &input, const Buffer &output) {
  emitMap("copy", "", {input}, output,
          [](KernelBuilder &, ArrayRef<Value> in) { return in[0]; });
}

void NetworkLowering::emitRebias(const Buffer &input, const Buffer &output,
                                 int32_t bias) {
  emitMap("rebias", Twine(bias), {input}, output,
          [&](KernelBuilder &k, ArrayRef<Value> in) {
            int64_t width = KernelBuilder::widthOf(in[0]);
            return k.b.create<arith::AddIOp>(in[0], k.bytes(bias, width));
          });
}

void NetworkLowering::emitTableMap(const Buffer &input, ArrayRef<int8_t> table,
                                   const Buffer &output) {
  if (output.elements() == 0)
    return;
  std::string key;
  SmallVector<Value> arguments = argumentsOf({input}, output, key);
  arguments.push_back(constant(KernelBuilder::tableConstants(level, table)));
  callKernel("table", key, arguments, [&](KernelBuilder &k, ValueRange args) {
    SmallVector<Value> rows = k.loadTable(args[2]);
    auto look = [&](MapLoops::Load load, int64_t width) {
      return k.lookUp(rows, args[2], load(0, width)[0]);
    };
    MapLoops(input, output)
        .emit(k, args.drop_back(), rows.empty() ? 1 : level.vectorBits / 8,
              look);
  });
}
