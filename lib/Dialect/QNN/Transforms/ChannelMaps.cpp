//===- ChannelMaps.cpp - What follows a quantized layer by channel --------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Quantization-aware training leaves divisions and batch norms behind layers of
// integer weights. A factor per channel is one of the weight's scale, an offset
// is a bias.
//
//===----------------------------------------------------------------------===//

#include "QuantizedLayers.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/IR/Formulas.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
/// y[c] = factor[c] * x[c] + offset[c].
struct ChannelMap {
  Value input;
  SmallVector<double> factor, offset;
};

/// One value per channel of the last dimension; fails for other constants.
FailureOr<SmallVector<double>> getPerChannel(Value value, int64_t channels) {
  FailureOr<SmallVector<float>> values = getFloatValues(value);
  if (failed(values) || values->empty())
    return failure();
  RankedTensorType type = typeOf(value);
  bool isOne = values->size() == 1;
  if (!isOne && (int64_t(values->size()) != channels ||
                 type.getShape().back() != channels))
    return failure();
  SmallVector<double> result;
  for (int64_t c = 0; c < channels; ++c)
    result.push_back((*values)[isOne ? 0 : c]);
  return result;
}

FailureOr<ChannelMap> getChannelMap(BatchNormOp op) {
  FailureOr<SmallVector<float>> scale = getFloatValues(op.getScale()),
                                offset = getFloatValues(op.getOffset()),
                                mean = getFloatValues(op.getMean()),
                                variance = getFloatValues(op.getVariance());
  if (failed(scale) || failed(offset) || failed(mean) || failed(variance))
    return failure();
  ChannelMap map{op.getInput(), {}, {}};
  for (size_t c = 0; c < scale->size(); ++c) {
    BatchNormChannel channel =
        getBatchNormChannel((*scale)[c], (*offset)[c], (*mean)[c],
                            (*variance)[c], op.getEpsilon().convertToFloat());
    map.factor.push_back(channel.factor);
    map.offset.push_back(channel.offset);
  }
  return map;
}

/// The map of arithmetic with one constant.
template <typename OpTy> FailureOr<ChannelMap> getChannelMap(OpTy op) {
  auto type = typeOf(op.getResult());
  int64_t channels = type.getRank() ? type.getShape().back() : 0;
  bool commutes = std::is_same_v<OpTy, AddOp> || std::is_same_v<OpTy, MulOp>;
  bool swapped = commutes && op.getLhs().template getDefiningOp<ConstantOp>();
  Value input = swapped ? op.getRhs() : op.getLhs();
  auto constant = getPerChannel(swapped ? op.getLhs() : op.getRhs(), channels);
  if (failed(constant) || input.getType() != type || op.getClampMinAttr() ||
      op.getClampMaxAttr())
    return failure();
  ChannelMap map{input, SmallVector<double>(channels, 1.0),
                 SmallVector<double>(channels, 0.0)};
  for (int64_t c = 0; c < channels; ++c) {
    double value = (*constant)[c];
    if (std::is_same_v<OpTy, MulOp>)
      map.factor[c] = value;
    else if (std::is_same_v<OpTy, DivOp>)
      map.factor[c] = 1 / value;
    else
      map.offset[c] = std::is_same_v<OpTy, AddOp> ? value : -value;
  }
  return map;
}

/// A layer of symmetric integer weights, read from its constants.
struct IntegerLayer {
  ConstantOp weight;
  SmallVector<int32_t> values;
  SmallVector<double> scales, bias;

  int64_t channels() const { return scales.size(); }
  int64_t depth() const { return values.size() / scales.size(); }
};

FailureOr<IntegerLayer> readLayer(QuantizableOpInterface op) {
  IntegerLayer layer;
  layer.weight = getDequantizedConstant(op.getWeightOperand()->get());
  if (!layer.weight)
    return failure();
  quant::QuantizedType element =
      getQuantizedElementType(layer.weight.getType());
  auto values = getIntegerValues(layer.weight.getValue());
  int64_t channels = typeOf(layer.weight).getDimSize(0);
  if (failed(values) || !isPerChannel(element) || channels == 0)
    return failure();
  layer.values = std::move(*values);
  for (int64_t c = 0; c < channels; ++c) {
    if (getZeroPoint(element, c) != 0)
      return failure();
    layer.scales.push_back(getScale(element, c));
  }
  layer.bias.assign(channels, 0.0);
  if (OpOperand *bias = op.getBiasOperand()) {
    auto read = getBiasSteps(bias->get(), SmallVector<double>(channels, 1.0));
    if (failed(read))
      return failure();
    layer.bias = std::move(*read);
  }
  return layer;
}

/// Applies `map` to what `layer` computes; fails where a scale cannot take it.
LogicalResult apply(const ChannelMap &map, IntegerLayer &layer) {
  if (int64_t(map.factor.size()) != layer.channels())
    return failure();
  for (int64_t c = 0; c < layer.channels(); ++c) {
    double factor = map.factor[c];
    auto scale = static_cast<float>(layer.scales[c] * std::fabs(factor));
    auto row =
        MutableArrayRef(layer.values).slice(c * layer.depth(), layer.depth());
    if (!(scale >= kMinScale && scale <= kMaxScale) ||
        (factor < 0 && llvm::is_contained(row, -128)))
      return failure();
    if (factor < 0)
      for (int32_t &value : row)
        value = -value;
    layer.scales[c] = scale;
    layer.bias[c] = layer.bias[c] * factor + map.offset[c];
  }
  return success();
}

/// map(layer(x)) -> layer'(x).
template <typename OpTy> struct FoldChannelMap final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    FailureOr<ChannelMap> map = getChannelMap(op);
    if (failed(map))
      return rewriter.notifyMatchFailure(op, "no constant per channel");
    auto producer = map->input.template getDefiningOp<QuantizableOpInterface>();
    auto fusable =
        map->input.template getDefiningOp<RequantFusableOpInterface>();
    if (!producer || !fusable || !producer.getWeightOperand() ||
        !map->input.hasOneUse() || !endsInAccumulator(producer))
      return rewriter.notifyMatchFailure(op, "no layer with one use precedes");
    FailureOr<IntegerLayer> layer = readLayer(producer);
    if (failed(layer) || failed(apply(*map, *layer)))
      return rewriter.notifyMatchFailure(op, "not a layer of integer weights");
    unsigned width = getQuantizedElementType(layer->weight.getType())
                         .getStorageTypeIntegralWidth();
    rewriter.setInsertionPoint(producer);
    Value weight = createDequantized(
        rewriter, layer->weight.getLoc(), layer->values,
        typeOf(layer->weight)
            .clone(getChannelType(op.getContext(), width, layer->scales)));
    Value bias = createFloatConstant(
        rewriter, op.getLoc(), {layer->channels()},
        SmallVector<float>(layer->bias.begin(), layer->bias.end()));
    rewriter.modifyOpInPlace(producer, [&] {
      producer.getWeightOperand()->set(weight);
      fusable.getBiasRange()->assign(bias);
    });
    rewriter.replaceOp(op, producer->getResults());
    return success();
  }
};
} // namespace

void qnn::populateChannelMapPatterns(RewritePatternSet &patterns) {
  patterns
      .add<FoldChannelMap<AddOp>, FoldChannelMap<SubOp>, FoldChannelMap<MulOp>,
           FoldChannelMap<DivOp>, FoldChannelMap<BatchNormOp>>(
          patterns.getContext());
}
