//===- QNNOps.cpp - Verifiers, interfaces, assembly -----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/IR/OpImplementation.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;

#define GET_OP_CLASSES
#include "qnn/Dialect/QNN/IR/QNNOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

static Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

/// The result has the shape the op infers.
template <typename OpTy> static LogicalResult verifyShape(OpTy op) {
  FailureOr<SmallVector<int64_t>> shape =
      op.inferShape([&] { return op.emitOpError(); });
  if (failed(shape))
    return failure();
  ArrayRef<int64_t> actual =
      cast<RankedTensorType>(op.getResult().getType()).getShape();
  if (actual != ArrayRef<int64_t>(*shape))
    return op.emitOpError("expected result of shape [")
           << *shape << "], got [" << actual << "]";
  return success();
}

/// Operands and result are all float or all quantized, and quantized
/// activations are 8-bit.
static LogicalResult verifyUniformKind(Operation *op, ValueRange operands) {
  Value result = op->getResult(0);
  bool quantized = isQuantizedTensor(result.getType());
  for (Value operand : operands)
    if (isQuantizedTensor(operand.getType()) != quantized)
      return op->emitOpError("expected operands and result all float or all "
                             "quantized, got ")
             << operand.getType() << " and " << result.getType();
  return success();
}

static LogicalResult verifySameElementType(Operation *op) {
  if (elementOf(op->getOperand(0)) != elementOf(op->getResult(0)))
    return op->emitOpError("expected operand and result of the same element "
                           "type, got ")
           << elementOf(op->getOperand(0)) << " and "
           << elementOf(op->getResult(0));
  return success();
}

/// The scale of channel `channel` of a per-tensor or per-axis type.
static double scaleOf(Value value, int64_t channel) {
  if (auto type =
          dyn_cast<quant::UniformQuantizedPerAxisType>(elementOf(value)))
    return type.getScales()[channel];
  return cast<quant::UniformQuantizedType>(elementOf(value)).getScale();
}

/// conv2d_c8: an integer bias is added to the accumulator as it is, so it has
/// the accumulator's scale (up to what people type in decimal).
template <typename OpTy>
static LogicalResult verifyBiasScales(OpTy op, int64_t channels) {
  auto type =
      dyn_cast<quant::UniformQuantizedPerAxisType>(elementOf(op.getBias()));
  if (type && int64_t(type.getScales().size()) != channels)
    return op.emitOpError("expected ")
           << channels << " bias scales, got " << type.getScales().size();
  for (int64_t c = 0; c < channels; ++c) {
    double expected = scaleOf(op.getInput(), 0) * scaleOf(op.getWeight(), c);
    double actual = scaleOf(op.getBias(), c);
    if (std::abs(actual - expected) > 1e-6 * expected)
      return op.emitOpError("expected a bias of scale input x weight = ")
             << expected << " in channel " << c << ", got " << actual;
  }
  return success();
}

/// The two factors of a product are both bf16 or neither is; then the result
/// is f32.
static LogicalResult verifyFactors(Operation *op) {
  bool first = isBF16Tensor(op->getOperand(0).getType()),
       second = isBF16Tensor(op->getOperand(1).getType());
  if (first != second || (first && !isFloatTensor(op->getResult(0).getType())))
    return op->emitOpError(
               "expected two bf16 factors of an f32 result or none, "
               "got ")
           << op->getOperand(0).getType() << ", " << op->getOperand(1).getType()
           << " and " << op->getResult(0).getType();
  return success();
}

