//===- QNNDialect.cpp - Dialect registration and type queries -------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/IR/QNN.h"

using namespace mlir;
using namespace mlir::qnn;

#include "qnn/Dialect/QNN/IR/QNNDialect.cpp.inc"
#include "qnn/Dialect/QNN/IR/QNNEnums.cpp.inc"
#include "qnn/Dialect/QNN/IR/QNNInterfaces.cpp.inc"

namespace {
/// Per-axis types list one scale per channel: an alias keeps the ops readable.
struct QNNOpAsmInterface final : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;
  AliasResult getAlias(Type type, raw_ostream &os) const override {
    if (isa<quant::UniformQuantizedPerAxisType>(type)) {
      os << "per_axis";
      return AliasResult::FinalAlias;
    }
    return AliasResult::NoAlias;
  }
};

/// Casts with one scale are element-wise.
template <typename CastOp>
struct CastRenamesDimensions final
    : RenamesDimensionsOpInterface::ExternalModel<CastRenamesDimensions<CastOp>,
                                                  CastOp> {};
} // namespace

void QNNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "qnn/Dialect/QNN/IR/QNNOps.cpp.inc"
      >();
  addInterfaces<QNNOpAsmInterface>();
  quant::QuantizeCastOp::attachInterface<
      CastRenamesDimensions<quant::QuantizeCastOp>>(*getContext());
  quant::DequantizeCastOp::attachInterface<
      CastRenamesDimensions<quant::DequantizeCastOp>>(*getContext());
}

Operation *QNNDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || !(isNetworkTensor(type) || isPlainTensor(type)))
    return nullptr;
  return builder.create<ConstantOp>(loc, type, elements);
}

bool qnn::isNetworkTensor(Type type) {
  return isFloatTensor(type) || isQuantizedTensor(type);
}

bool qnn::isFloatTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getElementType().isF32();
}

bool qnn::isIntegerTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return false;
  Type element = tensor.getElementType();
  return element.isSignlessInteger(1) || element.isSignlessInteger(32) ||
         element.isSignlessInteger(64);
}

bool qnn::isPlainTensor(Type type) {
  return isFloatTensor(type) || isIntegerTensor(type);
}

bool qnn::isBF16Tensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getElementType().isBF16();
}

bool qnn::isQuantizedTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() &&
         isa<quant::UniformQuantizedType, quant::UniformQuantizedPerAxisType>(
             tensor.getElementType());
}

bool qnn::isActivationTensor(Type type) {
  return isFloatTensor(type) || getUniformElementType(type);
}

bool qnn::isAccumulatorTensor(Type type) {
  quant::QuantizedType element = getQuantizedElementType(type);
  if (!element || element.getStorageTypeIntegralWidth() != 32)
    return false;
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(element))
    return uniform.getZeroPoint() == 0;
  return llvm::all_of(
      cast<quant::UniformQuantizedPerAxisType>(element).getZeroPoints(),
      [](int64_t zeroPoint) { return zeroPoint == 0; });
}

quant::QuantizedType qnn::getQuantizedElementType(Type type) {
  if (!isQuantizedTensor(type))
    return nullptr;
  return cast<quant::QuantizedType>(
      cast<RankedTensorType>(type).getElementType());
}

quant::UniformQuantizedType qnn::getUniformElementType(Type type) {
  return dyn_cast_or_null<quant::UniformQuantizedType>(
      getQuantizedElementType(type));
}

double qnn::getScale(quant::QuantizedType type, int64_t index) {
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type))
    return uniform.getScale();
  return cast<quant::UniformQuantizedPerAxisType>(type).getScales()[index];
}

StringRef qnn::getLayerName(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name.getName().getValue();
  return op->getName().getStringRef();
}
