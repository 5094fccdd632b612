//===- ShapeInference.h - What shape functions share ------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes are in elements, dimension by dimension. A function that fails has
// emitted one error through `emitError`. Private to the dialect.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_IR_SHAPEINFERENCE_H
#define QNN_LIB_DIALECT_QNN_IR_SHAPEINFERENCE_H

#include "qnn/Dialect/QNN/IR/QNN.h"

namespace mlir::qnn::shapes {

using EmitError = llvm::function_ref<InFlightDiagnostic()>;
using Shape = FailureOr<SmallVector<int64_t>>;

/// No network has tensors of more elements, damaged files do.
inline constexpr int64_t kMaxElements = int64_t(1) << 40;

inline ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

inline SmallVector<int64_t> copy(ArrayRef<int64_t> shape) {
  return SmallVector<int64_t>(shape);
}

/// `shape`, if no size is negative and it has at most kMaxElements elements.
Shape checkedShape(SmallVector<int64_t> shape, EmitError emitError);

LogicalResult checkAxis(int64_t axis, size_t rank, EmitError emitError);

/// The shape of `input` with the dimensions `axes` gone, or 1 if `keepDims`.
/// Fails where `axes` are not ascending numbers of dimensions.
Shape getReducedShape(ArrayRef<int64_t> input, ArrayRef<int64_t> axes,
                      bool keepDims, EmitError emitError);

} // namespace mlir::qnn::shapes

#endif // QNN_LIB_DIALECT_QNN_IR_SHAPEINFERENCE_H
