//===- Quantization.cpp - Integers with a scale in an ONNX graph ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

#include "Converters.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Support/Numerics.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::TensorProto;

std::optional<IntegerRange> import::getIntegerRange(ElementType type) {
  switch (type) {
  case TensorProto::UINT8:
    return IntegerRange{0, 255};
  case TensorProto::INT8:
    return IntegerRange{-128, 127};
  case TensorProto::UINT16:
    return IntegerRange{0, 65535};
  case TensorProto::INT16:
    return IntegerRange{-32768, 32767};
  case kUInt4:
    return IntegerRange{0, 15};
  case kInt4:
    return IntegerRange{-8, 7};
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// Which scale each element of a tensor of shape `shape` has.
static std::vector<int64_t> getScaleIndices(const Scaling &scaling,
                                            ArrayRef<int64_t> shape) {
  std::vector<int64_t> indices(ShapedType::getNumElements(shape), 0);
  if (!scaling.axis)
    return indices;
  int64_t axis = *scaling.axis, size = shape[axis];
  int64_t inner = ShapedType::getNumElements(shape.drop_front(axis + 1));
  int64_t block = std::max<int64_t>(scaling.blockSize, 1);
  int64_t blocks = llvm::divideCeil(size, block);
  for (auto [i, index] : llvm::enumerate(indices)) {
    int64_t along = int64_t(i) / inner % size / block;
    index = along;
    if (scaling.blockSize > 0)
      index = (int64_t(i) / (inner * size) * blocks + along) * inner +
              int64_t(i) % inner;
  }
  return indices;
}

quant::UniformQuantizedType import::getElementType(MLIRContext *context,
                                                   const Scaling &scaling) {
  IntegerRange range = *getIntegerRange(scaling.type);
  return quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, IntegerType::get(context, 8),
      Float32Type::get(context), scaling.scales[0],
      scaling.zeroPoints[0] + range.shift(), range.min + range.shift(),
      range.max + range.shift());
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// Integers in the storage type of a quantized constant.
static ElementsAttr getStorage(MLIRContext *context, ArrayRef<int64_t> shape,
                               ArrayRef<int64_t> values, unsigned width,
                               int64_t shift) {
  if (width == 32) {
    SmallVector<int32_t> integers(values.begin(), values.end());
    return getIntegerElements(context, shape, ArrayRef<int32_t>(integers));
  }
  SmallVector<int8_t> integers;
  for (int64_t value : values)
    integers.push_back(static_cast<int8_t>(value + shift));
  return getIntegerElements(context, shape, ArrayRef<int8_t>(integers), width);
}

/// The type of a constant of at most 8 bits, or of i32 without zero points;
/// null for others.
static Type getConstantType(MLIRContext *context, const Scaling &scaling) {
  auto range = getIntegerRange(scaling.type);
  bool isBias = scaling.type == TensorProto::INT32 &&
                llvm::all_of(scaling.zeroPoints, [](int64_t z) { return !z; });
  if (scaling.blockSize > 0 || !(isBias || (range && range->isNarrow())))
    return {};
  int64_t shift = 0, min = std::numeric_limits<int32_t>::min(),
          max = std::numeric_limits<int32_t>::max();
  if (!isBias) {
    shift = range->shift();
    min = range->min + shift;
    max = range->max + shift;
  }
  unsigned width = isBias ? 32 : max - min < 16 ? 4 : 8;
  SmallVector<double> scales(scaling.scales.begin(), scaling.scales.end());
  SmallVector<int64_t> zeros;
  for (int64_t zero : scaling.zeroPoints)
    zeros.push_back(zero + shift);
  Type storage = IntegerType::get(context, width);
  Type real = Float32Type::get(context);
  if (!scaling.axis)
    return quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed,
                                            storage, real, scales[0], zeros[0],
                                            min, max);
  return quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, storage, real, scales, zeros,
      *scaling.axis, min, max);
}

