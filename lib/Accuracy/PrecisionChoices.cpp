//===- PrecisionChoices.cpp - What each layer could be --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Accuracy/PrecisionChoices.h"

#include "qnn/Accuracy/Gains.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
class ChoiceBuilder {
public:
  ChoiceBuilder(const NetworkAccuracy &accuracy, const CostModel &model)
      : accuracy(accuracy), gains(accuracy), model(model) {}

  PrecisionChoices run(func::FuncOp func);

private:
  LayerChoices getLayer(Operation *op, double conversions) const;
  double addBorders(Operation *op);
  void addTensor(const LayerAccuracy &tensor);
  double convert(Value tensor) const {
    return model.convert(cast<ShapedType>(tensor.getType()).getNumElements());
  }

  const NetworkAccuracy &accuracy;
  Gains gains;
  const CostModel &model;
  llvm::MapVector<Operation *, size_t> indices; ///< of layers
  PrecisionChoices choices;
};
} // namespace

/// Bits of a weight; depthwise layers keep 8 where others have 4.
static double getWeightBits(StringRef precision) {
  return precision == "float"  ? 32
         : precision == "bf16" ? 16
         : precision == "int4" ? 4
                               : 8;
}

static bool isDepthwise(Operation *op) {
  auto conv = dyn_cast<Conv2DOp>(op);
  return conv && conv.getGroups() > 1 &&
         int64_t(conv.getGroups()) == conv.getWeight().getType().getDimSize(0);
}

LayerChoices ChoiceBuilder::getLayer(Operation *op, double conversions) const {
  auto quantizable = cast<QuantizableOpInterface>(op);
  OpOperand *weight = quantizable.getWeightOperand();
  int64_t elements =
      weight ? cast<ShapedType>(weight->get().getType()).getNumElements() : 0;
  LayerChoices layer = {op,
                        countMacs(op),
                        {},
                        endsInAccumulator(op) && weight,
                        weight != nullptr};
  const LayerAccuracy *errors = gains.find(op->getResult(0));
  double noise =
      weight && errors ? errors->weightTransfer * errors->weightNoise : 0;
  auto add = [&](StringRef precision) {
    PrecisionCandidate candidate = {precision, 0, 0, 0};
    candidate.bytes = int64_t(elements * getWeightBits(precision) / 8);
    bool isNarrow = !isWide(precision);
    candidate.nanoseconds = (weight ? model.predictAs(op, precision)
                                    : model.predict(op, isNarrow)) +
                            (isNarrow ? conversions : 0);
    const LayerForm *form =
        errors ? errors->findWeightForm(precision) : nullptr;
    candidate.noise = precision == "float" ? 0
                      : form ? errors->weightTransfer * form->noise
                             : noise;
    layer.candidates.push_back(candidate);
  };
  if (isKeptInt8(op)) {
    StringRef given = op->getAttrOfType<StringAttr>(kPrecisionAttr).getValue();
    add(*llvm::find(kPrecisions, given));
    return layer;
  }
  add("int8");
  if (weight && !isDepthwise(op))
    add("int4");
  if (weight)
    add("int16");
  if (weight && whyNotBF16(op).empty())
    add("bf16");
  add("float");
  return layer;
}

/// Adds the tensors from other layers to `op`. Returns what converting costs
/// between it and what is float in any case.
double ChoiceBuilder::addBorders(Operation *op) {
  double conversions = 0;
  for (OpOperand *operand :
       cast<QuantizableOpInterface>(op).getActivationOperands()) {
    Value root = getScaleRoot(operand->get());
    if (auto observe = root.getDefiningOp<ObserveOp>())
      root = observe.getInput();
    Operation *producer = root.getDefiningOp();
    if (isa_and_nonnull<ConstantOp>(producer))
      continue;
    auto found = indices.find(producer);
    if (found == indices.end())
      conversions += convert(root);
    else
      choices.borders.push_back(
          {found->second, indices.lookup(op), convert(root)});
  }
  SmallVector<Operation *> users(op->getUsers());
  for (size_t i = 0; i < users.size(); ++i)
    if (isa<ObserveOp>(users[i]) || movesInt8(users[i]))
      users.append(users[i]->user_begin(), users[i]->user_end());
    else if (!indices.contains(users[i]))
      return conversions + convert(op->getResult(0));
  return conversions;
}

