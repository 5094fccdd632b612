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

ElementsAttr HostTensor::toAttribute(MLIRContext *context) const {
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
