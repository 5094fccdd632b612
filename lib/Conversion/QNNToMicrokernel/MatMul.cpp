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
  /// Of lhs; pairs of bf16 count as one.
  int64_t steps() const { return isBF16 ? (depth() + 1) / 2 : depth(); }

private:
  SmallVector<int64_t> batchStrides(const Buffer &buffer) const;
  Value load(KernelBuilder &k, Value memory, Value at, int32_t zero,
             int64_t lanes) const;
  Value product(KernelBuilder &k, ValueRange args, Value aRow, Value bStart,
                Value column, int64_t lanes) const;
  Value pairProduct(KernelBuilder &k, ValueRange args, Value aRow, Value bStart,
                    Value column, int64_t lanes) const;
  void emitRow(KernelBuilder &k, ValueRange args, Value aRow, Value bStart,
               Value cRow) const;

  /// Contiguous but for the last rows of bf16, of which rhs has pairs.
  const Buffer &lhs, &rhs, &output;
  bool isBF16, isAccumulator; ///< the latter: the result is the i32 sum
  Average finish; ///< means and products finish alike: a sum, a factor, bounds
  int32_t aZero = 0, bZero = 0;
  float factor = 0;
  int64_t columns;
};
} // namespace

MatMul::MatMul(NetworkLowering &net, MatMulOp op, const Buffer &lhs,
               const Buffer &rhs, const Buffer &output)
    : lhs(lhs), rhs(rhs), output(output),
      isBF16(isBF16Tensor(op.getLhs().getType())),
      isAccumulator(isAccumulatorTensor(op.getType())), finish(net, op),
      columns(output.shape.back()) {
  if (isFloat())
    return;
  Type a = op.getLhs().getType(), b = op.getRhs().getType();
  aZero = net.storedParams(a).zeroPoint;
  bZero = net.storedParams(b).zeroPoint;
  factor = getProductFactor(a, b, op.getType());
}

std::string MatMul::key() const {
  return (finish.key() + Twine(isAccumulator) + Twine(aZero) + "," +
          Twine(bZero) + "," + keyOf(factor) + lhs.signature() +
          rhs.signature() + output.signature())
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
  if (isBF16)
    return pairProduct(k, args, aRow, bStart, column, lanes);
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

/// The same of factors in bf16.
Value MatMul::pairProduct(KernelBuilder &k, ValueRange args, Value aRow,
                          Value bStart, Value column, int64_t lanes) const {
  auto pairsOf = VectorType::get({2 * lanes}, k.b.getIntegerType(16));
  auto step = [&](Value d, ValueRange sum) {
    Value pair = k.b.create<vector::BitCastOp>(
        VectorType::get({1}, k.b.getI32Type()),
        k.load(args[0], k.add(aRow, k.mul(d, 2)), 2));
    Value x = k.b.create<vector::BitCastOp>(
        pairsOf, k.splat(k.b.create<vector::ExtractOp>(pair, 0), lanes));
    Value at = k.add(k.mul(k.add(k.mul(d, columns), column), 2), bStart);
    Value y = k.load(args[1], at, 2 * lanes);
    return SmallVector<Value>{k.dotBF16(sum[0], x, y)};
  };
  return k.loop(k.index(0), k.index(steps()), {finish.zero(k, lanes)}, step)[0];
}

void MatMul::emitRow(KernelBuilder &k, ValueRange args, Value aRow,
                     Value bStart, Value cRow) const {
  k.vectorLoop(columns, k.lanes(), [&](Value n, int64_t lanes) {
    Value acc = product(k, args, aRow, bStart, n, lanes);
    if (isAccumulator)
      return k.store(acc, args[2], k.add(cRow, n));
    KernelBuilder::Epilogue epilogue = finish.epilogue(k);
    if (!isFloat() && finish.fixedPoint) {
      epilogue.scale = k.constant(finish.fixedFactor.multiplier, lanes);
      epilogue.shift = k.constant(finish.fixedFactor.shift, lanes);
    } else if (!isFloat()) {
      epilogue.scale = k.constant(factor, lanes);
    }
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
  strides[0].push_back(lhs.strides[lhs.strides.size() - 2]);
  strides[1].push_back(0);
  strides[2].push_back(columns);
  double macs = double(output.elements()) * depth();
  size_t shared = k.split(2 * macs / k.lanes(), shape);
  k.nest(
      shape, strides, {lhs.offset, rhs.offset, output.offset},
      [&](ArrayRef<Value> at) { emitRow(k, args, at[0], at[1], at[2]); },
      shared);
}

Buffer NetworkLowering::getRowPairs(Value value) {
  Buffer input = getBuffer(value);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  shape[shape.size() - 2] = llvm::divideCeil(rows, 2);
  Buffer rowPairs = input, output;
  rowPairs.shape = shape;
  shape.back() *= 2;
  output = allocate(type.clone(shape), Border());
  if (output.elements() == 0)
    return output;
  auto emit = [&](KernelBuilder &k, ValueRange args) {
    SmallVector<SmallVector<int64_t>> strides = {rowPairs.strides,
                                                 output.strides};
    strides[0][shape.size() - 2] *= 2;
    auto pairRows = [&](int64_t count, int64_t first, bool isWhole) {
      SmallVector<int64_t> loops(ArrayRef(shape).drop_back());
      loops.back() = count;
      auto body = [&](ArrayRef<Value> at) {
        k.vectorLoop(columns, k.lanes(), [&](Value i, int64_t width) {
          Value x = k.load(args[0], k.add(at[0], i), width);
          Value y = k.constant(k.b.getI16IntegerAttr(0), k.b.getIntegerType(16),
                               width);
          if (isWhole)
            y = k.load(args[0],
                       k.add(k.add(at[0], i), input.strides[shape.size() - 2]),
                       width);
          SmallVector<int64_t> order;
          for (int64_t lane = 0; lane < width; ++lane)
            order.append({lane, width + lane});
          k.store(k.b.create<vector::ShuffleOp>(x, y, order), args[1],
                  k.add(at[1], k.mul(i, 2)));
        });
      };
      k.nest(loops, strides,
             {input.offset + first * strides[0][shape.size() - 2],
              output.offset + first * strides[1][shape.size() - 2]},
             body);
    };
    pairRows(rows / 2, 0, true);
    if (rows % 2 != 0)
      pairRows(1, rows / 2, false);
  };
  callKernel("pair_rows", input.signature(), {input.memory, output.memory},
             emit);
  return output;
}

LogicalResult NetworkLowering::lowerMatMul(MatMulOp op) {
  bool isBF16 = isBF16Tensor(op.getLhs().getType());
  Buffer lhs = isBF16 ? getBuffer(op.getLhs()) : getContiguous(op.getLhs());
  Buffer rhs = isBF16 ? getRowPairs(op.getRhs()) : getContiguous(op.getRhs());
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
