//===- Interpreter.cpp - Runs a function op by op -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Reference/Interpreter.h"

#include "Evaluate.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnn;

//===----------------------------------------------------------------------===//
// One op
//===----------------------------------------------------------------------===//

/// Types the arithmetic is defined for: at most 32 bits, 32-bit integers with
/// zero point 0.
static LogicalResult checkType(Operation *op, Type type) {
  if (!Tensor::isSupportedType(type))
    return op->emitOpError(
               "expected static tensors of f32, bf16 or of at "
               "most 32-bit integers and at most 2^31 elements, got ")
           << type;
  quant::QuantizedType element = getQuantizedElementType(type);
  if (element && element.getStorageTypeIntegralWidth() > 16 &&
      !isAccumulatorTensor(type))
    return op->emitOpError("expected 32-bit storage with zero point 0, got ")
           << type;
  return success();
}

/// Ops that define a 32-bit result. All others end in `saturate`, which is
/// defined for 8 and 16 bits.
static bool mayReturnAccumulator(Operation *op) {
  if (isa<CommutesWithQDQ>(op))
    return true;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<ConstantOp, quant::QuantizeCastOp, Conv2DOp, FullyConnectedOp,
            MatMulOp, BiasOp>([](auto) { return true; })
      .Default(false);
}

static FailureOr<Tensor> evaluateAny(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, FailureOr<Tensor>>(op)
      .Case<ConstantOp, ObserveOp, ToBF16Op, RequantizeOp,
            quant::QuantizeCastOp, quant::DequantizeCastOp, Conv2DOp,
            FullyConnectedOp, MatMulOp, BiasOp, AddOp, SubOp, MulOp, DivOp,
            ReluOp, ClipOp, LeakyReluOp, SigmoidOp, HardSigmoidOp, HardSwishOp,
            TanhOp, SqrtOp, ErfOp, SoftmaxOp, BatchNormOp, MaxPool2DOp,
            AvgPool2DOp, GlobalAvgPoolOp, GlobalMaxPoolOp, ReduceMeanOp,
            ConcatOp, ReshapeOp, TransposeOp, PadOp, SliceOp, ResizeNearestOp,
            TakeOp, UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, ReduceOp,
            TopKOp, GatherOp, ResampleOp>(
          [&](auto typed) { return evaluate(typed, operands); })
      .Case([&](arith::ConstantOp constant) -> FailureOr<Tensor> {
        auto value = dyn_cast<ElementsAttr>(constant.getValue());
        if (!value)
          return constant.emitOpError("expected a tensor constant");
        return Tensor::fromElementsAttr(
            value, cast<RankedTensorType>(constant.getType()),
            [&] { return constant.emitOpError(); });
      })
      .Default([](Operation *other) {
        return other->emitOpError("cannot be interpreted: expected ops of the "
                                  "stages up to Quantized");
      });
}

FailureOr<Tensor> qnn::interpretOp(Operation *op, ArrayRef<Tensor> operands) {
  assert(operands.size() == op->getNumOperands());
  for (Type type : op->getOperandTypes())
    if (failed(checkType(op, type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (failed(checkType(op, type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (isAccumulatorTensor(type) && !mayReturnAccumulator(op))
      return op->emitOpError("expected a result of 8- or 16-bit storage, got ")
             << type;
  return evaluateAny(op, operands);
}

//===----------------------------------------------------------------------===//
// A function
//===----------------------------------------------------------------------===//

namespace {
/// The tensors alive during the run of one block. Constants are not kept: they
/// are read from their attribute at each use, so that only the weights of the
/// op being executed exist twice.
class Frame {
public:
  void define(Value value, Tensor tensor) {
    int64_t uses = std::distance(value.use_begin(), value.use_end());
    if (uses > 0)
      live[value] = {std::move(tensor), uses};
  }

  /// One use of `value`; frees the tensor with the last one.
  FailureOr<Tensor> use(Value value) {
    Operation *producer = value.getDefiningOp();
    if (producer && producer->hasTrait<OpTrait::ConstantLike>())
      return interpretOp(producer, {});
    auto it = live.find(value);
    assert(it != live.end() && "use before definition");
    Tensor tensor = it->second.tensor;
    if (--it->second.usesLeft == 0)
      live.erase(it);
    return tensor;
  }

  FailureOr<SmallVector<Tensor>> useAll(ValueRange values) {
    SmallVector<Tensor> tensors;
    for (Value value : values) {
      FailureOr<Tensor> tensor = use(value);
      if (failed(tensor))
        return failure();
      tensors.push_back(*tensor);
    }
    return tensors;
  }

private:
  struct Entry {
    Tensor tensor;
    int64_t usesLeft = 0;
  };
  llvm::DenseMap<Value, Entry> live;
};
} // namespace

/// The arguments match the signature and the body is one block.
static LogicalResult checkCall(func::FuncOp func, ArrayRef<Tensor> inputs) {
  if (!llvm::hasSingleElement(func.getBody()))
    return func.emitOpError("expected a body of one block");
  if (inputs.size() != func.getNumArguments())
    return func.emitOpError("expected ")
           << func.getNumArguments() << " inputs, got " << inputs.size();
  for (auto [i, type] : llvm::enumerate(func.getArgumentTypes()))
    if (inputs[i].getType() != type)
      return func.emitOpError("expected input ")
             << i << " of type " << type << ", got " << inputs[i].getType();
  return success();
}

FailureOr<SmallVector<Tensor>> qnn::interpret(func::FuncOp func,
                                              ArrayRef<Tensor> inputs,
                                              ObserveCallback observe) {
  if (failed(checkCall(func, inputs)))
    return failure();
  Frame frame;
  for (auto [argument, tensor] : llvm::zip(func.getArguments(), inputs))
    frame.define(argument, tensor);
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      continue;
    FailureOr<SmallVector<Tensor>> operands = frame.useAll(op.getOperands());
    if (failed(operands))
      return failure();
    FailureOr<Tensor> result = interpretOp(&op, *operands);
    if (failed(result))
      return failure();
    auto observed = dyn_cast<ObserveOp>(op);
    if (observed && observe)
      observe(observed, *result);
    frame.define(op.getResult(0), *result);
  }
  return frame.useAll(func.getBody().front().getTerminator()->getOperands());
}
