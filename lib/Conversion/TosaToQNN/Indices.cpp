//===- Indices.cpp - Reductions, gathers and resizes --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fromtosa;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static FailureOr<Value> createReduce(Converter &converter, Location loc,
                                     Value input, int64_t axis,
                                     ReduceFunction function) {
  return converter.createAs<ReduceOp>(loc, getElementTypeOrSelf(input),
                                      function, input, ArrayRef<int64_t>(axis),
                                      /*keep_dims=*/true);
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ReduceSumOp op) {
  return createReduce(converter, op.getLoc(), converter.get(op.getInput()),
                      op.getAxis(), ReduceFunction::Sum);
}
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::ReduceProdOp op) {
  if (converter.getScales().isScaled(op.getInput()))
    return converter.refuse(op, "expected float operands");
  return createReduce(converter, op.getLoc(), converter.get(op.getInput()),
                      op.getAxis(), ReduceFunction::Prod);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ReduceMaxOp op) {
  return createReduce(converter, op.getLoc(), converter.get(op.getInput()),
                      op.getAxis(), ReduceFunction::Max);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ReduceMinOp op) {
  return createReduce(converter, op.getLoc(), converter.get(op.getInput()),
                      op.getAxis(), ReduceFunction::Min);
}

/// Bools as 0 and 1.
static FailureOr<Value> reduceBools(Converter &converter, Operation *op,
                                    int64_t axis, ReduceFunction function) {
  OpBuilder &builder = converter.getBuilder();
  auto numbers = converter.createAs<qnn::CastOp>(
      op->getLoc(), builder.getI32Type(), converter.get(op->getOperand(0)));
  if (failed(numbers))
    return failure();
  auto reduced =
      createReduce(converter, op->getLoc(), *numbers, axis, function);
  if (failed(reduced))
    return failure();
  return converter.createAs<qnn::CastOp>(op->getLoc(), builder.getI1Type(),
                                         *reduced);
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ReduceAllOp op) {
  return reduceBools(converter, op, op.getAxis(), ReduceFunction::Min);
}
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ReduceAnyOp op) {
  return reduceBools(converter, op, op.getAxis(), ReduceFunction::Max);
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ArgMaxOp op) {
  OpBuilder &builder = converter.getBuilder();
  auto found = converter.createAs<TopKOp>(
      op.getLoc(), builder.getI64Type(), converter.get(op.getInput()),
      int64_t(op.getAxis()), int64_t(1), /*largest=*/true, /*last=*/false);
  if (failed(found))
    return failure();
  auto flat = converter.move<qnn::ReshapeOp>(op.getLoc(), *found, getShape(op));
  if (failed(flat))
    return failure();
  return converter.createAs<qnn::CastOp>(
      op.getLoc(), getElementTypeOrSelf(op.getType()), *flat);
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// Batches follow each other: rows of batch n begin at n * rows.
FailureOr<Value> fromtosa::convert(Converter &converter, tosa::GatherOp op) {
  Location loc = op.getLoc();
  OpBuilder &builder = converter.getBuilder();
  ArrayRef<int64_t> shape = getShape(op.getValues());
  int64_t batches = shape[0], rows = shape[1], channels = shape[2];
  auto data = converter.move<qnn::ReshapeOp>(
      loc, converter.get(op.getValues()),
      ArrayRef<int64_t>{batches * rows, channels});
  FailureOr<Value> indices = converter.get(op.getIndices());
  if (failed(data))
    return failure();
  if (batches > 1) {
    SmallVector<int32_t> starts;
    for (int64_t n = 0; n < batches; ++n)
      starts.push_back(n * rows);
    Value offsets = builder.create<ConstantOp>(
        loc, getIntegerElements(builder.getContext(), {batches, 1},
                                ArrayRef<int32_t>(starts)));
    indices = converter.createAs<BinaryOp>(
        loc, builder.getI32Type(), BinaryFunction::Add, *indices, offsets);
    if (failed(indices))
      return failure();
  }
  return converter.createAs<qnn::GatherOp>(loc, getElementTypeOrSelf(*data),
                                           *data, *indices, int64_t(0));
}

//===----------------------------------------------------------------------===//
// Resize
//===----------------------------------------------------------------------===//

namespace {
/// How output indices of one dimension read the operand.
struct ResizedAxis {
  SmallVector<int64_t> nearest, pairs; ///< one index, and two, per output
  SmallVector<float> weights;          ///< of pairs
};
} // namespace

/// tosa's index arithmetic: output i is at (i * d + offset) / n.
static ResizedAxis resizeAxis(int64_t inputs, int64_t outputs, int64_t n,
                              int64_t d, int64_t offset) {
  ResizedAxis axis;
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i, 0, inputs - 1); };
  for (int64_t i = 0; i < outputs; ++i) {
    int64_t position = i * d + offset;
    int64_t floor = llvm::divideFloorSigned(position, n);
    int64_t rest = position - floor * n;
    axis.nearest.push_back(clamp(rest * 2 >= n ? floor + 1 : floor));
    llvm::append_values(axis.pairs, clamp(floor), clamp(floor + 1));
    float fraction = float(rest) / float(n);
    llvm::append_values(axis.weights, 1.0f - fraction, fraction);
  }
  return axis;
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::ResizeOp op) {
  ArrayRef<int64_t> from = getShape(op.getInput()), to = getShape(op);
  ArrayRef<int64_t> scale = op.getScale(), offset = op.getOffset();
  FailureOr<Value> value = converter.get(op.getInput());
  bool isNearest = op.getMode() == "NEAREST_NEIGHBOR";
  if (!isNearest && !isFloatTensor(value->getType()))
    return converter.refuse(op, "expected float or scaled operands");
  // Width first, as tosa.
  for (int64_t i : {1, 0}) {
    if (failed(value))
      return failure();
    ResizedAxis axis = resizeAxis(from[1 + i], to[1 + i], scale[2 * i],
                                  scale[2 * i + 1], offset[i]);
    value = isNearest ? converter.move<TakeOp>(op.getLoc(), *value, 1 + i,
                                               ArrayRef<int64_t>(axis.nearest))
                      : converter.create<ResampleOp>(
                            op.getLoc(), *value, 1 + i, int64_t(2),
                            ArrayRef<int64_t>(axis.pairs),
                            ArrayRef<float>(axis.weights), ArrayRef<float>());
  }
  return value;
}
