//===- EqualizeChannels.cpp - Scale channels across layers ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input and output: a Graph-stage network. What makes a tensor gets its
// channels divided by powers of two, the weights of what reads it multiplied.
// Assumes fused epilogues, and no chosen integers of weights yet. Cost: a few
// reads of all weights.
//
//===----------------------------------------------------------------------===//

#include "ChannelClasses.h"
#include "ChannelRanges.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <set>

namespace mlir::qnn {
#define GEN_PASS_DEF_EQUALIZECHANNELSPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-equalize-channels"

using namespace mlir;
using namespace mlir::qnn;

/// Factors beyond these are not worth the exponents they use up.
static constexpr double kLeastScale = 0x1p-12, kLargestScale = 0x1p12;
/// Runs over the network: what a tensor of several groups of channels holds
/// most of may change with their factors.
static constexpr int kMaxRuns = 4;

namespace {
/// Tensors that share classes, and what reads them.
struct Group {
  SmallVector<Value> tensors;
  SmallVector<Operation *> readers; ///< weighted layers
};

/// What is known of a class of channels.
struct ChannelClass {
  /// The largest magnitude relative to that of its tensor, in the tensor where
  /// that is largest; the same of the weights it meets and their rows.
  double magnitude = 0, column = 0;
  double wanted = 0; ///< the factor, up to one of the group
  float scale = 1;
};

/// Finds and applies the factors of all classes of a function.
class Equalizer {
public:
  explicit Equalizer(func::FuncOp func) : analysis(func), classes(func) {}

  /// True when something was scaled; says so with `remark`.
  bool run(function_ref<void(Operation *, const Twine &)> remark);

private:
  llvm::MapVector<size_t, Group> collectGroups();
  SmallVector<Value> findWholeTensors(const Group &group) const;
  void addMagnitudes(Value tensor);
  void addColumns(Operation *layer);
  bool chooseScales(const Group &group);
  bool mayScale(const Group &group, size_t channelClass, double scale) const;
  void describe(const Group &group,
                function_ref<void(Operation *, const Twine &)> remark);
  void apply();
  float getScale(Value tensor, size_t channel) const {
    if (!classes.isTensor(tensor))
      return 1;
    auto found = known.find(classes.getClass(tensor, channel));
    return found == known.end() ? 1 : found->second.scale;
  }

