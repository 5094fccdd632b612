//===- ElementWise.cpp - Arithmetic, activations, softmax -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <typename OpTy>
static Value createBinary(NodeImporter &node, Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return {};
  return node.create<OpTy>(lhs, rhs, /*clamp_min=*/FloatAttr(),
                           /*clamp_max=*/FloatAttr());
}

template <typename OpTy>
static LogicalResult convertBinary(NodeImporter &node) {
  if (!node.failed() && !node.isFloat(0))
    return convertIntegers(node);
  Value lhs = node.getValue(0), rhs = node.getValue(1);
  return node.setResult(createBinary<OpTy>(node, lhs, rhs));
}

LogicalResult import::convertAdd(NodeImporter &node) {
  return convertBinary<AddOp>(node);
}
LogicalResult import::convertSub(NodeImporter &node) {
  return convertBinary<SubOp>(node);
}
LogicalResult import::convertMul(NodeImporter &node) {
  return convertBinary<MulOp>(node);
}
LogicalResult import::convertDiv(NodeImporter &node) {
  return convertBinary<DivOp>(node);
}

LogicalResult import::convertSum(NodeImporter &node) {
  Value sum = node.getValue(0);
  for (int i = 1; i < node.getNumInputs(); ++i)
    sum = createBinary<AddOp>(node, sum, node.getValue(i));
  if (node.getOpType() == "Mean")
    sum = createBinary<DivOp>(
        node, sum, Emitter{node}.constant(float(node.getNumInputs())));
  return node.setResult(sum);
}

static Value createClip(NodeImporter &node, Value input, float low,
                        float high) {
  if (!input)
    return {};
  Builder &builder = node.getBuilder();
  return node.create<ClipOp>(input, builder.getF32FloatAttr(low),
                             builder.getF32FloatAttr(high));
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

template <typename OpTy, typename... Args>
static LogicalResult convertUnary(NodeImporter &node, Args... args) {
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  return node.setResult(
      node.create<OpTy>(input, node.getBuilder().getF32FloatAttr(args)...));
}

LogicalResult import::convertRelu(NodeImporter &node) {
  return convertUnary<ReluOp>(node);
}
LogicalResult import::convertSigmoid(NodeImporter &node) {
  return convertUnary<SigmoidOp>(node);
}
LogicalResult import::convertHardSwish(NodeImporter &node) {
  return convertUnary<HardSwishOp>(node);
}
LogicalResult import::convertTanh(NodeImporter &node) {
  return convertUnary<TanhOp>(node);
}
LogicalResult import::convertSqrt(NodeImporter &node) {
  return convertUnary<SqrtOp>(node);
}
LogicalResult import::convertErf(NodeImporter &node) {
  return convertUnary<ErfOp>(node);
}
LogicalResult import::convertLeakyRelu(NodeImporter &node) {
  return convertUnary<LeakyReluOp>(node, node.getFloat("alpha", 0.01f));
}
LogicalResult import::convertHardSigmoid(NodeImporter &node) {
  float alpha = node.getFloat("alpha", 0.2f);
  return convertUnary<HardSigmoidOp>(node, alpha, node.getFloat("beta", 0.5f));
}

/// A clip between tensors: the lower bound first.
static LogicalResult clipBetween(NodeImporter &node) {
  Emitter e{node};
  Value result = node.getAny(0);
  for (auto [i, function] :
       {std::pair(1, BinaryFunction::Max), std::pair(2, BinaryFunction::Min)})
    if (node.hasInput(i))
      result = e.binary(function, result, node.getAny(i));
  return node.setResult(result);
}

/// Bounds are attributes before opset 11, then optional inputs.
LogicalResult import::convertClip(NodeImporter &node) {
  if (!node.failed() &&
      (!node.isFloat(0) || !node.isConstant(1) || !node.isConstant(2)))
    return clipBetween(node);
  float infinity = std::numeric_limits<float>::infinity();
  float low = -infinity, high = infinity;
  Value input = node.getValue(0);
  if (node.getOpset() < 11) {
    low = node.hasAttr("min") ? node.getFloat("min", 0) : low;
    high = node.hasAttr("max") ? node.getFloat("max", 0) : high;
  } else {
    low = node.hasInput(1) ? node.getScalar(1, "min") : low;
    high = node.hasInput(2) ? node.getScalar(2, "max") : high;
  }
  if (std::isnan(low) || std::isnan(high))
    return node.error() << "expected bounds that are numbers, got NaN";
  return node.setResult(createClip(node, input, low, high));
}

/// Before opset 13 the input is coerced to a matrix, split before `axis`.
LogicalResult import::convertSoftmax(NodeImporter &node) {
  bool coerces = node.getOpset() < 13;
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t rank = shape.size();
  int64_t axis =
      node.normalizeAxis(node.getInt("axis", coerces ? 1 : -1), rank);
  Value input = node.getValue(0);
  if (node.failed())
    return failure();
  ArrayRef<int64_t> rest = ArrayRef(shape).drop_front(axis + 1);
  bool oneAxis = llvm::all_of(rest, [](int64_t size) { return size == 1; });
  if (!coerces || oneAxis)
    return node.setResult(node.create<SoftmaxOp>(input, axis));
  int64_t rows = ShapedType::getNumElements(ArrayRef(shape).take_front(axis));
  int64_t columns =
      ShapedType::getNumElements(ArrayRef(shape).drop_front(axis));
  Value matrix = node.reshape(input, {rows, columns});
  if (!matrix)
    return failure();
  Value result = node.create<SoftmaxOp>(matrix, int64_t(1));
  return node.setResult(node.reshape(result, shape));
}

//===----------------------------------------------------------------------===//
// Nothing to compute
//===----------------------------------------------------------------------===//

LogicalResult import::convertIdentity(NodeImporter &node) {
  return node.forward(0);
}

/// In training mode too when the ratio is 0: torchvision's Swin is exported so.
static LogicalResult requireInference(NodeImporter &node) {
  if (!node.hasInput(2))
    return success();
  HostTensor training = node.getConstant(2, "training_mode");
  if (node.failed())
    return failure();
  if (training.isFloat() || training.getNumElements() != 1)
    return node.error() << "expected training_mode to be one bool";
  if (training.ints()[0] == 0)
    return success();
  float ratio = node.hasInput(1) ? node.getScalar(1, "ratio") : 0.5f;
  if (node.failed())
    return failure();
  if (ratio != 0)
    return node.unsupported("training mode, export the model for inference");
  return success();
}

LogicalResult import::convertDropout(NodeImporter &node) {
  if (failed(requireInference(node)))
    return failure();
  SmallVector<int64_t> shape(node.getShape(0));
  if (node.hasOutput(1)) { // everything is kept
    if (!node.spendFolding(*countElements(shape)))
      return node.unsupported("output mask of this size");
    std::vector<int64_t> ones(*countElements(shape), 1);
    (void)node.setResult(
        HostTensor::fromInts(shape, std::move(ones), onnx::TensorProto::BOOL),
        1);
  }
  return node.forward(0);
}
