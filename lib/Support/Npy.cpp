//===- Npy.cpp - NumPy array files ----------------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format
// "\x93NUMPY", version, header length, then a Python dictionary literal with
// the keys 'descr', 'fortran_order' and 'shape', then the elements.
//
//===----------------------------------------------------------------------===//

#include "qnn/Support/Npy.h"

#include "Printable.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

namespace {
struct TypeInfo {
  const char *name;
  const char *code;
  size_t size;
};
} // namespace

/// In the order of NpyType.
static constexpr TypeInfo kTypes[] = {
    {"bool", "b1", 1},    {"int8", "i1", 1},    {"uint8", "u1", 1},
    {"int16", "i2", 2},   {"uint16", "u2", 2},  {"int32", "i4", 4},
    {"uint32", "u4", 4},  {"int64", "i8", 8},   {"uint64", "u8", 8},
    {"float16", "f2", 2}, {"float32", "f4", 4}, {"float64", "f8", 8}};

static const TypeInfo &getInfo(NpyType type) {
  return kTypes[static_cast<size_t>(type)];
}

StringRef qnn::getNpyTypeName(NpyType type) { return getInfo(type).name; }
size_t qnn::getNpyTypeSize(NpyType type) { return getInfo(type).size; }

std::string qnn::describeArray(NpyType type, ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + getInfo(type).name;
}

NpyArray NpyArray::sample(int64_t index) const {
  size_t size = bytes.size() / shape[0];
  return NpyArray(type, ArrayRef(shape).drop_front(),
                  bytes.slice(index * size, size), owner);
}

//===----------------------------------------------------------------------===//
// Header
//===----------------------------------------------------------------------===//

namespace {
struct Header {
  NpyType type = NpyType::Float32;
  bool fortranOrder = false;
  SmallVector<int64_t> shape;
  /// Of the elements, from the start of the file.
  size_t offset = 0;
};

/// Parses the dictionary literal of a header.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : text(text) {}

  llvm::Error parse(Header &header) {
    if (!consume("{"))
      return malformed();
    unsigned fields = 0;
    while (!consume("}")) {
      StringRef key;
      if (!parseString(key) || !consume(":"))
        return malformed();
      if (llvm::Error error = parseField(key, header))
        return error;
      ++fields;
      if (!consume(",") && !text.starts_with("}"))
        return malformed();
    }
    if (fields != 3)
      return llvm::createStringError(
          "expected header keys descr, fortran_order and shape");
    return llvm::Error::success();
  }

private:
  static llvm::Error malformed() {
    return llvm::createStringError("malformed .npy header");
  }

  /// Skips `token` and the blanks around it.
  bool consume(StringRef token) {
    text = text.ltrim();
    if (!text.consume_front(token))
      return false;
    text = text.ltrim();
    return true;
  }

  llvm::Error parseField(StringRef key, Header &header) {
    if (key == "descr")
      return parseType(header.type);
    if (key == "shape")
      return parseShape(header.shape);
    if (key != "fortran_order")
      return llvm::createStringError("unknown header key '" + printable(key) +
                                     "'");
    header.fortranOrder = consume("True");
    if (!header.fortranOrder && !consume("False"))
      return malformed();
    return llvm::Error::success();
  }

  bool parseString(StringRef &value) {
    text = text.ltrim();
    if (!text.starts_with("'") && !text.starts_with("\""))
      return false;
    size_t end = text.find(text[0], 1);
    if (end == StringRef::npos)
      return false;
    value = text.slice(1, end);
    text = text.drop_front(end + 1).ltrim();
    return true;
  }

  llvm::Error parseType(NpyType &type) {
    StringRef descr;
    if (text.starts_with("["))
      return llvm::createStringError(
          "expected an array of numbers, got a structured array");
    if (!parseString(descr))
      return malformed();
    StringRef code = descr.drop_while(
        [](char c) { return c == '<' || c == '|' || c == '=' || c == '>'; });
    for (auto [i, info] : llvm::enumerate(kTypes)) {
      if (code != info.code)
        continue;
      if (descr.starts_with(">") && info.size > 1)
        return llvm::createStringError(
            "expected little-endian elements, got '" + descr +
            "': convert with a.astype('" + info.name + "')");
      type = static_cast<NpyType>(i);
      return llvm::Error::success();
    }
    return llvm::createStringError(
        "unsupported element type '" + printable(descr) +
        "': expected bool, int, uint or float of at most 64 bits");
  }

  llvm::Error parseShape(SmallVectorImpl<int64_t> &shape) {
    shape.clear();
    if (!consume("("))
      return malformed();
    while (!consume(")")) {
      int64_t size;
      if (text.consumeInteger(10, size) || size < 0)
        return llvm::createStringError(
            "expected a shape of non-negative sizes");
      shape.push_back(size);
      // Python 2 wrote 3L.
      text.consume_front("L");
      if (!consume(",") && !text.starts_with(")"))
        return malformed();
    }
    return llvm::Error::success();
  }

