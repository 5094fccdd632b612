//===- WeightedLayer.h - Layers with weights --------------------*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What do convolutions and fully connected layers share, whichever loops
// compute them? Numbers known at compile time (weights, bias, factors; float
// weights may also be computed by the network), the proof that no accumulator
// overflows, and the arguments of their kernels. Input zero points are folded
// into the bias: sum (q - z) * w + b = sum q * w + (b - z * sum w).
//
//===----------------------------------------------------------------------===//

#ifndef QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WEIGHTEDLAYER_H
#define QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WEIGHTEDLAYER_H

#include "NetworkLowering.h"

#include "qnn/Dialect/Microkernel/IR/Microkernel.h"
#include "qnn/Dialect/QNN/IR/Formulas.h"

#include "llvm/Support/MathExtras.h"

namespace mlir::qnn {

/// The common parts of qnn.conv2d and qnn.fully_connected.
struct WeightedOp {
  explicit WeightedOp(Operation *op);

  Operation *op;
  Value input, weight, bias, residual, result; ///< bias, residual: may be null
  OpOperand *residualUse = nullptr;            ///< where `residual` is read
  ClampBounds clamp;
};

/// The arguments of a kernel of a layer, absent ones null: memory and numbers
/// at the call, block arguments inside the kernel.
struct LayerArguments {
  Value input, weights, output;
  Value bias, scale;                  ///< memory: one value per channel
  Value residual;                     ///< memory
  Value low, high;                    ///< f32, as microkernel.brgemm takes them
  Value zeroPoint;                    ///< i32
  Value residualFactor, residualZero; ///< f32, i32
  Value steps, stepOffsets;           ///< memory: see StepProof.h
  Value tiles;                        ///< memory: shapes of tile registers

  /// The present ones, in the order of the kernel's parameters.
  SmallVector<Value> present() const;
  /// The same arguments inside the kernel. Precondition: one parameter for each
  /// present argument.
  LayerArguments inside(ValueRange parameters) const;
  /// Says which are present.
  std::string key() const;
};

/// The constants of one layer and the arguments of its kernel.
class WeightedLayer {
public:
  WeightedLayer(NetworkLowering &net, Operation *op);

  /// Reads the constants and folds the zero point of the input; reports what it
  /// does not support.
  LogicalResult read();

  /// The arguments of a kernel on `input` and `output` but for the weights;
  /// reads the buffer of the residual.
  LayerArguments makeArguments(const Buffer &input, const Buffer &output);
  bool isImage() const { return isa<Conv2DOp>(op.op); }
  /// Elements that one step multiplies: see microkernel.brgemm.
  int64_t stepElements() const {
    return isBF16 ? 2 : isFloat ? 1 : microkernel::kStepElements;
  }
  /// What the code of a kernel with these arguments depends on.
  std::string key(const LayerArguments &arguments, const Buffer &input,
                  const Buffer &output) const;

  NetworkLowering &net;
  WeightedOp op;
  bool isFloat, isAccumulator;   ///< kind of the result
  bool endsInFloat = false;      ///< of an accumulator: see takeFloatEnd()
  bool isBF16 = false;           ///< factors are; sums are float
  bool packsAtRunTime = false;   ///< weights are not constant (float only)
  bool hasNarrowWeights = false; ///< of at most four bits
  bool multipliesNarrow = false; ///< its kernel reads them two to a byte
  SmallVector<float> floatWeights, floatBias;
  SmallVector<uint16_t> pairedWeights; ///< of bf16 layers: runs of whole pairs
  SmallVector<int32_t> weights, bias;  ///< bias: less z * sum w
  SmallVector<float> factors;          ///< f32(s_x * s_w / s_y) per channel
  SmallVector<FixedPointFactor> fixedFactors; ///< the same in fixed point
  SmallVector<int64_t> magnitudes; ///< bound of |accumulator| per channel
  Buffer residual;                 ///< when there is one
  /// True when no integer weight is -128.
  bool hasSymmetricWeights() const;
  /// The largest stored byte that the input holds where it is multiplied.
  int64_t largestInput() const;

private:
  /// Lets the kernel dequantize an accumulator that nothing else reads, and do
  /// an addition to something computed before: `op` then has the result, the
  /// residual and the clamp of the last of these ops.
  void takeFloatEnd();
  /// A contiguous copy that kernels may read beyond.
  Value copyToArena(const Buffer &values);
  LogicalResult readFloats(ElementsAttr weight, ElementsAttr bias);
  LogicalResult readPairs(ElementsAttr weight);
  LogicalResult readIntegers(ElementsAttr weight, ElementsAttr bias);
  LogicalResult foldZeroPoint();
  bool needsBounds(const StoredParams &params) const;
  void addFinishing(LayerArguments &arguments);
};

} // namespace mlir::qnn

#endif // QNN_LIB_CONVERSION_QNNTOMICROKERNEL_WEIGHTEDLAYER_H
