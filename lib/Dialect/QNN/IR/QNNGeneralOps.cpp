//===- QNNGeneralOps.cpp - Ops on tensors of any element type -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes, verifiers and renamed dimensions of the ops of QNNGeneral.td.
// Labels as there.
//
//===----------------------------------------------------------------------===//

#include "ShapeInference.h"

#include "qnn/Dialect/QNN/IR/Formulas.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::shapes;

static Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static Shape broadcastShape(ValueRange operands, EmitError emitError) {
  SmallVector<int64_t> result;
  for (Value operand : operands) {
    auto next = broadcastShapes(result, shapeOf(operand));
    if (!next) // binary_c1, compare_c1, select_c1
      return emitError() << "expected shapes that broadcast, got [" << result
                         << "] and [" << shapeOf(operand) << "]";
    result = *next;
  }
  return checkedShape(result, emitError);
}
Shape BinaryOp::inferShape(EmitError e) {
  return broadcastShape(getOperands(), e);
}
Shape CompareOp::inferShape(EmitError e) {
  return broadcastShape(getOperands(), e);
}
Shape SelectOp::inferShape(EmitError e) {
  return broadcastShape(getOperands(), e);
}
Shape UnaryOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }
Shape CastOp::inferShape(EmitError) { return copy(shapeOf(getInput())); }

Shape ReduceOp::inferShape(EmitError emitError) {
  return getReducedShape(shapeOf(getInput()), getAxes(), getKeepDims(),
                         emitError); // reduce_c1
}

Shape TopKOp::inferShape(EmitError emitError) {
  SmallVector<int64_t> result = copy(shapeOf(getInput()));
  int64_t axis = getAxis(), k = getK();
  if (failed(checkAxis(axis, result.size(), emitError))) // top_k_c1
    return failure();
  if (k < 0 || k > result[axis]) // top_k_c1
    return emitError() << "expected k from 0 to " << result[axis] << ", got "
                       << k;
  result[axis] = k;
  return result;
}

Shape GatherOp::inferShape(EmitError emitError) {
  ArrayRef<int64_t> data = shapeOf(getData());
  int64_t axis = getAxis();
  if (failed(checkAxis(axis, data.size(), emitError))) // gather_c1
    return failure();
  if (data[axis] == 0) // gather_c1
    return emitError() << "expected data with elements along axis " << axis;
  SmallVector<int64_t> result = copy(data.take_front(axis));
  llvm::append_range(result, shapeOf(getIndices()));
  llvm::append_range(result, data.drop_front(axis + 1));
  return checkedShape(result, emitError);
}

/// Every index is within dimension `axis` of `shape`.
static LogicalResult checkIndices(ArrayRef<int64_t> indices, int64_t axis,
                                  ArrayRef<int64_t> shape,
                                  EmitError emitError) {
  if (failed(checkAxis(axis, shape.size(), emitError)))
    return failure();
  for (int64_t index : indices)
    if (index < 0 || index >= shape[axis])
      return emitError() << "expected indices within size " << shape[axis]
                         << ", got " << index;
  return success();
}

Shape TakeOp::inferShape(EmitError emitError) {
  SmallVector<int64_t> result = copy(shapeOf(getInput()));
  if (failed(checkIndices(getIndices(), getAxis(), result, emitError)))
    return failure(); // take_c1
  result[getAxis()] = getIndices().size();
  return checkedShape(result, emitError);
}

Shape ResampleOp::inferShape(EmitError emitError) {
  SmallVector<int64_t> result = copy(shapeOf(getInput()));
  if (failed(checkIndices(getIndices(), getAxis(), result, emitError)))
    return failure(); // resample_c1
  int64_t taps = getTaps(), count = getIndices().size();
  if (taps < 1 || count % taps != 0 ||
      int64_t(getWeights().size()) != count) // resample_c1
    return emitError() << "expected as many indices as weights, a multiple of "
                          "taps, got "
                       << count << ", " << getWeights().size() << " and "
                       << taps;
  int64_t size = count / taps;
  if (!getOffsets().empty() && int64_t(getOffsets().size()) != size)
    return emitError() << "expected " << size << " offsets or none, got "
                       << getOffsets().size(); // resample_c2
  result[getAxis()] = size;
  return checkedShape(result, emitError);
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

/// The result has the shape the op infers.
template <typename OpTy> static LogicalResult verifyShape(OpTy op) {
  Shape shape = op.inferShape([&] { return op.emitOpError(); });
  if (failed(shape))
    return failure();
  ArrayRef<int64_t> actual = op.getType().getShape();
  if (actual != ArrayRef<int64_t>(*shape))
    return op.emitOpError("expected result of shape [")
           << *shape << "], got [" << actual << "]";
  return success();
}

static LogicalResult expect(Operation *op, bool holds, StringRef what) {
  if (holds)
    return success();
  auto error = op->emitOpError("expected ") << what << ", got ";
  llvm::interleaveComma(op->getOperandTypes(), error);
  return error << " and " << op->getResult(0).getType();
}

/// binary_c2
static bool isDefined(BinaryFunction function, Type element) {
  if (isa<quant::QuantizedType>(element))
    return function == BinaryFunction::Max || function == BinaryFunction::Min;
  switch (function) {
  case BinaryFunction::Max:
  case BinaryFunction::Min:
    return !element.isInteger(1);
  case BinaryFunction::Pow:
  case BinaryFunction::Prelu:
    return element.isF32();
  case BinaryFunction::And:
  case BinaryFunction::Or:
  case BinaryFunction::Xor:
    return !element.isF32();
  default:
    return !element.isF32() && !element.isInteger(1);
  }
}

LogicalResult UnaryOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  return expect(*this, // unary_c1
                isQuantizedTensor(getInput().getType()) ==
                    isQuantizedTensor(getType()),
                "operand and result both float or both quantized");
}

