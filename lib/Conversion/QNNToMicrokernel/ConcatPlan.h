//===- ConcatPlan.h - Which tensors lie inside others -----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A concat copies nothing where its operands are computed straight into their
// parts of its result, and a slice nothing where its users read the part of its
// operand. Which operands and users can do that is decided here, once, before
// any op is lowered. A tensor lies in one concat at most; others copy it.
// Concats may lie in concats: of a dense block, where each continues the list
// of the one before, all are prefixes of the last one's memory.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_CONCATPLAN_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_CONCATPLAN_H

#include "Buffers.h"

#include "qnn/Dialect/QNN/IR/QNN.h"

namespace mlir::qnn {

inline constexpr int64_t kChannelAxis = 3; ///< of NHWC images

/// The border that the convolutions reading `value` need.
Border getRequiredBorder(Value value);

class ConcatPlan {
public:
  /// Decides for all concats of `network`.
  ConcatPlan(Block &network, const TargetLevel &level);

  /// A value and where it begins in a result, along the axis of the concat.
  struct Part {
    Value value;
    int64_t position;
  };
  struct Home {
    ConcatOp concat;
    int64_t position;
  };

  /// The values that make up the result of `op`: its operands, or in place of
  /// some of them an earlier concat of them.
  ArrayRef<Part> getParts(ConcatOp op) const { return parts.find(op)->second; }
  /// The concat in whose result `value` lies.
  std::optional<Home> getHome(Value value) const;
  /// True when another concat than `op` reads its result in place of operands.
  bool isPrefix(ConcatOp op) const { return prefixes.contains(op); }
  /// True when the result of `op` is a view of its operand.
  bool isView(SliceOp op) const;

private:
  SmallVector<Part> collectParts(ConcatOp op);
  ConcatOp findPrefix(ConcatOp op) const;
  bool mayLieIn(Value value, ConcatOp concat) const;
  bool readsViews(OpOperand &use) const;

  const TargetLevel &level;
  DenseMap<Operation *, SmallVector<Part>> parts;
  DenseMap<Value, Home> homes;
  SmallVector<ConcatOp> concats;  ///< seen so far
  DenseSet<Operation *> prefixes; ///< see isPrefix
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_CONCATPLAN_H
