//===- ReadTensor.cpp - TensorProto to HostTensor -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A TensorProto holds its values in one of three places: raw little-endian
// bytes, a typed repeated field, or a file beside the model. Half, bfloat16 and
// double become f32; integers become i64.
//
//===----------------------------------------------------------------------===//

#include "HostTensor.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using onnx::TensorProto;

/// Bytes of one element in raw data; 0 for types without numbers.
static int64_t byteWidth(ElementType type) {
  switch (type) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

static float fromHalfBits(uint16_t bits, const llvm::fltSemantics &semantics) {
  return APFloat(semantics, APInt(16, bits)).convertToFloat();
}

/// The path of external data; refuses to leave the model's folder.
static Expected<std::string> resolveExternal(StringRef location,
                                             StringRef folder) {
  bool escapes = location.empty() || location.contains('\0') ||
                 llvm::sys::path::is_absolute(location);
  for (auto it = llvm::sys::path::begin(location),
            end = llvm::sys::path::end(location);
       it != end; ++it)
    escapes |= *it == "..";
  SmallString<128> path(folder);
  llvm::sys::path::append(path, location);
  // A link must not lead out of the folder either.
  SmallString<128> realPath, realFolder;
  if (!escapes && !llvm::sys::fs::real_path(path, realPath) &&
      !llvm::sys::fs::real_path(folder.empty() ? "." : folder, realFolder)) {
    StringRef rest = realPath;
    escapes = !rest.consume_front(realFolder) ||
              !(rest.starts_with("/") || StringRef(realFolder).ends_with("/"));
  }
  if (escapes)
    return createStringError("expected external data inside the model's "
                             "folder, got location '" +
                             location + "'");
  return std::string(path);
}

/// Maps the bytes of external data (small ones are read).
static Expected<std::unique_ptr<llvm::MemoryBuffer>>
mapExternal(const TensorProto &proto, int64_t expectedBytes, StringRef folder) {
  std::string location;
  int64_t offset = 0, length = -1;
  for (const auto &entry : proto.external_data()) {
    StringRef value = entry.value();
    bool valid = true;
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset")
      valid = !value.getAsInteger(10, offset) && offset >= 0;
    else if (entry.key() == "length")
      valid = !value.getAsInteger(10, length) && length >= 0;
    if (!valid)
      return createStringError("expected a non-negative " + entry.key() +
                               " of external data, got '" + entry.value() +
                               "'");
  }
  Expected<std::string> path = resolveExternal(location, folder);
  if (!path)
    return path.takeError();
  if (length < 0)
    length = expectedBytes;
  if (length != expectedBytes)
    return createStringError(
        "expected %lld bytes of external data, got length %lld",
        (long long)expectedBytes, (long long)length);
  uint64_t fileSize = 0;
  if (std::error_code code = llvm::sys::fs::file_size(*path, fileSize))
    return createStringError("cannot read external data '" + *path +
                             "': " + code.message());
  if (uint64_t(offset) > fileSize || uint64_t(length) > fileSize - offset)
    return createStringError("expected external data '" + *path +
                             "' of at least offset " + Twine(offset) +
                             " + length " + Twine(length) + " bytes, got " +
                             Twine(fileSize));
  if (length == 0)
    return llvm::MemoryBuffer::getMemBuffer("");
  auto buffer = llvm::MemoryBuffer::getFileSlice(*path, length, offset);
  if (!buffer)
    return createStringError("cannot read external data '" + *path +
                             "': " + buffer.getError().message());
  return std::move(*buffer);
}

/// Decodes raw bytes of any numeric type but f32, which needs no decoding.
static HostTensor decodeRaw(ArrayRef<int64_t> shape, ElementType type,
                            StringRef bytes) {
  using namespace llvm::support;
  int64_t width = byteWidth(type), count = bytes.size() / width;
  auto at = [&](auto tag, int64_t i) {
    return endian::read<decltype(tag), llvm::endianness::little>(bytes.data() +
                                                                 i * width);
  };
  if (isAnyFloat(type)) {
    std::vector<float> values(count);
    for (int64_t i = 0; i < count; ++i)
      values[i] = type == TensorProto::DOUBLE ? float(at(double(), i))
                  : type == TensorProto::FLOAT16
                      ? fromHalfBits(at(uint16_t(), i), APFloat::IEEEhalf())
                      : fromHalfBits(at(uint16_t(), i), APFloat::BFloat());
    return HostTensor::fromFloats(shape, std::move(values));
  }
  bool isSigned = type == TensorProto::INT8 || type == TensorProto::INT16 ||
                  type == TensorProto::INT32 || type == TensorProto::INT64;
  std::vector<int64_t> values(count);
  for (int64_t i = 0; i < count; ++i)
    switch (width) {
    case 1:
      values[i] = isSigned ? at(int8_t(), i) : at(uint8_t(), i);
      break;
    case 2:
      values[i] = isSigned ? at(int16_t(), i) : at(uint16_t(), i);
      break;
    case 4:
      values[i] = isSigned ? at(int32_t(), i) : int64_t(at(uint32_t(), i));
      break;
    default:
      values[i] = at(int64_t(), i);
    }
  return HostTensor::fromInts(shape, std::move(values), type);
}

/// Values of the repeated field the type is stored in.
static Expected<HostTensor>
decodeFields(const TensorProto &proto, ArrayRef<int64_t> shape, int64_t count) {
  auto convert = [&](const auto &field, auto decode) -> Expected<HostTensor> {
    if (field.size() != count)
      return createStringError("expected %lld values, got %d", (long long)count,
                               field.size());
    using Value = decltype(decode(field.Get(0)));
    std::vector<Value> values;
    values.reserve(count);
    for (auto value : field)
      values.push_back(decode(value));
    if constexpr (std::is_same_v<Value, float>)
      return HostTensor::fromFloats(shape, std::move(values));
    else
      return HostTensor::fromInts(shape, std::move(values), proto.data_type());
  };
  auto toInt = [](auto value) { return int64_t(value); };
  switch (proto.data_type()) {
  case TensorProto::FLOAT:
    return convert(proto.float_data(), [](float value) { return value; });
  case TensorProto::DOUBLE:
    return convert(proto.double_data(),
                   [](double value) { return float(value); });
  case TensorProto::FLOAT16:
    return convert(proto.int32_data(), [](int32_t bits) {
      return fromHalfBits(bits, APFloat::IEEEhalf());
    });
  case TensorProto::BFLOAT16:
    return convert(proto.int32_data(), [](int32_t bits) {
      return fromHalfBits(bits, APFloat::BFloat());
    });
  case TensorProto::INT64:
    return convert(proto.int64_data(), toInt);
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return convert(proto.uint64_data(), toInt);
  default:
    return convert(proto.int32_data(), toInt);
  }
}

namespace {
/// Bytes and what keeps them alive.
struct RawBytes {
  StringRef data;
  std::shared_ptr<const void> owner;
};
} // namespace

static RawBytes shareMapping(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  StringRef data = buffer->getBuffer();
  return {data, std::shared_ptr<llvm::MemoryBuffer>(std::move(buffer))};
}

static RawBytes shareString(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  return {*owner, owner};
}

static bool isPacked(ElementType type) {
  return type == kInt4 || type == kUInt4;
}

/// Values of 4 bits, two to a byte, the first in the low half.
static HostTensor decodePacked(ArrayRef<int64_t> shape, int64_t count,
                               ElementType type, StringRef bytes) {
  std::vector<int64_t> values(count);
  for (int64_t i = 0; i < count; ++i) {
    int value = (uint8_t(bytes[i / 2]) >> (i % 2 * 4)) & 15;
    values[i] = type == kInt4 && value > 7 ? value - 16 : value;
  }
  return HostTensor::fromInts(shape, std::move(values), type);
}

/// The bytes of a tensor of 4-bit values that stand in the field of i32.
static Expected<HostTensor> decodePackedField(const TensorProto &proto,
                                              ArrayRef<int64_t> shape,
                                              int64_t count) {
  if (proto.int32_data_size() != (count + 1) / 2)
    return createStringError("expected %lld values, got %d",
                             (long long)((count + 1) / 2),
                             proto.int32_data_size());
  std::string bytes;
  for (int32_t value : proto.int32_data())
    bytes.push_back(static_cast<char>(value));
  return decodePacked(shape, count, proto.data_type(), bytes);
}

Expected<HostTensor> import::readTensor(TensorProto &proto, StringRef folder) {
  SmallVector<int64_t> shape(proto.dims().begin(), proto.dims().end());
  std::optional<int64_t> count = countElements(shape);
  if (!count)
    return createStringError("expected a shape of at most 2^40 elements, got " +
                             formatShape(shape));
  ElementType type = proto.data_type();
  int64_t width = byteWidth(type);
  int64_t byteCount = isPacked(type) ? (*count + 1) / 2 : *count * width;
  if (width == 0 && !isPacked(type))
    return createStringError("expected a tensor of numbers, got " +
                             formatType(type));
  if (proto.has_segment())
    return createStringError("expected a whole tensor, got a segment");
  bool external = proto.data_location() == TensorProto::EXTERNAL;
  if (!external && !proto.has_raw_data())
    return isPacked(type) ? decodePackedField(proto, shape, *count)
                          : decodeFields(proto, shape, *count);
  RawBytes bytes;
  if (external) {
    auto mapped = mapExternal(proto, byteCount, folder);
    if (!mapped)
      return mapped.takeError();
    bytes = shareMapping(std::move(*mapped));
  } else {
    bytes = shareString(std::move(*proto.mutable_raw_data()));
    proto.clear_raw_data();
  }
  if (int64_t(bytes.data.size()) != byteCount)
    return createStringError("expected %lld bytes of %s data for shape %s, "
                             "got %zu",
                             (long long)byteCount, formatType(type).c_str(),
                             formatShape(shape).c_str(), bytes.data.size());
  if (isPacked(type))
    return decodePacked(shape, *count, type, bytes.data);
  // Only f32 needs no decoding. Offsets in a file promise no alignment.
  if (type != TensorProto::FLOAT)
    return decodeRaw(shape, type, bytes.data);
  if (!llvm::isAddrAligned(llvm::Align::Of<float>(), bytes.data.data()))
    bytes = shareString(bytes.data.str());
  return HostTensor::fromFloatBytes(shape, bytes.data, std::move(bytes.owner));
}