  StringRef text;
};
} // namespace

/// Reads the header at the start of `file`, which may hold only a part of it.
static llvm::Error parseHeader(StringRef file, Header &header) {
  if (!file.starts_with("\x93NUMPY"))
    return llvm::createStringError("not an .npy file (wrong magic bytes)");
  if (file.size() < 10)
    return llvm::createStringError("truncated .npy header");
  unsigned version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3)
    return llvm::createStringError(
        "expected .npy format version 1, 2 or 3, got " + Twine(version));
  size_t start = version == 1 ? 10 : 12;
  if (file.size() < start)
    return llvm::createStringError("truncated .npy header");
  size_t length = version == 1
                      ? llvm::support::endian::read16le(file.data() + 8)
                      : llvm::support::endian::read32le(file.data() + 8);
  if (file.size() - start < length)
    return llvm::createStringError("truncated .npy header");
  header.offset = start + length;
  return HeaderParser(file.substr(start, length)).parse(header);
}

/// The size of the elements in bytes; an error when no file is that large.
static llvm::Expected<uint64_t> getElementBytes(const Header &header) {
  if (llvm::is_contained(header.shape, 0))
    return 0;
  uint64_t bytes = getNpyTypeSize(header.type);
  for (int64_t size : header.shape) {
    if (uint64_t(size) > (uint64_t(1) << 48) / bytes)
      return llvm::createStringError("absurd shape: " +
                                     describeArray(header.type, header.shape));
    bytes *= size;
  }
  return bytes;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// A new buffer aligned to 64 bytes; an error when memory is short.
static llvm::Expected<std::unique_ptr<llvm::WritableMemoryBuffer>>
allocate(uint64_t size) {
  auto buffer = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
      size, "", llvm::Align(64));
  if (!buffer)
    return llvm::createStringError("out of memory for " + Twine(size) +
                                   " bytes");
  return buffer;
}

/// Copies elements of a Fortran-order array into row-major order.
static void copyTransposed(const Header &header, const char *from, char *to,
                           uint64_t bytes) {
  size_t size = getNpyTypeSize(header.type);
  SmallVector<int64_t> strides;
  int64_t stride = 1;
  for (int64_t extent : header.shape) {
    strides.push_back(stride);
    stride *= extent;
  }
  SmallVector<int64_t> index(header.shape.size(), 0);
  for (uint64_t position = 0; position < bytes; position += size) {
    int64_t offset = 0;
    for (size_t d = 0; d < index.size(); ++d)
      offset += index[d] * strides[d];
    std::memcpy(to + position, from + offset * size, size);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < header.shape[d])
        break;
      index[d] = 0;
    }
  }
}

llvm::Expected<NpyArray>
qnn::parseNpy(std::shared_ptr<llvm::MemoryBuffer> file) {
  Header header;
  if (llvm::Error error = parseHeader(file->getBuffer(), header))
    return std::move(error);
  llvm::Expected<uint64_t> size = getElementBytes(header);
  if (!size)
    return size.takeError();
  uint64_t available = file->getBufferSize() - header.offset;
  if (available != *size)
    return llvm::createStringError(
        "expected " + Twine(*size) + " bytes of elements for " +
        describeArray(header.type, header.shape) + ", got " + Twine(available));
  const char *elements = file->getBufferStart() + header.offset;
  bool aligned =
      reinterpret_cast<uintptr_t>(elements) % getNpyTypeSize(header.type) == 0;
  bool reorder = header.fortranOrder && header.shape.size() > 1;
  if (aligned && !reorder)
    return NpyArray(header.type, header.shape, {elements, size_t(*size)},
                    std::move(file));
  auto copy = allocate(*size);
  if (!copy)
    return copy.takeError();
  char *to = (*copy)->getBufferStart();
  if (reorder)
    copyTransposed(header, elements, to, *size);
  else
    std::memcpy(to, elements, *size);
  return NpyArray(header.type, header.shape, {to, size_t(*size)},
                  std::shared_ptr<llvm::MemoryBuffer>(std::move(*copy)));
}

/// Puts the name of the file before a message.
static llvm::Error inFile(const Twine &name, llvm::Error error) {
  return llvm::createStringError(name + ": " +
                                 llvm::toString(std::move(error)));
}

