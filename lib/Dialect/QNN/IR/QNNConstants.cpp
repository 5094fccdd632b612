//===- QNNConstants.cpp - Contents of constant tensors --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnn;

/// The values of `attr` as T when its element type is `elementType`. Resource
/// data are read bytewise: a parsed blob promises no alignment.
template <typename T>
static FailureOr<SmallVector<T>> getValues(ElementsAttr attr,
                                           Type elementType) {
  if (!attr || attr.getElementType() != elementType)
    return failure();
  if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    // Integers narrower than T have no values of type T.
    ArrayRef<char> raw = dense.getRawData();
    SmallVector<T> values(attr.getNumElements());
    for (auto [i, value] : llvm::enumerate(values))
      std::memcpy(&value, &raw[dense.isSplat() ? 0 : i * sizeof(T)], sizeof(T));
    return values;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  size_t count = attr.getNumElements();
  if (!blob || blob->getData().size() != count * sizeof(T))
    return failure();
  SmallVector<T> values(count);
  std::memcpy(values.data(), blob->getData().data(), count * sizeof(T));
  return values;
}

FailureOr<SmallVector<float>> qnn::getFloatValues(ElementsAttr attr) {
  if (!attr)
    return failure();
  return getValues<float>(attr, Float32Type::get(attr.getContext()));
}

FailureOr<SmallVector<uint16_t>> qnn::getBF16Values(ElementsAttr attr) {
  if (!attr)
    return failure();
  return getValues<uint16_t>(attr, BFloat16Type::get(attr.getContext()));
}

FailureOr<SmallVector<int32_t>> qnn::getIntegerValues(ElementsAttr attr) {
  if (!attr)
    return failure();
  MLIRContext *context = attr.getContext();
  if (attr.getElementType().isInteger(32))
    return getValues<int32_t>(attr, IntegerType::get(context, 32));
  unsigned width = attr.getElementType().getIntOrFloatBitWidth();
  if (auto bools = dyn_cast<DenseElementsAttr>(attr); bools && width == 1) {
    auto values = bools.getValues<bool>();
    return SmallVector<int32_t>(values.begin(), values.end());
  }
  if (width < 2 || width > 8)
    return failure();
  FailureOr<SmallVector<int8_t>> narrow =
      getValues<int8_t>(attr, IntegerType::get(context, width));
  if (failed(narrow))
    return failure();
  SmallVector<int32_t> values;
  for (int8_t value : *narrow)
    values.push_back(int8_t(uint8_t(value) << (8 - width)) >> (8 - width));
  return values;
}

FailureOr<SmallVector<int64_t>> qnn::getLongValues(ElementsAttr attr) {
  if (!attr)
    return failure();
  return getValues<int64_t>(attr, IntegerType::get(attr.getContext(), 64));
}

FailureOr<SmallVector<float>> qnn::getFloatValues(Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : ConstantOp();
  if (!constant)
    return failure();
  return getFloatValues(constant.getValue());
}

FailureOr<SmallVector<int32_t>> qnn::getIntegerValues(Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : ConstantOp();
  if (!constant)
    return failure();
  return getIntegerValues(constant.getValue());
}

template <typename T>
static ElementsAttr getElements(Type elementType, ArrayRef<int64_t> shape,
                                ArrayRef<T> values) {
  auto type = RankedTensorType::get(shape, elementType);
  assert(type.getNumElements() == int64_t(values.size()) &&
         "expected one value per element");
  if (type.getNumElements() <= kMaxInlineElements)
    return DenseElementsAttr::getFromRawBuffer(
        type, ArrayRef(reinterpret_cast<const char *>(values.data()),
                       values.size() * sizeof(T)));
  return DenseResourceElementsAttr::get(
      type, "qnn", HeapAsmResourceBlob::allocateAndCopyInferAlign(values));
}

ElementsAttr qnn::getFloatElements(MLIRContext *context,
                                   ArrayRef<int64_t> shape,
                                   ArrayRef<float> values) {
  return getElements(Float32Type::get(context), shape, values);
}

ElementsAttr qnn::getBF16Elements(MLIRContext *context, ArrayRef<int64_t> shape,
                                  ArrayRef<uint16_t> values) {
  return getElements(BFloat16Type::get(context), shape, values);
}

ElementsAttr qnn::getIntegerElements(MLIRContext *context,
                                     ArrayRef<int64_t> shape,
                                     ArrayRef<int8_t> values, unsigned width) {
  if (width == 8)
    return getElements(IntegerType::get(context, 8), shape, values);
  SmallVector<int8_t> narrow;
  for (int8_t value : values)
    narrow.push_back(value & ((1 << width) - 1));
  return getElements(IntegerType::get(context, width), shape, ArrayRef(narrow));
}

ElementsAttr qnn::getIntegerElements(MLIRContext *context,
                                     ArrayRef<int64_t> shape,
                                     ArrayRef<int32_t> values) {
  return getElements(IntegerType::get(context, 32), shape, values);
}

Value qnn::createFloatConstant(OpBuilder &builder, Location loc,
                               ArrayRef<int64_t> shape,
                               ArrayRef<float> values) {
  return builder.create<ConstantOp>(
      loc, getFloatElements(builder.getContext(), shape, values));
}
