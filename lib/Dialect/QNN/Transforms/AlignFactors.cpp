//===- AlignFactors.cpp - Requantization factors of ONNX Runtime ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a function of the Quantized stage. Output: the same with other scales
// of weights, integers and all. Cost: one pass over the scales.
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/IR/Formulas.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Support/Numerics.h"

#include <cmath>

namespace mlir::qnn {
#define GEN_PASS_DEF_ALIGNFACTORSPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-align-factors"

using namespace mlir;
using namespace mlir::qnn;

/// The factor of ONNX Runtime, rounded after each operation.
static float getStepwiseFactor(float input, float weight, float output) {
  float product = input * weight;
  return product / output;
}

/// The scale of weights with which getFactor gives the factor that ONNX Runtime
/// has for `weight`: `weight` itself where that is so already, else the nearest
/// one. That is no f32 number, which tells that it was moved, and mostly rounds
/// to `weight`, with which a file says it.
static double getAlignedScale(double input, double weight, double output) {
  auto isF32 = [](double scale) { return scale == static_cast<float>(scale); };
  float wanted = getStepwiseFactor(input, weight, output);
  auto fits = [&](double scale) {
    return wanted == getFactor(input * scale, output);
  };
  double scale = double(wanted) * output / input, outside = weight;
  if (!isF32(weight) || fits(weight) || !fits(scale))
    return weight;
  for (double middle = (scale + outside) / 2;
       middle != scale && middle != outside; middle = (scale + outside) / 2)
    (fits(middle) && !isF32(middle) ? scale : outside) = middle;
  return isF32(scale) ? weight : scale;
}

/// The f32 nearest to `weight` for which both factors are the same.
static double chooseScale(double input, double weight, double output) {
  constexpr int kSteps = 8; // Most scales need none, the others one or two.
  float lower = weight, higher = weight;
  for (int step = 0; step <= kSteps; ++step) {
    for (float scale : {lower, higher})
      if (getStepwiseFactor(input, scale, output) ==
          getFactor(input * scale, output))
        return scale;
    lower = std::nextafter(lower, 0.0f);
    higher = std::nextafter(higher, static_cast<float>(kMaxScale));
  }
  return weight;
}

/// `type` with the scales `scales`, one per channel or one.
static quant::QuantizedType withScales(quant::QuantizedType type,
                                       ArrayRef<double> scales) {
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type))
    return quant::UniformQuantizedPerAxisType::get(
        type.getFlags(), type.getStorageType(), type.getExpressedType(), scales,
        perAxis.getZeroPoints(), perAxis.getQuantizedDimension(),
        type.getStorageTypeMin(), type.getStorageTypeMax());
  return quant::UniformQuantizedType::get(
      type.getFlags(), type.getStorageType(), type.getExpressedType(),
      scales.front(), cast<quant::UniformQuantizedType>(type).getZeroPoint(),
      type.getStorageTypeMin(), type.getStorageTypeMax());
}

namespace {
struct AlignFactorsPass final
    : qnn::impl::AlignFactorsPassBase<AlignFactorsPass> {
  using Base::Base;

  void runOnOperation() override {
    if (usesFixedPoint(getOperation()))
      return;
    getOperation().walk([&](QuantizableOpInterface op) { align(op); });
  }

  /// The constant weight of a layer that ONNX Runtime computes in integers.
  static ConstantOp getWeight(QuantizableOpInterface op) {
    OpOperand *weight = op.getWeightOperand();
    auto fusable = dyn_cast<RequantFusableOpInterface>(*op);
    auto residual = fusable ? fusable.getResidualRange() : std::nullopt;
    Type result = op->getResult(0).getType();
    if (!weight || !isQuantizedTensor(result) || isAccumulatorTensor(result) ||
        (residual && !residual->empty()))
      return {};
    return weight->get().getDefiningOp<ConstantOp>();
  }

  void align(QuantizableOpInterface op) {
    ConstantOp weight = getWeight(op);
    if (!weight)
      return;
    quant::QuantizedType type = getQuantizedElementType(weight.getType());
    auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
    double input =
        getTensorScale(op.getActivationOperands().front()->get().getType());
    double output = getTensorScale(op->getResult(0).getType());
    SmallVector<double> scales, products;
    int64_t changed = 0;
    for (int64_t c = 0, e = perAxis ? perAxis.getScales().size() : 1; c < e;
         ++c) {
      double scale = getScale(type, c);
      scales.push_back(chooseScales ? chooseScale(input, scale, output)
                                    : getAlignedScale(input, scale, output));
      products.push_back(input * scales.back());
      changed += scales.back() != scale;
    }
    if (changed == 0)
      return;
    setScales(*op.getWeightOperand(), scales);
    if (OpOperand *bias = op.getBiasOperand())
      setScales(*bias, products);
    if (emitRemarks)
      op->emitRemark("changed ")
          << changed << " of " << scales.size() << " scales by less than 2^-20";
  }

  /// Gives a constant of its own to `operand`, with the same integers. Biases
  /// have one scale, or one per channel, as weights have.
  static void setScales(OpOperand &operand, ArrayRef<double> scales) {
    auto constant = operand.get().getDefiningOp<ConstantOp>();
    quant::QuantizedType type =
        getQuantizedElementType(operand.get().getType());
    auto perAxis = dyn_cast_or_null<quant::UniformQuantizedPerAxisType>(type);
    if (!constant || !type ||
        (perAxis ? perAxis.getScales().size() : 1) != scales.size())
      return;
    OpBuilder builder(constant);
    auto tensor = cast<RankedTensorType>(constant.getType());
    operand.set(builder.create<ConstantOp>(
        constant.getLoc(), tensor.clone(withScales(type, scales)),
        constant.getValue()));
    if (constant.use_empty())
      constant.erase();
  }
};
} // namespace
