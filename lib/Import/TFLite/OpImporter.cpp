//===- OpImporter.cpp - What an op converter sees of its op ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpImporter.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Reference/Interpreter.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

static Location getOpLoc(GraphState &state, const OpInfo &op) {
  std::string name = op.outputs.empty()
                         ? op.getName()
                         : state.model.tensors[op.outputs[0]].name;
  return NameLoc::get(StringAttr::get(state.builder.getContext(), name));
}

OpImporter::OpImporter(GraphState &state, const OpInfo &op)
    : state(state), op(op), loc(getOpLoc(state, op)) {}

OpError OpImporter::error() {
  if (failed())
    return {};
  hasError = true;
  InFlightDiagnostic diagnostic = emitError(loc);
  diagnostic << op.getName() << ": ";
  return diagnostic;
}

LogicalResult OpImporter::unsupported(const Twine &reason) {
  if (failed())
    return failure();
  hasUnsupported = true;
  std::string name = cast<NameLoc>(loc).getName().str();
  state.unsupported.push_back(
      (op.getName() + " '" + name + "' (" + reason + ")").str());
  return failure();
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

Entry *OpImporter::getEntry(int i) {
  if (!hasInput(i)) {
    error() << "expected input " << i;
    return nullptr;
  }
  Entry &entry = state.entries[op.inputs[i]];
  const TensorInfo &info = getInput(i);
  if (!entry.value && !info.isConstant && countElements(info.shape) != 0) {
    error() << "expected input '" << info.name
            << "' to be computed before this op";
    return nullptr;
  }
  return &entry;
}

bool OpImporter::isConstant(int i) {
  Entry *entry = getEntry(i);
  return entry && !entry->value;
}

SmallVector<int64_t> OpImporter::getShape(int i) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  return entry->value ? SmallVector<int64_t>(shapeOf(entry->value))
                      : getInput(i).shape;
}

Type tflite::getIntegerType(MLIRContext *context, ElementType type) {
  switch (type) {
  case ElementType::BOOL:
    return IntegerType::get(context, 1);
  case ElementType::INT32:
    return IntegerType::get(context, 32);
  case ElementType::INT64:
    return IntegerType::get(context, 64);
  default:
    return {};
  }
}

Value OpImporter::createInput(int i) {
  const TensorInfo &info = getInput(i);
  MLIRContext *context = getBuilder().getContext();
  if (info.isQuantizedActivation() && info.type != ElementType::INT16 &&
      isQuantized())
    return createQuantized(info.shape, getStored(i),
                           getActivationType(context, info));
  if (info.isQuantized() || info.type == ElementType::FLOAT32 ||
      info.type == ElementType::FLOAT16) {
    std::vector<float> values = getReals(i);
    return createConstant(info.shape, values);
  }
  if (Type element = getIntegerType(context, info.type))
    return createIntegers(info.shape, getIntTensor(i, "a constant").values,
                          element);
  (void)unsupported("input " + Twine(i) + " of type " + formatType(info.type));
  return {};
}

Value OpImporter::getAny(int i) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  return entry->value ? entry->value : createInput(i);
}

Value OpImporter::getValue(int i) {
  Value value = getAny(i);
  if (!value || elementOf(value).isF32())
    return value;
  (void)unsupported("input " + Twine(i) + " of type " +
                    formatType(getInput(i).type) +
                    ", only float and quantized tensors are");
  return {};
}

std::pair<Value, Value> OpImporter::getPair() {
  Value a = getAny(0), b = getAny(1);
  if (a && b && elementOf(a) != elementOf(b))
    error() << "expected operands of one type, got "
            << formatType(getInput(0).type) << " and "
            << formatType(getInput(1).type);
  return failed() ? std::pair<Value, Value>() : std::pair(a, b);
}

int64_t OpImporter::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    error() << "expected an axis within rank " << rank << ", got " << axis;
    return 0;
  }
  return axis < 0 ? axis + rank : axis;
}

