//===- Boundary.cpp - Integers at a model's inputs and outputs ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Boundary.h"

#include "Quantization.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::TensorProto;

/// The same integers in a type of the ONNX type's signedness, as a model has
/// them at its inputs and outputs.
static quant::UniformQuantizedType
getBoundaryType(quant::UniformQuantizedType type, ElementType onnxType) {
  if (onnxType != TensorProto::UINT8)
    return type;
  return quant::UniformQuantizedType::get(
      0, type.getStorageType(), type.getExpressedType(), type.getScale(),
      type.getZeroPoint() + 128, type.getStorageTypeMin() + 128,
      type.getStorageTypeMax() + 128);
}

/// The inputs of a node that hold the scale and zero point of its input
/// `input`; none when it has none.
static std::optional<std::pair<int, int>>
getScalingInputs(const onnx::NodeProto &node, int input) {
  if (node.op_type() == "DequantizeLinear" && input == 0)
    return std::pair(1, 2);
  if (StringRef(node.op_type()).starts_with("QLinear") && input % 3 == 0)
    return std::pair(input + 1, input + 2);
  return std::nullopt;
}

quant::UniformQuantizedType import::getInputType(MLIRContext *context,
                                                 const onnx::GraphProto &graph,
                                                 const GraphState &state,
                                                 StringRef name,
                                                 ElementType type) {
  Scaling scaling;
  scaling.type = type;
  scaling.scales = {1.0f};
  scaling.zeroPoints = {0};
  auto getConstant = [&](const onnx::NodeProto &node, int i) {
    auto it = i < node.input_size() ? state.entries.find(node.input(i))
                                    : state.entries.end();
    return it != state.entries.end() && it->second.constant &&
                   it->second.constant->getNumElements() == 1
               ? &*it->second.constant
               : nullptr;
  };
  for (const auto &node : graph.node())
    for (int i = 0; i < node.input_size(); ++i) {
      auto inputs =
          node.input(i) == name ? getScalingInputs(node, i) : std::nullopt;
      if (!inputs)
        continue;
      const HostTensor *scale = getConstant(node, inputs->first);
      const HostTensor *zero = getConstant(node, inputs->second);
      if (!scale || !scale->isFloat() || !(scale->floats()[0] > 0) ||
          !std::isfinite(scale->floats()[0]))
        continue;
      scaling.scales = {scale->floats()[0]};
      if (zero && zero->getType() == type)
        scaling.zeroPoints = {zero->ints()[0]};
      return getBoundaryType(getElementType(context, scaling), type);
    }
  return getBoundaryType(getElementType(context, scaling), type);
}

void import::importIntegers(OpBuilder &builder, Entry &entry,
                            ElementType type) {
  entry.integers = type;
  auto tensor = cast<RankedTensorType>(entry.value.getType());
  auto outside = getUniformElementType(tensor);
  if (outside.isSigned())
    return;
  auto inside = quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, outside.getStorageType(),
      outside.getExpressedType(), outside.getScale(),
      outside.getZeroPoint() - 128, outside.getStorageTypeMin() - 128,
      outside.getStorageTypeMax() - 128);
  entry.value = builder.create<RequantizeOp>(entry.value.getLoc(),
                                             tensor.clone(inside), entry.value);
}

FailureOr<Value> import::exportIntegers(OpBuilder &builder, Entry &entry,
                                        Location loc) {
  auto tensor = cast<RankedTensorType>(entry.value.getType());
  if (entry.integers == TensorProto::INT32)
    return Value(builder.create<CastOp>(loc, tensor.clone(builder.getI32Type()),
                                        entry.value));
  if (entry.integers != TensorProto::UINT8 &&
      entry.integers != TensorProto::INT8)
    return emitError(loc)
           << "expected a model output of type float, bool, int8, uint8, int32 "
              "or int64, got "
           << formatType(entry.integers) << ": end the model with a "
           << "DequantizeLinear";
  auto inside = getUniformElementType(tensor);
  Value value = entry.value;
  if (!inside) {
    inside = getElementType(builder.getContext(),
                            Scaling{entry.integers, {1.0f}, {0}, {}});
    value =
        builder.create<quant::QuantizeCastOp>(loc, tensor.clone(inside), value);
  }
  auto outside = getBoundaryType(inside, entry.integers);
  if (outside == inside)
    return value;
  return Value(builder.create<RequantizeOp>(loc, tensor.clone(outside), value));
}
