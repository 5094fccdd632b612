//===- General.cpp - Functions, comparisons, reductions and indices -----===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Writers.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

//===----------------------------------------------------------------------===//
// Functions of every element
//===----------------------------------------------------------------------===//

/// `x > 0 ? beta * x : alpha * (exp(gamma * x) - 1)` as Elu, Selu or Celu.
static onnx::NodeProto *addElu(GraphWriter &graph, UnaryOp op,
                               const std::string &input) {
  StringRef name = getLayerName(op);
  float alpha = op.getAlpha().convertToFloat();
  float beta = op.getBeta().convertToFloat();
  float gamma = op.getGamma().convertToFloat();
  onnx::NodeProto *node;
  if (gamma == 1 && beta == 1) {
    node = graph.add("Elu", name, input);
    setFloat(node, "alpha", alpha);
  } else if (gamma == 1) {
    node = graph.add("Selu", name, input);
    setFloat(node, "alpha", alpha / beta);
    setFloat(node, "gamma", beta);
  } else {
    node = graph.add("Celu", name, input);
    setFloat(node, "alpha", alpha);
  }
  return node;
}

/// `x * tanh(softplus(x))`: Mish itself came with opset 18.
static onnx::NodeProto *addMish(GraphWriter &graph, UnaryOp op,
                                const std::string &input) {
  StringRef name = getLayerName(op);
  std::string plus =
      graph.add("Softplus", name + "/softplus", input)->output(0);
  std::string tanh = graph.add("Tanh", name + "/tanh", plus)->output(0);
  return graph.add("Mul", name, {input, tanh});
}

/// The operator of a function that is one, without attributes.
static StringRef getOperator(UnaryFunction function) {
  switch (function) {
  case UnaryFunction::Softplus:
    return "Softplus";
  case UnaryFunction::Softsign:
    return "Softsign";
  case UnaryFunction::Neg:
    return "Neg";
  case UnaryFunction::Abs:
    return "Abs";
  case UnaryFunction::Sign:
    return "Sign";
  case UnaryFunction::Ceil:
    return "Ceil";
  case UnaryFunction::Floor:
    return "Floor";
  case UnaryFunction::Round:
    return "Round";
  case UnaryFunction::Exp:
    return "Exp";
  case UnaryFunction::Log:
    return "Log";
  case UnaryFunction::Reciprocal:
    return "Reciprocal";
  case UnaryFunction::Sin:
    return "Sin";
  case UnaryFunction::Cos:
    return "Cos";
  case UnaryFunction::Tan:
    return "Tan";
  case UnaryFunction::Asin:
    return "Asin";
  case UnaryFunction::Acos:
    return "Acos";
  case UnaryFunction::Atan:
    return "Atan";
  case UnaryFunction::Sinh:
    return "Sinh";
  case UnaryFunction::Cosh:
    return "Cosh";
  case UnaryFunction::Asinh:
    return "Asinh";
  case UnaryFunction::Acosh:
    return "Acosh";
  case UnaryFunction::Atanh:
    return "Atanh";
  case UnaryFunction::ThresholdedRelu:
    return "ThresholdedRelu";
  case UnaryFunction::Shrink:
    return "Shrink";
  case UnaryFunction::Elu:
  case UnaryFunction::Mish:
    break;
  }
  llvm_unreachable("a function of more than one operator");
}

void exporting::write(GraphWriter &graph, UnaryOp op) {
  Layout home = graph.getLayout(op.getInput());
  std::string input = graph.getReal(op.getInput(), home);
  UnaryFunction function = op.getFunction();
  onnx::NodeProto *node;
  if (function == UnaryFunction::Elu)
    node = addElu(graph, op, input);
  else if (function == UnaryFunction::Mish)
    node = addMish(graph, op, input);
  else
    node = graph.add(getOperator(function), getLayerName(op), input);
  if (function == UnaryFunction::ThresholdedRelu)
    setFloat(node, "alpha", op.getAlpha().convertToFloat());
  if (function == UnaryFunction::Shrink) {
    setFloat(node, "lambd", op.getAlpha().convertToFloat());
    setFloat(node, "bias", op.getBeta().convertToFloat());
  }
  graph.setResult(op, node, home);
}

//===----------------------------------------------------------------------===//
// Functions of several operands
//===----------------------------------------------------------------------===//

static onnx::NodeProto *addBroadcast(GraphWriter &graph, Operation *op,
                                     StringRef type, Layout &home) {
  StringRef name = getLayerName(op);
  home = graph.getCommonLayout(
      op->getOperands(),
      cast<RankedTensorType>(op->getResult(0).getType()).getRank());
  SmallVector<std::string> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(graph.getBroadcast(operand, home, name + "/constant"));
  return graph.add(type, name, inputs);
}

static StringRef getOperator(BinaryFunction function, bool isBool) {
  switch (function) {
  case BinaryFunction::Max:
    return "Max";
  case BinaryFunction::Min:
    return "Min";
  case BinaryFunction::Pow:
    return "Pow";
  case BinaryFunction::Prelu:
    return "PRelu";
  case BinaryFunction::Add:
    return "Add";
  case BinaryFunction::Sub:
    return "Sub";
  case BinaryFunction::Mul:
    return "Mul";
  case BinaryFunction::Div:
    return "Div";
  case BinaryFunction::Rem:
  case BinaryFunction::Mod:
    return "Mod";
  case BinaryFunction::And:
    return isBool ? "And" : "BitwiseAnd";
  case BinaryFunction::Or:
    return isBool ? "Or" : "BitwiseOr";
  case BinaryFunction::Xor:
    return isBool ? "Xor" : "BitwiseXor";
  }
  llvm_unreachable("unknown function");
}

