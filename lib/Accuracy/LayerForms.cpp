//===- LayerForms.cpp - A layer in its other forms ------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerForms.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::qnn;

namespace {
/// Gives a layer another attribute while it lives; null: none.
class ChangedAttribute {
public:
  ChangedAttribute(Operation *op, StringRef name, Attribute value)
      : op(op), name(name), before(op->getAttr(name)) {
    set(value);
  }
  ~ChangedAttribute() { set(before); }
  ChangedAttribute(const ChangedAttribute &) = delete;
  ChangedAttribute &operator=(const ChangedAttribute &) = delete;

private:
  void set(Attribute value) {
    if (value)
      op->setAttr(name, value);
    else
      op->removeAttr(name);
  }

  Operation *op;
  StringRef name;
  Attribute before;
};
} // namespace

static constexpr StringLiteral kBF16 = "bf16";

/// `step` with weights that bf16 has.
static llvm::Expected<std::unique_ptr<JITNetwork>>
compileBF16(StepwiseNetwork &network, const NetworkStep &step) {
  auto op = cast<QuantizableOpInterface>(step.op);
  FailureOr<SmallVector<float>> weights =
      getFloatValues(op.getWeightOperand()->get());
  FailureOr<SmallVector<float>> biases = SmallVector<float>();
  if (OpOperand *bias = op.getBiasOperand())
    biases = getFloatValues(bias->get());
  if (failed(weights) || failed(biases))
    return llvm::createStringError("cannot read the weights of a layer");
  for (float &weight : *weights)
    weight = fromBF16(toBF16(weight));
  return network.compile(step, {std::move(*weights), std::move(*biases)});
}

llvm::Expected<LayerForms> LayerForms::create(StepwiseNetwork &network,
                                              QuantizedSimulation &simulation,
                                              const NetworkStep &step,
                                              LayerAccuracy &layer,
                                              Attribute rounding) {
  LayerForms forms;
  auto quantizable = dyn_cast<QuantizableOpInterface>(step.op);
  OpOperand *weight = quantizable ? quantizable.getWeightOperand() : nullptr;
  if (!weight || !weight->get().getDefiningOp<ConstantOp>())
    return forms;
  auto add = [&](StringRef form, StringRef attribute,
                 Attribute value) -> llvm::Error {
    ChangedAttribute changed(step.op, attribute, value);
    auto jit = simulation.compileLayer(step);
    if (!jit)
      return jit.takeError();
    forms.compiled.push_back(std::move(*jit));
    layer.weightForms.push_back({form.str()});
    return llvm::Error::success();
  };
  Builder builder(step.op->getContext());
  StringRef other = getWeightBits(step.op) == 8 ? "int4" : "int8";
  if (llvm::Error error =
          add(other, kPrecisionAttr, builder.getStringAttr(other)))
    return std::move(error);
  StringRef name = getRoundedWeightsAttr(getWeightBits(step.op));
  bool isRounded = step.op->hasAttr(name);
  if (isRounded || (rounding && name == kRoundedWeightsAttr))
    if (llvm::Error error =
            add("round-weights", name, isRounded ? Attribute() : rounding))
      return std::move(error);
  if (step.op->hasAttr(kBiasCorrectionAttr))
    if (llvm::Error error = add("correct-bias", kBiasCorrectionAttr, {}))
      return std::move(error);
  if (!whyNotBF16(step.op).empty())
    return forms;
  auto jit = compileBF16(network, step);
  if (!jit)
    return jit.takeError();
  forms.compiled.push_back(std::move(*jit));
  layer.weightForms.push_back({kBF16.str()});
  return forms;
}

void LayerForms::addSample(StepwiseNetwork &network, const NetworkStep &step,
                           const Tensors &real, LayerAccuracy &layer,
                           MutableArrayRef<float> result) {
  SmallVector<const float *> operands = getOperands(step, real);
  std::vector<float> rounded(real[step.operands[0]]);
  for (float &value : rounded)
    value = fromBF16(toBF16(value));
  // Backwards: the first one stays.
  for (auto [form, jit] : llvm::zip_equal(llvm::reverse(layer.weightForms),
                                          llvm::reverse(compiled))) {
    SmallVector<const void *> pointers(operands.begin(), operands.end());
    if (form.name == kBF16)
      pointers[0] = rounded.data();
    jit->run(pointers, {result.data()});
    applyClamp(step.op, result);
    form.noise += getNoise(result, real[step.result]);
  }
}

RangeForms::RangeForms(ObserveOp observe, const QuantParams &grid,
                       const CalibrationCache &cache, LayerAccuracy &layer) {
  auto add = [&](StringRef name, std::pair<float, float> range) {
    grids.push_back(getActivationParams(range.first, range.second));
    layer.rangeForms.push_back({name.str()});
  };
  auto seen = cache.tensors.find(observe.getName().str());
  if (seen == cache.tensors.end())
    return;
  for (Calibrator calibrator : getCalibrators())
    add(getName(calibrator), seen->second.getRange(calibrator));
  QuantParams own = getActivationParams(observe.getMin()->convertToFloat(),
                                        observe.getMax()->convertToFloat());
  if (own.scale != grid.scale || own.zeroPoint != grid.zeroPoint)
    add("own-scale", {observe.getMin()->convertToFloat(),
                      observe.getMax()->convertToFloat()});
}

void RangeForms::addSample(ArrayRef<float> values, LayerAccuracy &layer) const {
  std::vector<float> rounded(values.size());
  for (auto [form, grid] : llvm::zip_first(layer.rangeForms, grids)) {
    roundValues(values, grid, rounded);
    form.noise += getNoise(rounded, values);
  }
}