SmallVector<int64_t> OpImporter::normalizeAxes(ArrayRef<int64_t> axes,
                                               int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(normalizeAxis(axis, rank));
  llvm::sort(result);
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

quant::UniformQuantizedType tflite::getActivationType(MLIRContext *context,
                                                      const TensorInfo &info) {
  Builder builder(context);
  int64_t zeroPoint =
      info.zeroPoints[0] - (info.type == ElementType::UINT8 ? 128 : 0);
  return quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, builder.getI8Type(),
      builder.getF32Type(), info.scales[0], zeroPoint, -128, 127);
}

quant::UniformQuantizedType
tflite::getBoundaryType(quant::UniformQuantizedType inside,
                        const TensorInfo &info) {
  if (info.type != ElementType::UINT8)
    return inside;
  return quant::UniformQuantizedType::get(
      0, inside.getStorageType(), inside.getExpressedType(), inside.getScale(),
      inside.getZeroPoint() + 128, 0, 255);
}

Value OpImporter::roundTo16Bits(Value value, const TensorInfo &info) {
  if (!info.isQuantizedActivation()) {
    (void)unsupported("output of type INT16 with several scales");
    return {};
  }
  Builder &b = getBuilder();
  FloatAttr none;
  float zeroPoint = float(info.zeroPoints[0]);
  llvm::APFloat zero(0.0f);
  Value scale = createConstant({}, info.scales[0]);
  Value steps = create<DivOp>(value, scale, none, none);
  if (steps)
    steps = create<UnaryOp>(UnaryFunction::Round, steps, zero, zero, zero);
  if (steps)
    steps = create<ClipOp>(steps, b.getF32FloatAttr(-32768.0f - zeroPoint),
                           b.getF32FloatAttr(32767.0f - zeroPoint));
  return steps ? create<MulOp>(steps, scale, none, none) : Value();
}

LogicalResult OpImporter::setResult(Value value, int i) {
  if (failed() || !value)
    return failure();
  const TensorInfo &info = getOutput(i);
  Entry &entry = state.entries[op.outputs[i]];
  if (entry.value)
    return error() << "expected '" << info.name << "' to be computed once";
  Type expected = getIntegerType(getBuilder().getContext(), info.type);
  if (expected ? elementOf(value) != expected : !elementOf(value).isF32())
    return error() << "expected an output of " << elementOf(value) << ", got "
                   << formatType(info.type);
  if (info.type == ElementType::INT16) {
    entry.value = roundTo16Bits(value, info);
    return success(entry.value != nullptr);
  }
  if (info.isQuantizedActivation()) {
    OpBuilder &b = getBuilder();
    auto type = cast<RankedTensorType>(value.getType());
    entry.integers = b.create<quant::QuantizeCastOp>(
        loc, type.clone(getActivationType(b.getContext(), info)), value);
    entry.value = b.create<quant::DequantizeCastOp>(loc, type, entry.integers);
    return success();
  }
  if (!expected && info.type != ElementType::FLOAT32)
    return unsupported("output of type " + formatType(info.type));
  entry.value = value;
  return success();
}

LogicalResult OpImporter::forward(int input, int i) {
  return setResult(getAny(input), i);
}

Value OpImporter::checkSize(Value value) {
  if (countElements(shapeOf(value)))
    return value;
  error() << "expected results of at most 2^40 elements, got "
          << formatShape(shapeOf(value));
  return {};
}

Value OpImporter::fold(Operation *op) {
  constexpr int64_t kMostElements = 4096;
  Value result = op->getResult(0);
  // An empty tensor may still have large dimensions.
  auto isSmall = [](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.getNumElements() <= kMostElements &&
           llvm::all_of(type.getShape(),
                        [](int64_t size) { return size <= kMostElements; });
  };
  bool folds = op->getNumOperands() > 0 && isSmall(result) &&
               countMacs(op) == 0 && !op->hasAttr("kernel") &&
               llvm::all_of(op->getOperands(), [&](Value operand) {
                 return operand.getDefiningOp<ConstantOp>() && isSmall(operand);
               });
  if (!folds)
    return result;
  SmallVector<qnn::Tensor> operands;
  for (Value operand : op->getOperands()) {
    auto tensor = qnn::Tensor::fromElementsAttr(
        operand.getDefiningOp<ConstantOp>().getValue(),
        cast<RankedTensorType>(operand.getType()),
        [&] { return emitError(loc); });
    hasError |= mlir::failed(tensor);
    if (failed())
      return {};
    operands.push_back(*tensor);
  }
  // The interpreter wants verified ops.
  hasError |= mlir::failed(verify(op));
  FailureOr<qnn::Tensor> value = failure();
  if (!failed())
    value = interpretOp(op, operands);
  hasError |= mlir::failed(value);
  if (failed())
    return {};
  op->erase();
  return getBuilder().create<ConstantOp>(loc, value->toElementsAttr());
}

