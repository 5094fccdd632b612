//===- Constants.h - Contents of constant tensors ---------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a pass read the numbers of a `qnn.constant`, and make a new one?
// Small values are DenseElementsAttr, which print readably; large ones are
// DenseResourceElementsAttr, which are neither hashed nor copied into the
// context. Readers must not care: these functions hide the difference.
//
// Called by importer, passes, interpreter and code generator. Stateless; as
// thread-safe as the MLIRContext.
//
// Usage:
//   FailureOr<SmallVector<float>> w = getFloatValues(conv.getWeight());
//   if (failed(w)) ...              // not a constant, or its data are missing
//   Value v = createFloatConstant(builder, loc, shape, *w);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_CONSTANTS_H
#define QNN_DIALECT_QNN_IR_CONSTANTS_H

#include "qnn/Dialect/QNN/IR/QNN.h"

namespace mlir::qnn {

/// Constants with more elements than this are stored as resources.
inline constexpr int64_t kMaxInlineElements = 1024;

/// The values of an f32 attribute in row-major order. Fails when the element
/// type is another one or the data of a resource are missing.
FailureOr<SmallVector<float>> getFloatValues(ElementsAttr attr);
/// The bits of the values of a bf16 attribute; fails as getFloatValues.
FailureOr<SmallVector<uint16_t>> getBF16Values(ElementsAttr attr);
/// The values of a float `qnn.constant`; fails when `value` is none.
FailureOr<SmallVector<float>> getFloatValues(Value value);

/// The stored integers (i32, i8 or narrower) of an attribute in row-major
/// order, widened; fails as getFloatValues. Narrow ones have a byte each, of
/// which the low bits count. Bools are 0 and 1.
FailureOr<SmallVector<int32_t>> getIntegerValues(ElementsAttr attr);
/// The stored integers of a quantized `qnn.constant`; fails when `value` is
/// none.
FailureOr<SmallVector<int32_t>> getIntegerValues(Value value);

/// The integers of an i64 attribute.
FailureOr<SmallVector<int64_t>> getLongValues(ElementsAttr attr);

/// An f32 attribute. Precondition: one value per element of `shape`.
ElementsAttr getFloatElements(MLIRContext *context, ArrayRef<int64_t> shape,
                              ArrayRef<float> values);
/// A bf16 attribute of these bits.
ElementsAttr getBF16Elements(MLIRContext *context, ArrayRef<int64_t> shape,
                             ArrayRef<uint16_t> values);
/// An attribute of i8 (or narrower) or i32 elements, the storage of a quantized
/// type.
ElementsAttr getIntegerElements(MLIRContext *context, ArrayRef<int64_t> shape,
                                ArrayRef<int8_t> values, unsigned width = 8);
ElementsAttr getIntegerElements(MLIRContext *context, ArrayRef<int64_t> shape,
                                ArrayRef<int32_t> values);

/// A float `qnn.constant`. Precondition: one value per element of `shape`.
Value createFloatConstant(OpBuilder &builder, Location loc,
                          ArrayRef<int64_t> shape, ArrayRef<float> values);

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_IR_CONSTANTS_H
