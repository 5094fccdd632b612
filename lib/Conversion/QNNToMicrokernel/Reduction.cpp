//===- Reduction.cpp - Matrix products of activations, softmax, means -----===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnn;

/// Nested loops over `shape`; `positions` advance by their strides.
static void forEach(KernelBuilder &k, ArrayRef<int64_t> shape,
                    ArrayRef<SmallVector<int64_t>> strides,
                    SmallVector<Value> positions,
                    llvm::function_ref<void(ArrayRef<Value>)> body,
                    size_t dimension = 0) {
  if (dimension == shape.size())
    return body(positions);
  k.loop(0, shape[dimension], 1, [&](Value i) {
    SmallVector<Value> moved;
    for (auto [o, position] : llvm::enumerate(positions))
      moved.push_back(k.add(position, k.mul(i, strides[o][dimension])));
    forEach(k, shape, strides, moved, body, dimension + 1);
  });
}

//===----------------------------------------------------------------------===//
// Matrix product of two activations
//===----------------------------------------------------------------------===//

LogicalResult NetworkLowering::lowerMatMul(MatMulOp op) {
  Buffer lhs = getContiguous(op.getLhs()), rhs = getContiguous(op.getRhs());
  Buffer output = allocateFor(op.getResult());
  if (!output.isContiguous())
    output = allocate(op.getType(), Border());
  buffers[op.getResult()] = output;
  if (output.elements() == 0)
    return success();
  // Means and products finish alike: an accumulator, a factor, bounds.
  Average finish;
  finish.read(*this, op);
  StoredParams a = {}, b = {};
  float factor = 0;
  if (!finish.isFloat) {
    a = storedParams(op.getLhs().getType());
    b = storedParams(op.getRhs().getType());
    factor = getFactor(
        getScale(getQuantizedElementType(op.getLhs().getType()), 0) *
            getScale(getQuantizedElementType(op.getRhs().getType()), 0),
        finish.outputScale);
    int64_t depth = lhs.shape.back();
    if (depth * 255 * 255 > std::numeric_limits<int32_t>::max())
      return op.emitOpError("expected accumulators that fit 32 bits, got a "
                            "product over ")
             << depth << " values: keep this layer in float";
  }
  size_t rank = output.shape.size();
  int64_t rows = output.shape[rank - 2], columns = output.shape[rank - 1];
  int64_t depth = lhs.shape.back();
  ArrayRef<int64_t> batch = ArrayRef(output.shape).drop_back(2);
  auto batchStrides = [&](const Buffer &buffer) {
    SmallVector<int64_t> strides(batch.size(), 0);
    size_t missing = output.shape.size() - buffer.shape.size();
    for (size_t d = 0; d + 2 < buffer.shape.size(); ++d)
      if (buffer.shape[d] != 1)
        strides[missing + d] = buffer.strides[d];
    return strides;
  };
  SmallVector<SmallVector<int64_t>> strides = {
      batchStrides(lhs), batchStrides(rhs), batchStrides(output)};
  std::string key = finish.key() +
                    llvm::formatv("{0},{1},{2}", a.zeroPoint, b.zeroPoint,
                                  llvm::bit_cast<uint32_t>(factor))
                        .str() +
                    lhs.signature() + rhs.signature() + output.signature();
  callKernel(
      "matmul", key, {lhs.memory, rhs.memory, output.memory},
      [&](KernelBuilder &k, ValueRange args) {
        auto lanesOf = [&](Value bytes, int32_t zero) -> Value {
          if (finish.isFloat)
            return bytes;
          return k.b.create<arith::SubIOp>(
              k.widen(bytes), k.constant(zero, KernelBuilder::widthOf(bytes)));
        };
        auto emitRow = [&](Value aRow, Value bStart, Value cRow) {
          k.vectorLoop(columns, k.lanes(), [&](Value n, int64_t lanes) {
            Value acc = k.loop(
                k.index(0), k.index(depth), {finish.init(k, lanes)},
                [&](Value d, ValueRange sum) {
                  Value x =
                      k.splat(k.b.create<vector::ExtractOp>(
                                  lanesOf(k.load(args[0], k.add(aRow, d), 1),
                                          a.zeroPoint),
                                  0),
                              lanes);
                  Value at = k.add(k.add(bStart, k.mul(d, columns)), n);
                  Value y = lanesOf(k.load(args[1], at, lanes), b.zeroPoint);
                  Value next =
                      finish.isFloat
                          ? k.b.create<vector::FMAOp>(x, y, sum[0]).getResult()
                          : k.b.create<arith::AddIOp>(
                                   sum[0], k.b.create<arith::MulIOp>(x, y))
                                .getResult();
                  return SmallVector<Value>{next};
                })[0];
            KernelBuilder::Epilogue epilogue = finish.epilogue(k);
            if (!finish.isFloat)
              epilogue.scale = k.constant(factor, lanes);
            k.store(finish.isFloat ? k.finishFloat(acc, epilogue)
                                   : k.finishQuantized(acc, epilogue),
                    args[2], k.add(cRow, n));
          });
        };
        forEach(
            k, batch, strides,
            {k.index(lhs.offset), k.index(rhs.offset), k.index(output.offset)},
            [&](ArrayRef<Value> at) {
              k.loop(0, rows, 1, [&](Value m) {
                emitRow(k.add(at[0], k.mul(m, depth)), at[1],
                        k.add(at[2], k.mul(m, columns)));
              });
            });
      });
  return success();
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

LogicalResult NetworkLowering::lowerSoftmax(SoftmaxOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  if (isQuantizedTensor(type)) {
    // quantize(softmax(dequantize(x))): three steps over a float buffer.
    auto floatType =
        RankedTensorType::get(type.getShape(), builder.getF32Type());
    Buffer values = allocate(floatType, Border());
    Buffer results = allocate(floatType, Border());
    emitDequantize(getBuffer(op.getInput()),
                   cast<RankedTensorType>(op.getInput().getType()), values);
    emitSoftmax(values, results, op.getAxis());
    Buffer output = allocateFor(op.getResult());
    emitQuantize(results, output, type);
    buffers[op.getResult()] = output;
    return success();
  }
  Buffer output = allocateFor(op.getResult());
  emitSoftmax(getBuffer(op.getInput()), output, op.getAxis());
  buffers[op.getResult()] = output;
  return success();
}

void NetworkLowering::emitSoftmax(const Buffer &input, const Buffer &output,
                                  int64_t axis) {
  if (output.elements() == 0)
    return;
  SmallVector<int64_t> outer, inStrides, outStrides;
  for (int64_t d = 0; d < int64_t(output.shape.size()); ++d)
    if (d != axis) {
      outer.push_back(output.shape[d]);
      inStrides.push_back(input.strides[d]);
      outStrides.push_back(output.strides[d]);
    }
  int64_t count = output.shape[axis];
  int64_t in = input.strides[axis], out = output.strides[axis];
  // Along the last axis only the exponentials and quotients are vectors: the
  // sum is sequential by definition.
  bool isRow = in == 1 && out == 1;
  // Otherwise the last other dimension gives the vectors.
  int64_t inner = isRow || outer.empty() ? 1 : outer.pop_back_val();
  bool vectorizes =
      !isRow && inner > 1 && inStrides.back() == 1 && outStrides.back() == 1;
  int64_t innerIn = inner > 1 ? inStrides.pop_back_val() : 0;
  int64_t innerOut = inner > 1 ? outStrides.pop_back_val() : 0;
  if (inStrides.size() > outer.size()) {
    inStrides.pop_back();
    outStrides.pop_back();
  }
  callKernel(
      "softmax", Twine(axis) + input.signature() + output.signature(),
      {input.memory, output.memory}, [&](KernelBuilder &k, ValueRange args) {
        auto column = [&](Value x, Value y, int64_t lanes) {
          VectorMath math{k, lanes};
          auto reduce = [&](Value memory, Value base, int64_t stride,
                            Value init,
                            llvm::function_ref<Value(Value, Value)> combine) {
            return k.loop(k.index(0), k.index(count), {init},
                          [&](Value i, ValueRange acc) {
                            Value v = k.load(
                                memory, k.add(base, k.mul(i, stride)), lanes);
                            return SmallVector<Value>{combine(acc[0], v)};
                          })[0];
          };
          Value top =
              reduce(args[0], x, in,
                     k.constant(-std::numeric_limits<float>::infinity(), lanes),
                     [&](Value best, Value v) {
                       return math.select(math.lessThan(best, v), v, best);
                     });
          auto forAxis = [&](llvm::function_ref<void(Value, int64_t)> body) {
            if (isRow)
              // The quotients are in place: no element twice.
              return k.vectorLoop(count, k.lanes(), body, /*mayRepeat=*/false);
            k.loop(0, count, 1, [&](Value i) { body(i, lanes); });
          };
          auto widened = [&](Value v, int64_t width) -> Value {
            if (KernelBuilder::widthOf(v) == width)
              return v;
            return k.splat(k.b.create<vector::ExtractOp>(v, 0), width);
          };
          forAxis([&](Value i, int64_t width) {
            VectorMath wide{k, width};
            Value v = k.load(args[0], k.add(x, k.mul(i, in)), width);
            k.store(expF32(wide, wide.sub(v, widened(top, width))), args[1],
                    k.add(y, k.mul(i, out)));
          });
          Value sum =
              reduce(args[1], y, out, k.constant(0.0f, lanes),
                     [&](Value acc, Value v) { return math.add(acc, v); });
          forAxis([&](Value i, int64_t width) {
            VectorMath wide{k, width};
            Value at = k.add(y, k.mul(i, out));
            k.store(wide.div(k.load(args[1], at, width), widened(sum, width)),
                    args[1], at);
          });
        };
        forEach(k, outer, {inStrides, outStrides},
                {k.index(input.offset), k.index(output.offset)},
                [&](ArrayRef<Value> at) {
                  k.vectorLoop(inner, vectorizes ? k.lanes() : 1,
                               [&](Value i, int64_t lanes) {
                                 column(k.add(at[0], k.mul(i, innerIn)),
                                        k.add(at[1], k.mul(i, innerOut)),
                                        lanes);
                               });
                });
      });
}

//===----------------------------------------------------------------------===//
// Mean over axes
//===----------------------------------------------------------------------===//

LogicalResult NetworkLowering::lowerReduceMean(ReduceMeanOp op) {
  Buffer input = getBuffer(op.getInput());
  Buffer output = allocateFor(op.getResult());
  buffers[op.getResult()] = output;
  if (output.elements() == 0)
    return success();
  Average average;
  average.read(*this, op);
  SmallVector<int64_t> kept, keptIn, keptOut, summed, summedIn;
  int64_t count = 1, position = 0;
  for (int64_t d = 0; d < int64_t(input.shape.size()); ++d) {
    bool isSummed = llvm::is_contained(op.getAxes(), d);
    if (isSummed) {
      summed.push_back(input.shape[d]);
      summedIn.push_back(input.strides[d]);
      count *= input.shape[d];
    } else {
      kept.push_back(input.shape[d]);
      keptIn.push_back(input.strides[d]);
      keptOut.push_back(output.strides[position]);
    }
    position += !isSummed || op.getKeepDims();
  }
  if (count == 0)
    return op.emitOpError("expected at least one value to average");
  // The last kept dimension gives the vectors.
  int64_t inner = kept.empty() ? 1 : kept.pop_back_val();
  int64_t innerIn = keptIn.empty() ? 0 : keptIn.pop_back_val();
  int64_t innerOut = keptOut.empty() ? 0 : keptOut.pop_back_val();
  bool vectorizes = innerIn == 1 && innerOut == 1;
  float factor = average.isFloat ? 0.0f : average.factor(count);
  std::string key = average.key();
  llvm::raw_string_ostream(key)
      << op->getAttrDictionary() << input.signature() << output.signature()
      << llvm::bit_cast<uint32_t>(factor);
  callKernel(
      "reduce_mean", key, {input.memory, output.memory},
      [&](KernelBuilder &k, ValueRange args) {
        std::function<Value(size_t, Value, Value, int64_t)> sumFrom =
            [&](size_t d, Value at, Value acc, int64_t lanes) -> Value {
          if (d == summed.size())
            return average.add(k, acc, k.load(args[0], at, lanes));
          return k.loop(k.index(0), k.index(summed[d]), {acc},
                        [&](Value i, ValueRange carried) {
                          return SmallVector<Value>{
                              sumFrom(d + 1, k.add(at, k.mul(i, summedIn[d])),
                                      carried[0], lanes)};
                        })[0];
        };
        forEach(k, kept, {keptIn, keptOut},
                {k.index(input.offset), k.index(output.offset)},
                [&](ArrayRef<Value> at) {
                  k.vectorLoop(
                      inner, vectorizes ? k.lanes() : 1,
                      [&](Value i, int64_t lanes) {
                        Value sum = sumFrom(0, k.add(at[0], k.mul(i, innerIn)),
                                            average.init(k, lanes), lanes);
                        k.store(average.finish(k, sum, k.index(count),
                                               k.index(count), k.f32(factor)),
                                args[1], k.add(at[1], k.mul(i, innerOut)));
                      });
                });
      });
  return success();
}
