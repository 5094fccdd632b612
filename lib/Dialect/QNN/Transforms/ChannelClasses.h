//===- ChannelClasses.h - Channels that scale together ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which channels of which tensors can only be multiplied by one factor? Those
// that are added, copied, joined into one tensor or gated: a class. Some have a
// fixed factor of 1, since something makes or reads them that does not scale.
// Constants absorb the factors: where a class is made, and where it is read.
//
// Usage:
//   ChannelClasses classes(func);
//   size_t c = classes.getClass(conv.getResult(), 3);
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_CHANNELCLASSES_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_CHANNELCLASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/MapVector.h"

namespace mlir::qnn {

/// A conv2d or fully_connected whose weights may be changed.
bool isWeightedLayer(Operation *op);
/// The constant operand with one value per channel of the result, or null.
OpOperand *getChannelConstant(Operation *op);

class ChannelClasses {
public:
  explicit ChannelClasses(func::FuncOp func);

  /// True for a float tensor that has channels and is no constant.
  bool isTensor(Value value) const { return firstNodes.contains(value); }
  /// Every such tensor, in program order.
  ArrayRef<Value> getTensors() const { return tensors; }
  size_t getNumChannels(Value tensor) const { return numChannels(tensor); }
  /// The class of a channel of one of the tensors.
  size_t getClass(Value tensor, size_t channel) const {
    return find(parents, firstNodes.lookup(tensor) + channel);
  }
  bool isFixed(size_t channelClass) const { return fixed[channelClass]; }
  /// Tensors with classes in common, also by way of others, are of one group.
  size_t getGroup(Value tensor) const {
    return find(groups, firstNodes.lookup(tensor));
  }
  /// What fixes a group of tensors, if any op worth naming does.
  StringRef getReason(Value tensor) const {
    return reasons.lookup(getGroup(tensor));
  }

private:
  static size_t numChannels(Value tensor);
  static size_t find(const std::vector<size_t> &parents, size_t node);
  void addTensor(Value value);
  void unite(Value a, size_t channelA, Value b, size_t channelB);
  /// Channel i of `b`, modulo its channels, with channel i of `a`.
  void uniteAll(Value a, Value b);
  void fix(Value tensor, StringRef reason);
  void visit(Operation *op);
  void visitLayer(Operation *op);
  void visitProduct(Operation *op);
  void visitConcat(Operation *op);
  bool visitSum(Operation *op);

  SmallVector<Value> tensors;
  DenseMap<Value, size_t> firstNodes; ///< a node per channel
  std::vector<size_t> parents, groups;
  std::vector<bool> fixed; ///< of each root
  SmallVector<std::pair<Value, StringRef>> fixedTensors;
  DenseMap<size_t, StringRef> reasons; ///< of groups
};

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_CHANNELCLASSES_H
