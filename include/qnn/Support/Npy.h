//===- Npy.h - NumPy array files --------------------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How do samples and results get in and out? As NumPy's .npy files (one array,
// format versions 1 to 3) and .npz archives (named arrays, stored or
// deflated). Calibration and quant-run read them, quant-run writes them.
//
// An NpyArray is a handle to immutable bytes: a memory-mapped file or one
// decompressed archive member. `sample(i)` is a view on one sample, so that a
// data set is never copied as a whole. Read-only use is thread-safe; an
// NpzReader belongs to one thread.
//
// Arrays are row-major; files in Fortran order are transposed while reading.
// Big-endian, structured and object arrays are refused. Every malformed file
// ends in one llvm::Error that names it.
//
// Usage:
//   Expected<NpyArray> x = readNpy("x.npy");
//   for (int64_t i = 0; i < x->getShape()[0]; ++i)
//     const float *p = x->sample(i).getData<float>();
//
//===----------------------------------------------------------------------===//

#ifndef QNN_SUPPORT_NPY_H
#define QNN_SUPPORT_NPY_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mlir::qnn {

/// Element types, named as NumPy names them.
enum class NpyType {
  Bool,
  Int8,
  UInt8,
  Int16,
  UInt16,
  Int32,
  UInt32,
  Int64,
  UInt64,
  Float16,
  Float32,
  Float64
};

/// NumPy's name of the type: "float32".
StringRef getNpyTypeName(NpyType type);
/// Size of an element in bytes.
size_t getNpyTypeSize(NpyType type);

/// "2x3xfloat32"; "float32" for a scalar.
std::string describeArray(NpyType type, ArrayRef<int64_t> shape);

class NpyArray {
public:
  NpyArray() = default;
  /// A view on `bytes`, which `owner` keeps alive. Precondition: the bytes are
  /// the row-major elements.
  NpyArray(NpyType type, ArrayRef<int64_t> shape, ArrayRef<char> bytes,
           std::shared_ptr<llvm::MemoryBuffer> owner)
      : type(type), shape(shape), bytes(bytes), owner(std::move(owner)) {}

  NpyType getType() const { return type; }
  ArrayRef<int64_t> getShape() const { return shape; }
  ArrayRef<char> getBytes() const { return bytes; }
  int64_t getNumElements() const {
    return static_cast<int64_t>(bytes.size() / getNpyTypeSize(type));
  }

  /// The elements. Precondition: T is the C++ type of getType(). The address is
  /// aligned for T.
  template <typename T> const T *getData() const {
    return reinterpret_cast<const T *>(bytes.data());
  }

  /// Sample `index` along axis 0, without that axis. Precondition: rank >= 1
  /// and index in range.
  NpyArray sample(int64_t index) const;

private:
  NpyType type = NpyType::Float32;
  SmallVector<int64_t> shape;
  ArrayRef<char> bytes;
  std::shared_ptr<llvm::MemoryBuffer> owner;
};

/// Reads an .npy file; the elements stay in the mapped file where possible.
llvm::Expected<NpyArray> readNpy(StringRef path);

/// The array in a buffer that holds a whole .npy file.
llvm::Expected<NpyArray> parseNpy(std::shared_ptr<llvm::MemoryBuffer> file);

/// The contents of the .npy file with these row-major elements. Precondition:
/// at most 32 dimensions, as in NumPy.
std::string formatNpy(NpyType type, ArrayRef<int64_t> shape,
                      ArrayRef<char> bytes);

/// The elements of one array, read from front to back in memory that does not
/// depend on their number (except for arrays in Fortran order, which are
/// transposed as a whole). Belongs to one thread.
class NpyStream {
public:
  /// Reads up to `size` bytes and returns how many; fewer only at the end of
  /// the data, negative when reading fails.
  using ReadFn = std::function<int64_t(char *to, size_t size)>;

  /// Opens an .npy file.
  static llvm::Expected<std::unique_ptr<NpyStream>> open(StringRef path);
  /// Takes the bytes of an .npy file from `read`; errors start with `name`.
  static llvm::Expected<std::unique_ptr<NpyStream>> create(std::string name,
                                                           ReadFn read);

  NpyType getType() const { return type; }
  ArrayRef<int64_t> getShape() const { return shape; }

  /// Fills `to` with the next elements. Precondition: there are as many.
  llvm::Error read(MutableArrayRef<char> to);

private:
  NpyType type = NpyType::Float32;
  SmallVector<int64_t> shape;
  std::string name;
  ReadFn source;
  uint64_t left = 0; ///< bytes not yet read
};

/// An open .npz archive.
class NpzReader {
public:
  static llvm::Expected<std::unique_ptr<NpzReader>> open(StringRef path);
  ~NpzReader();

  /// The array names (members without ".npy"), in file order.
  ArrayRef<std::string> getNames() const { return names; }

  /// Reads one array. Nothing is kept: arrays of a large archive can be read
  /// one at a time.
  llvm::Expected<NpyArray> read(StringRef name);

  /// Opens one array for reading from front to back. The reader must outlive
  /// the stream.
  llvm::Expected<std::unique_ptr<NpyStream>> stream(StringRef name);

private:
  struct Archive;
  NpzReader();

  std::unique_ptr<Archive> archive;
  std::string path;
  std::vector<std::string> names;
};

} // namespace mlir::qnn

#endif // QNN_SUPPORT_NPY_H
