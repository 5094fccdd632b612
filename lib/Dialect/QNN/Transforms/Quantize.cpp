//===- Quantize.cpp - From ranges to quantize/dequantize pairs ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Input: a float graph with a range on every qnn.observe. Output: the QDQ
// stage: float ops around which quant.qcast/quant.dcast pairs stand, weights
// and biases as dequantized integer constants. Cost: a few passes over the
// weights.
//
//===----------------------------------------------------------------------===//

#include "WideLayers.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/Transforms/Passes.h"
#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Support/Numerics.h"

#include <limits>

namespace mlir::qnn {
#define GEN_PASS_DEF_QUANTIZEPASS
#include "qnn/Dialect/QNN/Transforms/Passes.h.inc"
} // namespace mlir::qnn

#define DEBUG_TYPE "qnn-quantize"

using namespace mlir;
using namespace mlir::qnn;

namespace {
Value createDequantized(OpBuilder &builder, Location loc, Value quantized) {
  auto type = cast<RankedTensorType>(quantized.getType());
  return builder.create<quant::DequantizeCastOp>(
      loc, type.clone(builder.getF32Type()), quantized);
}

Value createQuantized(OpBuilder &builder, Location loc, Value real,
                      Type elementType) {
  auto type = cast<RankedTensorType>(real.getType());
  return builder.create<quant::QuantizeCastOp>(loc, type.clone(elementType),
                                               real);
}

/// A matrix product of two activations sums K products of two 8-bit values.
LogicalResult checkProduct(MatMulOp op) {
  int64_t k = cast<RankedTensorType>(op.getLhs().getType()).getShape().back();
  if (k <= std::numeric_limits<int32_t>::max() / (255 * 255))
    return success();
  return op.emitError("accumulator of '")
         << getLayerName(op) << "' does not fit i32 with inner dimension " << k
         << "; keep the layer float with qnn-assign-precision";
}

/// True when a layer makes `tensor` that leaves it in float.
bool isLeftFloat(Value tensor) {
  if (auto observe = tensor.getDefiningOp<ObserveOp>())
    tensor = observe.getInput();
  Operation *producer = tensor.getDefiningOp();
  return producer && leavesFloat(producer);
}

/// Turns a function of the Calibrated stage into one of the QDQ stage.
class Quantizer {
public:
  Quantizer(func::FuncOp func, bool integerResults, bool emitRemarks)
      : func(func), builder(func.getContext()), integerResults(integerResults),
        emitRemarks(emitRemarks) {}

  LogicalResult run() {
    if (failed(expandWideLayers(func)))
      return failure();
    SmallVector<Operation *> ops;
    func.walk([&](Operation *op) {
      if (computesInInt8(op))
        ops.push_back(op);
    });
    FailureOr<TensorTypes> found = findTensorTypes(func);
    if (failed(found))
      return failure();
    types = std::move(*found);
    // Everything is known to have a scale: from here on only weights can fail.
    for (Operation *op : ops) {
      auto product = dyn_cast<MatMulOp>(op);
      if ((product && failed(checkProduct(product))) ||
          failed(quantizeWeights(op)))
        return failure();
    }
    for (auto &[tensor, type] : types)
      if (integerResults || !isLeftFloat(tensor))
        insertPair(tensor, type);
    cleanUp();
    return success();
  }

private:
  LogicalResult quantizeWeights(Operation *op);
  void replaceWeights(QuantizableOpInterface op, const QuantizedWeights &layer,
                      const QuantParams &input);
  void insertPair(Value tensor, quant::UniformQuantizedType type);
  void cleanUp();

