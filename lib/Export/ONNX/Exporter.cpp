//===- Exporter.cpp - Networks as ONNX models -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Export/ONNX/Exporter.h"

#include "Writers.h"

#include "qnn/Dialect/QNN/IR/Formulas.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

/// Writes `op` to `graph`, unless that is null, if it is one of `Ops`.
template <typename... Ops>
static bool writeAs(GraphWriter *graph, Operation *op) {
  auto tryOne = [&](auto typed) {
    if (typed && graph)
      write(*graph, typed);
    return bool(typed);
  };
  return (tryOne(dyn_cast<Ops>(op)) || ...);
}

static bool writeOp(GraphWriter *graph, Operation *op) {
  return writeAs<ConstantOp, ObserveOp, RequantizeOp, quant::QuantizeCastOp,
                 quant::DequantizeCastOp, ToBF16Op>(graph, op) ||
         writeAs<Conv2DOp, FullyConnectedOp, MatMulOp, BiasOp, BatchNormOp>(
             graph, op) ||
         writeAs<AddOp, SubOp, MulOp, DivOp, ReluOp, ClipOp, LeakyReluOp,
                 SigmoidOp, HardSigmoidOp, HardSwishOp, TanhOp, SqrtOp, ErfOp,
                 SoftmaxOp>(graph, op) ||
         writeAs<MaxPool2DOp, AvgPool2DOp, GlobalAvgPoolOp, GlobalMaxPoolOp,
                 ReduceMeanOp>(graph, op) ||
         writeAs<ConcatOp, ReshapeOp, TransposeOp, PadOp, SliceOp,
                 ResizeNearestOp>(graph, op) ||
         writeAs<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, ReduceOp,
                 TopKOp, GatherOp, TakeOp, ResampleOp>(graph, op);
}

/// Fails when some op of the network is none of those.
static llvm::Error checkOps(Block &body) {
  SmallVector<std::string> unknown;
  for (Operation &op : body.without_terminator())
    if (!writeOp(nullptr, &op))
      unknown.push_back(
          (op.getName().getStringRef() + " '" + getLayerName(&op) + "'").str());
  if (unknown.empty())
    return llvm::Error::success();
  return llvm::createStringError(
      "--emit=onnx: " + Twine(unknown.size()) +
      (unknown.size() == 1 ? " op has" : " ops have") +
      " no ONNX form: " + llvm::join(unknown, "; "));
}

llvm::Expected<ONNXModel> qnn::exportONNX(func::FuncOp func, StringRef dataFile,
                                          int64_t maxInlineBytes) {
  Block &body = func.getBody().front();
  if (usesFixedPoint(func))
    return llvm::createStringError(
        "--emit=onnx: expected f32 factors, got fixed-point arithmetic, which "
        "ONNX cannot say; compile without --requantize=fixed-point");
  if (llvm::Error error = checkOps(body))
    return std::move(error);
  GraphWriter graph(func, dataFile, maxInlineBytes);
  for (BlockArgument argument : func.getArguments()) {
    unsigned i = argument.getArgNumber();
    graph.addInput(argument, getTensorName(func.getArgAttrDict(i), "arg", i));
  }
  for (Operation &op : body.without_terminator())
    writeOp(&graph, &op);
  for (OpOperand &result : body.getTerminator()->getOpOperands()) {
    unsigned i = result.getOperandNumber();
    graph.addOutput(result.get(),
                    getTensorName(func.getResultAttrDict(i), "result", i));
  }
  return graph.takeModel();
}
