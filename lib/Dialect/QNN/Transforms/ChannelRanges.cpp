//===- ChannelRanges.cpp - What channels can and will hold ----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One pass in program order. Cost: one read of all weights.
//
//===----------------------------------------------------------------------===//

#include "ChannelRanges.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;

using Channels = SmallVector<ChannelRange>;

static int64_t countChannels(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() == 0 ? 1 : type.getShape().back();
}

LayerChannels::LayerChannels(Operation *layer) {
  auto weight = cast<RankedTensorType>(
      cast<QuantizableOpInterface>(layer).getWeightOperand()->get().getType());
  auto conv = dyn_cast<Conv2DOp>(layer);
  int64_t groups = conv ? conv.getGroups() : 1;
  outputs = weight.getDimSize(0);
  depth = outputs ? weight.getNumElements() / outputs : 0;
  groupInputs = weight.getShape().back();
  inputs = groupInputs * groups;
  groupOutputs = outputs / groups;
}

bool qnn::scalesWithChannels(Operation *op) {
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    int64_t from = countChannels(reshape.getInput());
    return from > 0 && countChannels(reshape.getResult()) % from == 0;
  }
  if (auto pad = dyn_cast<PadOp>(op)) {
    int64_t rank = cast<RankedTensorType>(pad.getType()).getRank();
    ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
    return rank > 0 && pad.getValue().isZero() && low.back() == 0 &&
           high.back() == 0;
  }
  // One idea, many ops: none of the interfaces says it.
  static const llvm::StringSet<> names = {
      "qnn.avg_pool2d", "qnn.global_avg_pool", "qnn.global_max_pool",
      "qnn.leaky_relu", "qnn.max_pool2d",      "qnn.observe",
      "qnn.relu",       "qnn.resize_nearest"};
  return names.contains(op->getName().getStringRef());
}

//===----------------------------------------------------------------------===//
// Transfer functions
//===----------------------------------------------------------------------===//

static ChannelRange addRanges(const ChannelRange &a, const ChannelRange &b) {
  return {a.low + b.low, a.high + b.high, std::hypot(a.magnitude, b.magnitude)};
}

static ChannelRange multiplyRanges(const ChannelRange &a,
                                   const ChannelRange &b) {
  ChannelRange product = {0, 0, a.magnitude * b.magnitude};
  bool first = true;
  for (double x : {a.low, a.high})
    for (double y : {b.low, b.high}) {
      double value = x == 0 || y == 0 ? 0 : x * y;
      product.low = first ? value : std::min(product.low, value);
      product.high = first ? value : std::max(product.high, value);
      first = false;
    }
  return product;
}

static void clampRanges(Channels &channels, FloatAttr low, FloatAttr high) {
  for (ChannelRange &c : channels) {
    if (low) {
      double bound = low.getValue().convertToFloat();
      c.low = std::max(c.low, bound);
      c.high = std::max(c.high, bound);
    }
    if (high) {
      double bound = high.getValue().convertToFloat();
      c.low = std::min(c.low, bound);
      c.high = std::min(c.high, bound);
      c.magnitude = std::min(c.magnitude, std::fabs(bound));
    }
  }
}

/// The sums of a layer with constant parameters, before residual and clamp.
static std::optional<Channels> getSums(Operation *op,
                                       ArrayRef<ChannelRange> input) {
  auto layer = cast<QuantizableOpInterface>(op);
  FailureOr<SmallVector<float>> weights =
      getFloatValues(layer.getWeightOperand()->get());
  FailureOr<SmallVector<float>> biases = SmallVector<float>();
  if (OpOperand *bias = layer.getBiasOperand())
    biases = getFloatValues(bias->get());
  if (failed(weights) || failed(biases))
    return std::nullopt;
  LayerChannels shape(op);
  biases->resize(shape.outputs, 0.0f);
  // Taps may lie in the padding, where values are 0.
  auto conv = dyn_cast<Conv2DOp>(op);
  bool pads = conv && llvm::any_of(conv.getPadding(),
                                   [](int64_t size) { return size > 0; });
  Channels sums(shape.outputs);
  for (int64_t o = 0; o < shape.outputs; ++o) {
    double low = (*biases)[o], high = low, squares = 0;
    for (int64_t k = 0; k < shape.depth; ++k) {
      double w = (*weights)[o * shape.depth + k];
      if (w == 0)
        continue;
      ChannelRange x = input[shape.getInput(o, k)];
      if (pads) {
        x.low = std::min(x.low, 0.0);
        x.high = std::max(x.high, 0.0);
      }
      ChannelRange term = multiplyRanges(x, {w, w, std::fabs(w)});
      low += term.low;
      high += term.high;
      squares += term.magnitude * term.magnitude;
    }
    sums[o] = {low, high, std::fabs((*biases)[o]) + std::sqrt(squares)};
  }
  return sums;
}

