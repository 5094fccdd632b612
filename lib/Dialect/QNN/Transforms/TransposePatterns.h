//===- TransposePatterns.h - Patterns of qnn-sink-transposes ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the patterns of both phases share, and those that other files define.
// Permutations are those of qnn.transpose: result dimension d is operand
// dimension permutation[d]. Private to the transforms.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_TRANSPOSEPATTERNS_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_TRANSPOSEPATTERNS_H

#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::qnn::transposes {

inline ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Whether a transpose by `permutation` keeps the order of the values.
bool onlyMovesOnes(ArrayRef<int64_t> shape, ArrayRef<int64_t> permutation);

/// A model input, or what casts make of one: its transposes stay behind the
/// casts, where they move fewer bytes.
bool isModelInput(Value value);

/// A transpose of `value`, in its simplest form: a pattern that saw the
/// intermediate one would undo what created it.
Value transpose(PatternRewriter &rewriter, Location loc, Value value,
                ArrayRef<int64_t> permutation);

/// Creates `f'` for `op` = f: transposes the operands by the inverse of
/// `permutation`, and gives f' the name and locations of f. The result of f is
/// the transpose of the result by the permutation returned.
std::pair<Operation *, SmallVector<int64_t>>
createRenamed(RenamesDimensionsOpInterface op, ArrayRef<int64_t> permutation,
              PatternRewriter &rewriter);

/// The largest rank of an operand of `op`.
size_t getOperandRank(Operation *op);

/// transpose(constant) -> constant.
void addConstantPatterns(RewritePatternSet &patterns);
/// Transposes below a flattening go into the weights of fully connected layers.
void addWeightPatterns(RewritePatternSet &patterns);
/// Transposes in the middle go up to model inputs and constants.
void addHoistPatterns(RewritePatternSet &patterns);

} // namespace mlir::qnn::transposes

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_TRANSPOSEPATTERNS_H