Value import::createDequantized(NodeImporter &node, const HostTensor &tensor,
                                const Scaling &scaling) {
  OpBuilder &builder = node.getBuilder();
  MLIRContext *context = builder.getContext();
  ArrayRef<int64_t> shape = tensor.getShape();
  if (Type element = getConstantType(context, scaling)) {
    auto type = RankedTensorType::get(shape, element);
    auto range = getIntegerRange(scaling.type);
    Value constant = builder.create<ConstantOp>(
        node.getLoc(), type,
        getStorage(
            context, shape, tensor.ints(),
            cast<quant::QuantizedType>(element).getStorageTypeIntegralWidth(),
            range ? range->shift() : 0));
    return builder.create<quant::DequantizeCastOp>(
        node.getLoc(), type.clone(builder.getF32Type()), constant);
  }
  std::vector<int64_t> indices = getScaleIndices(scaling, shape);
  std::vector<float> values;
  for (auto [i, q] : llvm::enumerate(tensor.ints()))
    values.push_back(float(q - scaling.zeroPoints[indices[i]]) *
                     scaling.scales[indices[i]]);
  return node.createConstant(HostTensor::fromFloats(shape, std::move(values)));
}

HostTensor import::quantizeConstant(const HostTensor &tensor,
                                    const Scaling &scaling) {
  IntegerRange range = *getIntegerRange(scaling.type);
  std::vector<int64_t> indices = getScaleIndices(scaling, tensor.getShape());
  std::vector<int64_t> values;
  for (auto [i, x] : llvm::enumerate(tensor.floats())) {
    QuantParams params{scaling.scales[indices[i]],
                       int32_t(scaling.zeroPoints[indices[i]]), range.min,
                       range.max};
    values.push_back(quantize(x, params));
  }
  return HostTensor::fromInts(tensor.getShape(), std::move(values),
                              scaling.type);
}

//===----------------------------------------------------------------------===//
// Computed tensors
//===----------------------------------------------------------------------===//

/// One number per scale, in a shape that broadcasts to `shape`.
template <typename T>
static Value createPerScale(NodeImporter &node, ArrayRef<T> numbers,
                            const Scaling &scaling, ArrayRef<int64_t> shape) {
  std::vector<float> values(numbers.begin(), numbers.end());
  SmallVector<int64_t> broadcast(scaling.axis ? shape.size() : 0, 1);
  if (scaling.axis)
    broadcast[*scaling.axis] = values.size();
  if (scaling.blockSize > 0) {
    broadcast.assign(shape.begin(), shape.end());
    std::vector<float> all;
    for (int64_t index : getScaleIndices(scaling, shape))
      all.push_back(values[index]);
    values = std::move(all);
  }
  return node.createConstant(
      HostTensor::fromFloats(broadcast, std::move(values)));
}

Value import::getIntegersAsFloat(NodeImporter &node, int i) {
  Value value = node.getIntegers(i);
  auto type = value ? getUniformElementType(value.getType())
                    : quant::UniformQuantizedType();
  if (!type)
    return value;
  OpBuilder &builder = node.getBuilder();
  RealMath math{node};
  Value real = builder.create<quant::DequantizeCastOp>(
      node.getLoc(),
      cast<RankedTensorType>(value.getType()).clone(builder.getF32Type()),
      value);
  // Rounding undoes the rounding of the product and of the quotient.
  if (type.getScale() != 1.0)
    real = math.round(math.binary<DivOp>(real, float(type.getScale())));
  auto range = getIntegerRange(node.getIntegerType(i));
  int64_t zero = type.getZeroPoint() - (range ? range->shift() : 0);
  return zero == 0 ? real : math.binary<AddOp>(real, float(zero));
}

/// `real` in the quantized type of `scaling`.
static Value createQuantized(NodeImporter &node, Value real,
                             const Scaling &scaling) {
  if (!real)
    return {};
  OpBuilder &builder = node.getBuilder();
  return builder.create<quant::QuantizeCastOp>(
      node.getLoc(),
      cast<RankedTensorType>(real.getType())
          .clone(getElementType(builder.getContext(), scaling)),
      real);
}

static bool isTyped(const Scaling &scaling) {
  auto range = getIntegerRange(scaling.type);
  return scaling.isPerTensor() && !scaling.axis && range && range->isNarrow();
}

