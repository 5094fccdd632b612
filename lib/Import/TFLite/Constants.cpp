//===- Constants.cpp - Contents of constant tensors -----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bytes of constants are little-endian and need not be aligned.
//
//===----------------------------------------------------------------------===//

#include "OpImporter.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

template <typename T> static T readAt(ArrayRef<uint8_t> data, size_t index) {
  return llvm::support::endian::read<T, llvm::endianness::little>(
      data.data() + index * sizeof(T));
}

template <typename To, typename From>
static std::vector<To> readAll(ArrayRef<uint8_t> data) {
  std::vector<To> values(data.size() / sizeof(From));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<To>(readAt<From>(data, i));
  return values;
}

static std::vector<float> readHalves(ArrayRef<uint8_t> data) {
  std::vector<float> values;
  for (uint16_t bits : readAll<uint16_t, uint16_t>(data)) {
    llvm::APFloat value(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits));
    bool losesInfo;
    value.convert(llvm::APFloat::IEEEsingle(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    values.push_back(value.convertToFloat());
  }
  return values;
}

/// Two numbers to a byte, the low half first.
static std::vector<int32_t> readNibbles(ArrayRef<uint8_t> data, size_t count) {
  std::vector<int32_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    int32_t nibble = data[i / 2] >> (i % 2 * 4) & 15;
    values[i] = nibble < 8 ? nibble : nibble - 16;
  }
  return values;
}

/// The integers of a value that was computed at once.
static IntTensor readComputed(OpImporter &node, Value value, StringRef what) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant) {
    (void)node.unsupported(what + " that is not constant");
    return {};
  }
  IntTensor result = {SmallVector<int64_t>(shapeOf(value)), {}};
  if (elementOf(value).isInteger(64)) {
    SmallVector<int64_t> values = *getLongValues(constant.getValue());
    result.values.assign(values.begin(), values.end());
  } else if (isa<IntegerType>(elementOf(value))) {
    SmallVector<int32_t> values = *getIntegerValues(constant.getValue());
    result.values.assign(values.begin(), values.end());
  } else {
    node.error() << "expected " << what << " to be integers, got floats";
  }
  return result;
}

IntTensor OpImporter::getIntTensor(int i, StringRef what) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  const TensorInfo &info = getInput(i);
  if (entry->value)
    return readComputed(*this, entry->value, what);
  IntTensor result = {info.shape, {}};
  if (info.type == ElementType::INT32)
    result.values = readAll<int64_t, int32_t>(info.data);
  else if (info.type == ElementType::INT64)
    result.values = readAll<int64_t, int64_t>(info.data);
  else if (info.type == ElementType::BOOL)
    result.values = readAll<int64_t, uint8_t>(info.data);
  else
    error() << "expected " << what << " to be integers, got "
            << formatType(info.type);
  return result;
}

SmallVector<int64_t> OpImporter::getInts(int i, StringRef what) {
  IntTensor tensor = getIntTensor(i, what);
  if (!failed() && tensor.shape.size() > 1)
    error() << "expected " << what << " to be a vector, got shape "
            << formatShape(tensor.shape);
  return SmallVector<int64_t>(tensor.values.begin(), tensor.values.end());
}

int64_t OpImporter::getInt(int i, StringRef what) {
  IntTensor tensor = getIntTensor(i, what);
  if (!failed() && tensor.values.size() != 1)
    error() << "expected " << what << " to be one number, got "
            << tensor.values.size();
  return failed() ? 0 : tensor.values[0];
}

std::vector<int32_t> OpImporter::getStored(int i) {
  const TensorInfo &info = getInput(i);
  switch (info.type) {
  case ElementType::INT4:
    return readNibbles(info.data, *countElements(info.shape));
  case ElementType::INT8:
    return readAll<int32_t, int8_t>(info.data);
  case ElementType::UINT8: {
    std::vector<int32_t> values = readAll<int32_t, uint8_t>(info.data);
    for (int32_t &value : values)
      value -= 128;
    return values;
  }
  case ElementType::INT16:
    return readAll<int32_t, int16_t>(info.data);
  case ElementType::INT32:
    return readAll<int32_t, int32_t>(info.data);
  default:
    (void)unsupported("constant '" + info.name + "' of type " +
                      formatType(info.type));
    return {};
  }
}

std::vector<float> OpImporter::getReals(int i) {
  const TensorInfo &info = getInput(i);
  if (info.type == ElementType::FLOAT32)
    return readAll<float, float>(info.data);
  if (info.type == ElementType::FLOAT16)
    return readHalves(info.data);
  std::vector<int32_t> stored = getStored(i);
  std::vector<float> values(stored.size());
  if (!info.isQuantized()) {
    error() << "expected scales of '" << info.name << "'";
    return values;
  }
  int64_t shift = info.type == ElementType::UINT8 ? 128 : 0;
  int64_t inner = 1;
  if (info.scales.size() > 1)
    for (int64_t size : ArrayRef(info.shape).drop_front(info.axis + 1))
      inner *= size;
  for (size_t k = 0; k < values.size(); ++k) {
    size_t channel = k / inner % info.scales.size();
    values[k] = float(stored[k] - (info.zeroPoints[channel] - shift)) *
                info.scales[channel];
  }
  return values;
}
