//===- Pooling.cpp - Window and global pools ------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "WindowPool.h"

using namespace mlir;
using namespace mlir::qnn;

LogicalResult NetworkLowering::lowerMaxPool(MaxPool2DOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  Type element = storageType(op.getType());
  if (element.isInteger(32))
    return op.emitOpError("expected float or 8-bit values");
  auto [wh, ww] = getWindows(op);
  std::string key;
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  PoolReduction reduction{std::nullopt, element};
  WindowPool pool{reduction, wh, ww, /*includePad=*/false, input, output};
  callKernel("max_pool2d", key, {input.memory, output.memory},
             [&](KernelBuilder &k, ValueRange args) { pool.emit(k, args); });
  return success();
}

LogicalResult NetworkLowering::lowerAvgPool(AvgPool2DOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  PoolReduction reduction{Average(*this, op), storageType(op.getType())};
  const Average &average = *reduction.average;
  auto [wh, ww] = getWindows(op);
  WindowPool pool{reduction, wh, ww, op.getCountIncludePad(), input, output};
  SmallVector<Value> arguments = {input.memory, output.memory};
  int64_t positions = op.getKernel()[0] * op.getKernel()[1];
  if (average.fixedPoint && positions >= (1 << 24) / 129)
    return op.emitOpError("expected a smaller window in fixed point, got ")
           << positions << " positions";
  if (!average.isFloat && !average.fixedPoint) {
    // The factor of every number of positions a window may count.
    SmallVector<float> factors = {0.0f};
    for (int64_t count = 1; count <= positions; ++count)
      factors.push_back(average.factor(count));
    arguments.push_back(constant(factors));
  }
  std::string key = average.key();
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature();
  callKernel("avg_pool2d", key, arguments,
             [&](KernelBuilder &k, ValueRange args) { pool.emit(k, args); });
  return success();
}

namespace {
/// Emits the loops of one global pool.
struct GlobalPool {
  PoolReduction reduction;
  float factor; ///< of a quantized average
  const Buffer &input, &output;

  void emit(KernelBuilder &k, ValueRange args) const;
  Sums reduce(KernelBuilder &k, Value memory, Value at, int64_t lanes) const;
};
} // namespace

/// The channels at `at`, over all pixels of the image.
Sums GlobalPool::reduce(KernelBuilder &k, Value memory, Value at,
                        int64_t lanes) const {
  ArrayRef<int64_t> sizes = ArrayRef(input.shape).slice(1, 2);
  ArrayRef<int64_t> strides = ArrayRef(input.strides).slice(1, 2);
  if (reduction.average)
    return reduction.average->sumOver(k, memory, at, lanes, sizes, strides);
  auto reduceRow = [&](Value h, ValueRange rows) {
    auto combine = [&](Value w, ValueRange acc) {
      Value inRow = k.add(at, k.mul(h, strides[0]));
      Value v = k.load(memory, k.add(inRow, k.mul(w, strides[1])), lanes);
      return reduction.add(k, Sums(acc), v);
    };
    return k.loop(k.index(0), k.index(sizes[1]), rows, combine);
  };
  Sums none = reduction.init(k, lanes, sizes[0] * sizes[1]);
  return k.loop(k.index(0), k.index(sizes[0]), none, reduceRow);
}

void GlobalPool::emit(KernelBuilder &k, ValueRange args) const {
  int64_t count = input.shape[1] * input.shape[2];
  k.loop(0, output.shape[0], 1, [&](Value n) {
    Value image = k.add(k.mul(n, input.strides[0]), input.offset);
    Value out = k.add(k.mul(n, output.strides[0]), output.offset);
    auto emitChannels = [&](Value c, int64_t lanes) {
      Sums sums = reduce(k, args[0], k.add(image, c), lanes);
      WindowCounts counts{k.index(count), k.index(count), k.f32(factor)};
      k.store(reduction.finish(k, sums, counts), args[1], k.add(out, c));
    };
    k.vectorLoop(output.shape[3], reduction.width(k), emitChannels);
  });
}

LogicalResult NetworkLowering::lowerGlobalPool(Operation *op) {
  Buffer input = getBuffer(op->getOperand(0));
  Buffer output = allocateFor(op->getResult(0));
  setBuffer(op->getResult(0), output);
  if (output.elements() == 0)
    return success();
  Type element = storageType(op->getResult(0).getType());
  if (element.isInteger(32))
    return op->emitOpError("expected float or 8-bit values");
  GlobalPool pool{{std::nullopt, element}, 0.0f, input, output};
  std::optional<Average> &average = pool.reduction.average;
  if (!isa<GlobalMaxPoolOp>(op))
    average.emplace(*this, op);
  if (average && !average->isFloat) {
    pool.factor = average->factor(input.shape[1] * input.shape[2]);
    average->setCount(input.shape[1] * input.shape[2]);
  }
  std::string key = average ? average->key() : "max";
  key += keyOf(pool.factor) + input.signature() + output.signature();
  callKernel("global_pool", key, {input.memory, output.memory},
             [&](KernelBuilder &k, ValueRange args) { pool.emit(k, args); });
  return success();
}
