//===- HostTensor.cpp - Constant tensors of an ONNX model -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostTensor.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::TensorProto;

std::optional<int64_t> import::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  bool empty = llvm::is_contained(shape, 0);
  for (int64_t size : shape) {
    if (size < 0 || (size > 0 && count > kMaxElements / size))
      return std::nullopt;
    count *= std::max<int64_t>(size, 1);
  }
  return empty ? 0 : count;
}

std::string import::formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(shape, os, "x");
  return text;
}

std::string import::formatType(ElementType type) {
  if (type == kUInt4 || type == kInt4)
    return type == kInt4 ? "int4" : "uint4";
  std::string name =
      TensorProto::DataType_IsValid(type)
          ? TensorProto::DataType_Name(TensorProto::DataType(type))
          : "type " + std::to_string(type);
  return StringRef(name).lower();
}

bool import::isFloatType(ElementType type) {
  return type == TensorProto::FLOAT;
}

template <typename T> static std::shared_ptr<T> share(T value) {
  return std::make_shared<T>(std::move(value));
}

HostTensor HostTensor::fromFloats(ArrayRef<int64_t> shape,
                                  std::vector<float> values) {
  assert(int64_t(values.size()) == countElements(shape));
  auto shared = share(std::move(values));
  HostTensor result;
  result.type = TensorProto::FLOAT;
  result.shape.assign(shape.begin(), shape.end());
  result.data = shared->data();
  result.count = shared->size();
  result.owner = shared;
  return result;
}

HostTensor HostTensor::fromInts(ArrayRef<int64_t> shape,
                                std::vector<int64_t> values, ElementType type) {
  assert(int64_t(values.size()) == countElements(shape));
  auto shared = share(std::move(values));
  HostTensor result;
  result.type = type;
  result.shape.assign(shape.begin(), shape.end());
  result.data = shared->data();
  result.count = shared->size();
  result.owner = shared;
  return result;
}

HostTensor HostTensor::fromFloatBytes(ArrayRef<int64_t> shape, StringRef bytes,
                                      std::shared_ptr<const void> owner) {
  assert(int64_t(bytes.size()) == 4 * *countElements(shape));
  HostTensor result;
  result.type = TensorProto::FLOAT;
  result.shape.assign(shape.begin(), shape.end());
  result.data = bytes.data();
  result.count = bytes.size() / 4;
  result.owner = std::move(owner);
  return result;
}

HostTensor HostTensor::reshaped(ArrayRef<int64_t> newShape) const {
  assert(countElements(newShape) == count);
  HostTensor result = *this;
  result.shape.assign(newShape.begin(), newShape.end());
  return result;
}

HostTensor
HostTensor::gathered(ArrayRef<int64_t> newShape,
                     llvm::function_ref<int64_t(int64_t)> source) const {
  int64_t size = *countElements(newShape);
  if (isFloat()) {
    std::vector<float> values(size);
    for (int64_t i = 0; i < size; ++i)
      values[i] = floats()[source(i)];
    return fromFloats(newShape, std::move(values));
  }
  std::vector<int64_t> values(size);
  for (int64_t i = 0; i < size; ++i)
    values[i] = ints()[source(i)];
  return fromInts(newShape, std::move(values), type);
}

HostTensor HostTensor::strided(ArrayRef<int64_t> newShape, int64_t offset,
                               ArrayRef<int64_t> strides) const {
  // Walks the result in order, keeping the source offset beside the index.
  size_t rank = newShape.size();
  SmallVector<int64_t> index(rank, 0);
  return gathered(newShape, [&](int64_t) {
    int64_t current = offset;
    for (size_t d = rank; d-- > 0;) {
      offset += strides[d];
      if (++index[d] < newShape[d])
        break;
      offset -= index[d] * strides[d];
      index[d] = 0;
    }
    return current;
  });
}

SmallVector<int64_t> HostTensor::getStrides() const {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

HostTensor HostTensor::transposed(ArrayRef<int64_t> permutation) const {
  SmallVector<int64_t> strides = getStrides(), newShape, newStrides;
  for (int64_t p : permutation) {
    newShape.push_back(shape[p]);
    newStrides.push_back(strides[p]);
  }
  return strided(newShape, 0, newStrides);
}

bool import::isAnyFloat(ElementType type) {
  return type == TensorProto::FLOAT || type == TensorProto::DOUBLE ||
         type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16;
}

bool import::hasGraphType(ElementType type) {
  return isFloatType(type) || type == TensorProto::BOOL ||
         type == TensorProto::INT32 || type == TensorProto::INT64;
}

Type import::getMlirType(ElementType type, MLIRContext *context) {
  if (isFloatType(type))
    return Float32Type::get(context);
  return IntegerType::get(context, type == TensorProto::BOOL    ? 1
                                   : type == TensorProto::INT32 ? 32
                                                                : 64);
}

ElementType import::getOnnxType(Type element) {
  return element.isF32()         ? TensorProto::FLOAT
         : element.isInteger(1)  ? TensorProto::BOOL
         : element.isInteger(32) ? TensorProto::INT32
         : element.isInteger(64) ? TensorProto::INT64
                                 : TensorProto::UNDEFINED;
}

std::optional<HostTensor> HostTensor::fromAttribute(ElementsAttr value) {
  ArrayRef<int64_t> shape = cast<ShapedType>(value.getType()).getShape();
  ElementType type = getOnnxType(value.getElementType());
  if (type == TensorProto::FLOAT) {
    auto values = getFloatValues(value);
    if (failed(values))
      return std::nullopt;
    return fromFloats(shape, {values->begin(), values->end()});
  }
  if (type == TensorProto::INT64) {
    auto values = getLongValues(value);
    if (failed(values))
      return std::nullopt;
    return fromInts(shape, {values->begin(), values->end()});
  }
  auto values = getIntegerValues(value);
  if (type == TensorProto::UNDEFINED || failed(values))
    return std::nullopt;
  return fromInts(shape, {values->begin(), values->end()}, type);
}

/// Integers, which are few, as a dense attribute.
static ElementsAttr makeDense(RankedTensorType type, ArrayRef<int64_t> values) {
  if (type.getElementType().isInteger(64))
    return DenseElementsAttr::get(type, values);
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bools(values.begin(), values.end());
    return DenseElementsAttr::get(type, ArrayRef<bool>(bools));
  }
  SmallVector<int32_t> words(values.begin(), values.end());
  return DenseElementsAttr::get(type, ArrayRef<int32_t>(words));
}

ElementsAttr HostTensor::toAttribute(MLIRContext *context) const {
  if (!isFloat())
    return makeDense(RankedTensorType::get(shape, getMlirType(type, context)),
                     ints());
  auto tensorType = RankedTensorType::get(shape, Float32Type::get(context));
  if (count <= kMaxInlineElements)
    return DenseElementsAttr::get(tensorType, floats());
  // The blob shares this tensor's buffer and frees its share at the end.
  AsmResourceBlob blob(
      ArrayRef(static_cast<const char *>(data), count * 4), alignof(float),
      [shared = owner](void *, size_t, size_t) mutable { shared.reset(); },
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(tensorType, "weight", std::move(blob));
}
