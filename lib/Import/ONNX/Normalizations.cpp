//===- Normalizations.cpp - Instance, group, local response, ... ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Means and arithmetic. A mean over a large image is taken axis by axis, which
// rounds less than one long sum.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// The mean over ascending `axes`, the last one first.
static Value meanByAxis(Emitter &e, Value x, ArrayRef<int64_t> axes) {
  for (int64_t axis : llvm::reverse(axes))
    x = e.mean(x, ArrayRef<int64_t>(axis));
  return x;
}

/// (x - mean) / sqrt(variance + epsilon).
static Value normalize(Emitter &e, Value x, ArrayRef<int64_t> axes,
                       float epsilon) {
  Value centered = e.sub(x, meanByAxis(e, x, axes));
  Value variance = meanByAxis(e, e.mul(centered, centered), axes);
  return e.div(centered, e.unary<SqrtOp>(e.add(variance, e.constant(epsilon))));
}

/// The dimensions of a tensor of rank `rank` from `first` on.
static SmallVector<int64_t> axesFrom(int64_t first, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(first, rank));
}

/// One value per channel, to multiply images of rank `rank` with.
static Value perChannel(NodeImporter &node, int input, int64_t channels,
                        int64_t rank) {
  Value value = node.getValue(input);
  if (value && shapeOf(value) != ArrayRef<int64_t>(channels))
    node.error() << "expected " << channels << " values, got shape "
                 << formatShape(shapeOf(value));
  SmallVector<int64_t> shape(rank - 1, 1);
  shape[0] = channels;
  return node.reshape(value, shape);
}

LogicalResult import::convertInstanceNormalization(NodeImporter &node) {
  float epsilon = node.getFloat("epsilon", 1e-5f);
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  int64_t rank = shapeOf(x).size();
  if (rank < 3)
    return node.error() << "expected an input of rank 3 or more, got " << rank;
  Value scale = perChannel(node, 1, shapeOf(x)[1], rank);
  Value offset = perChannel(node, 2, shapeOf(x)[1], rank);
  Emitter e{node};
  Value result = normalize(e, x, axesFrom(2, rank), epsilon);
  return node.setResult(e.add(e.mul(result, scale), offset));
}

/// Groups of channels; scale and offset are of channels from opset 21 on, of
/// groups before.
LogicalResult import::convertGroupNormalization(NodeImporter &node) {
  float epsilon = node.getFloat("epsilon", 1e-5f);
  int64_t groups = node.getInt("num_groups", 0);
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> shape(shapeOf(x));
  int64_t rank = shape.size();
  if (rank < 2 || groups < 1 || shape[1] % groups != 0)
    return node.error() << "expected num_groups to divide the channels of "
                        << formatShape(shape) << ", got " << groups;
  SmallVector<int64_t> split = {shape[0], groups, shape[1] / groups};
  llvm::append_range(split, ArrayRef(shape).drop_front(2));
  Emitter e{node};
  Value result =
      normalize(e, node.reshape(x, split), axesFrom(2, split.size()), epsilon);
  bool byChannel = node.getOpset() >= 21;
  if (byChannel)
    result = node.reshape(result, shape);
  int64_t parameters = byChannel ? shape[1] : groups;
  int64_t parameterRank = byChannel ? rank : rank + 1;
  Value scale = perChannel(node, 1, parameters, parameterRank);
  Value offset = perChannel(node, 2, parameters, parameterRank);
  result = e.add(e.mul(result, scale), offset);
  return node.setResult(node.reshape(result, shape));
}

LogicalResult import::convertMeanVarianceNormalization(NodeImporter &node) {
  Value x = node.getValue(0);
  SmallVector<int64_t> axes = node.getInts("axes", {0, 2, 3});
  if (node.failed())
    return failure();
  axes = node.normalizeAxes(axes, shapeOf(x).size());
  Emitter e{node};
  // As the definition has it: the deviation plus a small number.
  Value centered = e.sub(x, meanByAxis(e, x, axes));
  Value variance = meanByAxis(e, e.mul(centered, centered), axes);
  return node.setResult(
      e.div(centered, e.add(e.unary<SqrtOp>(variance), e.constant(1e-9f))));
}

LogicalResult import::convertLpNormalization(NodeImporter &node) {
  Value x = node.getValue(0);
  int64_t p = node.getInt("p", 2);
  int64_t axis =
      node.normalizeAxis(node.getInt("axis", -1), x ? shapeOf(x).size() : 0);
  if (node.failed())
    return failure();
  if (p != 1 && p != 2)
    return node.error() << "expected p to be 1 or 2, got " << p;
  Emitter e{node};
  Value norm =
      e.reduce(ReduceFunction::Sum,
               p == 1 ? e.unary(UnaryFunction::Abs, x) : e.mul(x, x), axis);
  if (p == 2)
    norm = e.unary<SqrtOp>(norm);
  return node.setResult(e.div(x, norm));
}

/// x / (bias + alpha * mean of squares over neighbouring channels) ^ beta. The
/// mean is a pool over images of the height C and the width 1, whose channels
/// are the pixels.
LogicalResult import::convertLRN(NodeImporter &node) {
  float alpha = node.getFloat("alpha", 1e-4f);
  float beta = node.getFloat("beta", 0.75f);
  float bias = node.getFloat("bias", 1.0f);
  int64_t size = node.getInt("size", 0);
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  ArrayRef<int64_t> shape = shapeOf(x);
  if (shape.size() < 3 || size < 1 ||
      size > std::numeric_limits<int32_t>::max())
    return node.error() << "expected an image and a positive size";
  Emitter e{node};
  int64_t pixels = ShapedType::getNumElements(shape.drop_front(2));
  Value squares = node.reshape(e.mul(x, x), {shape[0], shape[1], 1, pixels});
  if (!squares)
    return failure();
  SmallVector<int64_t> kernel = {size, 1}, ones = {1, 1},
                       padding = {(size - 1) / 2, 0, size / 2, 0};
  Value mean = node.create<AvgPool2DOp>(
      squares, ArrayRef<int64_t>(kernel), ArrayRef<int64_t>(ones),
      ArrayRef<int64_t>(padding), ArrayRef<int64_t>(ones),
      /*ceil_mode=*/false, /*count_include_pad=*/true,
      /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
  mean = node.reshape(mean, shape);
  Value base = e.add(e.mul(mean, e.constant(alpha)), e.constant(bias));
  // x ^ 0.75 = sqrt(x) * sqrt(sqrt(x)).
  Value power;
  if (beta == 0.75f) {
    Value root = e.unary<SqrtOp>(base);
    power = e.mul(root, e.unary<SqrtOp>(root));
  } else {
    power = e.binary(BinaryFunction::Pow, base, e.constant(beta));
  }
  return node.setResult(e.div(x, power));
}
