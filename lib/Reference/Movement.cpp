//===- Movement.cpp - Ops that move values --------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A moved tensor is read through one table of offsets per result dimension;
// transpose, slice, resize and broadcast differ only in these tables.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include "qnn/Dialect/QNN/IR/ResizeIndex.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::qnn;

OffsetTable qnn::getBroadcastOffsets(ArrayRef<int64_t> from,
                                     ArrayRef<int64_t> to) {
  SmallVector<int64_t> strides = computeStrides(from);
  size_t added = to.size() - from.size();
  OffsetTable offsets;
  for (size_t d = 0; d < to.size(); ++d) {
    bool repeated = d < added || from[d - added] == 1;
    offsets.emplace_back();
    for (int64_t i = 0; i < to[d]; ++i)
      offsets.back().push_back(repeated ? 0 : i * strides[d - added]);
  }
  return offsets;
}

/// The result of type `type` whose elements are read from `input` through
/// `offsets`.
static Tensor gather(const Tensor &input, RankedTensorType type,
                     const OffsetTable &offsets) {
  Tensor result(type);
  input.visit([&](auto zero) {
    auto from = input.get<decltype(zero)>();
    auto to = result.getMutable<decltype(zero)>();
    forEachOffset(
        type.getShape(), offsets,
        [&](int64_t position, int64_t offset) { to[position] = from[offset]; });
  });
  return result;
}

/// Writes `input` into the box of `result` that starts at `starts`.
static void insert(const Tensor &input, Tensor &result,
                   ArrayRef<int64_t> starts) {
  SmallVector<int64_t> strides = computeStrides(result.getShape());
  OffsetTable offsets;
  for (size_t d = 0; d < strides.size(); ++d) {
    offsets.emplace_back();
    for (int64_t i = 0; i < input.getShape()[d]; ++i)
      offsets.back().push_back((starts[d] + i) * strides[d]);
  }
  input.visit([&](auto zero) {
    auto from = input.get<decltype(zero)>();
    auto to = result.getMutable<decltype(zero)>();
    forEachOffset(
        input.getShape(), offsets,
        [&](int64_t position, int64_t offset) { to[offset] = from[position]; });
  });
}

FailureOr<Tensor> qnn::evaluate(ConcatOp op, Operands operands) {
  Tensor result(op.getType());
  SmallVector<int64_t> starts(result.getShape().size(), 0);
  Type element = op.getType().getElementType();
  for (Tensor input : operands) {
    if (input.getType().getElementType() != element)
      input = requantizeTensor(input, input.getType().clone(element),
                               usesFixedPoint(op));
    insert(input, result, starts);
    starts[op.getAxis()] += input.getShape()[op.getAxis()];
  }
  return result;
}

FailureOr<Tensor> qnn::evaluate(ReshapeOp op, Operands operands) {
  return operands[0].reshaped(op.getType());
}

FailureOr<Tensor> qnn::evaluate(TransposeOp op, Operands operands) {
  SmallVector<int64_t> strides = computeStrides(operands[0].getShape());
  OffsetTable offsets;
  for (int64_t p : op.getPermutation()) {
    offsets.emplace_back();
    for (int64_t i = 0; i < operands[0].getShape()[p]; ++i)
      offsets.back().push_back(i * strides[p]);
  }
  return gather(operands[0], op.getType(), offsets);
}

FailureOr<Tensor> qnn::evaluate(PadOp op, Operands operands) {
  Tensor result(op.getType());
  float value = op.getValue().convertToFloat();
  if (isPlainTensor(op.getType())) {
    result.visit([&](auto zero) {
      auto y = result.getMutable<decltype(zero)>();
      std::fill(y.begin(), y.end(), decltype(zero)(value));
    });
  } else {
    Tensor real(RankedTensorType::get({}, Float32Type::get(op.getContext())));
    real.mutableFloats()[0] = value;
    FailureOr<Tensor> padding = quantizeTensor(
        op, real, RankedTensorType::get({}, op.getType().getElementType()));
    if (failed(padding))
      return failure();
    for (int32_t &y : result.mutableIntegers())
      y = padding->integers()[0];
  }
  insert(operands[0], result, op.getLow());
  return result;
}

FailureOr<Tensor> qnn::evaluate(SliceOp op, Operands operands) {
  SmallVector<int64_t> strides = computeStrides(operands[0].getShape());
  OffsetTable offsets;
  for (size_t d = 0; d < strides.size(); ++d) {
    offsets.emplace_back();
    for (int64_t i = 0; i < op.getSizes()[d]; ++i)
      offsets.back().push_back((op.getStarts()[d] + i * op.getSteps()[d]) *
                               strides[d]);
  }
  return gather(operands[0], op.getType(), offsets);
}

FailureOr<Tensor> qnn::evaluate(TakeOp op, Operands operands) {
  ArrayRef<int64_t> shape = operands[0].getShape();
  SmallVector<int64_t> strides = computeStrides(shape);
  OffsetTable offsets;
  for (int64_t d = 0; d < int64_t(shape.size()); ++d) {
    bool isAxis = d == int64_t(op.getAxis());
    offsets.push_back(isAxis ? SmallVector<int64_t>(op.getIndices())
                             : llvm::to_vector(llvm::seq<int64_t>(shape[d])));
    for (int64_t &offset : offsets.back())
      offset *= strides[d];
  }
  return gather(operands[0], op.getType(), offsets);
}

FailureOr<Tensor> qnn::evaluate(ResizeNearestOp op, Operands operands) {
  ArrayRef<int64_t> in = operands[0].getShape();
  SmallVector<int64_t> strides = computeStrides(in);
  OffsetTable offsets;
  for (size_t d = 0; d < in.size(); ++d) {
    offsets.push_back(
        getNearestIndices(in[d], op.getShape()[d], op.getScales()[d],
                          op.getCoordinateMode(), op.getNearestMode()));
    for (int64_t &offset : offsets.back())
      offset *= strides[d];
  }
  return gather(operands[0], op.getType(), offsets);
}
