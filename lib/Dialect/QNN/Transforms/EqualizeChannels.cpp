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

#include "ChannelRanges.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/SetVector.h"

#include <cmath>

namespace mlir::qnn {
#define GEN_PASS_DEF_EQUALIZECHANNELSPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-equalize-channels"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Tensors whose channels can only be scaled together, the constants that
/// absorb the inverse where they are made, the layers that absorb the scale.
class Junction {
public:
  /// Finds what belongs to `tensor`. On failure the channels cannot be scaled:
  /// `reason` names what keeps them, unless it is a result of the model.
  LogicalResult grow(Value tensor);

  llvm::SmallSetVector<Value, 4> tensors;
  SmallVector<OpOperand *> parameters;
  SmallVector<Operation *> consumers;
  StringRef reason;

private:
  LogicalResult visitProducer(Operation *op);
  LogicalResult visitUse(OpOperand &use);
  LogicalResult fail(Operation *op) {
    if (!isa<func::ReturnOp>(op))
      reason = op->getName().stripDialect();
    return failure();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Finding junctions
//===----------------------------------------------------------------------===//

/// A conv2d or fully_connected whose weights may be changed.
static bool isWeightedLayer(Operation *op) {
  if (!isa<Conv2DOp, FullyConnectedOp>(op) ||
      op->hasAttr(kRoundedWeightsAttr) || op->hasAttr(kBiasCorrectionAttr))
    return false;
  auto layer = cast<QuantizableOpInterface>(op);
  OpOperand *bias = layer.getBiasOperand();
  return succeeded(getFloatValues(layer.getWeightOperand()->get())) &&
         (!bias || succeeded(getFloatValues(bias->get())));
}

/// The constant operand with one value per channel of the result, or null.
static OpOperand *getChannelConstant(Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  for (OpOperand &operand : op->getOpOperands()) {
    auto shape = cast<RankedTensorType>(operand.get().getType()).getShape();
    if (operand.get().getDefiningOp<ConstantOp>() && type.getRank() > 0 &&
        !shape.empty() && shape.back() == type.getShape().back() &&
        ShapedType::getNumElements(shape) == shape.back())
      return &operand;
  }
  return nullptr;
}

/// True for sums without broadcast, whose operands scale with the result.
static bool isPlainSum(Operation *op) {
  return isa<AddOp, SubOp>(op) &&
         op->getOperand(0).getType() == op->getResult(0).getType() &&
         op->getOperand(1).getType() == op->getResult(0).getType();
}

static int64_t getChannels(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getShape().back();
}

LogicalResult Junction::grow(Value tensor) {
  tensors.insert(tensor);
  for (size_t i = 0; i < tensors.size(); ++i) {
    Value current = tensors[i];
    Operation *producer = current.getDefiningOp();
    if (!producer) {
      reason = "the model's input";
      return failure();
    }
    if (cast<RankedTensorType>(current.getType()).getRank() == 0 ||
        getChannels(current) % getChannels(tensor) != 0)
      return fail(producer);
    if (failed(visitProducer(producer)))
      return failure();
    for (OpOperand &use : current.getUses())
      if (failed(visitUse(use)))
        return failure();
  }
  return success();
}

LogicalResult Junction::visitProducer(Operation *op) {
  if (isWeightedLayer(op)) {
    auto layer = cast<QuantizableOpInterface>(op);
    parameters.push_back(layer.getWeightOperand());
    if (OpOperand *bias = layer.getBiasOperand())
      parameters.push_back(bias);
    auto residual = cast<RequantFusableOpInterface>(op).getResidualRange();
    for (OpOperand &operand : *residual)
      tensors.insert(operand.get());
    return success();
  }
  if (OpOperand *constant =
          isa<AddOp, MulOp>(op) ? getChannelConstant(op) : nullptr) {
    parameters.push_back(constant);
    if (isa<AddOp>(op))
      tensors.insert(op->getOperand(1 - constant->getOperandNumber()));
    return success();
  }
  if (!isPlainSum(op) && !scalesWithChannels(op))
    return fail(op);
  tensors.insert(op->operand_begin(), op->operand_end());
  return success();
}

LogicalResult Junction::visitUse(OpOperand &use) {
  Operation *owner = use.getOwner();
  if (isWeightedLayer(owner) && use.getOperandNumber() == 0) {
    consumers.push_back(owner);
    return success();
  }
  bool isSummand = isWeightedLayer(owner) || isPlainSum(owner) ||
                   (isa<AddOp>(owner) && getChannelConstant(owner));
  if (!isSummand && !scalesWithChannels(owner))
    return fail(owner);
  tensors.insert(owner->getResult(0));
  return success();
}

//===----------------------------------------------------------------------===//
// Choosing scales
//===----------------------------------------------------------------------===//

/// The largest |weight| of each of `channels` input channels, relative to the
/// largest of its row. Channels repeat modulo their number.
static void maximizeColumns(Operation *layer,
                            SmallVectorImpl<double> &columns) {
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
      double &column = columns[shape.getInput(o, k) % columns.size()];
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

/// The magnitude of each of `channels` channels, relative to the largest of its
/// tensor, in the tensor where it is largest.
static SmallVector<double> getMagnitudes(const Junction &junction,
                                         const ChannelAnalysis &analysis,
                                         size_t channels) {
  SmallVector<double> magnitudes(channels, 0.0);
  for (Value tensor : junction.tensors) {
    double largest = 0;
    for (const ChannelRange &range : analysis.get(tensor))
      largest = std::max(largest, range.magnitude);
    if (largest == 0 || !std::isfinite(largest))
      continue;
    for (auto [c, range] : llvm::enumerate(analysis.get(tensor))) {
      double &magnitude = magnitudes[c % channels];
      magnitude = std::max(magnitude, range.magnitude / largest);
    }
  }
  return magnitudes;
}

/// True when no clamp of the junction keeps channel `c` from being divided by
/// `scale`. Tensors may have each channel several times.
static bool mayScale(const Junction &junction, const ChannelAnalysis &analysis,
                     size_t c, double scale) {
  return llvm::all_of(junction.tensors, [&](Value tensor) {
    auto op = dyn_cast<RequantFusableOpInterface>(tensor.getDefiningOp());
    ArrayRef<ChannelRange> ranges = analysis.get(tensor);
    size_t channels = getChannels(junction.tensors.front());
    for (size_t i = c; op && i < ranges.size(); i += channels)
      if (!mayScale(op, ranges[i], scale))
        return false;
    return true;
  });
}

/// The power of two of each channel, at most 1, that the law asks for and the
/// clamps allow.
static SmallVector<float> chooseScales(const Junction &junction,
                                       const ChannelAnalysis &analysis) {
  size_t channels = getChannels(junction.tensors.front());
  SmallVector<double> columns(channels, 0.0);
  bool depthwise = true;
  for (Operation *consumer : junction.consumers) {
    maximizeColumns(consumer, columns);
    depthwise &= LayerChannels(consumer).isDepthwise();
  }
  // Weights of a depthwise layer have a scale for each channel: all of the
  // difference may move into them, else half of it.
  SmallVector<double> wanted = getMagnitudes(junction, analysis, channels);
  for (auto [want, column] : llvm::zip(wanted, columns))
    want = column == 0 ? 0 : depthwise ? want : std::sqrt(want / column);
  double largest = *llvm::max_element(wanted);
  constexpr double least = 0x1p-12;
  SmallVector<float> scales;
  for (auto [c, want] : llvm::enumerate(wanted)) {
    double scale = 1;
    if (want > 0)
      scale = std::max(std::exp2(std::ceil(std::log2(want / largest))), least);
    while (scale < 1 && !mayScale(junction, analysis, c, scale))
      scale *= 2;
    scales.push_back(static_cast<float>(scale));
  }
  return scales;
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// Replaces a constant operand by one whose element i is multiplied by
/// `factor(i)`.
static void multiply(OpOperand &operand, function_ref<float(int64_t)> factor) {
  SmallVector<float> values = *getFloatValues(operand.get());
  for (auto [i, value] : llvm::enumerate(values))
    value *= factor(i);
  OpBuilder builder(operand.getOwner());
  auto type = cast<RankedTensorType>(operand.get().getType());
  Operation *before = operand.get().getDefiningOp();
  operand.set(createFloatConstant(builder, operand.get().getLoc(),
                                  type.getShape(), values));
  if (before->use_empty())
    before->erase();
}

static void applyScales(const Junction &junction, ArrayRef<float> scales) {
  for (OpOperand *parameter : junction.parameters) {
    // The rows of a weight, the elements of everything else.
    auto type = cast<RankedTensorType>(parameter->get().getType());
    auto layer = dyn_cast<QuantizableOpInterface>(parameter->getOwner());
    bool isWeight = layer && layer.getWeightOperand() == parameter;
    int64_t depth = isWeight ? type.getNumElements() / type.getDimSize(0) : 1;
    multiply(*parameter, [&](int64_t i) {
      return 1.0f / scales[i / depth % scales.size()];
    });
  }
  for (Operation *consumer : junction.consumers) {
    LayerChannels shape(consumer);
    multiply(*cast<QuantizableOpInterface>(consumer).getWeightOperand(),
             [&](int64_t i) {
               int64_t input = shape.getInput(i / shape.depth, i % shape.depth);
               return scales[input % scales.size()];
             });
  }
}

namespace {
struct EqualizeChannelsPass final
    : qnn::impl::EqualizeChannelsPassBase<EqualizeChannelsPass> {
  using Base::Base;

  void runOnOperation() override {
    done.clear();
    ChannelAnalysis analysis(getOperation());
    SmallVector<Operation *> ops; // constants come and go
    for (Operation &op : getOperation().getOps())
      if (!isa<ConstantOp>(op))
        ops.push_back(&op);
    for (Operation *op : ops)
      equalize(op, analysis);
  }

  void equalize(Operation *op, const ChannelAnalysis &analysis) {
    bool makesChannels =
        isWeightedLayer(op) || (isa<MulOp>(op) && getChannelConstant(op));
    if (!makesChannels || done.contains(op))
      return;
    Junction junction;
    bool found = succeeded(junction.grow(op->getResult(0)));
    for (Value tensor : junction.tensors)
      if (Operation *producer = tensor.getDefiningOp())
        done.insert(producer);
    if (!found) {
      if (emitRemarks && !junction.reason.empty())
        op->emitRemark("channels stay: ") << junction.reason << " has them";
      return;
    }
    if (junction.consumers.empty() || getChannels(op->getResult(0)) == 0)
      return;
    SmallVector<float> scales = chooseScales(junction, analysis);
    int64_t scaled =
        llvm::count_if(scales, [](float scale) { return scale != 1; });
    if (scaled == 0)
      return;
    applyScales(junction, scales);
    if (emitRemarks)
      op->emitRemark("scaled ")
          << scaled << " of " << scales.size() << " channels, by 2^"
          << -std::ilogb(*llvm::min_element(scales)) << " at most";
  }

  /// What makes tensors of the junctions before.
  DenseSet<Operation *> done;
};
} // namespace
