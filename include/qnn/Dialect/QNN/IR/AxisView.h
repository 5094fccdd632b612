//===- AxisView.h - A tensor around one axis --------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_AXISVIEW_H
#define QNN_DIALECT_QNN_IR_AXISVIEW_H

#include "mlir/IR/BuiltinTypes.h"

namespace mlir::qnn {

/// The sizes, in elements, of a contiguous tensor seen as [outer, size, inner]
/// around one axis. Precondition: 0 <= axis < rank.
struct AxisView {
  AxisView(ArrayRef<int64_t> shape, int64_t axis)
      : outer(ShapedType::getNumElements(shape.take_front(axis))),
        size(shape[axis]),
        inner(ShapedType::getNumElements(shape.drop_front(axis + 1))) {}

  int64_t outer, size, inner;
};

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_IR_AXISVIEW_H
