//===- Products.cpp - Weights, biases, matrix products --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bias of a quantized layer is an integer multiple of input scale x weight
// scale; what its own scale says is rounded to f32 and read by no kernel.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

//===----------------------------------------------------------------------===//
// Weights and biases
//===----------------------------------------------------------------------===//

/// `values` of `shape` with dimension k of the result dimension
/// `permutation[k]` of the operand; `shape` becomes that of the result.
template <typename T>
static std::vector<T> permute(std::vector<T> values,
                              SmallVectorImpl<int64_t> &shape,
                              ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> strides(shape.size(), 1), resultShape;
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  SmallVector<int64_t> resultStrides;
  for (int64_t p : permutation) {
    resultShape.push_back(shape[p]);
    resultStrides.push_back(strides[p]);
  }
  std::vector<T> result(values.size());
  for (size_t i = 0; i < result.size(); ++i) {
    int64_t offset = 0, rest = i;
    for (size_t d = resultShape.size(); d-- > 0;) {
      offset += rest % resultShape[d] * resultStrides[d];
      rest /= resultShape[d];
    }
    result[i] = values[offset];
  }
  shape.assign(resultShape.begin(), resultShape.end());
  return result;
}

/// Whether the file quantizes this weight in a form of which integers are made.
static bool hasIntegerWeight(OpImporter &node, int input) {
  const TensorInfo &info = node.getInput(input);
  return node.isConstant(input) && info.isQuantized() &&
         (info.type == ElementType::INT8 || info.type == ElementType::UINT8 ||
          info.type == ElementType::INT4);
}

static quant::QuantizedType getWeightType(MLIRContext *context,
                                          const TensorInfo &info,
                                          ArrayRef<int32_t> values,
                                          int64_t axis) {
  Builder builder(context);
  int64_t shift = info.type == ElementType::UINT8 ? 128 : 0;
  int64_t low = llvm::is_contained(values, -128) || shift ? -128 : -127;
  SmallVector<int64_t> zeroPoints;
  for (int64_t zeroPoint : info.zeroPoints)
    zeroPoints.push_back(zeroPoint - shift);
  if (zeroPoints[0] == -128)
    low = -128;
  if (info.scales.size() == 1)
    return quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, builder.getI8Type(),
        builder.getF32Type(), info.scales[0], zeroPoints[0], low, 127);
  SmallVector<double> scales(info.scales.begin(), info.scales.end());
  return quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, builder.getI8Type(),
      builder.getF32Type(), scales, zeroPoints, axis, low, 127);
}

Value tflite::getWeight(OpImporter &node, int input,
                        ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> shape = node.getShape(input);
  if (node.failed())
    return {};
  if (!node.isConstant(input)) {
    bool same = llvm::is_sorted(permutation);
    Value value = node.getValue(input);
    return same ? value : node.transpose(value, permutation);
  }
  const TensorInfo &info = node.getInput(input);
  if (!hasIntegerWeight(node, input) || !node.isQuantized()) {
    if (info.isQuantized())
      node.remark("weights are dequantized: the activations of this op are "
                  "float");
    std::vector<float> values = node.getReals(input);
    if (node.failed())
      return {};
    values = permute(std::move(values), shape, permutation);
    return node.createConstant(shape, values);
  }
  std::vector<int32_t> values = node.getStored(input);
  if (node.failed())
    return {};
  values = permute(std::move(values), shape, permutation);
  auto *axis = llvm::find(permutation, info.axis);
  return node.createQuantized(shape, values,
                              getWeightType(node.getBuilder().getContext(),
                                            info, values,
                                            axis - permutation.begin()));
}

