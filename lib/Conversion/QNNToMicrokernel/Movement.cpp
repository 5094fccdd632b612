//===- Movement.cpp - Ops that move values --------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Most are a copy between two strided views. A reshape is another view of the
// same memory.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/Dialect/QNN/IR/ResizeIndex.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::qnn;

LogicalResult NetworkLowering::lowerReshape(ReshapeOp op) {
  Buffer input = getContiguous(op.getInput());
  Buffer view = input;
  view.shape = SmallVector<int64_t>(op.getType().getShape());
  view.strides = computeStrides(view.shape);
  view.border = Border();
  setBuffer(op.getResult(), view);
  return success();
}

LogicalResult NetworkLowering::lowerTranspose(TransposeOp op) {
  quant::QuantizeCastOp quantize = getQuantizeBeforeTranspose(op.getInput());
  Buffer input = getBuffer(quantize ? quantize.getArg() : op.getInput());
  Buffer view = input;
  for (auto [d, p] : llvm::enumerate(op.getPermutation())) {
    view.shape[d] = input.shape[p];
    view.strides[d] = input.strides[p];
  }
  Buffer output = allocateFor(op.getResult());
  if (quantize)
    emitQuantize(view, output, op.getType());
  else
    emitCopy(view, output);
  setBuffer(op.getResult(), output);
  return success();
}

LogicalResult NetworkLowering::lowerSlice(SliceOp op) {
  Buffer view = getBuffer(op.getInput());
  for (size_t d = 0; d < view.shape.size(); ++d) {
    // Beside a part of a row or of the rows are other pixels.
    if (d < kChannelAxis && op.getSizes()[d] != view.shape[d])
      view.border = Border();
    if (op.getSizes()[d] > 0)
      view.offset += op.getStarts()[d] * view.strides[d];
    view.strides[d] *= op.getSteps()[d];
    view.shape[d] = op.getSizes()[d];
  }
  if (concats.isView(op)) {
    setBuffer(op.getResult(), view);
    return success();
  }
  Buffer output = allocateFor(op.getResult());
  emitCopy(view, output);
  setBuffer(op.getResult(), output);
  return success();
}

LogicalResult NetworkLowering::lowerConcat(ConcatOp op) {
  Value result = op.getResult();
  auto type = cast<RankedTensorType>(op.getType());
  if (!buffers.contains(result)) // no part was made before
    setBuffer(result, allocateFor(result));
  for (const ConcatPlan::Part &part : concats.getParts(op)) {
    Buffer value = getBuffer(part.value);
    std::optional<ConcatPlan::Home> home = concats.getHome(part.value);
    bool isThere = home && home->concat == op &&
                   home->position == part.position &&
                   value.memory == partMemory.lookup(part.value);
    if (isThere)
      continue;
    auto from = cast<RankedTensorType>(part.value.getType());
    if (isPlainTensor(type))
      emitCopy(value, partOf(op, part));
    else
      emitRequantize(value, from, partOf(op, part), type);
  }
  return success();
}

LogicalResult NetworkLowering::lowerPad(PadOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  Buffer output = allocateFor(op.getResult());
  setBuffer(op.getResult(), output);
  // Everything first, then the operand over its part.
  float padding = op.getValue().convertToFloat();
  Type element = storageType(type);
  Value value;
  if (isQuantizedTensor(type))
    value = constant(
        ArrayRef<int8_t>(int8_t(quantize(padding, storedParams(type)))));
  else if (element.isF32())
    value = constant(ArrayRef<float>(padding));
  else if (element.isInteger(64))
    value = constant(ArrayRef<int64_t>(int64_t(padding)));
  else if (element.isInteger(32))
    value = constant(ArrayRef<int32_t>(int32_t(padding)));
  else
    value = constant(ArrayRef<int8_t>(int8_t(padding)));
  Buffer fill;
  fill.memory = value;
  emitCopy(fill, output);
  Buffer inside = output;
  inside.shape = getBuffer(op.getInput()).shape;
  for (size_t d = 0; d < inside.shape.size(); ++d)
    inside.offset += op.getLow()[d] * output.strides[d];
  emitCopy(getBuffer(op.getInput()), inside);
  return success();
}

LogicalResult
NetworkLowering::emitTableMove(StringRef name, Value operand, Value result,
                               ArrayRef<SmallVector<int64_t>> moves) {
  Buffer input = getBuffer(operand);
  Buffer output = allocateFor(result);
  setBuffer(result, output);
  if (output.elements() == 0)
    return success();
  // One table of input offsets per dimension that needs one; the last dimension
  // is a plain run where it does not.
  SmallVector<Value> arguments = {input.memory, output.memory};
  std::string key = input.signature() + output.signature();
  size_t rank = output.shape.size();
  size_t tables = rank > 0 && moves.back().empty() ? rank - 1 : rank;
  SmallVector<size_t> argumentOf(rank, 0);
  for (size_t d = 0; d < tables; ++d) {
    key += moves[d].empty() ? '-' : '+';
    if (moves[d].empty())
      continue;
    SmallVector<int32_t> offsets;
    for (int64_t index : moves[d])
      offsets.push_back(int32_t(index * input.strides[d]));
    argumentOf[d] = arguments.size();
    arguments.push_back(constant(offsets));
  }
  Type element = storageType(result.getType());
  auto emit = [&](KernelBuilder &k, ValueRange args) {
    size_t shared =
        k.split(output.elements(), ArrayRef(output.shape).take_front(tables));
    std::function<void(size_t, Value, Value)> nest = [&](size_t d, Value in,
                                                         Value out) {
      if (d == tables) {
        if (tables == rank)
          return k.store(k.load(args[0], in, 1), args[1], out);
        return k.vectorLoop(output.shape.back(), k.lanes(element),
                            [&](Value c, int64_t lanes) {
                              k.store(k.load(args[0], k.add(in, c), lanes),
                                      args[1], k.add(out, c));
                            });
      }
      auto iterate = [&](Value i) {
        Value offset = k.mul(i, input.strides[d]);
        if (argumentOf[d])
          offset = k.b.create<arith::IndexCastOp>(
              k.b.getIndexType(), k.loadScalar(args[argumentOf[d]], i));
        nest(d + 1, k.add(in, offset), k.add(out, k.mul(i, output.strides[d])));
      };
      if (d == shared)
        k.sharedLoop(output.shape[d], iterate);
      else
        k.loop(0, output.shape[d], 1, iterate);
    };
    nest(0, k.index(input.offset), k.index(output.offset));
  };
  callKernel(name, key, arguments, emit);
  return success();
}

LogicalResult NetworkLowering::lowerTake(TakeOp op) {
  SmallVector<SmallVector<int64_t>> tables(op.getType().getRank());
  tables[op.getAxis()] = SmallVector<int64_t>(op.getIndices());
  return emitTableMove("take", op.getInput(), op.getResult(), tables);
}

LogicalResult NetworkLowering::lowerResizeNearest(ResizeNearestOp op) {
  ArrayRef<int64_t> from = op.getInput().getType().getShape();
  SmallVector<SmallVector<int64_t>> tables(from.size());
  for (size_t d = 0; d < from.size(); ++d)
    if (from[d] != op.getShape()[d] || op.getScales()[d] != 1.0)
      tables[d] =
          getNearestIndices(from[d], op.getShape()[d], op.getScales()[d],
                            op.getCoordinateMode(), op.getNearestMode());
  return emitTableMove("resize_nearest", op.getInput(), op.getResult(), tables);
}
