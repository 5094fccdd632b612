//===- ReshapeGroups.h - Transposes under reshapes --------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How can a transpose move to the other side of a reshape? A reshape splits and
// merges runs of neighbouring dimensions; runs as wholes may be permuted before
// or after it alike.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_RESHAPEGROUPS_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_RESHAPEGROUPS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace mlir::qnn {

/// reshape(transpose(x, p)) = transpose(reshape(transpose(x, before), shape),
/// after).
struct ReshapedTranspose {
  llvm::SmallVector<int64_t> before, shape, after;
};

/// Splits reshape(transpose(x, permutation)) for x of shape `source` and a
/// result of shape `result`, so that `after` orders the runs and `before` only
/// the dimensions inside them. None when `after` would be the identity.
std::optional<ReshapedTranspose>
splitReshapedTranspose(llvm::ArrayRef<int64_t> source,
                       llvm::ArrayRef<int64_t> permutation,
                       llvm::ArrayRef<int64_t> result);

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_RESHAPEGROUPS_H
