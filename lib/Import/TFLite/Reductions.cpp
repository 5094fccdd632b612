//===- Reductions.cpp - Reductions, norms, largest elements ---------------===//
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
using namespace mlir::qnn::tflite;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

namespace {
struct ReducedAxes {
  SmallVector<int64_t> axes;
  bool keepDims = false;
};
} // namespace

static ReducedAxes getAxes(OpImporter &node) {
  ReducedAxes reduced;
  auto *options = node.getOptions<ReducerOptions>();
  SmallVector<int64_t> axes = node.getInts(1, "the axes");
  if (node.failed())
    return reduced;
  reduced.axes = node.normalizeAxes(axes, node.getShape(0).size());
  reduced.keepDims = options->keep_dims();
  return reduced;
}

LogicalResult tflite::convertMean(OpImporter &node) {
  ReducedAxes reduced = getAxes(node);
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  if (reduced.axes.empty())
    return node.setResult(input);
  return node.setResult(
      node.create<ReduceMeanOp>(input, ArrayRef<int64_t>(reduced.axes),
                                reduced.keepDims, FloatAttr(), FloatAttr()));
}

/// REDUCE_ANY and REDUCE_ALL are the maximum and the minimum of 0 and 1.
LogicalResult tflite::convertReduce(OpImporter &node) {
  BuiltinOperator code = node.getCode();
  ReducedAxes reduced = getAxes(node);
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  bool isLogic = code == BuiltinOperator::REDUCE_ANY ||
                 code == BuiltinOperator::REDUCE_ALL;
  if (isLogic != elementOf(x).isInteger(1))
    return node.error() << "expected " << (isLogic ? "BOOL" : "numbers")
                        << ", got " << formatType(node.getInput(0).type);
  Builder &b = node.getBuilder();
  Emitter e{node};
  bool isMax = code == BuiltinOperator::REDUCE_MAX ||
               code == BuiltinOperator::REDUCE_ANY;
  bool isMin = code == BuiltinOperator::REDUCE_MIN ||
               code == BuiltinOperator::REDUCE_ALL;
  ReduceFunction function = isMax   ? ReduceFunction::Max
                            : isMin ? ReduceFunction::Min
                            : code == BuiltinOperator::SUM
                                ? ReduceFunction::Sum
                                : ReduceFunction::Prod;
  if (reduced.axes.empty())
    return node.setResult(x);
  Value numbers = isLogic ? e.cast(x, b.getI32Type()) : x;
  Value result = e.reduce(function, numbers, reduced.axes, reduced.keepDims);
  return node.setResult(isLogic ? e.cast(result, b.getI1Type()) : result);
}

//===----------------------------------------------------------------------===//
// Along the last dimension
//===----------------------------------------------------------------------===//

/// Input 0 of rank 1 or more, and its last dimension; null after an error.
static Value getRows(OpImporter &node, int64_t &axis) {
  Value x = node.getValue(0);
  if (x && shapeOf(x).empty())
    node.error() << "expected an input of rank 1 or more";
  if (node.failed())
    return {};
  axis = shapeOf(x).size() - 1;
  return x;
}

LogicalResult tflite::convertLogSoftmax(OpImporter &node) {
  int64_t axis = 0;
  Value x = getRows(node, axis);
  Emitter e{node};
  Value shifted = e.sub(x, e.reduce(ReduceFunction::Max, x, axis));
  Value sum =
      e.reduce(ReduceFunction::Sum, e.unary(UnaryFunction::Exp, shifted), axis);
  return node.setResult(e.sub(shifted, e.unary(UnaryFunction::Log, sum)));
}

/// x / max(sqrt(sum(x * x)), 1e-6).
LogicalResult tflite::convertL2Normalization(OpImporter &node) {
  int64_t axis = 0;
  Value x = getRows(node, axis);
  OpImporter::Clamp clamp;
  if (auto *options = node.findOptions<L2NormOptions>())
    clamp = node.getClamp(options->fused_activation_function());
  Emitter e{node};
  Value norm =
      e.unary<SqrtOp>(e.reduce(ReduceFunction::Sum, e.mul(x, x), axis));
  norm = e.binary(BinaryFunction::Max, norm, e.constant(1e-6f));
  if (node.failed())
    return failure();
  Value result = node.create<DivOp>(x, norm, clamp.low, clamp.high);
  return node.setResult(node.activate(result, clamp));
}

