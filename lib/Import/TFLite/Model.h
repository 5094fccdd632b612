//===- Model.h - A verified TFLite file -------------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which tensors, constants and ops does the file hold? Everything here has been
// checked: indices are in range, constants have the bytes their shape asks for,
// scales are positive numbers. What ops mean is for their converters.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_TFLITE_MODEL_H
#define QNN_LIB_IMPORT_TFLITE_MODEL_H

#include "Schema_generated.h"

#include "mlir/IR/Location.h"
#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::qnn::tflite {

/// Tensors above this many elements are refused: no network has them, damaged
/// files do.
inline constexpr int64_t kMaxElements = int64_t(1) << 40;

/// The number of elements of a shape; none when a size is negative or there
/// would be more than kMaxElements.
std::optional<int64_t> countElements(ArrayRef<int64_t> shape);

/// `2x3x4`; `scalar` for rank 0.
std::string formatShape(ArrayRef<int64_t> shape);

/// A tensor of the file. References point into the file's bytes.
struct TensorInfo {
  std::string name;
  ElementType type;
  SmallVector<int64_t> shape;
  /// Per dimension: whether the file leaves it open (`shape` has its default).
  SmallVector<bool> isOpen;
  bool isConstant = false;
  ArrayRef<uint8_t> data; ///< of a constant
  /// What `data` points to where the file stores it without its zeros.
  std::shared_ptr<std::vector<uint8_t>> dense;
  /// Of a quantized tensor: one scale, or one per index along `axis`.
  SmallVector<float> scales;
  SmallVector<int64_t> zeroPoints; ///< as many as scales
  int64_t axis = 0;
  bool isPlain = false; ///< bytes without scales, which stand for themselves

  bool isQuantized() const { return !scales.empty(); }
  /// Neither quantized nor float.
  bool isInteger() const {
    return type == ElementType::BOOL || type == ElementType::INT32 ||
           type == ElementType::INT64;
  }
  /// As biases of quantized layers are; INT64 with 16-bit activations.
  bool isBias() const {
    return type == ElementType::INT32 || type == ElementType::INT64;
  }
  /// An 8- or 16-bit activation with one scale.
  bool isQuantizedActivation() const {
    return scales.size() == 1 &&
           (type == ElementType::INT8 || type == ElementType::UINT8 ||
            type == ElementType::INT16);
  }
};

struct OpInfo {
  BuiltinOperator code;
  std::string customName; ///< of a CUSTOM op
  const Operator *op;
  SmallVector<int> inputs, outputs; ///< tensors; -1: left out

  /// `CONV_2D`, as the format spells it.
  std::string getName() const;
};

/// The first subgraph of a file, which is the network.
struct ModelInfo {
  std::vector<TensorInfo> tensors;
  std::vector<OpInfo> ops;
  SmallVector<int> inputs, outputs;
};

/// `FLOAT32`, as the format spells it.
std::string formatType(ElementType type);

/// The bytes of a constant with the zeros that the file leaves out, in
/// `result`; returns what was expected instead where the file is wrong.
StringRef densify(const SparsityParameters &sparsity, ArrayRef<int64_t> shape,
                  int64_t elementBytes, ArrayRef<uint8_t> data,
                  std::vector<uint8_t> &result);

/// Reads and checks; reports at `loc`. `bytes` must be aligned to 16 and stay.
FailureOr<ModelInfo> readModel(StringRef bytes, Location loc);

} // namespace mlir::qnn::tflite

#endif // QNN_LIB_IMPORT_TFLITE_MODEL_H
