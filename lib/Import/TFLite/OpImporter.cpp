//===- OpImporter.cpp - What an op converter sees of its op ---------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpImporter.h"

#include "qnn/Dialect/QNN/IR/Constants.h"

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
  if (!entry.isSet() && !info.isConstant && countElements(info.shape) != 0) {
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
  if (entry->value)
    return SmallVector<int64_t>(shapeOf(entry->value));
  return entry->ints ? entry->ints->shape : getInput(i).shape;
}

Value OpImporter::getValue(int i, bool quantized) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  if (entry->value)
    return entry->value;
  const TensorInfo &info = getInput(i);
  if (info.isQuantizedActivation() && info.type != ElementType::INT16 &&
      quantized)
    return createQuantized(info.shape, getStored(i),
                           getActivationType(getBuilder().getContext(), info));
  if (info.isQuantized() || info.type == ElementType::FLOAT32 ||
      info.type == ElementType::FLOAT16) {
    std::vector<float> values = getReals(i);
    return createConstant(info.shape, values);
  }
  (void)unsupported("input " + Twine(i) + " of type " + formatType(info.type) +
                    ", only float and quantized tensors are computed");
  return {};
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
  bool wide = info.type == ElementType::INT16;
  Builder builder(context);
  int64_t zeroPoint =
      info.zeroPoints[0] - (info.type == ElementType::UINT8 ? 128 : 0);
  return quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, builder.getIntegerType(wide ? 16 : 8),
      builder.getF32Type(), info.scales[0], zeroPoint, wide ? -32768 : -128,
      wide ? 32767 : 127);
}

LogicalResult OpImporter::setResult(Value value, int i) {
  if (failed() || !value)
    return failure();
  const TensorInfo &info = getOutput(i);
  Entry &entry = state.entries[op.outputs[i]];
  if (entry.isSet())
    return error() << "expected '" << info.name << "' to be computed once";
  if (info.isQuantizedActivation()) {
    OpBuilder &b = getBuilder();
    auto type = cast<RankedTensorType>(value.getType());
    entry.integers = b.create<quant::QuantizeCastOp>(
        loc, type.clone(getActivationType(b.getContext(), info)), value);
    entry.value = b.create<quant::DequantizeCastOp>(loc, type, entry.integers);
    return success();
  }
  if (info.type != ElementType::FLOAT32)
    return unsupported("output of type " + formatType(info.type) +
                       ", only float and quantized tensors are computed");
  entry.value = value;
  return success();
}

LogicalResult OpImporter::setResult(IntTensor ints, int i) {
  if (failed())
    return failure();
  state.entries[op.outputs[i]].ints = std::move(ints);
  return success();
}

LogicalResult OpImporter::forward(int input, int i) {
  return setResult(getValue(input), i);
}

Value OpImporter::checkSize(Value value) {
  if (countElements(shapeOf(value)))
    return value;
  error() << "expected results of at most 2^40 elements, got "
          << formatShape(shapeOf(value));
  return {};
}

Value OpImporter::createConstant(ArrayRef<int64_t> shape,
                                 ArrayRef<float> values) {
  return failed() ? Value()
                  : createFloatConstant(getBuilder(), loc, shape, values);
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

Value OpImporter::reshape(Value value, ArrayRef<int64_t> shape) {
  if (failed() || !value || shapeOf(value) == shape)
    return failed() ? Value() : value;
  return create<ReshapeOp>(value, shape);
}

Value OpImporter::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (failed() || !value)
    return {};
  return create<TransposeOp>(value, permutation);
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
