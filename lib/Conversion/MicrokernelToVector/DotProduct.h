//===- DotProduct.h - How a level multiplies --------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With which instructions does a level multiply the operands of
// microkernel.brgemm and sum the products? One case per instruction family
// (DotKind).
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_DOTPRODUCT_H
#define QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_DOTPRODUCT_H

#include "qnn/Conversion/KernelBuilder.h"
#include "qnn/Dialect/Microkernel/IR/Microkernel.h"

namespace mlir::qnn {

/// The accumulators of one row and one block of 16 columns are `parts()`
/// vectors.
class DotProduct {
public:
  DotProduct(KernelBuilder &k, Type element, bool isNarrow)
      : k(k), isFloat(!element.isInteger(8)), isBF16(element.isInteger(16)),
        isNarrow(isNarrow),
        stepElements(microkernel::getStepElements(element)) {}

  /// True when lanes of an accumulator hold two neighbouring partial sums that
  /// sums() adds; the bias then comes last.
  bool sumsPairs() const {
    return !isFloat && k.level.dot == DotKind::NeonWidening;
  }
  int64_t parts() const {
    return microkernel::kBlockColumns * (sumsPairs() ? 2 : 1) / k.lanes();
  }
  /// Elements of the packed weights that one part multiplies.
  int64_t storedWeights(int64_t count) const {
    return isNarrow ? count / 2 : count;
  }
  int64_t weightsPerPart() const {
    return microkernel::kBlockColumns * stepElements / parts();
  }
  /// Neighbouring steps of a run that are multiplied at once. `isSymmetric`:
  /// no weight is -128.
  int64_t groupSteps(int64_t rows, bool isSymmetric) const;
  /// True when accumulators hold 2 rows x 2 columns instead: see pairRows().
  bool pairsRows(int64_t rows) const {
    return !isFloat && k.level.dot == DotKind::NeonMatrix && rows > 1;
  }
  VectorType accumulatorType() const;
  Value loadWeights(Value memory, Value at);
  /// The element, the pair of bf16 or the four bytes at `at`, in every lane.
  Value loadActivation(Value memory, Value at);
  /// The same for `steps` (at most groupSteps()) neighbouring steps.
  SmallVector<Value> loadActivations(Value memory, Value at, int64_t steps);
  Value multiplyAdd(Value acc, Value a, Value w);
  /// acc + sum_i a_i * w_i, of steps whose products are proved to fit 16 bits,
  /// together and each. Precondition: DotKind::ProvedPairs, or NeonWidening
  /// and at most two steps without a weight of -128.
  Value multiplyAddProved(Value acc, ArrayRef<Value> a, ArrayRef<Value> w);
  /// From four columns of two rows to two squares of 2 x 2, and back.
  std::pair<Value, Value> pairRows(Value x, Value y);
  /// What multiplyPairs() needs of two rows, for one or two steps.
  /// Precondition of these: pairsRows().
  Value loadRowPair(Value memory, Value at, Value otherAt, int64_t steps);
  /// Two operands, of two columns each, from four columns of one or two steps;
  /// `next` is null for one.
  std::pair<Value, Value> loadColumnPairs(Value memory, Value at, Value next);
  Value multiplyPairs(Value acc, Value rows, Value columns);
  /// The sums of one block of columns, a register each.
  SmallVector<Value> sums(ArrayRef<Value> accumulators);

  /// f32(sums) times their scales, from `at` on in `memory`.
  Value scaled(Value sums, Value memory, Value at);

private:
  VectorType wordsType(Value bytes);
  Value evenWords(Value bytes, bool isSigned);
  Value oddWords(Value bytes, bool isSigned);
  Value multiplyWords(Value x, Value y);
  Value addNeighbours(Value acc, Value words);
  Value widen16(Value bytes, bool isSigned);
  Value loadBytes(Value memory, Value at);
  Value asLanes(Value bytes);
  Value asBytes(Value lanes);

  KernelBuilder &k;
  bool isFloat, isBF16; ///< isFloat: sums are, of f32 or bf16
  bool isNarrow;        ///< weights of four bits, two to a byte
  int64_t stepElements; ///< neighbouring elements of a lane
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_MICROKERNELTOVECTOR_DOTPRODUCT_H