/// x / (bias + alpha * (sum of squares of the channels within the radius)) ^
/// beta.
LogicalResult tflite::convertLocalResponse(OpImporter &node) {
  auto *options = node.getOptions<LocalResponseNormalizationOptions>();
  int64_t axis = 0;
  Value x = getRows(node, axis);
  if (node.failed())
    return failure();
  int64_t channels = shapeOf(x)[axis], radius = options->radius();
  if (radius < 0 || channels == 0)
    return node.error() << "expected channels and a radius, got " << radius;
  radius = std::min(radius, channels - 1);
  int64_t pixels = ShapedType::getNumElements(shapeOf(x)) / channels;
  Emitter e{node};
  Value squares = node.reshape(e.mul(x, x), {1, pixels, channels, 1});
  SmallVector<int64_t> kernel = {1, 2 * radius + 1}, ones = {1, 1},
                       padding = {0, radius, 0, radius};
  if (node.failed())
    return failure();
  Value mean = node.create<AvgPool2DOp>(
      squares, ArrayRef<int64_t>(kernel), ArrayRef<int64_t>(ones),
      ArrayRef<int64_t>(padding), ArrayRef<int64_t>(ones),
      /*ceil_mode=*/false, /*count_include_pad=*/true, FloatAttr(),
      FloatAttr());
  mean = node.reshape(mean, shapeOf(x));
  Value sum = e.mul(mean, e.constant(float(kernel[1]) * options->alpha()));
  Value power =
      e.binary(BinaryFunction::Pow, e.add(sum, e.constant(options->bias())),
               e.constant(options->beta()));
  return node.setResult(e.div(x, power));
}

/// A product with a triangle of ones.
LogicalResult tflite::convertCumsum(OpImporter &node) {
  auto *options = node.findOptions<CumsumOptions>();
  bool exclusive = options && options->exclusive();
  bool reverse = options && options->reverse();
  Value x = node.getValue(0);
  int64_t rank = node.getShape(0).size();
  int64_t axis = node.normalizeAxis(node.getInt(1, "the axis"), rank);
  if (node.failed())
    return failure();
  int64_t size = shapeOf(x)[axis];
  constexpr int64_t kLongest = 4096;
  if (size > kLongest)
    return node.unsupported("along more than " + Twine(kLongest) + " elements");
  std::vector<float> triangle(size * size, 0.0f);
  for (int64_t to = 0; to < size; ++to)
    for (int64_t from = 0; from < size; ++from) {
      bool before = reverse ? from > to : from < to;
      triangle[to * size + from] = before || (from == to && !exclusive);
    }
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(rank));
  std::swap(swap[axis], swap[rank - 1]);
  Value weight = node.createConstant({size, size}, triangle);
  Value rows = node.transpose(x, swap);
  if (node.failed())
    return failure();
  Value result = node.create<FullyConnectedOp>(rows, weight, /*bias=*/Value(),
                                               /*residual=*/Value(),
                                               FloatAttr(), FloatAttr());
  return node.setResult(node.transpose(result, swap));
}

//===----------------------------------------------------------------------===//
// Largest elements
//===----------------------------------------------------------------------===//

static Value topK(OpImporter &node, Value x, int64_t axis, int64_t k,
                  bool largest) {
  if (node.failed() || !x)
    return {};
  if (elementOf(x).isInteger(1) || shapeOf(x)[axis] < k) {
    node.error() << "expected " << k << " numbers or more, got "
                 << formatShape(shapeOf(x)) << " "
                 << formatType(node.getInput(0).type);
    return {};
  }
  return node.createOf<TopKOp>(node.getBuilder().getI64Type(), x, axis, k,
                               largest, /*last=*/false);
}

/// The type of output i, which must be INT32 or INT64.
static Type getIndexType(OpImporter &node, int i) {
  Type type =
      getIntegerType(node.getBuilder().getContext(), node.getOutput(i).type);
  if (!type || type.isInteger(1))
    node.error() << "expected indices of INT32 or INT64, got "
                 << formatType(node.getOutput(i).type);
  return type;
}

LogicalResult tflite::convertArgMax(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0);
  int64_t axis = node.normalizeAxis(node.getInt(1, "the axis"), shape.size());
  bool largest = node.getCode() == BuiltinOperator::ARG_MAX;
  Value x = node.getAny(0);
  Type type = getIndexType(node, 0);
  if (node.failed())
    return failure();
  shape.erase(shape.begin() + axis);
  Value index = node.reshape(topK(node, x, axis, 1, largest), shape);
  return node.setResult(Emitter{node}.cast(index, type));
}

LogicalResult tflite::convertTopK(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0);
  int64_t k = node.getInt(1, "the number of elements");
  Value x = node.getAny(0);
  if (node.failed())
    return failure();
  if (node.getNumOutputs() != 2 || shape.empty() || k < 0)
    return node.error() << "expected rank 1 or more and two outputs, got "
                        << formatShape(shape) << " and "
                        << node.getNumOutputs();
  Type type = getIndexType(node, 1);
  Value indices = topK(node, x, shape.size() - 1, k, /*largest=*/true);
  if (node.failed())
    return failure();
  // The elements stand in one row, behind those of the rows before.
  Emitter e{node};
  int64_t size = shape.back(),
          rows = size == 0 ? 0 : *countElements(shape) / size;
  SmallVector<int64_t> firsts;
  for (int64_t row = 0; row < rows; ++row)
    firsts.push_back(row * size);
  Value starts =
      node.createIntegers({rows, 1}, firsts, node.getBuilder().getI64Type());
  Value positions =
      e.binary(BinaryFunction::Add, node.reshape(indices, {rows, k}), starts);
  Value values =
      e.gather(node.reshape(x, {*countElements(shape)}), positions, 0);
  if (node.failed())
    return failure();
  if (failed(node.setResult(node.reshape(values, shapeOf(indices)))))
    return failure();
  return node.setResult(e.cast(indices, type), 1);
}
