//===- MatrixProducts.cpp - Gemm and MatMul -------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product with a constant matrix is qnn.fully_connected, whose weight is
// [outputs, inputs]; anything else is qnn.matmul.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// The permutation that swaps the last two dimensions.
static SmallVector<int64_t> swapLast(int64_t rank) {
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(rank));
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return permutation;
}

static Value createFullyConnected(NodeImporter &node, Value input, Value weight,
                                  Value bias) {
  if (!input || !weight)
    return {};
  return node.create<FullyConnectedOp>(input, weight, bias,
                                       /*residual=*/Value(),
                                       /*clamp_min=*/FloatAttr(),
                                       /*clamp_max=*/FloatAttr());
}

static Value createMatMul(NodeImporter &node, Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return {};
  return node.create<MatMulOp>(lhs, rhs, /*clamp_min=*/FloatAttr(),
                               /*clamp_max=*/FloatAttr());
}

/// All values of `tensor` times `factor`.
static HostTensor scaled(const HostTensor &tensor, float factor) {
  if (factor == 1.0f)
    return tensor;
  std::vector<float> values(tensor.floats());
  for (float &value : values)
    value *= factor;
  return HostTensor::fromFloats(tensor.getShape(), std::move(values));
}

static Value scaled(NodeImporter &node, Value value, float factor) {
  if (!value || factor == 1.0f)
    return value;
  Value constant = node.createConstant(HostTensor::fromFloats({}, {factor}));
  return node.create<MulOp>(value, constant, /*clamp_min=*/FloatAttr(),
                            /*clamp_max=*/FloatAttr());
}

/// The constant C of Gemm as one value per output; none when it is not.
static std::optional<HostTensor> asBias(NodeImporter &node, int64_t outputs) {
  if (!node.isConstant(2))
    return std::nullopt;
  HostTensor c = node.getConstant(2, "C");
  bool rows = c.getShape().size() == 2 && c.getShape()[0] != 1;
  if (!c.isFloat() || rows ||
      (c.getNumElements() != 1 && c.getNumElements() != outputs))
    return std::nullopt;
  bool splat = c.getNumElements() == 1;
  return c.gathered({outputs}, [&](int64_t i) { return splat ? 0 : i; });
}

/// A constant matrix as fully connected weight [outputs, inputs].
static HostTensor asWeight(const HostTensor &matrix, bool transposed) {
  return transposed ? matrix : matrix.transposed({1, 0});
}

/// A dequantized constant matrix as fully connected weight.
static Value asWeight(NodeImporter &node, Value matrix, bool transposed) {
  return transposed ? matrix : node.transpose(matrix, {1, 0});
}

/// C of Gemm as a bias operand; null when it is none. `taken` tells whether it
/// was needed and is.
static Value getBias(NodeImporter &node, int64_t outputs, float beta,
                     bool &taken) {
  if (taken)
    return {};
  if (auto c = asBias(node, outputs)) {
    taken = true;
    return node.createConstant(scaled(*c, beta));
  }
  int64_t elements = ShapedType::getNumElements(node.getShape(2));
  if (node.isConstant(2) || !node.isWeight(2) || beta != 1.0f ||
      elements != outputs)
    return {};
  taken = true;
  return node.reshape(node.getValue(2), {outputs});
}

