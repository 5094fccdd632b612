//===- Layers.cpp - Convolutions, matrix products and pools ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::fromtosa;

/// [top, left, bottom, right] of tosa's [top, bottom, left, right].
static SmallVector<int64_t> getPadding(ArrayRef<int64_t> pad) {
  return {pad[0], pad[2], pad[1], pad[3]};
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

namespace {
/// Weights [channels, ...] and biases of a layer, as reals.
struct Parameters {
  Value weight, bias;
};
} // namespace

/// The scale of the weights of channel `channel` that gives the sums of `op`
/// the scale they need.
static double getWeightScale(Converter &converter, Operation *op,
                             int64_t channel) {
  const IntegerScales &scales = converter.getScales();
  double input = scales.getScale(op->getOperand(0));
  tosa::RescaleOp rescale = getOnlyRescale(op);
  if (!rescale)
    return scales.getScale(op->getResult(0)) / input;
  bool perChannel = rescale.getMultiplier().size() > 1;
  return scales.getScale(rescale.getOutput()) *
         getFactor(rescale, perChannel ? channel : 0) / input;
}

/// True when the weights of `op` have no scales of their own that contradict
/// `found`.
static bool agree(Value weight, ArrayRef<double> found) {
  auto type = dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(weight));
  for (int64_t c = 0; type && c < int64_t(found.size()); ++c) {
    double own = getScale(type, c);
    if (std::abs(own - found[c]) > 1e-4 * own)
      return false;
  }
  return true;
}

static LogicalResult checkInteger(Converter &converter, Operation *op,
                                  ArrayRef<int32_t> multiplier,
                                  int64_t channels) {
  auto info =
      op->getAttrOfType<tosa::ConvOpQuantizationAttr>("quantization_info");
  if (info && info.getWeightZp() != 0)
    return converter.refuse(op, "weights with zero point " +
                                    Twine(info.getWeightZp()) + ", expected 0");
  if (!isNarrowInteger(op->getOperand(0).getType()) ||
      !getElementTypeOrSelf(op->getResult(0)).isInteger(32))
    return converter.refuse(op, "expected 8-bit operands and i32 sums");
  if (multiplier.size() > 1 && int64_t(multiplier.size()) != channels)
    return converter.refuse(op, "expected one multiplier per channel");
  return success();
}

/// Integer weights and biases as dequantized constants of the scales that the
/// rescale of the sums asks for. `permute` brings weights into our order.
static FailureOr<Parameters>
getIntegerParameters(Converter &converter, Operation *op,
                     ArrayRef<int64_t> shape,
                     function_ref<int64_t(int64_t)> getSource) {
  int64_t channels = shape[0];
  tosa::RescaleOp rescale = getOnlyRescale(op);
  if (failed(checkInteger(
          converter, op,
          rescale ? rescale.getMultiplier() : ArrayRef<int32_t>(), channels)))
    return failure();
  auto weights = converter.getIntegers(op->getOperand(1));
  auto biases = converter.getIntegers(op->getOperand(2));
  if (!weights || !biases)
    return converter.refuse(op, "expected constant weights and biases");
  double input = converter.getScales().getScale(op->getOperand(0));
  SmallVector<double> scales, biasScales;
  for (int64_t c = 0; c < channels; ++c) {
    scales.push_back(getWeightScale(converter, op, c));
    biasScales.push_back(input * scales.back());
    if (!(scales.back() > 0))
      return converter.refuse(op, "expected positive multipliers");
  }
  if (!agree(op->getOperand(1), scales))
    return converter.refuse(
        op,
        "the multipliers of its rescale contradict the scales of its types");
  OpBuilder &builder = converter.getBuilder();
  MLIRContext *context = builder.getContext();
  auto getType = [&](ArrayRef<int64_t> dims, unsigned bits,
                     ArrayRef<double> of) {
    int64_t max = llvm::maxIntN(bits);
    return RankedTensorType::get(
        dims, quant::UniformQuantizedPerAxisType::get(
                  quant::QuantizationFlags::Signed,
                  builder.getIntegerType(bits), builder.getF32Type(), of,
                  SmallVector<int64_t>(channels, 0), 0, -max - 1, max));
  };
  auto dequantize = [&](RankedTensorType type, ElementsAttr value) {
    Value constant = builder.create<ConstantOp>(op->getLoc(), type, value);
    return builder.create<quant::DequantizeCastOp>(
        op->getLoc(), type.clone(builder.getF32Type()), constant);
  };
  SmallVector<int8_t> ordered;
  for (int64_t i = 0, e = weights->size(); i < e; ++i)
    ordered.push_back((*weights)[getSource(i)]);
  SmallVector<int32_t> sums(biases->begin(), biases->end());
  // One bias may stand for all.
  if (sums.size() == 1)
    sums.resize(channels, sums.front());
  return Parameters{dequantize(getType(shape, 8, scales),
                               getIntegerElements(context, shape, ordered)),
                    dequantize(getType(channels, 32, biasScales),
                               getIntegerElements(context, channels, sums))};
}