void exporting::write(GraphWriter &graph, BinaryOp op) {
  bool isBool = getElementTypeOrSelf(op.getType()).isInteger(1);
  Layout home;
  onnx::NodeProto *node =
      addBroadcast(graph, op, getOperator(op.getFunction(), isBool), home);
  if (op.getFunction() == BinaryFunction::Rem)
    setInt(node, "fmod", 1);
  graph.setResult(op, node, home);
}

void exporting::write(GraphWriter &graph, CompareOp op) {
  StringRef type = op.getFunction() == CompareFunction::Equal  ? "Equal"
                   : op.getFunction() == CompareFunction::Less ? "Less"
                                                               : "LessOrEqual";
  Layout home;
  onnx::NodeProto *node = addBroadcast(graph, op, type, home);
  graph.setResult(op, node, home);
}

void exporting::write(GraphWriter &graph, SelectOp op) {
  Layout home;
  onnx::NodeProto *node = addBroadcast(graph, op, "Where", home);
  graph.setResult(op, node, home);
}

void exporting::write(GraphWriter &graph, CastOp op) {
  Layout home = graph.getLayout(op.getInput());
  onnx::NodeProto *node =
      graph.add("Cast", getLayerName(op), graph.getReal(op.getInput(), home));
  setInt(node, "to", getPlainType(op.getType().getElementType()));
  graph.setResult(op, node, home);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

void exporting::write(GraphWriter &graph, ReduceOp op) {
  StringRef type = op.getFunction() == ReduceFunction::Sum    ? "ReduceSum"
                   : op.getFunction() == ReduceFunction::Prod ? "ReduceProd"
                   : op.getFunction() == ReduceFunction::Max  ? "ReduceMax"
                                                              : "ReduceMin";
  Layout left;
  // ReduceSum was the first to take its axes as an operand.
  bool axesAreOperand =
      graph.getOpset() >= 18 || op.getFunction() == ReduceFunction::Sum;
  onnx::NodeProto *node = addReduction(graph, op, type, op.getAxes(),
                                       op.getKeepDims(), axesAreOperand, left);
  graph.setResult(op, node, left);
}

void exporting::write(GraphWriter &graph, TopKOp op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getLayout(op.getInput());
  std::string input = graph.getReal(op.getInput(), home);
  int64_t axis = llvm::find(home, int64_t(op.getAxis())) - home.begin();
  onnx::NodeProto *node;
  if (op.getK() == 1) {
    node = graph.add(op.getLargest() ? "ArgMax" : "ArgMin", name, input);
    setInt(node, "select_last_index", op.getLast());
  } else {
    node =
        graph.add("TopK", name, {input, graph.addInts(name + "/k", op.getK())});
    setInt(node, "largest", op.getLargest());
    // The values come first. Nobody reads them, but ONNX wants a name.
    graph.renameResult(node, name + "/values");
    node->add_output("");
  }
  setInt(node, "axis", axis);
  graph.setResult(op, node, home);
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

void exporting::write(GraphWriter &graph, GatherOp op) {
  StringRef name = getLayerName(op);
  auto getPlain = [&](Value value) {
    return graph.getReal(
        value, getIdentity(cast<RankedTensorType>(value.getType()).getRank()),
        name + "/constant");
  };
  onnx::NodeProto *node = graph.add(
      "Gather", name, {getPlain(op.getData()), getPlain(op.getIndices())});
  setInt(node, "axis", op.getAxis());
  graph.setResult(op, node, getIdentity(op.getType().getRank()));
}

void exporting::write(GraphWriter &graph, TakeOp op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getLayout(op.getInput());
  onnx::NodeProto *node =
      graph.add("Gather", name,
                {graph.getReal(op.getInput(), home),
                 graph.addInts(name + "/indices", op.getIndices())});
  setInt(node, "axis", llvm::find(home, int64_t(op.getAxis())) - home.begin());
  graph.setResult(op, node, home);
}

/// Tap by tap: slices at its indices times its weights.
void exporting::write(GraphWriter &graph, ResampleOp op) {
  StringRef name = getLayerName(op);
  Layout home = graph.getLayout(op.getInput());
  int64_t axis = llvm::find(home, int64_t(op.getAxis())) - home.begin();
  int64_t taps = op.getTaps(), size = op.getIndices().size() / taps;
  SmallVector<int64_t> shape(home.size(), 1);
  shape[axis] = size;
  std::string input = graph.getReal(op.getInput(), home), sum;
  onnx::NodeProto *node = nullptr;
  for (int64_t tap = 0; tap < taps; ++tap) {
    SmallVector<int64_t> indices;
    SmallVector<float> weights;
    for (int64_t i = 0; i < size; ++i) {
      indices.push_back(op.getIndices()[i * taps + tap]);
      weights.push_back(op.getWeights()[i * taps + tap]);
    }
    std::string part = (name + "/tap" + Twine(tap)).str();
    node = graph.add("Gather", part + "/slices",
                     {input, graph.addInts(part + "/indices", indices)});
    setInt(node, "axis", axis);
    node = graph.add(
        "Mul", part,
        {node->output(0), graph.addFloats(part + "/weights", shape, weights)});
    if (!sum.empty())
      node = graph.add("Add", part + "/sum", {sum, node->output(0)});
    sum = node->output(0);
  }
  if (!op.getOffsets().empty())
    node = graph.add(
        "Add", name + "/shifted",
        {sum, graph.addFloats(name + "/offsets", shape, op.getOffsets())});
  graph.setResult(op, node, home);
}
