//===- Quantization.cpp - Conversions between integers and reals ----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Writers.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

/// Written where it is used: only there are name and layout known.
void exporting::write(GraphWriter &, ConstantOp) {}

/// `result` has the reals of `operand`, rounded again if it is quantized.
static void writeConversion(GraphWriter &graph, Value result, Value operand) {
  Layout home = graph.getLayout(operand);
  graph.setReal(result, graph.getReal(operand, home), home);
}

void exporting::write(GraphWriter &graph, ObserveOp op) {
  writeConversion(graph, op.getResult(), op.getInput());
}

void exporting::write(GraphWriter &graph, RequantizeOp op) {
  Value result = op.getResult(), operand = op.getInput();
  if (graph.areStoredAlike(operand, result))
    return graph.setTransposed(result, operand,
                               getIdentity(op.getType().getRank()));
  writeConversion(graph, result, operand);
}

void exporting::write(GraphWriter &graph, quant::QuantizeCastOp op) {
  writeConversion(graph, op.getResult(), op.getArg());
}

void exporting::write(GraphWriter &graph, quant::DequantizeCastOp op) {
  writeConversion(graph, op.getResult(), op.getArg());
}

/// There and back: products of ONNX are of one type.
void exporting::write(GraphWriter &graph, ToBF16Op op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getLayout(op.getInput());
  onnx::NodeProto *narrow =
      graph.add("Cast", name + "/bf16",
                graph.getReal(op.getInput(), home, name + "/constant"));
  setInt(narrow, "to", onnx::TensorProto::BFLOAT16);
  onnx::NodeProto *node =
      graph.add("Cast", name + "/rounded", narrow->output(0));
  setInt(node, "to", onnx::TensorProto::FLOAT);
  graph.setReal(op.getResult(), node->output(0), home);
}
