//===- QNN.h - The qnn dialect: types, interfaces, ops ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The umbrella header of the dialect: everything a pass, the importer or the
// interpreter needs to build and read network graphs.
//
// Layouts: activations NHWC, convolution weights OHWI, fully connected weights
// [outputs, inputs]. Scales are f32 values held as double; zero points are in
// the range of the storage type; axes are 0-based.
//
// Usage:
//   auto conv = createInferred<Conv2DOp>(builder, loc, elementType, operands,
//                                        attributes);
//   if (failed(conv)) ...   // an error was emitted at loc
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_IR_QNN_H
#define QNN_DIALECT_QNN_IR_QNN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "qnn/Dialect/QNN/IR/QNNDialect.h.inc"
#include "qnn/Dialect/QNN/IR/QNNEnums.h.inc"
#include "qnn/Dialect/QNN/IR/QNNInterfaces.h.inc"

#define GET_OP_CLASSES
#include "qnn/Dialect/QNN/IR/QNNOps.h.inc"

namespace mlir::qnn {

/// On the function of a network that was quantized before it was imported,
/// whatever its tensors tell.
inline constexpr StringLiteral kQuantizedAttr = "qnn.quantized";

/// True for a statically shaped tensor of f32.
bool isFloatTensor(Type type);
/// True for a statically shaped tensor of bf16: the rounded operand of a
/// product.
bool isBF16Tensor(Type type);
/// True for a statically shaped tensor of !quant.uniform values, per tensor or
/// per axis.
bool isQuantizedTensor(Type type);
/// True for a statically shaped tensor of f32, i1, i32 or i64.
bool isPlainTensor(Type type);
/// True for a statically shaped tensor of i1, i32 or i64.
bool isIntegerTensor(Type type);
/// isFloatTensor or isQuantizedTensor.
bool isNetworkTensor(Type type);
/// A network tensor without per-axis scales.
bool isActivationTensor(Type type);
/// True for a quantized tensor stored as i32 with zero point 0: the
/// accumulator of a convolution or matrix product, or a bias.
bool isAccumulatorTensor(Type type);

/// The quantized element type of a tensor, or null.
quant::QuantizedType getQuantizedElementType(Type type);
/// The per-tensor quantized element type of a tensor, or null.
quant::UniformQuantizedType getUniformElementType(Type type);

/// Scale of channel `index` of a quantized type; per-tensor types have one
/// scale for every channel.
double getScale(quant::QuantizedType type, int64_t index);

/// The name that reports, caches and rules use for an op: the NameLoc the
/// importer left, or the op name.
StringRef getLayerName(Operation *op);

/// The NumPy broadcast of two shapes; none when they do not broadcast.
std::optional<SmallVector<int64_t>> broadcastShapes(ArrayRef<int64_t> a,
                                                    ArrayRef<int64_t> b);

/// Output size of a window op along one dimension (ONNX Conv/Pool formula);
/// negative when the window does not fit.
int64_t getWindowOutputSize(int64_t input, int64_t kernel, int64_t stride,
                            int64_t dilation, int64_t padBefore,
                            int64_t padAfter, bool ceilMode);

/// Creates a shaped op of result element type `elementType`, with the result
/// shape inferred from operands and attributes. Reports an error at `loc` and
/// creates nothing when the shape cannot be inferred.
template <typename OpTy, typename... Args>
FailureOr<OpTy> createInferred(OpBuilder &builder, Location loc,
                               Type elementType, Args &&...args) {
  // The shape is not known before the op exists: build with a placeholder.
  OpTy op = builder.create<OpTy>(loc, RankedTensorType::get({}, elementType),
                                 std::forward<Args>(args)...);
  FailureOr<SmallVector<int64_t>> shape =
      op.inferShape([&] { return emitError(loc); });
  if (failed(shape)) {
    op.erase();
    return failure();
  }
  op.getResult().setType(RankedTensorType::get(*shape, elementType));
  return op;
}

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_IR_QNN_H
