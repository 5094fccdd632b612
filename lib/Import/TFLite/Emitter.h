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

#ifndef QNN_LIB_IMPORT_TFLITE_EMITTER_H
#define QNN_LIB_IMPORT_TFLITE_EMITTER_H

#include "../FormulaEmitter.h"
#include "OpImporter.h"

namespace mlir::qnn::tflite {

struct Emitter : FormulaEmitter<OpImporter> {
  using FormulaEmitter::FormulaEmitter;

  Value constant(float value) { return node.createConstant({}, value); }
  /// One number of the type of `like`.
  Value scalar(int64_t value, Value like) {
    if (!like)
      return {};
    return elementOf(like).isF32()
               ? constant(float(value))
               : node.createIntegers({}, value, elementOf(like));
  }
  /// The integers 0, 1, ... below `shape[axis]`, along `axis` of `shape`, whose
  /// other sizes are 1.
  Value sequence(ArrayRef<int64_t> shape, int64_t axis, Type element) {
    auto values = llvm::to_vector(llvm::seq<int64_t>(shape[axis]));
    return node.createIntegers(shape, values, element);
  }
};

} // namespace mlir::qnn::tflite

#endif // QNN_LIB_IMPORT_TFLITE_EMITTER_H
