//===- Emitter.h - Element-wise ops for composite converters ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a converter write a formula of several qnn ops? Null values pass
// through after an error, so that `NodeImporter::failed()` is checked once.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_EMITTER_H
#define QNN_LIB_IMPORT_ONNX_EMITTER_H

#include "NodeImporter.h"

namespace mlir::qnn::import {

struct Emitter {
  NodeImporter &node;

  Value constant(float value) {
    return node.createConstant(HostTensor::fromFloats({}, {value}));
  }
  Value add(Value a, Value b) { return binary<AddOp>(a, b); }
  Value sub(Value a, Value b) { return binary<SubOp>(a, b); }
  Value mul(Value a, Value b) { return binary<MulOp>(a, b); }
  Value div(Value a, Value b) { return binary<DivOp>(a, b); }
  template <typename OpTy> Value unary(Value x) {
    return x ? node.create<OpTy>(x) : Value();
  }
  /// The mean over the dimensions from `axis` on, which stay as ones.
  Value mean(Value x, int64_t axis) {
    if (!x)
      return {};
    auto axes = llvm::to_vector(llvm::seq<int64_t>(axis, shapeOf(x).size()));
    return node.create<ReduceMeanOp>(x, ArrayRef<int64_t>(axes),
                                     /*keep_dims=*/true,
                                     /*clamp_min=*/FloatAttr(),
                                     /*clamp_max=*/FloatAttr());
  }

private:
  template <typename OpTy> Value binary(Value a, Value b) {
    if (!a || !b)
      return {};
    return node.create<OpTy>(a, b, /*clamp_min=*/FloatAttr(),
                             /*clamp_max=*/FloatAttr());
  }
};

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_EMITTER_H
