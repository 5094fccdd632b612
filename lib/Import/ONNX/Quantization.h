//===- Quantization.h - Integers with a scale in an ONNX graph --*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How does a tensor of 8-bit integers, whose scale stands in the nodes around
// it, become a tensor of !quant.uniform, and how is it read as real numbers?
//
// A computed integer tensor has one of two forms (Entry::integers tells its
// ONNX type):
//   - of at most 8 bits: signed 8-bit storage, u8 shifted by -128, with the
//     scale and zero point of the node that made it (or of the first that reads
//     a model input), else scale 1, so that the real value is the integer;
//   - all others: the integers as f32 values.
// Tensors of i32 and i64 that no quantized op computes are plain ones.
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_IMPORT_ONNX_QUANTIZATION_H
#define QNN_LIB_IMPORT_ONNX_QUANTIZATION_H

#include "NodeImporter.h"

#include "qnn/Support/Numerics.h"

namespace mlir::qnn::import {

/// The range of an integer type of at most 16 bits.
struct IntegerRange {
  int32_t min, max;
  /// What makes the integers signed: -128 for u8, -8 for u4.
  int32_t shift() const { return min == 0 ? -(max / 2 + 1) : 0; }
  bool isNarrow() const { return max - min < 256; }
};
/// None for types that are not quantized to.
std::optional<IntegerRange> getIntegerRange(ElementType type);

/// Scales and zero points as a node gives them.
struct Scaling {
  ElementType type; ///< of the integers
  SmallVector<float> scales;
  SmallVector<int64_t> zeroPoints; ///< as many
  /// The dimension the scales belong to; none where there is one.
  std::optional<int64_t> axis;
  /// Of blocks along the axis; 0 for one scale per index.
  int64_t blockSize = 0;

  bool isPerTensor() const { return scales.size() == 1; }
};

/// Reads scale and zero point, inputs `scale` and `zeroPoint` of the node, for
/// integers of type `type` (by the zero point's where that is UNDEFINED) in a
/// tensor of shape `shape`. Reports what is wrong.
Scaling readScaling(NodeImporter &node, int scale, int zeroPoint,
                    ElementType type, ArrayRef<int64_t> shape,
                    std::optional<int64_t> axis, int64_t blockSize = 0);

/// The element type of integers with one scale, of at most 8 bits.
quant::UniformQuantizedType getElementType(MLIRContext *context,
                                           const Scaling &scaling);

/// Input `i`, integers, as real numbers: (q - zeroPoint) * scale. Null after an
/// error.
Value createDequantized(NodeImporter &node, int i, const Scaling &scaling);

/// The constant integers `tensor` as real numbers. Null after an error.
Value createDequantized(NodeImporter &node, const HostTensor &tensor,
                        const Scaling &scaling);

/// QuantizeLinear of constant floats.
HostTensor quantizeConstant(const HostTensor &tensor, const Scaling &scaling);

/// Quantizes `real` and makes it result `i` of the node.
LogicalResult setQuantized(NodeImporter &node, Value real,
                           const Scaling &scaling, int i = 0);

/// Result `i` is `value`, of i32 or i64, wrapped to integers of type `type`, of
/// at most 16 bits.
LogicalResult setWrapped(NodeImporter &node, Value value, ElementType type,
                         int i = 0);

/// The integers of computed input `i` as f32 values. Null after an error.
Value getIntegersAsFloat(NodeImporter &node, int i);

/// Result 0 is input `i`, computed integers, within the bounds.
LogicalResult narrowIntegers(NodeImporter &node, int i, int64_t low,
                             int64_t high);

/// Float ops of one node. Null operands give null results.
struct RealMath {
  NodeImporter &node;

  template <typename OpTy> Value binary(Value a, Value b) {
    if (!a || !b)
      return {};
    return node.create<OpTy>(a, b, FloatAttr(), FloatAttr());
  }
  template <typename OpTy> Value binary(Value a, float b) {
    return binary<OpTy>(a, constant({b}, {}));
  }
  Value constant(std::vector<float> values, ArrayRef<int64_t> shape) {
    return node.createConstant(
        HostTensor::fromFloats(shape, std::move(values)));
  }
  Value clip(Value x, float low, float high) {
    Builder &b = node.getBuilder();
    return x ? node.create<ClipOp>(x, b.getF32FloatAttr(low),
                                   b.getF32FloatAttr(high))
             : Value();
  }
  /// roundeven(x) for |x| <= 2^22.
  Value round(Value x) {
    return binary<SubOp>(binary<AddOp>(x, kRoundMagic), kRoundMagic);
  }
};

} // namespace mlir::qnn::import

#endif // QNN_LIB_IMPORT_ONNX_QUANTIZATION_H