  func::FuncOp func;
  OpBuilder builder;
  bool integerResults, emitRemarks;
  TensorTypes types;
};

LogicalResult Quantizer::quantizeWeights(Operation *op) {
  auto quantizable = cast<QuantizableOpInterface>(op);
  OpOperand *weight = quantizable.getWeightOperand();
  if (!weight || !weight->get().getDefiningOp<ConstantOp>())
    return success();
  // The first activation operand is the one the weight multiplies.
  Value root = getScaleRoot(quantizable.getActivationOperands().front()->get());
  quant::UniformQuantizedType inputType = types.lookup(root);
  if (!inputType)
    if (auto dequantize = root.getDefiningOp<quant::DequantizeCastOp>())
      inputType = getUniformElementType(dequantize.getArg().getType());
  if (!inputType)
    return op->emitError("expected a scale on the input of '")
           << getLayerName(op) << "'";
  QuantParams input = getQuantParams(inputType);

  FailureOr<QuantizedWeights> layer = qnn::quantizeWeights(quantizable, input);
  if (failed(layer))
    return failure();
  replaceWeights(quantizable, *layer, input);
  return success();
}

/// Puts the integers of `layer` in place of its float constants.
void Quantizer::replaceWeights(QuantizableOpInterface op,
                               const QuantizedWeights &layer,
                               const QuantParams &input) {
  MLIRContext *context = func.getContext();
  builder.setInsertionPoint(op);
  OpOperand *weight = op.getWeightOperand(), *bias = op.getBiasOperand();
  SmallVector<int64_t> zeros(layer.scales.size(), 0);
  auto getPerAxis = [&](unsigned width, ArrayRef<double> scales, int64_t min,
                        int64_t max) {
    return quant::UniformQuantizedPerAxisType::get(
        quant::QuantizationFlags::Signed, IntegerType::get(context, width),
        builder.getF32Type(), scales, zeros, /*quantizedDimension=*/0, min,
        max);
  };
  auto replace = [&](OpOperand *operand, ElementsAttr value, Type element) {
    Location loc = operand->get().getLoc();
    auto type = cast<RankedTensorType>(operand->get().getType());
    Value constant =
        builder.create<ConstantOp>(loc, type.clone(element), value);
    operand->set(createDequantized(builder, loc, constant));
  };
  if (bias) {
    // The product of two f32 is exact in binary64.
    SmallVector<double> products;
    for (double scale : layer.scales)
      products.push_back(double(input.scale) * scale);
    replace(bias,
            getIntegerElements(context, {int64_t(layer.biases.size())},
                               ArrayRef<int32_t>(layer.biases)),
            getPerAxis(32, products, std::numeric_limits<int32_t>::min(),
                       std::numeric_limits<int32_t>::max()));
  }
  auto shape = cast<RankedTensorType>(weight->get().getType()).getShape();
  QuantParams range = getWeightParams(0, layer.bits);
  replace(weight,
          getIntegerElements(context, shape, ArrayRef<int8_t>(layer.weights),
                             layer.bits),
          getPerAxis(layer.bits, layer.scales, range.min, range.max));
  if (emitRemarks)
    op->emitRemark("quantized weights of '")
        << getLayerName(op) << "' with " << layer.scales.size() << " scales";
}

/// The float constant `real` as one of element type `type`.
Value createQuantizedConstant(OpBuilder &builder, Location loc, Value real,
                              quant::UniformQuantizedType type) {
  QuantParams params = getQuantParams(type);
  FailureOr<SmallVector<float>> values = getFloatValues(real);
  assert(succeeded(values) && "getConstantType has read the constant");
  SmallVector<int8_t> integers;
  for (float value : *values)
    integers.push_back(static_cast<int8_t>(quantize(value, params)));
  auto shape = cast<RankedTensorType>(real.getType());
  return builder.create<ConstantOp>(
      loc, shape.clone(type),
      getIntegerElements(builder.getContext(), shape.getShape(),
                         ArrayRef<int8_t>(integers)));
}

/// Puts qcast and dcast behind `tensor`. A tensor made by an int8 op exists
/// only in quantized form; else the users that stay float keep the float one.
void Quantizer::insertPair(Value tensor, quant::UniformQuantizedType type) {
  auto observe = tensor.getDefiningOp<ObserveOp>();
  Value real = observe ? observe.getInput() : tensor;
  Operation *producer = real.getDefiningOp();
  bool madeInInt8 = producer && computesInInt8(producer);
  SmallVector<OpOperand *> readers;
  for (OpOperand &use : tensor.getUses())
    if (madeInInt8 || readsScale(use))
      readers.push_back(&use);
  builder.setInsertionPointAfterValue(tensor);
  Location loc = tensor.getLoc();
  Value quantized = isa_and_nonnull<ConstantOp>(producer)
                        ? createQuantizedConstant(builder, loc, real, type)
                        : createQuantized(builder, loc, real, type);
  Value pair = createDequantized(builder, loc, quantized);
  for (OpOperand *reader : readers)
    reader->set(pair);
}

/// Removes observers, what quantizeWeights has read, and the float constants
/// that integers replaced.
void Quantizer::cleanUp() {
  func.walk([](Operation *op) {
    op->removeDiscardableAttr(kRoundedWeightsAttr);
    op->removeDiscardableAttr(kRoundedInt4WeightsAttr);
    op->removeDiscardableAttr(kBiasCorrectionAttr);
    op->removeDiscardableAttr(kPerTensorWeightsAttr);
    if (isa<quant::QuantizeCastOp>(op))
      op->removeDiscardableAttr(kWidePartAttr);
  });
  func.walk([](ObserveOp op) {
    op.getResult().replaceAllUsesWith(op.getInput());
    op.erase();
  });
  func.walk([](ConstantOp op) {
    if (op.use_empty())
      op.erase();
  });
}

struct QuantizePass final : qnn::impl::QuantizePassBase<QuantizePass> {
  using Base::Base;
  void runOnOperation() override {
    if (failed(Quantizer(getOperation(), integerResults, emitRemarks).run()))
      signalPassFailure();
  }
};
} // namespace