Value OpImporter::createConstant(ArrayRef<int64_t> shape,
                                 ArrayRef<float> values) {
  return failed() ? Value()
                  : createFloatConstant(getBuilder(), loc, shape, values);
}

Value OpImporter::createIntegers(ArrayRef<int64_t> shape,
                                 ArrayRef<int64_t> values, Type element) {
  if (failed())
    return {};
  auto type = RankedTensorType::get(shape, element);
  auto narrowed = [&](auto zero) {
    SmallVector<decltype(zero)> list(values.begin(), values.end());
    return DenseElementsAttr::get(type, ArrayRef(list));
  };
  DenseElementsAttr attribute = element.isInteger(1)    ? narrowed(bool())
                                : element.isInteger(32) ? narrowed(int32_t())
                                                        : narrowed(int64_t());
  return getBuilder().create<ConstantOp>(loc, attribute);
}

Value OpImporter::createQuantized(ArrayRef<int64_t> shape,
                                  ArrayRef<int32_t> values,
                                  quant::QuantizedType element) {
  if (failed())
    return {};
  OpBuilder &b = getBuilder();
  ElementsAttr attribute;
  if (element.getStorageTypeIntegralWidth() == 32) {
    attribute = getIntegerElements(b.getContext(), shape, values);
  } else {
    SmallVector<int8_t> narrow(values.begin(), values.end());
    attribute = getIntegerElements(b.getContext(), shape, narrow);
  }
  Value integers = b.create<ConstantOp>(
      loc, RankedTensorType::get(shape, element), attribute);
  return b.create<quant::DequantizeCastOp>(
      loc, RankedTensorType::get(shape, b.getF32Type()), integers);
}

Value OpImporter::concat(ArrayRef<Value> values, int64_t axis) {
  if (failed() || llvm::is_contained(values, Value()))
    return {};
  Type element = elementOf(values[0]);
  if (llvm::any_of(values, [&](Value v) { return elementOf(v) != element; })) {
    error() << "expected operands of one type";
    return {};
  }
  return createOf<ConcatOp>(element, ValueRange(values), axis);
}

Value OpImporter::reshape(Value value, ArrayRef<int64_t> shape) {
  if (failed() || !value || shapeOf(value) == shape)
    return failed() ? Value() : value;
  return createMoved<ReshapeOp>(value, shape);
}

Value OpImporter::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (failed() || !value)
    return {};
  return createMoved<TransposeOp>(value, permutation);
}

//===----------------------------------------------------------------------===//
// Fused activations
//===----------------------------------------------------------------------===//

OpImporter::Clamp OpImporter::getClamp(ActivationFunctionType activation) {
  auto bound = [&](float value) { return getBuilder().getF32FloatAttr(value); };
  switch (activation) {
  case ActivationFunctionType::NONE:
    return {};
  case ActivationFunctionType::RELU:
    return {bound(0), {}};
  case ActivationFunctionType::RELU_N1_TO_1:
    return {bound(-1), bound(1)};
  case ActivationFunctionType::RELU6:
    return {bound(0), bound(6)};
  case ActivationFunctionType::TANH:
    return {{}, {}, true};
  default:
    (void)unsupported(Twine("fused activation ") +
                      (activation == ActivationFunctionType::SIGN_BIT
                           ? "SIGN_BIT"
                           : std::to_string(int(activation))));
    return {};
  }
}

Value OpImporter::activate(Value value, const Clamp &clamp) {
  return value && clamp.isTanh ? create<TanhOp>(value) : value;
}
