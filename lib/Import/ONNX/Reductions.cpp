//===- Reductions.cpp - Reductions, softmax relatives, normalizations -----===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

namespace {
/// Over which axes a node reduces; none: it forwards its input.
struct ReducedAxes {
  explicit ReducedAxes(NodeImporter &node);

  SmallVector<int64_t> axes;
  bool keepDims = true;
  bool none = false;
};
} // namespace

/// An attribute, or from opset 18 (ReduceSum: 13) on an input.
ReducedAxes::ReducedAxes(NodeImporter &node) {
  int64_t rank = node.getShape(0).size();
  keepDims = node.getFlag("keepdims", true);
  bool asInput = node.getOpset() >= (node.getOpType() == "ReduceSum" ? 13 : 18);
  if (!asInput)
    axes = node.getInts("axes");
  else if (node.hasInput(1))
    axes = node.getInts(1, "axes");
  if (axes.empty()) {
    none = asInput && node.getFlag("noop_with_empty_axes", false);
    llvm::append_range(axes, llvm::seq<int64_t>(rank));
  }
  axes = node.normalizeAxes(axes, rank);
}

/// log(sum(exp(x))) = m + log(sum(exp(x - m))) with m the maximum.
static Value logSumExp(Emitter &e, Value x, ArrayRef<int64_t> axes,
                       bool keepDims) {
  Value top = e.reduce(ReduceFunction::Max, x, axes);
  Value sum = e.reduce(ReduceFunction::Sum,
                       e.unary(UnaryFunction::Exp, e.sub(x, top)), axes);
  Value result = e.add(top, e.unary(UnaryFunction::Log, sum));
  if (!result || keepDims)
    return result;
  SmallVector<int64_t> shape;
  for (auto [d, size] : llvm::enumerate(shapeOf(x)))
    if (!llvm::is_contained(axes, int64_t(d)))
      shape.push_back(size);
  return e.node.reshape(result, shape);
}

LogicalResult import::convertReduce(NodeImporter &node) {
  ReducedAxes reduced(node);
  Emitter e{node};
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (reduced.none)
    return node.forward(0);
  StringRef op = node.getOpType().drop_front(StringRef("Reduce").size());
  bool isFloat = elementOf(x).isF32();
  if (elementOf(x).isInteger(1))
    return node.unsupported("of bools");
  if (!isFloat &&
      !llvm::is_contained({"Sum", "Prod", "Max", "Min", "L1", "SumSquare"}, op))
    return node.unsupported("of integers");
  auto sum = [&](Value values) {
    return e.reduce(ReduceFunction::Sum, values, reduced.axes,
                    reduced.keepDims);
  };
  auto square = [&] {
    return isFloat ? e.mul(x, x) : e.binary(BinaryFunction::Mul, x, x);
  };
  if (op == "Prod" || op == "Max" || op == "Min")
    return node.setResult(e.reduce(op == "Prod"  ? ReduceFunction::Prod
                                   : op == "Max" ? ReduceFunction::Max
                                                 : ReduceFunction::Min,
                                   x, reduced.axes, reduced.keepDims));
  if (op == "L1" && isFloat)
    return node.setResult(sum(e.unary(UnaryFunction::Abs, x)));
  if (op == "L1")
    return node.setResult(sum(
        e.binary(BinaryFunction::Max, x,
                 e.binary(BinaryFunction::Sub, e.integers({}, {0}, x), x))));
  if (op == "L2")
    return node.setResult(e.unary<SqrtOp>(sum(square())));
  if (op == "SumSquare")
    return node.setResult(sum(square()));
  if (op == "LogSum")
    return node.setResult(e.unary(UnaryFunction::Log, sum(x)));
  if (op == "LogSumExp")
    return node.setResult(logSumExp(e, x, reduced.axes, reduced.keepDims));
  return node.setResult(sum(x));
}

LogicalResult import::convertReduceMean(NodeImporter &node) {
  ReducedAxes reduced(node);
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  if (reduced.none)
    return node.forward(0);
  return node.setResult(node.create<ReduceMeanOp>(
      x, ArrayRef<int64_t>(reduced.axes), reduced.keepDims,
      /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr()));
}

//===----------------------------------------------------------------------===//
// Largest elements
//===----------------------------------------------------------------------===//

static Value topK(NodeImporter &node, Value x, int64_t axis, int64_t k,
                  bool largest, bool last) {
  if (!x)
    return {};
  return node.createOf<TopKOp>(node.getBuilder().getI64Type(), x, axis, k,
                               largest, last);
}

LogicalResult import::convertArgMax(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t axis = node.normalizeAxis(node.getInt("axis", 0), shape.size());
  bool keepDims = node.getFlag("keepdims", true);
  bool last = node.getFlag("select_last_index", false);
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (elementOf(x).isInteger(1))
    return node.unsupported("of bools");
  Value result = topK(node, x, axis, 1, node.getOpType() == "ArgMax", last);
  if (!keepDims) {
    shape.erase(shape.begin() + axis);
    result = node.reshape(result, shape);
  }
  return node.setResult(result);
}

