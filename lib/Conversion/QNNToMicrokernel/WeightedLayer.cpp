//===- WeightedLayer.cpp - Layers with constant weights -------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightedLayer.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

using namespace mlir;
using namespace mlir::qnn;

WeightedOp::WeightedOp(Operation *op)
    : op(op), input(op->getOperand(0)), result(op->getResult(0)),
      clamp(cast<RequantFusableOpInterface>(op)) {
  auto quantizable = cast<QuantizableOpInterface>(op);
  weight = quantizable.getWeightOperand()->get();
  if (OpOperand *operand = quantizable.getBiasOperand())
    bias = operand->get();
  auto range = cast<RequantFusableOpInterface>(op).getResidualRange();
  if (range && !range->empty()) {
    residualUse = &(*range)[0];
    residual = residualUse->get();
  }
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// The order of the parameters of a kernel.
static constexpr Value LayerArguments::*kParameters[] = {
    &LayerArguments::input,        &LayerArguments::weights,
    &LayerArguments::output,       &LayerArguments::bias,
    &LayerArguments::scale,        &LayerArguments::residual,
    &LayerArguments::low,          &LayerArguments::high,
    &LayerArguments::zeroPoint,    &LayerArguments::residualFactor,
    &LayerArguments::residualZero, &LayerArguments::steps,
    &LayerArguments::stepOffsets,  &LayerArguments::tiles};

SmallVector<Value> LayerArguments::present() const {
  SmallVector<Value> values;
  for (Value LayerArguments::*parameter : kParameters)
    if (this->*parameter)
      values.push_back(this->*parameter);
  return values;
}

LayerArguments LayerArguments::inside(ValueRange parameters) const {
  LayerArguments result;
  size_t next = 0;
  for (Value LayerArguments::*parameter : kParameters)
    if (this->*parameter)
      result.*parameter = parameters[next++];
  return result;
}

std::string LayerArguments::key() const {
  std::string text;
  for (Value LayerArguments::*parameter : kParameters)
    text += this->*parameter ? '1' : '0';
  return text;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

WeightedLayer::WeightedLayer(NetworkLowering &net, Operation *operation)
    : net(net), op(operation), isFloat(isFloatTensor(op.result.getType())),
      isAccumulator(isAccumulatorTensor(op.result.getType())),
      isBF16(isBF16Tensor(op.weight.getType())) {
  if (isAccumulator)
    takeFloatEnd();
}

void WeightedLayer::takeFloatEnd() {
  if (!op.result.hasOneUse())
    return;
  auto dequantize = dyn_cast<quant::DequantizeCastOp>(*op.result.user_begin());
  if (!dequantize)
    return;
  endsInFloat = true;
  op.result = dequantize.getResult();
  net.setDone(dequantize);
  if (!op.result.hasOneUse())
    return;
  OpOperand &use = *op.result.use_begin();
  auto add = dyn_cast<AddOp>(use.getOwner());
  if (!add)
    return;
  OpOperand &other = add->getOpOperand(1 - use.getOperandNumber());
  Operation *producer = other.get().getDefiningOp();
  if (other.get().getType() != op.result.getType() ||
      (producer && !producer->isBeforeInBlock(op.op)))
    return;
  op.residualUse = &other;
  op.residual = other.get();
  op.clamp = ClampBounds(add);
  op.result = add.getResult();
  net.setDone(add);
}

LogicalResult WeightedLayer::read() {
  ElementsAttr weight = net.getConstant(op.weight), biasValue;
  if (op.bias)
    biasValue = net.getConstant(op.bias);
  if ((!isFloat || isBF16) && (!weight || (op.bias && !biasValue)))
    return op.op->emitOpError("expected a constant weight and bias: keep a "
                              "layer whose weights are computed in float");
  packsAtRunTime = !weight;
  if (failed(isFloat ? readFloats(weight, biasValue)
                     : readIntegers(weight, biasValue)))
    return op.op->emitOpError("expected weight and bias with data");
  return isFloat ? success() : foldZeroPoint();
}

LogicalResult WeightedLayer::readFloats(ElementsAttr weight,
                                        ElementsAttr biasValue) {
  if (isBF16) {
    if (failed(readPairs(weight)))
      return failure();
  } else if (weight) {
    auto values = getFloatValues(weight);
    if (failed(values))
      return failure();
    floatWeights = std::move(*values);
  }
  if (!biasValue)
    return success();
  auto values = getFloatValues(biasValue);
  if (failed(values))
    return failure();
  floatBias = std::move(*values);
  for (float &value : floatBias)
    value = dropBelow(value, isBF16 ? kLeastBF16Bias : 0.0f);
  return success();
}

/// Weights whose last dimension is even, by a zero where it is not.
LogicalResult WeightedLayer::readPairs(ElementsAttr weight) {
  auto values = getBF16Values(weight);
  if (failed(values))
    return failure();
  int64_t run = cast<ShapedType>(op.weight.getType()).getShape().back();
  for (auto [i, bits] : llvm::enumerate(*values)) {
    pairedWeights.push_back(toBF16(fromBF16(bits)));
    if (run % 2 != 0 && int64_t(i) % run == run - 1)
      pairedWeights.push_back(0);
  }
  return success();
}

LogicalResult WeightedLayer::readIntegers(ElementsAttr weight,
                                          ElementsAttr biasValue) {
  auto values = getIntegerValues(weight);
  if (failed(values))
    return failure();
  weights = std::move(*values);
  hasNarrowWeights = getQuantizedElementType(op.weight.getType())
                         .getStorageTypeIntegralWidth() <= 4;
  int64_t channels = cast<ShapedType>(op.weight.getType()).getDimSize(0);
  bias.assign(channels, 0);
  if (biasValue) {
    values = getIntegerValues(biasValue);
    if (failed(values))
      return failure();
    bias = std::move(*values);
  }
  quant::QuantizedType accumulator =
      getQuantizedElementType(op.op->getResult(0).getType());
  for (int64_t o = 0; endsInFloat && o < channels; ++o)
    factors.push_back(getFactor(getScale(accumulator, o), 1.0));
  if (isAccumulator)
    return success();
  for (int64_t o = 0; o < channels; ++o)
    factors.push_back(
        getFactor(getProductScale(op.input.getType(), op.weight.getType(), o),
                  getTensorScale(op.result.getType())));
  if (usesFixedPoint(op.op))
    fixedFactors = getLayerFixedPoint(op.op, op.input.getType(),
                                      op.weight.getType(), op.result.getType());
  return success();
}

/// bias -= z * sum w, after proving that no accumulator leaves i32.
LogicalResult WeightedLayer::foldZeroPoint() {
  StoredParams params = net.storedParams(op.input.getType());
  int64_t largest =
      std::max(params.zeroPoint - params.min, params.max - params.zeroPoint);
  int64_t channels = bias.size();
  int64_t perChannel = channels ? weights.size() / channels : 0;
  for (int64_t o = 0; o < channels; ++o) {
    int64_t sum = 0, magnitude = std::abs(int64_t(bias[o]));
    for (int64_t i = 0; i < perChannel; ++i) {
      int64_t w = weights[o * perChannel + i];
      sum += w;
      magnitude += std::abs(w) * largest;
    }
    if (magnitude > std::numeric_limits<int32_t>::max())
      return op.op->emitOpError("expected accumulators that fit 32 bits, got "
                                "up to ")
             << magnitude << " in output channel " << o
             << ": keep this layer in float";
    magnitudes.push_back(magnitude);
    // Wrap-around in between is harmless: the exact sum fits.
    bias[o] = int32_t(uint32_t(bias[o]) - uint32_t(sum * params.zeroPoint));
  }
  return success();
}

bool WeightedLayer::hasSymmetricWeights() const {
  return !isFloat && !llvm::is_contained(weights, -128);
}

int64_t WeightedLayer::largestInput() const {
  StoredParams params = net.storedParams(op.input.getType());
  auto producer = op.input.getDefiningOp<RequantFusableOpInterface>();
  if (!producer)
    return params.max;
  // A border holds the zero point.
  return std::max(ClampBounds(producer).narrow(params).max, params.zeroPoint);
}

//===----------------------------------------------------------------------===//
// Kernel arguments
//===----------------------------------------------------------------------===//

Value WeightedLayer::copyToArena(const Buffer &values) {
  Type f32 = Float32Type::get(op.op->getContext());
  Buffer copy =
      net.allocate(RankedTensorType::get(values.shape, f32), Border());
  net.emitCopy(values, copy);
  return copy.memory;
}

LayerArguments WeightedLayer::makeArguments(const Buffer &input,
                                            const Buffer &output) {
  LayerArguments arguments;
  arguments.input = input.memory;
  arguments.output = output.memory;
  if (!isFloat)
    arguments.bias = net.constant(ArrayRef<int32_t>(bias));
  else if (!floatBias.empty())
    arguments.bias = net.constant(ArrayRef<float>(floatBias));
  else if (op.bias)
    arguments.bias = copyToArena(net.getBuffer(op.bias));
  if (!fixedFactors.empty())
    arguments.scale = net.constant(fixedFactors);
  else if (!factors.empty())
    arguments.scale = net.constant(ArrayRef<float>(factors));
  if (op.residual) {
    residual =
        isImage() ? net.getBuffer(op.residual) : net.getContiguous(op.residual);
    arguments.residual = residual.memory;
  }
  addFinishing(arguments);
  return arguments;
}

/// False when saturating to the range of a stored byte is all the clamping that
/// results need.
bool WeightedLayer::needsBounds(const StoredParams &params) const {
  bool isUnsigned = net.getLevel().storesUnsigned();
  if (params.min > (isUnsigned ? 0 : -128) ||
      params.max < (isUnsigned ? 255 : 127))
    return true;
  double residualTerm =
      op.residual
          ? 256.0 * getRescaleFactor(op.residual.getType(), op.result.getType())
          : 0.0;
  for (auto [magnitude, factor] : llvm::zip_equal(magnitudes, factors))
    if (double(magnitude) * factor + residualTerm >=
        KernelBuilder::kUnclampedLimit)
      return true;
  return false;
}

/// The numbers of the epilogue.
void WeightedLayer::addFinishing(LayerArguments &arguments) {
  if (isFloat || isAccumulator) {
    if (op.clamp.low)
      arguments.low = net.scalar(*op.clamp.low);
    if (op.clamp.high)
      arguments.high = net.scalar(*op.clamp.high);
    return;
  }
  StoredParams params = op.clamp.narrow(net.storedParams(op.result.getType()));
  if (needsBounds(params)) {
    arguments.low = net.scalar(float(params.min - params.zeroPoint));
    arguments.high = net.scalar(float(params.max - params.zeroPoint));
  }
  arguments.zeroPoint = net.scalar(params.zeroPoint);
  if (!op.residual)
    return;
  Type type = op.residual.getType();
  arguments.residualFactor =
      net.scalar(getRescaleFactor(type, op.result.getType()));
  arguments.residualZero = net.scalar(net.storedParams(type).zeroPoint);
}

std::string WeightedLayer::key(const LayerArguments &arguments,
                               const Buffer &input,
                               const Buffer &output) const {
  std::string key = input.signature() + output.signature();
  if (arguments.residual)
    key += residual.signature();
  if (hasSymmetricWeights())
    key += "symmetric";
  if (multipliesNarrow)
    key += "narrow";
  return key + arguments.key();
}
