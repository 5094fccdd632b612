//===- QNNRenames.cpp - Ops under a transpose of their operands -----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// RenamesDimensionsOpInterface of the ops whose attributes speak of dimensions.
// Dimension k of the transposed operand is dimension permutation[k] of the
// operand, so a list L over dimensions becomes L' with L'[permutation[k]] =
// L[k], and an axis becomes permutation[axis].
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/QNN.h"

using namespace mlir;
using namespace mlir::qnn;

template <typename T>
static SmallVector<T> renameList(ArrayRef<T> list,
                                 ArrayRef<int64_t> permutation) {
  SmallVector<T> result(list.size());
  for (auto [k, dimension] : llvm::enumerate(permutation))
    result[dimension] = list[k];
  return result;
}

static void renameAxis(Operation *op, StringAttr name, int64_t axis,
                       ArrayRef<int64_t> permutation,
                       NamedAttrList &attributes) {
  attributes.set(
      name, Builder(op->getContext()).getI64IntegerAttr(permutation[axis]));
}

static void renameLists(Operation *op, ArrayRef<StringAttr> names,
                        ArrayRef<int64_t> permutation,
                        NamedAttrList &attributes) {
  for (StringAttr name : names) {
    auto list = cast<DenseI64ArrayAttr>(attributes.get(name));
    attributes.set(name, DenseI64ArrayAttr::get(
                             op->getContext(),
                             renameList(list.asArrayRef(), permutation)));
  }
}

SmallVector<int64_t> SoftmaxOp::renameDimensions(ArrayRef<int64_t> permutation,
                                                 NamedAttrList &attributes) {
  renameAxis(*this, getAxisAttrName(), getAxis(), permutation, attributes);
  return SmallVector<int64_t>(permutation);
}

SmallVector<int64_t> ConcatOp::renameDimensions(ArrayRef<int64_t> permutation,
                                                NamedAttrList &attributes) {
  renameAxis(*this, getAxisAttrName(), getAxis(), permutation, attributes);
  return SmallVector<int64_t>(permutation);
}

SmallVector<int64_t> PadOp::renameDimensions(ArrayRef<int64_t> permutation,
                                             NamedAttrList &attributes) {
  renameLists(*this, {getLowAttrName(), getHighAttrName()}, permutation,
              attributes);
  return SmallVector<int64_t>(permutation);
}

SmallVector<int64_t> SliceOp::renameDimensions(ArrayRef<int64_t> permutation,
                                               NamedAttrList &attributes) {
  renameLists(*this,
              {getStartsAttrName(), getSizesAttrName(), getStepsAttrName()},
              permutation, attributes);
  return SmallVector<int64_t>(permutation);
}

SmallVector<int64_t>
ResizeNearestOp::renameDimensions(ArrayRef<int64_t> permutation,
                                  NamedAttrList &attributes) {
  renameLists(*this, getShapeAttrName(), permutation, attributes);
  attributes.set(getScalesAttrName(),
                 DenseF64ArrayAttr::get(getContext(),
                                        renameList(getScales(), permutation)));
  return SmallVector<int64_t>(permutation);
}

/// Without keep_dims the reduced dimensions are missing from the result, and
/// the others close ranks.
template <typename OpTy>
static SmallVector<int64_t> renameReduced(OpTy op,
                                          ArrayRef<int64_t> permutation,
                                          NamedAttrList &attributes) {
  SmallVector<int64_t> axes, kept;
  for (int64_t axis : op.getAxes())
    axes.push_back(permutation[axis]);
  llvm::sort(axes);
  attributes.set(op.getAxesAttrName(),
                 DenseI64ArrayAttr::get(op.getContext(), axes));
  if (op.getKeepDims())
    return SmallVector<int64_t>(permutation);
  for (int64_t dimension : permutation)
    if (!llvm::is_contained(axes, dimension))
      kept.push_back(dimension - llvm::count_if(axes, [&](int64_t axis) {
                       return axis < dimension;
                     }));
  return kept;
}

SmallVector<int64_t>
ReduceMeanOp::renameDimensions(ArrayRef<int64_t> permutation,
                               NamedAttrList &attributes) {
  return renameReduced(*this, permutation, attributes);
}

SmallVector<int64_t> ReduceOp::renameDimensions(ArrayRef<int64_t> permutation,
                                                NamedAttrList &attributes) {
  return renameReduced(*this, permutation, attributes);
}
