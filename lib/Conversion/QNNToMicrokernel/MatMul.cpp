//===- MatMul.cpp - Products of two activations ---------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Average.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// One product of matrices, and the loops of its kernel.
class MatMul {
public:
  MatMul(NetworkLowering &net, MatMulOp op, const Buffer &lhs,
         const Buffer &rhs, const Buffer &output);

  std::string key() const;
  void emit(KernelBuilder &k, ValueRange args) const;
  bool isFloat() const { return finish.isFloat; }
  int64_t depth() const { return lhs.shape.back(); }

private:
  SmallVector<int64_t> batchStrides(const Buffer &buffer) const;
  Value load(KernelBuilder &k, Value memory, Value at, int32_t zero,
             int64_t lanes) const;
  Value product(KernelBuilder &k, ValueRange args, Value aRow, Value bStart,
                Value column, int64_t lanes) const;
  void emitRow(KernelBuilder &k, ValueRange args, Value aRow, Value bStart,
               Value cRow) const;

  const Buffer &lhs, &rhs, &output; ///< contiguous
  Average finish; ///< means and products finish alike: a sum, a factor, bounds
  int32_t aZero = 0, bZero = 0;
  float factor = 0;
  int64_t columns;
};
} // namespace

MatMul::MatMul(NetworkLowering &net, MatMulOp op, const Buffer &lhs,
               const Buffer &rhs, const Buffer &output)
    : lhs(lhs), rhs(rhs), output(output), finish(net, op),
      columns(output.shape.back()) {
  if (isFloat())
    return;
  Type a = op.getLhs().getType(), b = op.getRhs().getType();
  aZero = net.storedParams(a).zeroPoint;
  bZero = net.storedParams(b).zeroPoint;
  factor = getProductFactor(a, b, op.getType());
}

std::string MatMul::key() const {
  return (finish.key() + Twine(aZero) + "," + Twine(bZero) + "," +
          keyOf(factor) + lhs.signature() + rhs.signature() +
          output.signature())
      .str();
}

/// Strides of the leading dimensions of the result, 0 where `buffer`
/// broadcasts.
SmallVector<int64_t> MatMul::batchStrides(const Buffer &buffer) const {
  SmallVector<int64_t> strides(output.shape.size() - 2, 0);
  size_t missing = output.shape.size() - buffer.shape.size();
  for (size_t d = 0; d + 2 < buffer.shape.size(); ++d)
    if (buffer.shape[d] != 1)
      strides[missing + d] = buffer.strides[d];
  return strides;
}

/// Floats, or q - z in i32 lanes.
Value MatMul::load(KernelBuilder &k, Value memory, Value at, int32_t zero,
                   int64_t lanes) const {
  Value loaded = k.load(memory, at, lanes);
  return isFloat() ? loaded : k.centeredLanes(loaded, zero);
}

/// The sum over the depth for `lanes` columns from `column` on.
Value MatMul::product(KernelBuilder &k, ValueRange args, Value aRow,
                      Value bStart, Value column, int64_t lanes) const {
  auto step = [&](Value d, ValueRange sum) {
    Value x = load(k, args[0], k.add(aRow, d), aZero, 1);
    x = k.splat(k.b.create<vector::ExtractOp>(x, 0), lanes);
    Value at = k.add(k.add(bStart, k.mul(d, columns)), column);
    Value y = load(k, args[1], at, bZero, lanes);
    Value next;
    if (isFloat())
      next = k.b.create<math::FmaOp>(x, y, sum[0]);
    else
      next = k.b.create<arith::AddIOp>(sum[0], k.b.create<arith::MulIOp>(x, y));
    return SmallVector<Value>{next};
  };
  return k.loop(k.index(0), k.index(depth()), {finish.zero(k, lanes)}, step)[0];
}

void MatMul::emitRow(KernelBuilder &k, ValueRange args, Value aRow,
                     Value bStart, Value cRow) const {
  k.vectorLoop(columns, k.lanes(), [&](Value n, int64_t lanes) {
    Value acc = product(k, args, aRow, bStart, n, lanes);
    KernelBuilder::Epilogue epilogue = finish.epilogue(k);
    if (!isFloat())
      epilogue.scale = k.constant(factor, lanes);
    k.store(isFloat() ? k.finishFloat(acc, epilogue)
                      : k.finishQuantized(acc, epilogue),
            args[2], k.add(cRow, n));
  });
}

void MatMul::emit(KernelBuilder &k, ValueRange args) const {
  auto shape = ArrayRef(output.shape).drop_back();
  SmallVector<SmallVector<int64_t>> strides = {
      batchStrides(lhs), batchStrides(rhs), batchStrides(output)};
  // A row of the result reads a row of lhs and all of rhs.
  strides[0].push_back(depth());
  strides[1].push_back(0);
  strides[2].push_back(columns);
  double macs = double(output.elements()) * depth();
  size_t shared = k.split(2 * macs / k.lanes(), shape);
  k.nest(
      shape, strides, {lhs.offset, rhs.offset, output.offset},
      [&](ArrayRef<Value> at) { emitRow(k, args, at[0], at[1], at[2]); },
      shared);
}

LogicalResult NetworkLowering::lowerMatMul(MatMulOp op) {
  Buffer lhs = getContiguous(op.getLhs()), rhs = getContiguous(op.getRhs());
  Buffer output = allocateContiguous(op.getResult());
  setBuffer(op.getResult(), output);
  if (output.elements() == 0)
    return success();
  MatMul product(*this, op, lhs, rhs, output);
  if (!product.isFloat() &&
      product.depth() * 255 * 255 > std::numeric_limits<int32_t>::max())
    return op.emitOpError("expected accumulators that fit 32 bits, got a "
                          "product over ")
           << product.depth() << " values: keep this layer in float";
  callKernel("matmul", product.key(), {lhs.memory, rhs.memory, output.memory},
             [&](KernelBuilder &k, ValueRange args) { product.emit(k, args); });
  return success();
}