static bool isInteger(Operation *op) {
  return !getElementTypeOrSelf(op->getOperand(0)).isF32();
}

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// The biases of a float layer, one per channel.
static FailureOr<Value> getFloatBias(Converter &converter, Operation *op,
                                     int64_t channels) {
  Value bias = converter.get(op->getOperand(2));
  if (getShape(bias)[0] == channels)
    return bias;
  auto value = getFloatValues(bias);
  if (failed(value) || value->size() != 1)
    return converter.refuse(op, "expected one bias per channel");
  return createFloatConstant(converter.getBuilder(), op->getLoc(), channels,
                             SmallVector<float>(channels, value->front()));
}

/// Weights and biases of a layer whose weights are in our order.
static FailureOr<Parameters> getParameters(Converter &converter,
                                           Operation *op) {
  ArrayRef<int64_t> shape = getShape(op->getOperand(1));
  if (isInteger(op))
    return getIntegerParameters(converter, op, shape,
                                [](int64_t i) { return i; });
  FailureOr<Value> bias = getFloatBias(converter, op, shape[0]);
  if (failed(bias))
    return failure();
  return Parameters{converter.get(op->getOperand(1)), *bias};
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

template <typename OpTy>
static FailureOr<Value> createConv(Converter &converter, OpTy op,
                                   const Parameters &parameters,
                                   int64_t groups) {
  return converter.create<qnn::Conv2DOp>(
      op.getLoc(), converter.get(op.getInput()), parameters.weight,
      parameters.bias, /*residual=*/Value(), op.getStride(),
      getPadding(op.getPad()), op.getDilation(), groups,
      /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::Conv2DOp op) {
  FailureOr<Parameters> parameters = getParameters(converter, op);
  if (failed(parameters))
    return failure();
  return createConv(converter, op, *parameters, 1);
}

/// tosa has [height, width, channels, multiplier]; each is an output channel.
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::DepthwiseConv2DOp op) {
  ArrayRef<int64_t> from = getShape(op.getWeight());
  int64_t outputs = from[2] * from[3], window = from[0] * from[1];
  int64_t shape[] = {outputs, from[0], from[1], 1};
  Parameters parameters;
  if (isInteger(op)) {
    auto integers = getIntegerParameters(converter, op, shape, [&](int64_t i) {
      return i % window * outputs + i / window;
    });
    if (failed(integers))
      return failure();
    parameters = *integers;
  } else {
    auto bias = getFloatBias(converter, op, outputs);
    auto moved = converter.move<qnn::TransposeOp>(
        op.getLoc(), converter.get(op.getWeight()),
        ArrayRef<int64_t>{2, 3, 0, 1});
    if (failed(bias) || failed(moved))
      return failure();
    auto weight = converter.move<qnn::ReshapeOp>(op.getLoc(), *moved,
                                                 ArrayRef<int64_t>(shape));
    if (failed(weight))
      return failure();
    parameters = {*weight, *bias};
  }
  return createConv(converter, op, parameters, from[2]);
}

/// `value`, an image, with `rows - 1` and `columns - 1` zeros between its
/// pixels.
static FailureOr<Value> spread(Converter &converter,
                               tosa::TransposeConv2DOp op) {
  Location loc = op.getLoc();
  ArrayRef<int64_t> shape = getShape(op.getInput());
  int64_t rows = op.getStride()[0], columns = op.getStride()[1];
  FailureOr<Value> value = converter.get(op.getInput());
  if (rows == 1 && columns == 1)
    return value;
  using Sizes = ArrayRef<int64_t>;
  value = converter.move<qnn::ReshapeOp>(
      loc, *value, Sizes{shape[0], shape[1], 1, shape[2], 1, shape[3]});
  if (succeeded(value))
    value = converter.move<qnn::PadOp>(loc, *value, Sizes{0, 0, 0, 0, 0, 0},
                                       Sizes{0, 0, rows - 1, 0, columns - 1, 0},
                                       APFloat(0.0f));
  if (failed(value))
    return failure();
  if (isInteger(op))
    value = converter.round(loc, *value, op.getInput());
  value = converter.move<qnn::ReshapeOp>(
      loc, *value,
      Sizes{shape[0], shape[1] * rows, shape[2] * columns, shape[3]});
  if (failed(value))
    return failure();
  SmallVector<int64_t> sizes = {shape[0], (shape[1] - 1) * rows + 1,
                                (shape[2] - 1) * columns + 1, shape[3]};
  return converter.move<qnn::SliceOp>(loc, *value, Sizes{0, 0, 0, 0},
                                      Sizes(sizes), Sizes{1, 1, 1, 1});
}

/// A convolution of the spread image with the mirrored kernel.
FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::TransposeConv2DOp op) {
  ArrayRef<int64_t> shape = getShape(op.getFilter());
  int64_t height = shape[1], width = shape[2], depth = shape[3];
  auto mirror = [&](int64_t i) {
    int64_t c = i % depth, x = i / depth % width;
    int64_t y = i / (depth * width) % height, o = i / (depth * width * height);
    return ((o * height + height - 1 - y) * width + width - 1 - x) * depth + c;
  };
  Parameters parameters;
  if (isInteger(op)) {
    auto integers = getIntegerParameters(converter, op, shape, mirror);
    if (failed(integers))
      return failure();
    parameters = *integers;
  } else {
    auto bias = getFloatBias(converter, op, shape[0]);
    auto values = getFloatValues(converter.get(op.getFilter()));
    if (failed(bias) || failed(values))
      return converter.refuse(op, "expected constant weights");
    SmallVector<float> mirrored;
    for (int64_t i = 0, e = values->size(); i < e; ++i)
      mirrored.push_back((*values)[mirror(i)]);
    parameters = {createFloatConstant(converter.getBuilder(), op.getLoc(),
                                      shape, mirrored),
                  *bias};
  }
  SmallVector<int64_t> padding = getPadding(op.getOutPad());
  for (int i : {0, 1, 2, 3})
    padding[i] += (i % 2 == 0 ? height : width) - 1;
  if (llvm::any_of(padding, [](int64_t p) { return p < 0; }))
    return converter.refuse(op, "out_pad cuts more than a kernel");
  auto image = spread(converter, op);
  if (failed(image))
    return failure();
  return converter.create<qnn::Conv2DOp>(
      op.getLoc(), *image, parameters.weight, parameters.bias,
      /*residual=*/Value(), ArrayRef<int64_t>{1, 1}, padding,
      ArrayRef<int64_t>{1, 1}, int64_t(1), /*clamp_min=*/FloatAttr(),
      /*clamp_max=*/FloatAttr());
}

