//===- ScaledTensors.cpp - Which tensors carry a scale --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Dialect/QNN/Transforms/Transforms.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::qnn;

static bool hasPrecision(Operation *op, StringRef precision) {
  auto attribute = op->getAttrOfType<StringAttr>(kPrecisionAttr);
  return attribute && attribute.getValue() == precision;
}

bool qnn::isKeptFloat(Operation *op) {
  return hasPrecision(op, "float") || isMarkedBF16(op);
}

bool qnn::isMarkedBF16(Operation *op) { return hasPrecision(op, "bf16"); }

bool qnn::isKeptInt8(Operation *op) {
  return op->hasAttr(kPrecisionAttr) && !isKeptFloat(op);
}

bool qnn::hasWideActivations(Operation *op) {
  return hasPrecision(op, "int16");
}

int qnn::getWeightBits(Operation *op) {
  return hasPrecision(op, "int4") ? 4 : 8;
}

/// A constant, or the dequantized constant that qnn-quantize makes of it.
static bool isConstant(Value value) {
  if (auto dequantize = value.getDefiningOp<quant::DequantizeCastOp>())
    value = dequantize.getArg();
  return value.getDefiningOp<ConstantOp>();
}

bool qnn::runsInInt8(Operation *op) {
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  if (!quantizable || isKeptFloat(op) || op->getNumResults() != 1)
    return false;
  for (OpOperand *constant :
       {quantizable.getWeightOperand(), quantizable.getBiasOperand()})
    if (constant && !isConstant(constant->get()))
      return false;
  return llvm::all_of(op->getOperandTypes(), isFloatTensor) &&
         isFloatTensor(op->getResult(0).getType());
}

bool qnn::movesInt8(Operation *op) {
  auto commuting = dyn_cast<CommutesWithQDQ>(op);
  return commuting && commuting.commutesWithQDQ() && runsInInt8(op);
}

bool qnn::computesInInt8(Operation *op) {
  return runsInInt8(op) && !movesInt8(op);
}

bool qnn::endsInAccumulator(Operation *op) {
  auto fusable = dyn_cast<RequantFusableOpInterface>(op);
  if (!fusable || fusable.getClampMinAttr() || fusable.getClampMaxAttr())
    return false;
  std::optional<MutableOperandRange> residual = fusable.getResidualRange();
  return !residual || residual->empty();
}

/// True when `op` reads its operand as integers: it computes in int8, or moves
/// values to an op that does.
static bool readsIntegers(Operation *op) {
  if (computesInInt8(op))
    return true;
  return (isa<ObserveOp>(op) || movesInt8(op)) &&
         llvm::any_of(op->getResult(0).getUsers(), readsIntegers);
}

bool qnn::readsScale(OpOperand &operand) {
  return readsIntegers(operand.getOwner());
}

bool qnn::leavesFloat(Operation *op) {
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  return quantizable && quantizable.getWeightOperand() && computesInInt8(op) &&
         endsInAccumulator(op) &&
         llvm::none_of(op->getResult(0).getUsers(), readsIntegers);
}

Value qnn::getScaleRoot(Value value) {
  while (Operation *producer = value.getDefiningOp()) {
    if (!movesInt8(producer))
      break;
    value = cast<QuantizableOpInterface>(producer)
                .getActivationOperands()
                .front()
                ->get();
  }
  return value;
}

SmallVector<Value> qnn::getScaledTensors(func::FuncOp func) {
  llvm::SetVector<Value> needed;
  func.walk([&](Operation *op) {
    if (!computesInInt8(op))
      return;
    for (OpOperand *operand :
         cast<QuantizableOpInterface>(op).getActivationOperands())
      needed.insert(getScaleRoot(operand->get()));
    needed.insert(op->getResult(0));
  });
  SmallVector<Value> ordered;
  auto take = [&](Value value) {
    if (needed.contains(value))
      ordered.push_back(value);
  };
  llvm::for_each(func.getArguments(), take);
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != func)
      llvm::for_each(op->getResults(), take);
  });
  return ordered;
}

std::optional<std::pair<double, double>> qnn::getFixedRange(Value value) {
  auto producer = value.getDefiningOp<QuantizableOpInterface>();
  return producer ? producer.getFixedResultRange() : std::nullopt;
}
