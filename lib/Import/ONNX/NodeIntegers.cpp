//===- NodeIntegers.cpp - How a converter reads integers ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ops that move values see integers of quantized networks as real numbers and
// give their results the scale back, which leaves no trace but a Q/DQ pair. All
// other ops compute with i32 numbers, wrapped to the type at the end.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "Emitter.h"
#include "Quantization.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// Ops that move or select values, of whatever type.
static bool movesValues(StringRef op) {
  static constexpr StringLiteral moving[] = {
      "CenterCropPad", "Compress",      "Concat",
      "DepthToSpace",  "Dropout",       "Expand",
      "Flatten",       "Gather",        "GatherElements",
      "GatherND",      "GlobalMaxPool", "Identity",
      "MaxPool",       "Pad",           "Reshape",
      "Resize",        "Scatter",       "ScatterElements",
      "ScatterND",     "Slice",         "SpaceToDepth",
      "Split",         "Squeeze",       "Tile",
      "Transpose",     "Unsqueeze",     "Upsample"};
  return llvm::is_contained(moving, op);
}

ElementType NodeImporter::getIntegerType(int i) {
  Entry *entry = getEntry(i);
  return entry ? entry->integers : onnx::TensorProto::UNDEFINED;
}

bool NodeImporter::hasIntegers() {
  return llvm::any_of(llvm::seq(0, getNumInputs()), [&](int i) {
    return hasInput(i) && getIntegerType(i) != onnx::TensorProto::UNDEFINED;
  });
}

bool NodeImporter::isInteger(int i) {
  Entry *entry = getEntry(i);
  if (!entry)
    return false;
  return entry->integers != onnx::TensorProto::UNDEFINED ||
         (entry->constant && getIntegerRange(entry->constant->getType()));
}

bool NodeImporter::movesIntegers(int i) {
  return movesValues(getOpType()) && isInteger(i);
}

Value NodeImporter::getIntegers(int i) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  if (entry->integers == onnx::TensorProto::UNDEFINED) {
    error() << "expected input " << i << " to hold integers, got a tensor of "
            << "type float";
    return {};
  }
  return entry->value;
}

//===----------------------------------------------------------------------===//
// Ops that move integers
//===----------------------------------------------------------------------===//

/// The type of the first computed integers, of the first constant where there
/// are none; with scale 1 where others have another scale.
void NodeImporter::decideMovedType() {
  if (movedIntegers != onnx::TensorProto::UNDEFINED)
    return;
  bool isFirst = true, isMixed = false;
  for (int i = 0; i < getNumInputs(); ++i) {
    if (!hasInput(i) || getIntegerType(i) == onnx::TensorProto::UNDEFINED)
      continue;
    auto type = getUniformElementType(getIntegers(i).getType());
    isMixed |= !isFirst && type != movedType;
    if (isFirst) {
      movedIntegers = getIntegerType(i);
      movedType = type;
    }
    isFirst = false;
  }
  for (int i = 0; i < getNumInputs() && isFirst; ++i)
    if (hasInput(i) && isInteger(i)) {
      movedIntegers = getElementType(i);
      isMixed = true;
      isFirst = false;
    }
  auto range = getIntegerRange(movedIntegers);
  if (isMixed && range && range->isNarrow())
    movedType = import::getElementType(state.builder.getContext(),
                                       Scaling{movedIntegers, {1.0f}, {0}, {}});
}

Value NodeImporter::getMovedIntegers(int i) {
  decideMovedType();
  if (getElementType(i) != movedIntegers) {
    error() << "expected operands of one type, got "
            << formatType(movedIntegers) << " and "
            << formatType(getElementType(i));
    return {};
  }
  Entry *entry = getEntry(i);
  if (entry->constant && entry->integers == onnx::TensorProto::UNDEFINED) {
    std::vector<float> numbers;
    for (int64_t value : entry->constant->ints())
      numbers.push_back(getMovedNumber(value));
    return createConstant(HostTensor::fromFloats(entry->constant->getShape(),
                                                 std::move(numbers)));
  }
  if (movedType != getUniformElementType(entry->value.getType()))
    return getIntegersAsFloat(*this, i);
  if (!movedType)
    return entry->value;
  auto tensor = cast<RankedTensorType>(entry->value.getType());
  return state.builder.create<quant::DequantizeCastOp>(
      loc, tensor.clone(state.builder.getF32Type()), entry->value);
}

float NodeImporter::getMovedNumber(int64_t value) const {
  if (!movedType)
    return float(value);
  int64_t shift = getIntegerRange(movedIntegers)->shift();
  return float(value + shift - movedType.getZeroPoint()) *
         float(movedType.getScale());
}

//===----------------------------------------------------------------------===//
// Ops that compute with integers
//===----------------------------------------------------------------------===//

Value NodeImporter::getWidenedIntegers(int i) {
  ElementType type = getElementType(i);
  if (type != onnx::TensorProto::INT32) {
    if (widened != onnx::TensorProto::UNDEFINED && widened != type)
      error() << "expected operands of one type, got " << formatType(widened)
              << " and " << formatType(type);
    widened = type;
  }
  if (failed())
    return {};
  Entry *entry = getEntry(i);
  if (entry->constant && entry->integers == onnx::TensorProto::UNDEFINED)
    return createConstant(HostTensor::fromInts(entry->constant->getShape(),
                                               entry->constant->ints(),
                                               onnx::TensorProto::INT32));
  return Emitter{*this}.cast(getIntegersAsFloat(*this, i),
                             state.builder.getI32Type());
}

LogicalResult NodeImporter::setIntegers(Value value, ElementType type, int i) {
  if (failed() || !value)
    return failure();
  if (hasOutput(i)) {
    Entry &entry = state.entries[node.output(i)];
    entry.value = value;
    entry.integers = type;
  }
  return success();
}

LogicalResult import::setWrapped(NodeImporter &node, Value value,
                                 ElementType type, int i) {
  Emitter e{node};
  IntegerRange range = *getIntegerRange(type);
  Value low = e.integers({}, {range.min}, value);
  if (range.min != 0)
    value = e.binary(BinaryFunction::Sub, value, low);
  value = e.binary(BinaryFunction::And, value,
                   e.integers({}, {range.max - range.min}, value));
  if (range.min != 0)
    value = e.binary(BinaryFunction::Add, value, low);
  value = e.cast(value, node.getBuilder().getF32Type());
  if (!range.isNarrow())
    return node.setIntegers(value, type, i);
  return setQuantized(node, value, Scaling{type, {1.0f}, {0}, {}}, i);
}
