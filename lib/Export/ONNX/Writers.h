//===- Writers.h - One ONNX writer for each kind of op ----------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What does this op look like in ONNX? Each `write` adds the nodes of one op
// and states its result. None of them fails: what ONNX cannot say is not in
// their list.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_EXPORT_ONNX_WRITERS_H
#define QNN_LIB_EXPORT_ONNX_WRITERS_H

#include "GraphWriter.h"

namespace mlir::qnn::exporting {

// Quantization.cpp
void write(GraphWriter &graph, ConstantOp op);
void write(GraphWriter &graph, ObserveOp op);
void write(GraphWriter &graph, RequantizeOp op);
void write(GraphWriter &graph, quant::QuantizeCastOp op);
void write(GraphWriter &graph, quant::DequantizeCastOp op);
void write(GraphWriter &graph, ToBF16Op op);

// Layers.cpp
void write(GraphWriter &graph, Conv2DOp op);
void write(GraphWriter &graph, FullyConnectedOp op);
void write(GraphWriter &graph, MatMulOp op);
void write(GraphWriter &graph, BiasOp op);
void write(GraphWriter &graph, BatchNormOp op);

// ElementWise.cpp
void write(GraphWriter &graph, AddOp op);
void write(GraphWriter &graph, SubOp op);
void write(GraphWriter &graph, MulOp op);
void write(GraphWriter &graph, DivOp op);
void write(GraphWriter &graph, ReluOp op);
void write(GraphWriter &graph, ClipOp op);
void write(GraphWriter &graph, LeakyReluOp op);
void write(GraphWriter &graph, SigmoidOp op);
void write(GraphWriter &graph, HardSigmoidOp op);
void write(GraphWriter &graph, HardSwishOp op);
void write(GraphWriter &graph, TanhOp op);
void write(GraphWriter &graph, SqrtOp op);
void write(GraphWriter &graph, ErfOp op);
void write(GraphWriter &graph, SoftmaxOp op);

// Pooling.cpp
void write(GraphWriter &graph, MaxPool2DOp op);
void write(GraphWriter &graph, AvgPool2DOp op);
void write(GraphWriter &graph, GlobalAvgPoolOp op);
void write(GraphWriter &graph, GlobalMaxPoolOp op);
void write(GraphWriter &graph, ReduceMeanOp op);

// Movement.cpp
void write(GraphWriter &graph, ConcatOp op);
void write(GraphWriter &graph, ReshapeOp op);
void write(GraphWriter &graph, TransposeOp op);
void write(GraphWriter &graph, PadOp op);
void write(GraphWriter &graph, SliceOp op);
void write(GraphWriter &graph, ResizeNearestOp op);

// General.cpp
void write(GraphWriter &graph, UnaryOp op);
void write(GraphWriter &graph, BinaryOp op);
void write(GraphWriter &graph, CompareOp op);
void write(GraphWriter &graph, SelectOp op);
void write(GraphWriter &graph, CastOp op);
void write(GraphWriter &graph, ReduceOp op);
void write(GraphWriter &graph, TopKOp op);
void write(GraphWriter &graph, GatherOp op);
void write(GraphWriter &graph, TakeOp op);
void write(GraphWriter &graph, ResampleOp op);

/// Adds a reduction over `axes` of the operand of `op`; `left` becomes the
/// layout of its result.
onnx::NodeProto *addReduction(GraphWriter &graph, Operation *op, StringRef type,
                              ArrayRef<int64_t> axes, bool keepDims,
                              bool axesAreOperand, Layout &left);

} // namespace mlir::qnn::exporting

#endif // QNN_LIB_EXPORT_ONNX_WRITERS_H