/// The elements of `x` at `indices` along `axis`: all elements in a row, and
/// the positions in that row.
Value import::gatherElements(NodeImporter &node, Value x, Value indices,
                             int64_t axis) {
  if (!x || !indices)
    return {};
  Emitter e{node};
  SmallVector<int64_t> shape(shapeOf(x)), picked(shapeOf(indices));
  int64_t count = ShapedType::getNumElements(picked), stride = 1;
  if (mlir::failed(node.requireFolding(count)))
    return {};
  // What the other dimensions add to the position.
  std::vector<int64_t> base(count, 0);
  int64_t inner = 1;
  int64_t axisStride = 1;
  for (int64_t d = shape.size(); d-- > 0;) {
    if (d == axis)
      axisStride = stride;
    else
      for (int64_t i = 0; i < count; ++i)
        base[i] += i / inner % picked[d] * stride;
    inner *= picked[d];
    stride *= shape[d];
  }
  using F = BinaryFunction;
  Value size = e.integers({}, {shape[axis]}, indices);
  Value isNegative =
      e.compare(CompareFunction::Less, indices, e.integers({}, {0}, indices));
  Value wrapped =
      e.select(isNegative, e.binary(F::Add, indices, size), indices);
  Value scaled =
      e.binary(F::Mul, wrapped, e.integers({}, {axisStride}, indices));
  Value position = e.binary(F::Add, scaled, e.integers(picked, base, indices));
  Value row = node.reshape(x, {ShapedType::getNumElements(shape)});
  return e.gather(row, position, 0);
}

LogicalResult import::convertTopK(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t axis = node.normalizeAxis(node.getInt("axis", -1), shape.size());
  SmallVector<int64_t> counts = {node.getInt("k", 1)};
  if (node.getOpset() >= 10)
    counts = node.getInts(1, "k");
  bool largest = node.getFlag("largest", true);
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (counts.size() != 1 || counts[0] < 0 || counts[0] > shape[axis])
    return node.error() << "expected k from 0 to " << shape[axis] << ", got ["
                        << counts << "]";
  Value indices = topK(node, x, axis, counts[0], largest, /*last=*/false);
  if (node.hasOutput(1) && mlir::failed(node.setResult(indices, 1)))
    return failure();
  return node.setResult(gatherElements(node, x, indices, axis));
}

//===----------------------------------------------------------------------===//
// Relatives of softmax
//===----------------------------------------------------------------------===//

/// Before opset 13 the input is coerced to a matrix, split before `axis`.
static Value coerce(NodeImporter &node, Value x, int64_t &axis) {
  bool coerces = node.getOpset() < 13;
  int64_t rank = x ? shapeOf(x).size() : 0;
  axis = node.normalizeAxis(node.getInt("axis", coerces ? 1 : -1), rank);
  if (!coerces || node.failed())
    return x;
  ArrayRef<int64_t> shape = shapeOf(x);
  int64_t rows = ShapedType::getNumElements(shape.take_front(axis));
  int64_t columns = ShapedType::getNumElements(shape.drop_front(axis));
  axis = 1;
  return node.reshape(x, {rows, columns});
}

LogicalResult import::convertLogSoftmax(NodeImporter &node) {
  int64_t axis = 0;
  Value input = node.getValue(0);
  Value x = coerce(node, input, axis);
  if (node.failed())
    return failure();
  Emitter e{node};
  Value top = e.reduce(ReduceFunction::Max, x, axis);
  Value shifted = e.sub(x, top);
  Value sum =
      e.reduce(ReduceFunction::Sum, e.unary(UnaryFunction::Exp, shifted), axis);
  Value result = e.sub(shifted, e.unary(UnaryFunction::Log, sum));
  return node.setResult(node.reshape(result, shapeOf(input)));
}

/// 1 at the first maximum, 0 elsewhere.
LogicalResult import::convertHardmax(NodeImporter &node) {
  int64_t axis = 0;
  Value input = node.getValue(0);
  Value x = coerce(node, input, axis);
  if (node.failed())
    return failure();
  Emitter e{node};
  Value top = topK(node, x, axis, 1, /*largest=*/true, /*last=*/false);
  if (!top)
    return failure();
  SmallVector<int64_t> shape(shapeOf(x).size(), 1);
  shape[axis] = shapeOf(x)[axis];
  if (mlir::failed(node.requireFolding(shape[axis])))
    return failure();
  auto positions = llvm::seq<int64_t>(shape[axis]);
  Value isTop = e.compare(
      CompareFunction::Equal,
      e.integers(shape, {positions.begin(), positions.end()}, top), top);
  Value result = e.cast(isTop, node.getBuilder().getF32Type());
  return node.setResult(node.reshape(result, shapeOf(input)));
}

//===----------------------------------------------------------------------===//
// Sums along an axis
//===----------------------------------------------------------------------===//

/// A product with a triangle of ones.
LogicalResult import::convertCumSum(NodeImporter &node) {
  SmallVector<int64_t> axes = node.getInts(1, "axis");
  bool exclusive = node.getFlag("exclusive", false);
  bool reverse = node.getFlag("reverse", false);
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  int64_t rank = shapeOf(x).size();
  if (axes.size() != 1)
    return node.error() << "expected one axis, got [" << axes << "]";
  int64_t axis = node.normalizeAxis(axes[0], rank);
  if (node.failed())
    return failure();
  int64_t size = shapeOf(x)[axis];
  constexpr int64_t kLongest = 4096;
  if (size > kLongest)
    return node.unsupported("along more than " + Twine(kLongest) + " elements");
  if (mlir::failed(node.requireFolding(size * size)))
    return failure();
  std::vector<float> triangle(size * size, 0.0f);
  for (int64_t to = 0; to < size; ++to)
    for (int64_t from = 0; from < size; ++from) {
      bool before = reverse ? from > to : from < to;
      triangle[to * size + from] = before || (from == to && !exclusive);
    }
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(rank));
  std::swap(swap[axis], swap[rank - 1]);
  Value weight =
      node.createConstant(HostTensor::fromFloats({size, size}, triangle));
  Value rows = node.transpose(x, swap);
  if (node.failed())
    return failure();
  Value result = node.create<FullyConnectedOp>(
      rows, weight, /*bias=*/Value(), /*residual=*/Value(),
      /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
  return node.setResult(node.transpose(result, swap));
}