static Channels getConstantRanges(ConstantOp op) {
  Channels channels(countChannels(op.getResult()));
  FailureOr<SmallVector<float>> values = getFloatValues(op.getResult());
  if (failed(values) || values->empty())
    return channels;
  for (auto [c, channel] : llvm::enumerate(channels)) {
    channel = {(*values)[c], (*values)[c], 0};
    for (size_t i = c; i < values->size(); i += channels.size()) {
      double value = (*values)[i];
      channel.low = std::min(channel.low, value);
      channel.high = std::max(channel.high, value);
      channel.magnitude = std::max(channel.magnitude, std::fabs(value));
    }
  }
  return channels;
}

/// Element-wise over the channels of two operands that broadcast.
static Channels
combine(ArrayRef<ChannelRange> a, ArrayRef<ChannelRange> b,
        function_ref<ChannelRange(const ChannelRange &, const ChannelRange &)>
            function) {
  Channels result(std::max(a.size(), b.size()));
  for (auto [c, range] : llvm::enumerate(result))
    range = function(a[a.size() == 1 ? 0 : c], b[b.size() == 1 ? 0 : c]);
  return result;
}

//===----------------------------------------------------------------------===//
// The analysis
//===----------------------------------------------------------------------===//

/// The channels of the result of `op` before its clamp, from those of its
/// operands.
static Channels transfer(Operation *op,
                         function_ref<ArrayRef<ChannelRange>(Value)> get) {
  Value result = op->getResult(0);
  Channels unknown(countChannels(result));
  if (auto fixed = getFixedRange(result)) {
    for (ChannelRange &c : unknown)
      c = {fixed->first, fixed->second, 1};
    return unknown;
  }
  if (auto constant = dyn_cast<ConstantOp>(op))
    return getConstantRanges(constant);
  if (isa<Conv2DOp, FullyConnectedOp>(op)) {
    std::optional<Channels> sums = getSums(op, get(op->getOperand(0)));
    if (!sums)
      return unknown;
    auto residual = cast<RequantFusableOpInterface>(op).getResidualRange();
    if (residual && !residual->empty())
      return combine(*sums, get((*residual)[0].get()), addRanges);
    return *sums;
  }
  if (isa<AddOp>(op))
    return combine(get(op->getOperand(0)), get(op->getOperand(1)), addRanges);
  if (isa<MulOp>(op))
    return combine(get(op->getOperand(0)), get(op->getOperand(1)),
                   multiplyRanges);
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    auto type = cast<RankedTensorType>(result.getType());
    if (int64_t(concat.getAxis()) != type.getRank() - 1)
      return unknown;
    Channels joined;
    for (Value operand : op->getOperands())
      joined.append(get(operand).begin(), get(operand).end());
    return joined;
  }
  if (op->getNumOperands() != 1)
    return unknown;
  ArrayRef<ChannelRange> input = get(op->getOperand(0));
  if (auto clip = dyn_cast<ClipOp>(op)) {
    Channels channels(input);
    clampRanges(channels, clip.getMinAttr(), clip.getMaxAttr());
    return channels;
  }
  if (isa<ReluOp>(op)) {
    Channels channels(input);
    clampRanges(channels, FloatAttr::get(Float32Type::get(op->getContext()), 0),
                FloatAttr());
    return channels;
  }
  if (!scalesWithChannels(op))
    return unknown;
  Channels channels = unknown;
  for (auto [c, channel] : llvm::enumerate(channels)) {
    channel = input[c % input.size()];
    // Padding, and the flat half of a leaky ReLU, are nearer to 0.
    channel.low = std::min(channel.low, 0.0);
    channel.high = std::max(channel.high, 0.0);
  }
  return channels;
}

ChannelAnalysis::ChannelAnalysis(func::FuncOp func) {
  for (BlockArgument argument : func.getArguments())
    ranges[argument].resize(countChannels(argument));
  for (Operation &op : func.getOps()) {
    if (op.getNumResults() != 1)
      continue;
    // Computed first: the map moves its entries when it grows.
    Channels channels = transfer(&op, [&](Value value) { return get(value); });
    if (auto clamped = dyn_cast<RequantFusableOpInterface>(op))
      clampRanges(channels, clamped.getClampMinAttr(),
                  clamped.getClampMaxAttr());
    ranges[op.getResult(0)] = std::move(channels);
  }
}

ArrayRef<ChannelRange> ChannelAnalysis::get(Value value) const {
  return ranges.find(value)->second;
}
