//===- ChannelRanges.h - What channels can and will hold --------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How large do the values of each channel of a float tensor become, as far as
// the weights tell? qnn-equalize-channels asks. A channel is an index of the
// last axis.
//
// Usage:
//   ChannelAnalysis analysis(func);
//   for (const ChannelRange &c : analysis.get(conv.getResult())) ...
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_CHANNELRANGES_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_CHANNELRANGES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseMap.h"

#include <limits>

namespace mlir::qnn {

struct ChannelRange {
  /// No value is outside, whatever the inputs of the network are (up to the
  /// rounding of f32 sums).
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  /// How large values are likely to be: of a weighted sum |bias| + sqrt(sum
  /// (weight * magnitude)^2), its standard deviation were its terms
  /// independent; 1 for inputs of the network and where nothing is known.
  double magnitude = 1;
};

class ChannelAnalysis {
public:
  explicit ChannelAnalysis(func::FuncOp func);

  /// One for each channel of `value`, a float tensor of the function.
  ArrayRef<ChannelRange> get(Value value) const;

private:
  DenseMap<Value, SmallVector<ChannelRange>> ranges;
};

/// The channels a weighted layer reads and writes. Its weight, row-major, has
/// `outputs` rows of `depth` values each.
struct LayerChannels {
  int64_t outputs, depth;
  int64_t inputs;      ///< channels of the input
  int64_t groupInputs; ///< of them, what one output reads
  int64_t groupOutputs;

  /// Of a conv2d or fully_connected.
  explicit LayerChannels(Operation *layer);
  /// The input channel that weight `k` of row `output` multiplies.
  int64_t getInput(int64_t output, int64_t k) const {
    return output / groupOutputs * groupInputs + k % groupInputs;
  }
  /// True when every row reads one channel: its scale is that channel's alone.
  bool isDepthwise() const { return groupInputs == 1; }
};

/// True when `op` has one operand and computes, of each of its channels (of
/// channel c modulo their number, where a reshape flattened more dimensions
/// into the last), something that scales with it: f(s * x) = s * f(x) for every
/// s > 0. Fused clamps do not count.
bool scalesWithChannels(Operation *op);

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_CHANNELRANGES_H
