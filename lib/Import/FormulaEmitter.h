//===- FormulaEmitter.h - Formulas of several qnn ops -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a converter of either importer write a formula of several qnn ops?
// Null values pass through after an error, so that the importer's `failed()` is
// checked once. `Importer` has `create`, `createOf` and `createMoved`.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_FORMULAEMITTER_H
#define QNN_LIB_IMPORT_FORMULAEMITTER_H

#include "qnn/Dialect/QNN/IR/QNN.h"

namespace mlir::qnn {

template <typename Importer> struct FormulaEmitter {
  explicit FormulaEmitter(Importer &node) : node(node) {}

  Importer &node;

  Value add(Value a, Value b) { return arithmetic<AddOp>(a, b); }
  Value sub(Value a, Value b) { return arithmetic<SubOp>(a, b); }
  Value mul(Value a, Value b) { return arithmetic<MulOp>(a, b); }
  Value div(Value a, Value b) { return arithmetic<DivOp>(a, b); }
  template <typename OpTy> Value unary(Value x) {
    return x ? node.template create<OpTy>(x) : Value();
  }
  Value unary(UnaryFunction function, Value x, float alpha = 0.0f,
              float beta = 0.0f, float gamma = 0.0f) {
    return x ? node.template create<UnaryOp>(function, x, llvm::APFloat(alpha),
                                             llvm::APFloat(beta),
                                             llvm::APFloat(gamma))
             : Value();
  }
  /// Of any element type, as are those that follow.
  Value binary(BinaryFunction function, Value a, Value b) {
    if (!a || !b)
      return {};
    return node.template createOf<BinaryOp>(getElement(a), function, a, b);
  }
  Value compare(CompareFunction function, Value a, Value b) {
    if (!a || !b)
      return {};
    return node.template createOf<CompareOp>(node.getBuilder().getI1Type(),
                                             function, a, b);
  }
  Value select(Value condition, Value yes, Value no) {
    if (!condition || !yes || !no)
      return {};
    return node.template createOf<SelectOp>(getElement(yes), condition, yes,
                                            no);
  }
  Value cast(Value x, Type element) {
    if (!x || getElement(x) == element)
      return x;
    return node.template createOf<CastOp>(element, x);
  }
  Value reduce(ReduceFunction function, Value x, ArrayRef<int64_t> axes,
               bool keepDims = true) {
    if (!x)
      return {};
    return node.template createOf<ReduceOp>(getElement(x), function, x, axes,
                                            keepDims);
  }
  /// The mean over ascending `axes`, which stay as ones.
  Value mean(Value x, ArrayRef<int64_t> axes) {
    if (!x)
      return {};
    return node.template create<ReduceMeanOp>(x, axes, /*keep_dims=*/true,
                                              /*clamp_min=*/FloatAttr(),
                                              /*clamp_max=*/FloatAttr());
  }
  Value take(Value x, int64_t axis, ArrayRef<int64_t> indices) {
    return node.template createMoved<TakeOp>(x, axis, indices);
  }
  Value gather(Value data, Value indices, int64_t axis) {
    if (!indices)
      return {};
    return node.template createMoved<GatherOp>(data, indices, axis);
  }

private:
  static Type getElement(Value value) {
    return llvm::cast<RankedTensorType>(value.getType()).getElementType();
  }
  template <typename OpTy> Value arithmetic(Value a, Value b) {
    if (!a || !b)
      return {};
    return node.template create<OpTy>(a, b, /*clamp_min=*/FloatAttr(),
                                      /*clamp_max=*/FloatAttr());
  }
};

} // namespace mlir::qnn

#endif // QNN_LIB_IMPORT_FORMULAEMITTER_H