void ChoiceBuilder::addTensor(const LayerAccuracy &tensor) {
  double noise = tensor.resultOutputNoise,
         all = tensor.clipNoise + tensor.roundingNoise;
  if (noise <= 0 || all <= 0)
    return;
  RoundedTensor rounded = {std::nullopt,
                           {},
                           noise * tensor.roundingNoise / all,
                           noise * tensor.clipNoise / all};
  if (auto found = indices.find(tensor.op); found != indices.end())
    rounded.producer = found->second;
  for (auto [op, index] : indices)
    for (OpOperand *operand :
         cast<QuantizableOpInterface>(op).getActivationOperands())
      if (gains.find(getScaleRoot(operand->get())) == &tensor)
        rounded.readers.push_back(index);
  choices.tensors.push_back(std::move(rounded));
}

PrecisionChoices ChoiceBuilder::run(func::FuncOp func) {
  func.walk([&](Operation *op) {
    if (computesInInt8(op))
      indices.insert({op, indices.size()});
    else if (movesInt8(op))
      choices.otherNanoseconds += model.predict(op, true);
  });
  for (auto [op, index] : indices)
    choices.layers.push_back(getLayer(op, addBorders(op)));
  for (const LayerAccuracy &layer : accuracy.layers)
    addTensor(layer);
  return std::move(choices);
}

PrecisionChoices qnn::getPrecisionChoices(func::FuncOp func,
                                          const NetworkAccuracy &accuracy,
                                          const CostModel &model) {
  return ChoiceBuilder(accuracy, model).run(func);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

PrecisionAssignment qnn::getDefaultAssignment(const PrecisionChoices &choices) {
  PrecisionAssignment assignment;
  for (const LayerChoices &layer : choices.layers)
    assignment.push_back(layer.candidates.front().precision);
  return assignment;
}

/// What of the noise of `tensor` is left.
static double getNoise(const PrecisionChoices &choices,
                       const RoundedTensor &tensor,
                       ArrayRef<StringRef> assignment) {
  bool isRounded = false, isClipped = false;
  StringRef made = tensor.producer ? assignment[*tensor.producer] : "float";
  const LayerChoices *producer =
      tensor.producer ? &choices.layers[*tensor.producer] : nullptr;
  bool leavesFloat = isWide(made) || producer->leavesAccumulator;
  // A result of the network is as its layer leaves it.
  if (tensor.readers.empty())
    isRounded = isClipped = !leavesFloat;
  for (size_t reader : tensor.readers) {
    StringRef read = assignment[reader];
    bool leavesMore = leavesFloat || (producer->hasWeights && read == "int16");
    isRounded |= !isWide(read) || !leavesMore;
    isClipped |= !isWide(read) || read == "int16" || !leavesFloat;
  }
  return (isRounded ? tensor.rounding : 0) + (isClipped ? tensor.clipping : 0);
}

double qnn::getNoise(const PrecisionChoices &choices,
                     ArrayRef<StringRef> assignment) {
  double sum = 0;
  for (auto [layer, precision] : llvm::zip(choices.layers, assignment))
    sum += layer.find(precision)->noise;
  for (const RoundedTensor &tensor : choices.tensors)
    sum += ::getNoise(choices, tensor, assignment);
  return sum;
}

double qnn::getNanoseconds(const PrecisionChoices &choices,
                           ArrayRef<StringRef> assignment) {
  double sum = choices.otherNanoseconds;
  for (auto [layer, precision] : llvm::zip(choices.layers, assignment))
    sum += layer.find(precision)->nanoseconds;
  for (const PrecisionBorder &border : choices.borders)
    sum += isWide(assignment[border.from]) != isWide(assignment[border.to])
               ? border.cost
               : 0;
  return sum;
}

int64_t qnn::getWeightBytes(const PrecisionChoices &choices,
                            ArrayRef<StringRef> assignment) {
  int64_t bytes = 0;
  for (auto [layer, precision] : llvm::zip(choices.layers, assignment))
    bytes += layer.find(precision)->bytes;
  return bytes;
}