Value tflite::getBias(OpImporter &node, int input, int activation, int weight,
                      int64_t channels) {
  if (node.failed() || !node.hasInput(input))
    return {};
  if (node.getShape(input) != SmallVector<int64_t>{channels}) {
    node.error() << "expected a bias of " << channels << " values, got shape "
                 << formatShape(node.getShape(input));
    return {};
  }
  const TensorInfo &info = node.getInput(input);
  if (!info.isBias() || !node.isConstant(input))
    return node.getValue(input);
  const TensorInfo &x = node.getInput(activation), &w = node.getInput(weight);
  if (!x.isQuantizedActivation() || !w.isQuantized() ||
      (w.scales.size() != 1 && int64_t(w.scales.size()) != channels)) {
    node.error() << "expected a float bias, as input and weight, got "
                 << formatType(info.type);
    return {};
  }
  SmallVector<double> scales;
  for (float scale : w.scales)
    scales.push_back(double(x.scales[0]) * double(scale));
  if (x.type == ElementType::INT16) { // computed in f32
    std::vector<float> reals;
    for (auto [i, q] : llvm::enumerate(node.getIntTensor(input, "bias").values))
      reals.push_back(float(double(q) * scales[i % scales.size()]));
    return node.createConstant({channels}, reals);
  }
  std::vector<int32_t> values = node.getStored(input);
  Builder &b = node.getBuilder();
  int64_t low = std::numeric_limits<int32_t>::min(),
          high = std::numeric_limits<int32_t>::max();
  quant::QuantizedType type;
  if (scales.size() == 1)
    type = quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed,
                                            b.getI32Type(), b.getF32Type(),
                                            scales[0], 0, low, high);
  else
    type = quant::UniformQuantizedPerAxisType::get(
        quant::QuantizationFlags::Signed, b.getI32Type(), b.getF32Type(),
        scales, SmallVector<int64_t>(channels, 0), 0, low, high);
  return node.createQuantized({channels}, values, type);
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

LogicalResult tflite::convertFullyConnected(OpImporter &node) {
  auto *options = node.getOptions<FullyConnectedOptions>();
  SmallVector<int64_t> shape = node.getShape(0), weight = node.getShape(1);
  if (node.failed())
    return failure();
  if (options->weights_format() != FullyConnectedOptionsWeightsFormat::DEFAULT)
    return node.unsupported("shuffled weights");
  std::optional<int64_t> count = countElements(shape);
  if (weight.size() != 2 || weight[1] < 1 || !count || *count % weight[1] != 0)
    return node.error() << "expected a weight of rank 2 whose inputs divide "
                        << formatShape(shape) << ", got "
                        << formatShape(weight);
  if (!options->keep_num_dims())
    shape = {*count / weight[1], weight[1]};
  else if (shape.empty() || shape.back() != weight[1])
    return node.error() << "expected a last dimension of " << weight[1]
                        << ", got " << formatShape(shape);
  auto clamp = node.getClamp(options->fused_activation_function());
  Value input = node.reshape(node.getValue(0), shape);
  Value kernel = getWeight(node, 1, {0, 1});
  Value bias = getBias(node, 2, 0, 1, weight[0]);
  if (node.failed())
    return failure();
  Value result = node.create<FullyConnectedOp>(
      input, kernel, bias, /*residual=*/Value(), clamp.low, clamp.high);
  return node.setResult(node.activate(result, clamp));
}

/// Swaps the last two dimensions, if `adjoint`.
static Value orient(OpImporter &node, Value matrix, bool adjoint) {
  if (node.failed() || !matrix || !adjoint)
    return matrix;
  int64_t rank = shapeOf(matrix).size();
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(rank));
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return node.transpose(matrix, permutation);
}

LogicalResult tflite::convertBatchMatMul(OpImporter &node) {
  auto *options = node.getOptions<BatchMatMulOptions>();
  SmallVector<int64_t> a = node.getShape(0), b = node.getShape(1);
  if (node.failed())
    return failure();
  if (a.size() < 2 || b.size() < 2)
    return node.error() << "expected operands of rank 2 or more, got "
                        << formatShape(a) << " and " << formatShape(b);
  Value lhs = orient(node, node.getValue(0), options->adj_x());
  // A product with a constant matrix is a fully connected layer.
  if (b.size() == 2 && node.isConstant(1)) {
    Value weight = getWeight(node, 1,
                             options->adj_y() ? ArrayRef<int64_t>{0, 1}
                                              : ArrayRef<int64_t>{1, 0});
    if (node.failed())
      return failure();
    return node.setResult(node.create<FullyConnectedOp>(
        lhs, weight, /*bias=*/Value(), /*residual=*/Value(), FloatAttr(),
        FloatAttr()));
  }
  Value rhs = orient(node, node.getValue(1), options->adj_y());
  if (node.failed())
    return failure();
  return node.setResult(
      node.create<MatMulOp>(lhs, rhs, FloatAttr(), FloatAttr()));
}
