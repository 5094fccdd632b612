//===- Emitter.h - Element-wise ops for composite converters ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a converter write constants into a formula of several qnn ops?
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_EMITTER_H
#define QNN_LIB_IMPORT_ONNX_EMITTER_H

#include "../FormulaEmitter.h"
#include "NodeImporter.h"

namespace mlir::qnn::import {

struct Emitter : FormulaEmitter<NodeImporter> {
  using FormulaEmitter::FormulaEmitter;
  using FormulaEmitter::mean;

  Value constant(float value) {
    return node.createConstant(HostTensor::fromFloats({}, {value}));
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
    return mean(x, ArrayRef<int64_t>(axes));
  }
};

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_EMITTER_H