/// conv2d_c5, conv2d_c7, conv2d_c8, conv2d_c9; fully_connected_c2 and
/// fully_connected_c3 are the same checks.
template <typename OpTy> static LogicalResult verifyWeighted(OpTy op) {
  Value input = op.getInput(), weight = op.getWeight(), result = op.getResult();
  if (failed(verifyUniformKind(op, {input, weight})) ||
      failed(verifyFactors(op))) // conv2d_c7
    return failure();
  int64_t channels = cast<RankedTensorType>(weight.getType()).getShape()[0];
  bool quantized = isQuantizedTensor(result.getType());
  bool accumulator = isAccumulatorTensor(result.getType());
  if (quantized && !accumulator && !getUniformElementType(result.getType()))
    return op.emitOpError("expected a per-tensor scale or an i32 accumulator "
                          "result, got ")
           << result.getType();
  if (quantized) { // conv2d_c7
    Type type = elementOf(weight);
    auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
    bool symmetric =
        perAxis ? perAxis.getQuantizedDimension() == 0 &&
                      llvm::all_of(perAxis.getZeroPoints(),
                                   [](int64_t z) { return z == 0; })
                : cast<quant::UniformQuantizedType>(type).getZeroPoint() == 0;
    if (!symmetric)
      return op.emitOpError("expected a symmetric weight, per tensor or per "
                            "axis 0, got ")
             << type;
    if (getQuantizedElementType(weight.getType())
            .getStorageTypeIntegralWidth() > 8)
      return op.emitOpError("expected a weight of at most 8 bits, got ")
             << type;
    if (perAxis && int64_t(perAxis.getScales().size()) != channels)
      return op.emitOpError("expected ") << channels << " weight scales, got "
                                         << perAxis.getScales().size();
  }
  if (Value bias = op.getBias()) {
    auto type = cast<RankedTensorType>(bias.getType());
    if (type.getRank() != 1 || type.getDimSize(0) != channels) // conv2d_c5
      return op.emitOpError("expected bias of shape [")
             << channels << "], got [" << type.getShape() << "]";
    if (quantized ? !isAccumulatorTensor(type)
                  : !isFloatTensor(type)) // conv2d_c8
      return op.emitOpError("expected ")
             << (quantized ? "an i32 bias with zero point 0" : "a float bias")
             << ", got " << type;
    if (quantized && failed(verifyBiasScales(op, channels)))
      return failure();
  }
  if (Value residual = op.getResidual()) { // conv2d_c9
    auto type = cast<RankedTensorType>(residual.getType());
    if (type.getShape() !=
            cast<RankedTensorType>(result.getType()).getShape() ||
        isQuantizedTensor(type) != quantized)
      return op.emitOpError("expected a residual like the result, got ")
             << type << " and " << result.getType();
  }
  if (accumulator && (op.getResidual() || op.getClampMinAttr() ||
                      op.getClampMaxAttr())) // conv2d_c9
    return op.emitOpError(
        "expected no residual and no clamp on an accumulator result");
  return success();
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult Conv2DOp::verify() {
  if (failed(verifyShape(*this)) || failed(verifyWeighted(*this)))
    return failure();
  RankedTensorType weight = getWeight().getType();
  if (isBF16Tensor(weight) && getGroups() > 1 &&
      weight.getDimSize(3) % 2 != 0) // conv2d_c10
    return emitOpError("expected an even number of bf16 channels per group, "
                       "got ")
           << weight.getDimSize(3);
  return success();
}
LogicalResult FullyConnectedOp::verify() {
  return success(succeeded(verifyShape(*this)) &&
                 succeeded(verifyWeighted(*this)));
}

/// Shape first, then one kind for all operands and the result: matmul_c3,
/// add_c2, sub_c2, mul_c2, div_c2, relu_c1, clip_c1, leaky_relu_c1,
/// sigmoid_c1, hard_sigmoid_c1, hard_swish_c1, tanh_c1, softmax_c1,
/// global_avg_pool_c2, reduce_mean_c2, concat_c3, avg_pool2d_c3.
template <typename OpTy> static LogicalResult verifyComputing(OpTy op) {
  return success(succeeded(verifyShape(op)) &&
                 succeeded(verifyUniformKind(op, op->getOperands())));
}
LogicalResult MatMulOp::verify() {
  return success(succeeded(verifyComputing(*this)) &&
                 succeeded(verifyFactors(*this))); // matmul_c3
}
LogicalResult AddOp::verify() { return verifyComputing(*this); }
LogicalResult SubOp::verify() { return verifyComputing(*this); }
LogicalResult MulOp::verify() { return verifyComputing(*this); }
LogicalResult DivOp::verify() { return verifyComputing(*this); }
LogicalResult ReluOp::verify() { return verifyComputing(*this); }
LogicalResult ClipOp::verify() { return verifyComputing(*this); }
LogicalResult LeakyReluOp::verify() { return verifyComputing(*this); }
LogicalResult SigmoidOp::verify() { return verifyComputing(*this); }
LogicalResult HardSigmoidOp::verify() { return verifyComputing(*this); }
LogicalResult HardSwishOp::verify() { return verifyComputing(*this); }
LogicalResult TanhOp::verify() { return verifyComputing(*this); }
LogicalResult SoftmaxOp::verify() { return verifyComputing(*this); }
LogicalResult GlobalAvgPoolOp::verify() { return verifyComputing(*this); }
LogicalResult ReduceMeanOp::verify() { return verifyComputing(*this); }
LogicalResult ConcatOp::verify() {
  for (Value input : getInputs())
    if (!isQuantizedTensor(getType()) &&
        elementOf(input) != elementOf(getResult())) // concat_c3
      return emitOpError("expected inputs and result all quantized or of one "
                         "element type, got ")
             << input.getType() << " and " << getType();
  return verifyComputing(*this);
}
LogicalResult BatchNormOp::verify() { return verifyShape(*this); }
LogicalResult SqrtOp::verify() { return verifyShape(*this); }
LogicalResult ErfOp::verify() { return verifyShape(*this); }

LogicalResult BiasOp::verify() {
  if (failed(verifyShape(*this)))
    return failure();
  if (isFloatTensor(getInput().getType()))
    return verifyUniformKind(*this, getOperands());
  if (getInput().getType() != getType() ||
      !isAccumulatorTensor(getInput().getType()) ||
      !isAccumulatorTensor(getBias().getType())) // bias_c2
    return emitOpError("expected float or i32 accumulator operands, got ")
           << getInput().getType() << " and " << getBias().getType();
  return success();
}

LogicalResult RequantizeOp::verify() {
  if (!isQuantizedTensor(getInput().getType()) ||
      !isQuantizedTensor(getType())) // requantize_c1
    return emitOpError("expected quantized operand and result, got ")
           << getInput().getType() << " and " << getType();
  return verifyShape(*this);
}

/// Whether a window of `kernel` taps from `start` on has one in [0, end).
static bool holdsPosition(int64_t start, int64_t kernel, int64_t dilation,
                          int64_t end) {
  int64_t first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  return first < kernel && start + first * dilation < end;
}

/// Whether that holds for each of `count` windows, `stride` apart.
static bool holdPositions(int64_t start, int64_t count, int64_t stride,
                          int64_t kernel, int64_t dilation, int64_t end) {
  // Of windows that start inside, the last is nearest to the end. Of those that
  // start before, the one at the same start modulo the dilation decides, so
  // that a file cannot ask for more tests than it has taps.
  int64_t before = start < 0 ? (-start + stride - 1) / stride : 0;
  int64_t tests = std::min({count, before, dilation});
  for (int64_t i = 0; i < tests; ++i)
    if (!holdsPosition(start + i * stride, kernel, dilation, end))
      return false;
  return count == 0 ||
         holdsPosition(start + (count - 1) * stride, kernel, dilation, end);
}

LogicalResult AvgPool2DOp::verify() {
  if (failed(verifyComputing(*this)))
    return failure();
  ArrayRef<int64_t> input =
      cast<RankedTensorType>(getInput().getType()).getShape();
  ArrayRef<int64_t> output = getType().getShape();
  for (int d = 0; d < 2; ++d) {
    int64_t before = getPadding()[d], end = input[1 + d];
    if (getCountIncludePad()) { // padded positions count like the input's
      end += before + getPadding()[2 + d];
      before = 0;
    }
    if (!holdPositions(-before, output[1 + d], getStrides()[d], getKernel()[d],
                       getDilations()[d], end)) // avg_pool2d_c4
      return emitOpError("expected every window to hold a position of the "
                         "input along dimension ")
             << 1 + d;
  }
  return success();
}

/// Shape first, then the element type of the operand: max_pool2d_c3,
/// global_max_pool_c2, reshape_c1, transpose_c2, pad_c2, slice_c3,
/// resize_nearest_c2.
template <typename OpTy> static LogicalResult verifyMoving(OpTy op) {
  return success(succeeded(verifyShape(op)) &&
                 succeeded(verifySameElementType(op)));
}
LogicalResult MaxPool2DOp::verify() { return verifyMoving(*this); }
LogicalResult GlobalMaxPoolOp::verify() { return verifyMoving(*this); }
LogicalResult ReshapeOp::verify() { return verifyMoving(*this); }
LogicalResult TransposeOp::verify() { return verifyMoving(*this); }
LogicalResult PadOp::verify() { return verifyMoving(*this); }
LogicalResult SliceOp::verify() { return verifyMoving(*this); }
LogicalResult ResizeNearestOp::verify() { return verifyMoving(*this); }

LogicalResult ObserveOp::verify() {
  if (bool(getMinAttr()) != bool(getMaxAttr())) // observe_c1
    return emitOpError("expected both min and max or neither");
  if (!getMinAttr())
    return success();
  const APFloat low = *getMin(), high = *getMax();
  if (!low.isFinite() || !high.isFinite() || high < low) // observe_c1
    return emitOpError("expected a finite range with min <= max, got [")
           << low.convertToFloat() << ", " << high.convertToFloat() << "]";
  return success();
}

LogicalResult ConstantOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  auto stored = cast<ShapedType>(getValue().getType());
  Type storage = type.getElementType();
  if (quant::QuantizedType quantized = getQuantizedElementType(type))
    storage =
        IntegerType::get(getContext(), quantized.getStorageTypeIntegralWidth());
  if (stored.getShape() != type.getShape() ||
      stored.getElementType() != storage) // constant_c1
    return emitOpError("expected a value of shape and storage type of ")
           << type << ", got " << stored;
  return success();
}

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