Value import::createGemm(NodeImporter &node) {
  float alpha = node.getFloat("alpha", 1.0f);
  float beta = node.getFloat("beta", 1.0f);
  bool transA = node.getFlag("transA", false);
  bool transB = node.getFlag("transB", false);
  SmallVector<int64_t> a(node.getShape(0)), b(node.getShape(1));
  if (node.failed())
    return {};
  if (a.size() != 2 || b.size() != 2 || a[!transA] != b[transB])
    node.error() << "expected matrices with equal inner dimensions, got "
                 << formatShape(a) << (transA ? " transposed" : "") << " and "
                 << formatShape(b) << (transB ? " transposed" : "");
  if (node.failed())
    return {};
  SmallVector<int64_t> result = {a[transA], b[!transB]};
  if (node.hasInput(2)) {
    SmallVector<int64_t> c(node.getShape(2));
    if (broadcastShapes(c, result) != result)
      node.error() << "expected C to broadcast to " << formatShape(result)
                   << ", got " << formatShape(c);
  }
  Value lhs = node.getValue(0);
  if (transA)
    lhs = node.transpose(lhs, {1, 0});
  Value product, bias;
  bool biasDone = !node.hasInput(2);
  if (!node.isConstant(1) && node.isWeight(1) && alpha == 1.0f) {
    bias = getBias(node, result[1], beta, biasDone);
    product = createFullyConnected(
        node, lhs, asWeight(node, node.getValue(1), transB), bias);
  } else if (node.isConstant(1) && node.isFloat(1)) {
    bias = getBias(node, result[1], beta, biasDone);
    HostTensor weight = asWeight(node.getConstant(1, "B"), transB);
    Value weightValue = node.createConstant(scaled(weight, alpha));
    product = createFullyConnected(node, lhs, weightValue, bias);
  } else {
    Value rhs = node.getValue(1);
    if (transB)
      rhs = node.transpose(rhs, {1, 0});
    product = scaled(node, createMatMul(node, lhs, rhs), alpha);
  }
  if (biasDone)
    return product;
  Value addend = scaled(node, node.getValue(2), beta);
  if (!product || !addend)
    return {};
  return node.create<AddOp>(product, addend, /*clamp_min=*/FloatAttr(),
                            /*clamp_max=*/FloatAttr());
}

LogicalResult import::convertGemm(NodeImporter &node) {
  return node.setResult(createGemm(node));
}

/// x * W with a constant W of rank 1 or 2.
static LogicalResult convertConstantRhs(NodeImporter &node) {
  HostTensor weight = node.getConstant(1, "B");
  bool vector = weight.getShape().size() == 1;
  if (vector)
    weight = weight.reshaped({weight.getNumElements(), 1});
  Value result = createFullyConnected(
      node, node.getValue(0), node.createConstant(asWeight(weight, false)), {});
  if (result && vector)
    result = node.reshape(result, shapeOf(result).drop_back());
  return node.setResult(result);
}

/// W * x with a constant matrix W: (x^T W^T)^T.
static LogicalResult convertConstantLhs(NodeImporter &node) {
  Value weight = node.getValue(0), input = node.getValue(1);
  if (node.failed())
    return failure();
  SmallVector<int64_t> swap = swapLast(shapeOf(input).size());
  Value result =
      createFullyConnected(node, node.transpose(input, swap), weight, {});
  return node.setResult(node.transpose(result, swap));
}

LogicalResult import::convertMatMul(NodeImporter &node) {
  SmallVector<int64_t> a(node.getShape(0)), b(node.getShape(1));
  if (node.failed())
    return failure();
  if (a.empty() || b.empty() || a.back() != b[b.size() == 1 ? 0 : b.size() - 2])
    return node.error() << "expected equal inner dimensions, got "
                        << formatShape(a) << " and " << formatShape(b);
  if (node.isConstant(1) && node.isFloat(1) && b.size() <= 2)
    return convertConstantRhs(node);
  if (!node.isConstant(1) && node.isWeight(1) && b.size() == 2)
    return node.setResult(createFullyConnected(
        node, node.getValue(0), asWeight(node, node.getValue(1), false), {}));
  if (node.isConstant(0) && node.isFloat(0) && a.size() == 2 && b.size() >= 2)
    return convertConstantLhs(node);
  Value lhs = node.getValue(0), rhs = node.getValue(1);
  if (a.size() == 1)
    lhs = node.reshape(lhs, {1, a[0]});
  if (b.size() == 1)
    rhs = node.reshape(rhs, {b[0], 1});
  Value result = createMatMul(node, lhs, rhs);
  if (!result)
    return failure();
  SmallVector<int64_t> shape(shapeOf(result));
  if (a.size() == 1)
    shape.erase(shape.end() - 2);
  if (b.size() == 1)
    shape.pop_back();
  return node.setResult(node.reshape(result, shape));
}
