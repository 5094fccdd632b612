//===- Tensor.h - Values of the reference interpreter -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is a network tensor at run time? A type and its elements, row-major:
// f32 and bf16 tensors hold floats, tensors of i64 hold int64_t, quantized (and
// other integer) tensors hold the stored integers widened to int32_t, bools 0
// and 1.
//
// Used by the interpreter, by passes that fold constants, and by quant-run.
//
// A Tensor is a handle: copies share the elements. The elements are written
// once, through the mutable accessors, before the tensor is copied. Not
// synchronized; read-only use from several threads is safe.
//
// Usage:
//   FailureOr<Tensor> w = Tensor::fromElementsAttr(constant.getValue(), type,
//                                                  emitError);
//   for (float v : w->floats()) ...
//   ElementsAttr folded = result.toElementsAttr();
//
//===----------------------------------------------------------------------===//

#ifndef QNN_REFERENCE_TENSOR_H
#define QNN_REFERENCE_TENSOR_H

#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Support/Numerics.h"

#include <memory>

namespace mlir::qnn {

class Tensor {
public:
  /// An empty handle; only assignment is valid.
  Tensor() = default;

  /// A tensor of zeros. Precondition: isSupportedType(type).
  explicit Tensor(RankedTensorType type);

  /// True for statically shaped tensors of f32, bf16 or i64, of quantized
  /// values, or of integers, stored in at most 32 bits, with at most 2^31
  /// elements.
  static bool isSupportedType(Type type);

  /// The elements of `value` under `type`: f32, or the storage integers of a
  /// quantized type. Reports through `emitError` when the value does not fit
  /// the type, or when a resource has no data.
  static FailureOr<Tensor>
  fromElementsAttr(ElementsAttr value, RankedTensorType type,
                   llvm::function_ref<InFlightDiagnostic()> emitError);

  /// The elements as the attribute a qnn.constant of this type holds.
  ElementsAttr toElementsAttr() const;

  RankedTensorType getType() const { return type; }
  ArrayRef<int64_t> getShape() const {
    return const_cast<RankedTensorType &>(type).getShape();
  }
  int64_t size() const { return count; }
  bool isFloat() const;
  /// True for tensors of i64.
  bool isLong() const;

  /// The elements. Precondition: T is float exactly when isFloat(), int64_t
  /// exactly when isLong(), else int32_t.
  template <typename T> ArrayRef<T> get() const {
    assert((std::is_same_v<T, float>) == isFloat());
    assert((std::is_same_v<T, int64_t>) == isLong());
    return {static_cast<const T *>(elements.get()), size_t(count)};
  }
  ArrayRef<float> floats() const { return get<float>(); }
  ArrayRef<int32_t> integers() const { return get<int32_t>(); }
  ArrayRef<int64_t> longs() const { return get<int64_t>(); }

  /// The elements for writing. Precondition: this is the only handle.
  template <typename T> MutableArrayRef<T> getMutable() {
    assert((std::is_same_v<T, float>) == isFloat());
    assert((std::is_same_v<T, int64_t>) == isLong());
    assert(elements.use_count() <= 1 && "writing to a shared tensor");
    return {static_cast<T *>(elements.get()), size_t(count)};
  }
  MutableArrayRef<float> mutableFloats() { return getMutable<float>(); }
  MutableArrayRef<int32_t> mutableIntegers() { return getMutable<int32_t>(); }
  MutableArrayRef<int64_t> mutableLongs() { return getMutable<int64_t>(); }

  /// Calls `fn(T())` with the type of the elements: float, int32_t or int64_t.
  template <typename Fn> void visit(Fn fn) const {
    if (isFloat())
      return fn(float());
    if (isLong())
      return fn(int64_t());
    fn(int32_t());
  }

  /// The same elements under another shape. Precondition: same element type
  /// and number of elements.
  Tensor reshaped(RankedTensorType newType) const;

private:
  RankedTensorType type;
  int64_t count = 0;
  std::shared_ptr<void> elements;
};

/// The quantization parameters of a per-tensor quantized tensor type.
QuantParams getTensorParams(Type type);

} // namespace mlir::qnn

#endif // QNN_REFERENCE_TENSOR_H