Value import::createDequantized(NodeImporter &node, int i,
                                const Scaling &scaling) {
  if (node.failed())
    return {};
  OpBuilder &builder = node.getBuilder();
  if (node.isConstant(i)) {
    HostTensor tensor = node.getConstant(i, "input");
    if (tensor.getType() != scaling.type) {
      node.error() << "expected input " << i << " of type "
                   << formatType(scaling.type) << " as the zero point, got "
                   << formatType(tensor.getType());
      return {};
    }
    return createDequantized(node, tensor, scaling);
  }
  Value value = node.getIntegers(i);
  if (!value)
    return {};
  if (node.getIntegerType(i) != scaling.type) {
    node.error() << "expected input " << i << " of type "
                 << formatType(scaling.type) << " as the zero point, got "
                 << formatType(node.getIntegerType(i));
    return {};
  }
  auto dequantize = [&](Value quantized) {
    auto type = cast<RankedTensorType>(quantized.getType());
    return builder.create<quant::DequantizeCastOp>(
        node.getLoc(), type.clone(builder.getF32Type()), quantized);
  };
  auto type = getUniformElementType(value.getType());
  // Bounds may be narrower than the type's.
  if (isTyped(scaling) && type) {
    auto wanted = getElementType(builder.getContext(), scaling);
    if (type.getScale() == wanted.getScale() &&
        type.getZeroPoint() == wanted.getZeroPoint())
      return dequantize(value);
  }
  RealMath math{node};
  ArrayRef<int64_t> shape = shapeOf(value);
  Value real = getIntegersAsFloat(node, i);
  real = math.binary<SubOp>(
      real, createPerScale(node, ArrayRef(scaling.zeroPoints), scaling, shape));
  real = math.binary<MulOp>(
      real, createPerScale(node, ArrayRef(scaling.scales), scaling, shape));
  // The same integers, known to be such.
  if (real && isTyped(scaling))
    return dequantize(createQuantized(node, real, scaling));
  return real;
}

LogicalResult import::setQuantized(NodeImporter &node, Value real,
                                   const Scaling &scaling, int i) {
  if (!real || node.failed())
    return failure();
  if (isTyped(scaling))
    return node.setIntegers(createQuantized(node, real, scaling), scaling.type,
                            i);
  IntegerRange range = *getIntegerRange(scaling.type);
  RealMath math{node};
  SmallVector<int64_t> shape(shapeOf(real));
  Value steps = math.binary<DivOp>(
      real, createPerScale(node, ArrayRef(scaling.scales), scaling, shape));
  // Where the magic rounding is exact; every type saturates far below.
  steps = math.round(math.clip(steps, -0x1p22f, 0x1p22f));
  steps = math.binary<AddOp>(
      steps,
      createPerScale(node, ArrayRef(scaling.zeroPoints), scaling, shape));
  return node.setIntegers(math.clip(steps, range.min, range.max), scaling.type,
                          i);
}

LogicalResult import::narrowIntegers(NodeImporter &node, int i, int64_t low,
                                     int64_t high) {
  Value value = node.getIntegers(i);
  if (!value)
    return failure();
  ElementType integers = node.getIntegerType(i);
  auto type = getUniformElementType(value.getType());
  if (!type)
    return node.setIntegers(RealMath{node}.clip(value, low, high), integers);
  int64_t shift = getIntegerRange(integers)->shift();
  auto clamp = [&](int64_t bound) {
    return std::clamp(bound + shift, type.getStorageTypeMin(),
                      type.getStorageTypeMax());
  };
  int64_t max = clamp(high), min = std::min(clamp(low), max);
  if (min == max)
    return node.unsupported("bounds that leave one value");
  auto narrow = quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, type.getStorageType(),
      type.getExpressedType(), type.getScale(), type.getZeroPoint(), min, max);
  auto tensor = cast<RankedTensorType>(value.getType()).clone(narrow);
  // Quantizing saturates to the narrower range at once.
  OpBuilder &builder = node.getBuilder();
  Value result;
  if (auto quantize = value.getDefiningOp<quant::QuantizeCastOp>())
    result = builder.create<quant::QuantizeCastOp>(node.getLoc(), tensor,
                                                   quantize.getArg());
  else
    result = builder.create<RequantizeOp>(node.getLoc(), tensor, value);
  return node.setIntegers(result, integers);
}
