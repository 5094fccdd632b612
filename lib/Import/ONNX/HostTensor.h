//===- HostTensor.h - Constant tensors of an ONNX model ---------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is the value of this initializer, Constant node, or folded shape
// computation? Floating-point tensors hold f32, all others i64; the ONNX type
// is kept beside. Values are immutable and shared, so that a reshaped weight,
// and the dense resource made of it, cost no copy.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_HOSTTENSOR_H
#define QNN_LIB_IMPORT_ONNX_HOSTTENSOR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

#include "onnx/onnx_pb.h"

namespace mlir::qnn::import {

using ElementType = int32_t; // onnx::TensorProto_DataType
/// Types that Debian's onnx does not know yet.
inline constexpr ElementType kUInt4 = 21, kInt4 = 22;

/// Tensors above this many elements are refused: no network has them, damaged
/// files do.
inline constexpr int64_t kMaxElements = int64_t(1) << 40;
/// Elements and multiply-accumulates that one import may spend on constants,
/// for a few bytes can ask for any number of them (Expand, Range, Conv, ...).
/// Every element of a tensor in the file adds kFoldingPerElement.
inline constexpr int64_t kFoldingWork = int64_t(1) << 26;
inline constexpr int64_t kFoldingPerElement = 16;

/// The number of elements of a shape; none when a size is negative or there
/// would be more than kMaxElements.
std::optional<int64_t> countElements(ArrayRef<int64_t> shape);

/// `2x3x4`; `scalar` for rank 0.
std::string formatShape(ArrayRef<int64_t> shape);

/// `float`, `int64`, ... as ONNX spells them in its documentation.
std::string formatType(ElementType type);

bool isFloatType(ElementType type);

/// float, double, half, bfloat16: all are f32 in a graph.
bool isAnyFloat(ElementType type);
/// float, bool, int32 and int64: the types of tensors in a graph.
bool hasGraphType(ElementType type);
/// The MLIR type of elements of such a type, and back.
Type getMlirType(ElementType type, MLIRContext *context);
ElementType getOnnxType(Type element);

class HostTensor {
public:
  HostTensor() = default;
  /// Precondition for all: the number of values is that of the shape.
  static HostTensor fromFloats(ArrayRef<int64_t> shape,
                               std::vector<float> values);
  static HostTensor fromInts(ArrayRef<int64_t> shape,
                             std::vector<int64_t> values,
                             ElementType type = onnx::TensorProto::INT64);
  /// The contents of a qnn.constant; none when it is quantized or has no data.
  static std::optional<HostTensor> fromAttribute(ElementsAttr value);
  /// Little-endian f32 bytes, aligned, not copied; `owner` keeps them alive.
  static HostTensor fromFloatBytes(ArrayRef<int64_t> shape, StringRef bytes,
                                   std::shared_ptr<const void> owner);

  ElementType getType() const { return type; }
  bool isFloat() const { return isFloatType(type); }
  ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getNumElements() const { return count; }

  /// Precondition: isFloat().
  ArrayRef<float> floats() const {
    return ArrayRef(static_cast<const float *>(data), count);
  }
  /// Precondition: !isFloat().
  ArrayRef<int64_t> ints() const {
    return ArrayRef(static_cast<const int64_t *>(data), count);
  }

  /// The same values under another shape of as many elements.
  HostTensor reshaped(ArrayRef<int64_t> newShape) const;
  /// A tensor of shape `newShape` whose element i is element `source(i)` here.
  HostTensor gathered(ArrayRef<int64_t> newShape,
                      llvm::function_ref<int64_t(int64_t)> source) const;
  /// Element [i, j, ...] of the result is element offset + i * strides[0] +
  /// j * strides[1] + ... here.
  HostTensor strided(ArrayRef<int64_t> newShape, int64_t offset,
                     ArrayRef<int64_t> strides) const;
  /// Row-major strides, in elements.
  SmallVector<int64_t> getStrides() const;
  /// Dimension k of the result is dimension `permutation[k]` here.
  HostTensor transposed(ArrayRef<int64_t> permutation) const;

  /// As the value of a qnn.constant: floats as a dense resource sharing this
  /// buffer when big. Precondition: hasGraphType(getType()).
  ElementsAttr toAttribute(MLIRContext *context) const;

private:
  ElementType type = onnx::TensorProto::UNDEFINED;
  SmallVector<int64_t> shape;
  std::shared_ptr<const void> owner;
  const void *data = nullptr;
  int64_t count = 0;
};

/// Reads a TensorProto, whose raw bytes are moved out. External data is looked
/// up relative to `folder`.
llvm::Expected<HostTensor> readTensor(onnx::TensorProto &proto,
                                      StringRef folder);

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_HOSTTENSOR_H