  ChannelAnalysis analysis;
  ChannelClasses classes;
  DenseMap<size_t, ChannelClass> known;
};
} // namespace

llvm::MapVector<size_t, Group> Equalizer::collectGroups() {
  llvm::MapVector<size_t, Group> groups;
  for (Value tensor : classes.getTensors()) {
    Group &group = groups[classes.getGroup(tensor)];
    group.tensors.push_back(tensor);
    for (OpOperand &use : tensor.getUses())
      if (isWeightedLayer(use.getOwner()) && use.getOperandNumber() == 0)
        group.readers.push_back(use.getOwner());
  }
  return groups;
}

//===----------------------------------------------------------------------===//
// Choosing scales
//===----------------------------------------------------------------------===//

/// The tensors whose classes are not all in another one with more: an operand
/// of a concat costs nothing when all of its channels are scaled alike.
SmallVector<Value> Equalizer::findWholeTensors(const Group &group) const {
  std::vector<std::set<size_t>> members;
  for (Value tensor : group.tensors) {
    auto &set = members.emplace_back();
    for (size_t c = 0; c < classes.getNumChannels(tensor); ++c)
      set.insert(classes.getClass(tensor, c));
  }
  SmallVector<Value> whole;
  for (auto [tensor, set] : llvm::zip(group.tensors, members))
    if (llvm::none_of(members, [&set = set](const std::set<size_t> &other) {
          return other.size() > set.size() &&
                 std::includes(other.begin(), other.end(), set.begin(),
                               set.end());
        }))
      whole.push_back(tensor);
  return whole;
}

void Equalizer::addMagnitudes(Value tensor) {
  double largest = 0;
  for (const ChannelRange &range : analysis.get(tensor))
    largest = std::max(largest, range.magnitude);
  if (largest == 0 || !std::isfinite(largest))
    return;
  for (auto [c, range] : llvm::enumerate(analysis.get(tensor))) {
    double &magnitude = known[classes.getClass(tensor, c)].magnitude;
    magnitude = std::max(magnitude, range.magnitude / largest);
  }
}

void Equalizer::addColumns(Operation *layer) {
  SmallVector<float> weights = *getFloatValues(
      cast<QuantizableOpInterface>(layer).getWeightOperand()->get());
  LayerChannels shape(layer);
  for (int64_t o = 0; o < shape.outputs; ++o) {
    ArrayRef<float> row(weights.data() + o * shape.depth, shape.depth);
    float largest = 0;
    for (float w : row)
      largest = std::max(largest, std::fabs(w));
    if (largest == 0)
      continue;
    for (auto [k, w] : llvm::enumerate(row)) {
      size_t input = shape.getInput(o, k);
      double &column =
          known[classes.getClass(layer->getOperand(0), input)].column;
      column = std::max<double>(column, std::fabs(w) / largest);
    }
  }
}

/// True when values of `range` are on the same side of the clamp of `op` as the
/// scaled values are: it does not act, or commutes with scaling.
static bool mayScale(RequantFusableOpInterface op, const ChannelRange &range,
                     double scale) {
  // Rounding moves the sums of f32 by less than this part.
  constexpr double margin = 1.0 + 0x1p-10;
  if (FloatAttr high = op.getClampMaxAttr()) {
    double bound = high.getValue().convertToFloat();
    double most = std::max(range.high, 0.0) * margin;
    if (most > bound || most / scale > bound)
      return false;
  }
  FloatAttr low = op.getClampMinAttr();
  if (!low || low.getValue().isZero())
    return true;
  double bound = low.getValue().convertToFloat();
  double least = std::min(range.low, 0.0) * margin;
  return least >= bound && least / scale >= bound;
}

/// True when no clamp keeps the channels of a class from being divided by
/// `scale`.
bool Equalizer::mayScale(const Group &group, size_t channelClass,
                         double scale) const {
  for (Value tensor : group.tensors) {
    auto op =
        dyn_cast_or_null<RequantFusableOpInterface>(tensor.getDefiningOp());
    ArrayRef<ChannelRange> ranges = analysis.get(tensor);
    for (size_t c = 0; op && c < ranges.size(); ++c)
      if (classes.getClass(tensor, c) == channelClass &&
          !::mayScale(op, ranges[c], scale))
        return false;
  }
  return true;
}

/// The power of two of each class that the law asks for and the clamps allow:
/// at most 1 or, where classes are fixed, whatever is right beside these.
bool Equalizer::chooseScales(const Group &group) {
  if (group.readers.empty())
    return false;
  SmallVector<Value> whole = findWholeTensors(group);
  for (Value tensor : whole)
    addMagnitudes(tensor);
  // Who reads a part of the channels does not see what the others have.
  SmallVector<Operation *> readers(group.readers);
  auto readsPart = [&](Operation *reader) {
    return !llvm::is_contained(whole, reader->getOperand(0));
  };
  if (!llvm::all_of(readers, readsPart))
    llvm::erase_if(readers, readsPart);
  bool depthwise = true;
  for (Operation *reader : readers) {
    addColumns(reader);
    depthwise &= LayerChannels(reader).isDepthwise();
  }
  llvm::SmallSetVector<size_t, 16> members;
  for (Value tensor : group.tensors)
    for (size_t c = 0; c < classes.getNumChannels(tensor); ++c)
      members.insert(classes.getClass(tensor, c));
  // Weights of a depthwise layer have a scale for each channel: all of the
  // difference may move into them, else half of it.
  double largest = 0, largestFixed = 0;
  for (size_t member : members) {
    ChannelClass &c = known[member];
    c.wanted = c.column == 0 ? 0
               : depthwise   ? c.magnitude
                             : std::sqrt(c.magnitude / c.column);
    double &most = classes.isFixed(member) ? largestFixed : largest;
    most = std::max(most, c.wanted);
  }
  double unit = largestFixed > 0 ? largestFixed : largest;
  double limit = largestFixed > 0 ? kLargestScale : 1;
  bool isScaled = false;
  for (size_t member : members) {
    ChannelClass &c = known[member];
    if (classes.isFixed(member) || c.wanted == 0)
      continue;
    double scale = std::exp2(std::ceil(std::log2(c.wanted / unit)));
    scale = std::clamp(scale, kLeastScale, limit);
    while (scale != 1 && !mayScale(group, member, scale))
      scale *= scale < 1 ? 2 : 0.5;
    c.scale = static_cast<float>(scale);
    isScaled |= scale != 1;
  }
  return isScaled;
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// Replaces a constant operand by one whose element i is multiplied by
/// `factor(i)`; leaves it where nothing changes, for others may share it.
static void multiply(OpOperand &operand, function_ref<float(int64_t)> factor) {
  SmallVector<float> values = *getFloatValues(operand.get());
  bool changes = false;
  for (auto [i, value] : llvm::enumerate(values)) {
    float by = factor(i);
    changes |= by != 1;
    value *= by;
  }
  if (!changes)
    return;
  OpBuilder builder(operand.getOwner());
  auto type = cast<RankedTensorType>(operand.get().getType());
  Operation *before = operand.get().getDefiningOp();
  operand.set(createFloatConstant(builder, operand.get().getLoc(),
                                  type.getShape(), values));
  if (before->use_empty())
    before->erase();
}

void Equalizer::apply() {
  SmallVector<Operation *> ops; // constants come and go
  for (Value tensor : classes.getTensors())
    if (Operation *op = tensor.getDefiningOp())
      ops.push_back(op);
  for (Operation *op : ops) {
    Value result = op->getResult(0);
    if (isWeightedLayer(op)) {
      auto layer = cast<QuantizableOpInterface>(op);
      LayerChannels shape(op);
      multiply(*layer.getWeightOperand(), [&](int64_t i) {
        int64_t o = i / shape.depth;
        return getScale(op->getOperand(0), shape.getInput(o, i % shape.depth)) /
               getScale(result, o);
      });
      if (OpOperand *bias = layer.getBiasOperand())
        multiply(*bias, [&](int64_t i) { return 1 / getScale(result, i); });
    } else if (OpOperand *constant =
                   isa<AddOp, MulOp>(op) ? getChannelConstant(op) : nullptr) {
      Value other = op->getOperand(1 - constant->getOperandNumber());
      bool isProduct = isa<MulOp>(op);
      multiply(*constant, [&](int64_t i) {
        return (isProduct ? getScale(other, i) : 1) / getScale(result, i);
      });
    }
  }
}

/// Says on the first op that makes channels what became of them.
void Equalizer::describe(
    const Group &group, function_ref<void(Operation *, const Twine &)> remark) {
  const auto *first = llvm::find_if(group.tensors, [](Value tensor) {
    Operation *op = tensor.getDefiningOp();
    return op &&
           (isWeightedLayer(op) || (isa<MulOp>(op) && getChannelConstant(op)));
  });
  if (first == group.tensors.end())
    return;
  int64_t scaled = 0, count = 0;
  int most = 0;
  llvm::DenseSet<size_t> seen;
  for (Value tensor : group.tensors)
    for (size_t c = 0; c < classes.getNumChannels(tensor); ++c)
      if (seen.insert(classes.getClass(tensor, c)).second) {
        float scale = getScale(tensor, c);
        ++count;
        scaled += scale != 1;
        most = std::max(most, std::abs(std::ilogb(scale)));
      }
  StringRef reason = classes.getReason(*first);
  if (scaled > 0)
    remark(first->getDefiningOp(), "scaled " + Twine(scaled) + " of " +
                                       Twine(count) + " channels, by 2^" +
                                       Twine(most) + " at most");
  else if (!reason.empty())
    remark(first->getDefiningOp(), "channels stay: " + reason + " has them");
}

bool Equalizer::run(function_ref<void(Operation *, const Twine &)> remark) {
  bool isScaled = false;
  for (auto &[number, group] : collectGroups()) {
    isScaled |= chooseScales(group);
    describe(group, remark);
  }
  if (isScaled)
    apply();
  return isScaled;
}

namespace {
struct EqualizeChannelsPass final
    : qnn::impl::EqualizeChannelsPassBase<EqualizeChannelsPass> {
  using Base::Base;

  void runOnOperation() override {
    for (int i = 0; i < kMaxRuns; ++i)
      if (!Equalizer(getOperation()).run([&](Operation *op, const Twine &text) {
            if (emitRemarks && i == 0)
              op->emitRemark(text);
          }))
        return;
  }
};
} // namespace
