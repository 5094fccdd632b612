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
  Value unary(UnaryFunction function, Value x, float alpha = 0.0f,
              float beta = 0.0f, float gamma = 0.0f) {
    return x ? node.create<UnaryOp>(function, x, llvm::APFloat(alpha),
                                    llvm::APFloat(beta), llvm::APFloat(gamma))
             : Value();
  }
  /// Of any element type, as are those that follow.
  Value binary(BinaryFunction function, Value a, Value b) {
    if (!a || !b)
      return {};
    return node.createOf<BinaryOp>(elementOf(a), function, a, b);
  }
  Value compare(CompareFunction function, Value a, Value b) {
    if (!a || !b)
      return {};
    return node.createOf<CompareOp>(node.getBuilder().getI1Type(), function, a,
                                    b);
  }
  Value select(Value condition, Value yes, Value no) {
    if (!condition || !yes || !no)
      return {};
    return node.createOf<SelectOp>(elementOf(yes), condition, yes, no);
  }
  Value cast(Value x, Type element) {
    if (!x || elementOf(x) == element)
      return x;
    return node.createOf<CastOp>(element, x);
  }
  Value reduce(ReduceFunction function, Value x, ArrayRef<int64_t> axes,
               bool keepDims = true) {
    if (!x)
      return {};
    return node.createOf<ReduceOp>(elementOf(x), function, x, axes, keepDims);
  }
  /// The mean over ascending `axes`, which stay as ones.
  Value mean(Value x, ArrayRef<int64_t> axes) {
    if (!x)
      return {};
    return node.create<ReduceMeanOp>(x, axes, /*keep_dims=*/true,
                                     /*clamp_min=*/FloatAttr(),
                                     /*clamp_max=*/FloatAttr());
  }
  Value take(Value x, int64_t axis, ArrayRef<int64_t> indices) {
    return node.createMoved<TakeOp>(x, axis, indices);
  }
  Value gather(Value data, Value indices, int64_t axis) {
    if (!indices)
      return {};
    return node.createMoved<GatherOp>(data, indices, axis);
  }
  /// Integers of the type of `like`, an i32 or i64 tensor.
  Value integers(ArrayRef<int64_t> shape, std::vector<int64_t> values,
                 Value like) {
    if (!like)
      return {};
    return node.createConstant(HostTensor::fromInts(
        shape, std::move(values), getOnnxType(elementOf(like))));
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
