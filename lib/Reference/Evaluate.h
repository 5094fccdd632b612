//===- Evaluate.h - One function per op of the interpreter ------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to lib/Reference: the evaluation of each op, called by interpretOp
// after it has checked that all types are supported, and the helpers they
// share. Each function emits an error at `op` before it fails.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_REFERENCE_EVALUATE_H
#define QNN_LIB_REFERENCE_EVALUATE_H

#include "qnn/Dialect/QNN/IR/Formulas.h"
#include "qnn/Reference/Tensor.h"

namespace mlir::qnn {

using Operands = ArrayRef<Tensor>;

// MatrixProducts.cpp
FailureOr<Tensor> evaluate(Conv2DOp op, Operands operands);
FailureOr<Tensor> evaluate(FullyConnectedOp op, Operands operands);
FailureOr<Tensor> evaluate(MatMulOp op, Operands operands);
FailureOr<Tensor> evaluate(BiasOp op, Operands operands);

// Elementwise.cpp
FailureOr<Tensor> evaluate(AddOp op, Operands operands);
FailureOr<Tensor> evaluate(SubOp op, Operands operands);
FailureOr<Tensor> evaluate(MulOp op, Operands operands);
FailureOr<Tensor> evaluate(DivOp op, Operands operands);
FailureOr<Tensor> evaluate(ReluOp op, Operands operands);
FailureOr<Tensor> evaluate(ClipOp op, Operands operands);
FailureOr<Tensor> evaluate(LeakyReluOp op, Operands operands);
FailureOr<Tensor> evaluate(SigmoidOp op, Operands operands);
FailureOr<Tensor> evaluate(HardSigmoidOp op, Operands operands);
FailureOr<Tensor> evaluate(HardSwishOp op, Operands operands);
FailureOr<Tensor> evaluate(TanhOp op, Operands operands);
FailureOr<Tensor> evaluate(SqrtOp op, Operands operands);
FailureOr<Tensor> evaluate(ErfOp op, Operands operands);
FailureOr<Tensor> evaluate(SoftmaxOp op, Operands operands);
FailureOr<Tensor> evaluate(BatchNormOp op, Operands operands);

// Functions.cpp
FailureOr<Tensor> evaluate(UnaryOp op, Operands operands);
FailureOr<Tensor> evaluate(BinaryOp op, Operands operands);
FailureOr<Tensor> evaluate(CompareOp op, Operands operands);
FailureOr<Tensor> evaluate(SelectOp op, Operands operands);
FailureOr<Tensor> evaluate(CastOp op, Operands operands);

// Reductions.cpp
FailureOr<Tensor> evaluate(ReduceOp op, Operands operands);
FailureOr<Tensor> evaluate(TopKOp op, Operands operands);
FailureOr<Tensor> evaluate(GatherOp op, Operands operands);
FailureOr<Tensor> evaluate(ResampleOp op, Operands operands);

// Pooling.cpp
FailureOr<Tensor> evaluate(MaxPool2DOp op, Operands operands);
FailureOr<Tensor> evaluate(AvgPool2DOp op, Operands operands);
FailureOr<Tensor> evaluate(GlobalAvgPoolOp op, Operands operands);
FailureOr<Tensor> evaluate(GlobalMaxPoolOp op, Operands operands);
FailureOr<Tensor> evaluate(ReduceMeanOp op, Operands operands);

// Movement.cpp
FailureOr<Tensor> evaluate(ConcatOp op, Operands operands);
FailureOr<Tensor> evaluate(ReshapeOp op, Operands operands);
FailureOr<Tensor> evaluate(TransposeOp op, Operands operands);
FailureOr<Tensor> evaluate(PadOp op, Operands operands);
FailureOr<Tensor> evaluate(SliceOp op, Operands operands);
FailureOr<Tensor> evaluate(ResizeNearestOp op, Operands operands);
FailureOr<Tensor> evaluate(TakeOp op, Operands operands);

// Quantization.cpp
FailureOr<Tensor> evaluate(ConstantOp op, Operands operands);
FailureOr<Tensor> evaluate(ObserveOp op, Operands operands);
FailureOr<Tensor> evaluate(ToBF16Op op, Operands operands);
FailureOr<Tensor> evaluate(RequantizeOp op, Operands operands);
FailureOr<Tensor> evaluate(quant::QuantizeCastOp op, Operands operands);
FailureOr<Tensor> evaluate(quant::DequantizeCastOp op, Operands operands);

/// Every element quantized to the (per-tensor or per-axis) type `type`; an
/// error at `op` when an i32 storage cannot hold a value.
FailureOr<Tensor> quantizeTensor(Operation *op, const Tensor &input,
                                 RankedTensorType type);
/// Every element dequantized to f32.
Tensor dequantizeTensor(const Tensor &input);
/// `input` requantized to the per-tensor type `type`.
Tensor requantizeTensor(const Tensor &input, RankedTensorType type,
                        bool fixedPoint);

/// offsets[d][i]: what index i of result dimension d adds to the offset of the
/// element read.
using OffsetTable = SmallVector<SmallVector<int64_t>>;

/// Calls `visit(position, offset)` for every element of a result of shape
/// `shape` in row-major order: its position and the offset to read.
template <typename Fn>
void forEachOffset(ArrayRef<int64_t> shape, const OffsetTable &offsets,
                   Fn &&visit) {
  int64_t count = ShapedType::getNumElements(shape);
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t position = 0; position < count; ++position) {
    int64_t offset = 0;
    for (size_t d = 0; d < shape.size(); ++d)
      offset += offsets[d][index[d]];
    visit(position, offset);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
  }
}

/// The offsets that read `from` as if it had the (NumPy-broadcast) shape `to`.
OffsetTable getBroadcastOffsets(ArrayRef<int64_t> from, ArrayRef<int64_t> to);

} // namespace mlir::qnn

#endif // QNN_LIB_REFERENCE_EVALUATE_H
