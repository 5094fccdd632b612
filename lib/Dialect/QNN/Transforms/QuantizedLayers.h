//===- QuantizedLayers.h - Layers between casts -----------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What do the weights and biases of a layer look like that another tool
// quantized, and how do they become those of an integer layer? Part of
// qnn-prepare-qdq.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_DIALECT_QNN_TRANSFORMS_QUANTIZEDLAYERS_H
#define QNN_LIB_DIALECT_QNN_TRANSFORMS_QUANTIZEDLAYERS_H

#include "qnn/Dialect/QNN/IR/QNN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::qnn {

/// The quantized constant that `value` dequantizes, or null.
ConstantOp getDequantizedConstant(Value value);

/// `quant.dcast` of a constant with these integers.
Value createDequantized(OpBuilder &builder, Location loc,
                        ArrayRef<int32_t> values, RankedTensorType type);

/// A type of `width` bits with one scale per index of dimension 0 and zero
/// points 0.
Type getChannelType(MLIRContext *context, unsigned width,
                    ArrayRef<double> scales);

/// The zero point of channel `c`.
int64_t getZeroPoint(quant::QuantizedType type, int64_t c);

/// True when `type` has one scale, or one per index of dimension 0.
bool isPerChannel(quant::QuantizedType type);

/// The constant `bias` in steps of `scales`, before rounding; fails when it is
/// none. Integers whose scale is this one, rounded to f32 as files have it,
/// stay.
FailureOr<SmallVector<double>> getBiasSteps(Value bias,
                                            ArrayRef<double> scales);

/// Replaces the dequantized constants of `func` by float ones.
void dequantizeConstants(func::FuncOp func);

/// Symmetric weights, biases of scale input x weight, and what follows a layer
/// channel by channel in its weights and biases.
void populateQuantizedLayerPatterns(RewritePatternSet &patterns,
                                    bool emitRemarks);

/// The last of these.
void populateChannelMapPatterns(RewritePatternSet &patterns);

} // namespace mlir::qnn

#endif // QNN_LIB_DIALECT_QNN_TRANSFORMS_QUANTIZEDLAYERS_H