LogicalResult BinaryOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  Type element = elementOf(getResult());
  return expect(*this,
                elementOf(getLhs()) == element &&
                    elementOf(getRhs()) == element &&
                    isDefined(getFunction(), element),
                "one element type for which '" +
                    stringifyBinaryFunction(getFunction()).str() +
                    "' is defined"); // binary_c2
}

LogicalResult CompareOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  return expect(*this, // compare_c2
                elementOf(getLhs()) == elementOf(getRhs()) &&
                    elementOf(getResult()).isInteger(1),
                "operands of one element type and a result of bools");
}

LogicalResult SelectOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  Type element = elementOf(getResult());
  return expect(*this, // select_c2
                elementOf(getCondition()).isInteger(1) &&
                    elementOf(getLhs()) == element &&
                    elementOf(getRhs()) == element,
                "a condition of bools and values of one element type");
}

LogicalResult CastOp::verify() { return verifyShape(*this); } // cast_c1

LogicalResult ReduceOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  Type element = elementOf(getInput());
  return expect(*this, // reduce_c2
                element == elementOf(getResult()) && !element.isInteger(1) &&
                    (!isa<quant::QuantizedType>(element) ||
                     getFunction() == ReduceFunction::Max ||
                     getFunction() == ReduceFunction::Min),
                "one element type other than i1, for which the function is "
                "defined");
}

LogicalResult TopKOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  return expect(*this, // top_k_c2
                !elementOf(getInput()).isInteger(1) &&
                    elementOf(getResult()).isInteger(64),
                "numbers and a result of i64");
}

LogicalResult GatherOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  Type index = elementOf(getIndices());
  return expect(*this, // gather_c2
                (index.isInteger(32) || index.isInteger(64)) &&
                    elementOf(getData()) == elementOf(getResult()),
                "indices of i32 or i64 and a result like the data");
}

LogicalResult TakeOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  return expect(*this, elementOf(getInput()) == elementOf(getResult()),
                "one element type"); // take_c2
}

bool qnn::hasFixedPointWeights(ResampleOp op) {
  if (!op.getOffsets().empty())
    return false;
  ArrayRef<float> weights = op.getWeights();
  for (; !weights.empty(); weights = weights.drop_front(op.getTaps())) {
    float sum = 0.0f;
    for (float weight : weights.take_front(op.getTaps())) {
      if (!(std::fabs(weight) <= 2.0f) ||
          weight * 1024.0f != std::trunc(weight * 1024.0f))
        return false;
      sum += std::fabs(weight);
    }
    if (sum > 2.0f)
      return false;
  }
  return true;
}

LogicalResult ResampleOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  Type from = elementOf(getInput()), to = elementOf(getResult());
  auto isByte = [](Type type) {
    auto element = dyn_cast<quant::UniformQuantizedType>(type);
    return element && element.getStorageTypeIntegralWidth() == 8;
  };
  auto isStored = [&](Type type) { return type.isInteger(32) || isByte(type); };
  bool inIntegers =
      isStored(from) && isStored(to) &&
      (isByte(from) ? to == from || to.isInteger(32) : isByte(to)) &&
      hasFixedPointWeights(*this);
  return expect(*this, // resample_c3
                (from.isF32() && to.isF32()) || inIntegers,
                "f32, or integers with weights of 10 fractional bits");
}

//===----------------------------------------------------------------------===//
// Renamed dimensions
//===----------------------------------------------------------------------===//

template <typename OpTy>
static SmallVector<int64_t> renameAxis(OpTy op, ArrayRef<int64_t> permutation,
                                       NamedAttrList &attributes) {
  attributes.set(
      op.getAxisAttrName(),
      Builder(op.getContext()).getI64IntegerAttr(permutation[op.getAxis()]));
  return copy(permutation);
}

SmallVector<int64_t> TopKOp::renameDimensions(ArrayRef<int64_t> permutation,
                                              NamedAttrList &attributes) {
  return renameAxis(*this, permutation, attributes);
}
SmallVector<int64_t> TakeOp::renameDimensions(ArrayRef<int64_t> permutation,
                                              NamedAttrList &attributes) {
  return renameAxis(*this, permutation, attributes);
}
SmallVector<int64_t> ResampleOp::renameDimensions(ArrayRef<int64_t> permutation,
                                                  NamedAttrList &attributes) {
  return renameAxis(*this, permutation, attributes);
}