llvm::Expected<NpyArray> qnn::readNpy(StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return llvm::createStringError(path + ": " + file.getError().message());
  if ((*file)->getBuffer().starts_with("PK"))
    return llvm::createStringError(
        path + ": expected an .npy file, got an archive (.npz)");
  auto array = parseNpy(std::move(*file));
  if (!array)
    return inFile(path, array.takeError());
  return array;
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

/// All bytes after `start` of an array in Fortran order, transposed.
static llvm::Expected<NpyArray> readTransposed(std::string start,
                                               uint64_t elementBytes,
                                               const NpyStream::ReadFn &read) {
  size_t headerBytes = start.size();
  auto file = allocate(headerBytes + elementBytes);
  if (!file)
    return file.takeError();
  llvm::copy(start, (*file)->getBufferStart());
  if (read((*file)->getBufferStart() + headerBytes, elementBytes) !=
      int64_t(elementBytes))
    return llvm::createStringError("truncated or damaged");
  return qnn::parseNpy(std::shared_ptr<llvm::MemoryBuffer>(std::move(*file)));
}

llvm::Expected<std::unique_ptr<NpyStream>> NpyStream::create(std::string name,
                                                             ReadFn read) {
  // The fixed part says how long the rest of the header is.
  std::string start(12, 0);
  start.resize(std::max<int64_t>(read(start.data(), start.size()), 0));
  if (start.size() == 12 && StringRef(start).starts_with("\x93NUMPY")) {
    const char *at = start.data() + 8;
    uint64_t end = start[6] == 1 ? 10 + llvm::support::endian::read16le(at)
                                 : 12 + llvm::support::endian::read32le(at);
    uint64_t more = end > 12 ? std::min<uint64_t>(end - 12, 1 << 20) : 0;
    start.resize(12 + more);
    start.resize(12 + std::max<int64_t>(read(start.data() + 12, more), 0));
  }
  Header header;
  if (llvm::Error error = parseHeader(start, header))
    return inFile(name, std::move(error));
  llvm::Expected<uint64_t> bytes = getElementBytes(header);
  if (!bytes)
    return inFile(name, bytes.takeError());
  auto stream = std::make_unique<NpyStream>();
  stream->type = header.type;
  stream->shape = header.shape;
  stream->left = *bytes;
  stream->name = std::move(name);
  stream->source = std::move(read);
  if (!header.fortranOrder || header.shape.size() < 2)
    return stream;
  auto array = readTransposed(std::move(start), *bytes, stream->source);
  if (!array)
    return inFile(stream->name, array.takeError());
  stream->source = [array = *array, done = size_t(0)](char *to,
                                                      size_t size) mutable {
    ArrayRef<char> next = array.getBytes().drop_front(done).take_front(size);
    llvm::copy(next, to);
    done += next.size();
    return int64_t(next.size());
  };
  return stream;
}

llvm::Expected<std::unique_ptr<NpyStream>> NpyStream::open(StringRef path) {
  auto file = llvm::sys::fs::openNativeFileForRead(path);
  if (!file)
    return inFile(path, file.takeError());
  std::shared_ptr<void> close(nullptr, [handle = *file](void *) mutable {
    llvm::sys::fs::closeFile(handle);
  });
  return create(path.str(), [handle = *file, close](char *to, size_t size) {
    size_t done = 0;
    while (done < size) {
      auto got =
          llvm::sys::fs::readNativeFile(handle, {to + done, size - done});
      if (!got) {
        llvm::consumeError(got.takeError());
        return int64_t(-1);
      }
      if (*got == 0)
        break;
      done += *got;
    }
    return int64_t(done);
  });
}

llvm::Error NpyStream::read(MutableArrayRef<char> to) {
  assert(to.size() <= left && "reading past the last element");
  int64_t got = source(to.data(), to.size());
  if (got != int64_t(to.size()))
    return llvm::createStringError(name + ": truncated or damaged");
  left -= to.size();
  // Reading the end also checks the CRC of an archive member.
  char past;
  if (left == 0 && source(&past, 1) != 0)
    return llvm::createStringError(
        name + ": damaged, or more elements than the shape " +
        describeArray(type, shape) + " says");
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

std::string qnn::formatNpy(NpyType type, ArrayRef<int64_t> shape,
                           ArrayRef<char> bytes) {
  assert(shape.size() <= 32 && "NumPy has no such arrays");
  const TypeInfo &info = getInfo(type);
  std::string header = "{'descr': '";
  header += info.size == 1 ? '|' : '<';
  header += info.code;
  header += "', 'fortran_order': False, 'shape': (";
  for (int64_t size : shape)
    header += std::to_string(size) + ", ";
  header += "), }";
  // The elements start at a multiple of 64; the header ends with a newline.
  constexpr size_t preamble = 10;
  size_t end = llvm::alignTo(preamble + header.size() + 1, 64);
  header.resize(end - preamble - 1, ' ');
  header += '\n';

  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xFF);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(bytes.begin(), bytes.end());
  return file;
}