ParseResult ConstantOp::parse(OpAsmParser &parser, OperationState &state) {
  ElementsAttr value;
  if (parser.parseOptionalAttrDict(state.attributes) ||
      parser.parseAttribute(value, "value", state.attributes))
    return failure();
  Type type = value.getType();
  if (succeeded(parser.parseOptionalKeyword("as")) && parser.parseType(type))
    return failure();
  state.addTypes(type);
  return success();
}

void ConstantOp::print(OpAsmPrinter &printer) {
  printer.printOptionalAttrDict((*this)->getAttrs(), {"value"});
  printer << ' ';
  printer.printAttribute(getValueAttr());
  if (getValue().getType() != getType())
    printer << " as " << getType();
}

ParseResult ObserveOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand input;
  // As a string: an attribute would take `: type` as the type of the string.
  std::string name;
  Type type;
  if (parser.parseOperand(input) || parser.parseKeyword("as") ||
      parser.parseString(&name))
    return failure();
  state.addAttribute("name", parser.getBuilder().getStringAttr(name));
  if (succeeded(parser.parseOptionalKeyword("range"))) {
    double low, high;
    if (parser.parseLSquare() || parser.parseFloat(low) ||
        parser.parseComma() || parser.parseFloat(high) || parser.parseRSquare())
      return failure();
    Builder &b = parser.getBuilder();
    state.addAttribute("min", b.getF32FloatAttr(low));
    state.addAttribute("max", b.getF32FloatAttr(high));
  }
  return failure(parser.parseOptionalAttrDict(state.attributes) ||
                 parser.parseColonType(type) ||
                 parser.addTypeToList(type, state.types) ||
                 parser.resolveOperand(input, type, state.operands));
}

void ObserveOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getInput() << " as " << getNameAttr();
  if (getMinAttr()) {
    printer << " range [";
    printer.printFloat(*getMin());
    printer << ", ";
    printer.printFloat(*getMax());
    printer << ']';
  }
  printer.printOptionalAttrDict((*this)->getAttrs(), {"name", "min", "max"});
  printer << " : " << getType();
}

//===----------------------------------------------------------------------===//
// QuantizableOpInterface, RequantFusableOpInterface, CommutesWithQDQ
//===----------------------------------------------------------------------===//

static OpOperand *optionalOperand(MutableOperandRange range) {
  return range.empty() ? nullptr : &range[0];
}

OpOperand *Conv2DOp::getWeightOperand() { return &getWeightMutable(); }
std::optional<int64_t> Conv2DOp::getWeightAxis() { return 0; }
OpOperand *Conv2DOp::getBiasOperand() {
  return optionalOperand(getBiasMutable());
}
std::optional<MutableOperandRange> Conv2DOp::getResidualRange() {
  return getResidualMutable();
}
std::optional<MutableOperandRange> Conv2DOp::getBiasRange() {
  return getBiasMutable();
}

OpOperand *FullyConnectedOp::getWeightOperand() { return &getWeightMutable(); }
std::optional<int64_t> FullyConnectedOp::getWeightAxis() { return 0; }
OpOperand *FullyConnectedOp::getBiasOperand() {
  return optionalOperand(getBiasMutable());
}
std::optional<MutableOperandRange> FullyConnectedOp::getResidualRange() {
  return getResidualMutable();
}
std::optional<MutableOperandRange> FullyConnectedOp::getBiasRange() {
  return getBiasMutable();
}

using Range = std::optional<std::pair<double, double>>;
Range SigmoidOp::getFixedResultRange() { return {{0.0, 1.0}}; }
Range HardSigmoidOp::getFixedResultRange() { return {{0.0, 1.0}}; }
Range TanhOp::getFixedResultRange() { return {{-1.0, 1.0}}; }

bool PadOp::commutesWithQDQ() { return getValue().isZero(); }