FailureOr<Value> fromtosa::convert(Converter &converter,
                                   tosa::FullyConnectedOp op) {
  FailureOr<Parameters> parameters = getParameters(converter, op);
  if (failed(parameters))
    return failure();
  return converter.create<qnn::FullyConnectedOp>(
      op.getLoc(), converter.get(op.getInput()), parameters->weight,
      parameters->bias, /*residual=*/Value(), /*clamp_min=*/FloatAttr(),
      /*clamp_max=*/FloatAttr());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::MatMulOp op) {
  return converter.create<qnn::MatMulOp>(
      op.getLoc(), converter.get(op.getA()), converter.get(op.getB()),
      /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::AvgPool2dOp op) {
  return converter.create<qnn::AvgPool2DOp>(
      op.getLoc(), converter.get(op.getInput()), op.getKernel(), op.getStride(),
      getPadding(op.getPad()), ArrayRef<int64_t>{1, 1},
      /*ceil_mode=*/false, /*count_include_pad=*/false,
      /*clamp_min=*/FloatAttr(), /*clamp_max=*/FloatAttr());
}

FailureOr<Value> fromtosa::convert(Converter &converter, tosa::MaxPool2dOp op) {
  return converter.create<qnn::MaxPool2DOp>(
      op.getLoc(), converter.get(op.getInput()), op.getKernel(), op.getStride(),
      getPadding(op.getPad()), ArrayRef<int64_t>{1, 1},
      /*ceil_mode=*/false);
}
