//===- Transforms.h - Patterns and helpers of the qnn passes ----*- C++ -*-===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which tensors of a network will carry a scale, and which rewrites do the
// passes consist of? Called by the passes of Passes.td, the calibration run and
// anybody who composes passes of their own.
//
// Stateless; a function may be analysed by one thread at a time. Vocabulary:
//   - an op *runs in int8* when it has an integer form, no attribute
//     `qnn.precision = "float"`, and constant weights and biases;
//   - it *moves* int8 when it also commutes with dequantization (max pool,
//     reshape, ...): its result inherits the scale of its operand;
//   - else it *computes* in int8: its activations and result carry scales;
//   - the *root* of a tensor is found by going up through ops that move int8.
//
// Usage:
//   for (Value tensor : getScaledTensors(func))
//     ...                                   // arguments, then program order
//
//===----------------------------------------------------------------------===//

#ifndef QNN_DIALECT_QNN_TRANSFORMS_TRANSFORMS_H
#define QNN_DIALECT_QNN_TRANSFORMS_TRANSFORMS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/MapVector.h"

#include "qnn/Dialect/QNN/IR/QNN.h"
#include "qnn/Support/Numerics.h"

namespace mlir::qnn {

/// The discardable attribute that keeps an op "float", or "int8" whatever that
/// costs; "int4" is int8 with weights of 4 bits, "int16" with activations
/// of 16; "bf16" is float for a product whose operands are rounded to bf16.
inline constexpr StringLiteral kPrecisionAttr = "qnn.precision";
/// The values it takes.
inline constexpr StringLiteral kPrecisions[] = {"float", "int8", "int4",
                                                "int16", "bf16"};
/// Argument and result attribute with the name of the model's tensor.
inline constexpr StringLiteral kTensorNameAttr = "qnn.name";

/// How the remarks begin that say why a layer is float: because the user wants
/// it so, because a pass decided so (or the search for precisions), or because
/// nothing quantized it.
inline constexpr StringLiteral kFloatByRuleRemark = "keeps float by rule ";
/// How the remark on a layer that multiplies in bf16 begins.
inline constexpr StringLiteral kBF16Remark = "multiplies in bf16";
inline constexpr StringLiteral kKeepsFloatRemark = "keeps float ";
inline constexpr StringLiteral kFloatForAccuracyRemark =
    "keeps float for accuracy";
inline constexpr StringLiteral kStaysFloatRemark = "stays float: ";

/// True when `op` carries `qnn.precision = "float"` or "bf16".
bool isKeptFloat(Operation *op);
/// True when `op` carries any other `qnn.precision`.
bool isKeptInt8(Operation *op);
/// True when `op` carries `qnn.precision = "bf16"`.
bool isMarkedBF16(Operation *op);
/// Why a convolution, fully connected layer or matrix product on f32 tensors
/// has no bf16 form; empty when it has one.
StringRef whyNotBF16(Operation *op);
/// The bits of the weights that `op` gets in integers: 4 or 8.
int getWeightBits(Operation *op);
/// On what qnn-quantize makes of a layer marked "int16": two int8 layers, and
/// the float ops around them.
inline constexpr StringLiteral kWidePartAttr = "qnn.int16_part";
/// True when `op` carries `qnn.precision = "int16"`.
bool hasWideActivations(Operation *op);
/// True when `op` has an integer form and nothing keeps it float.
bool runsInInt8(Operation *op);
/// True when `op` runs in int8 and commutes with dequantization.
bool movesInt8(Operation *op);
/// True when `op` runs in int8 and its activations and result carry scales.
bool computesInInt8(Operation *op);

/// True when nothing follows the sum of a weighted `op`: neither residual nor
/// clamp, so that its i32 accumulator may be its result.
bool endsInAccumulator(Operation *op);
/// True when the owner of `operand` reads it as integers: it computes in int8,
/// or moves values to an op that does.
bool readsScale(OpOperand &operand);
/// True when `op` computes in int8 and nothing reads its result as integers, so
/// that its accumulator becomes f32 without being rounded to 8 bits.
bool leavesFloat(Operation *op);

/// The tensor whose scale `value` has: `value` itself or, through ops that move
/// int8, an operand further up.
Value getScaleRoot(Value value);

/// Every tensor that carries a scale of its own: the roots of the activation
/// operands, and the results, of all ops that compute in int8. Each once;
/// function arguments first, then in program order.
SmallVector<Value> getScaledTensors(func::FuncOp func);

/// The range of `value` where mathematics fixes it (softmax, tanh, ...).
std::optional<std::pair<double, double>> getFixedRange(Value value);

/// Types of tensors; an observed one is named by the result of its qnn.observe.
using TensorTypes = llvm::MapVector<Value, quant::UniformQuantizedType>;

/// The type of every scaled tensor of a Calibrated graph that is not quantized
/// yet, in the order of getScaledTensors. On failure an error was emitted.
FailureOr<TensorTypes> findTensorTypes(func::FuncOp func);

/// Discardable attributes of a weighted layer, read by quantizeWeights only, so
/// that float execution does not depend on them: the integers its weights
/// become (i8 elements, each a neighbour of weight / scale) if they have 8 bits
/// and if they have 4, and what is added to its biases before they are rounded
/// (f32 elements, one per channel).
inline constexpr StringLiteral kRoundedWeightsAttr = "qnn.rounded_weights";
inline constexpr StringLiteral kRoundedInt4WeightsAttr =
    "qnn.rounded_int4_weights";
inline constexpr StringLiteral kBiasCorrectionAttr = "qnn.bias_correction";

/// On a weighted layer whose channels share one weight scale.
inline constexpr StringLiteral kPerTensorWeightsAttr = "qnn.per_tensor_weights";

/// The integer form of a weighted layer with C output channels.
struct QuantizedWeights {
  int bits = 8;                ///< of a weight
  SmallVector<int8_t> weights; ///< [C][depth]
  SmallVector<int32_t> biases; ///< one per channel, or none
  SmallVector<double> scales;  ///< of the weights of each channel
};

/// Quantizes the constant weights and biases of `op` for an input of parameters
/// `input`. A channel whose bias or accumulator would leave i32 gets twice the
/// scale until they fit. On failure an error that names the remedy was emitted.
/// `bits`: of a weight; none: what the precision of `op` says. Precondition:
/// `op` has a constant weight operand.
FailureOr<QuantizedWeights>
quantizeWeights(QuantizableOpInterface op, const QuantParams &input,
                std::optional<int> bits = std::nullopt);
/// The attribute with the chosen integers of so many bits.
inline StringRef getRoundedWeightsAttr(int bits) {
  return bits == 4 ? kRoundedInt4WeightsAttr : kRoundedWeightsAttr;
}

/// The parts of `qnn-fuse-epilogue`.
void populateFuseEpiloguePatterns(RewritePatternSet &patterns,
                                  bool emitRemarks = false);

/// The parts of `qnn-fold-qdq`.
void populateFoldQDQPatterns(RewritePatternSet &patterns,
                             bool emitRemarks = false);

} // namespace mlir::qnn

#endif // QNN_DIALECT_QNN_TRANSFORMS_TRANSFORMS_H
