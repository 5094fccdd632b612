//===- QuantizedOperators.cpp - QLinear ops as Q/DQ around ops ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedOperators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <string>
#include <vector>

using namespace mlir::qnn;
using llvm::StringRef;
using onnx::NodeProto;

namespace {
/// Appends the nodes that one node stands for.
class Expansion {
public:
  Expansion(const NodeProto &node, std::vector<NodeProto> &result,
            llvm::StringSet<> &names)
      : node(node), result(result), names(names) {}

  /// Input i, empty when it is missing.
  std::string input(int i) const {
    return i < node.input_size() ? node.input(i) : std::string();
  }

  /// A node `op` with the attributes of this one; gives the name of its result,
  /// `output` unless that is empty.
  std::string create(StringRef op, std::vector<std::string> inputs,
                     std::string output = {}, bool takesAttributes = false) {
    if (output.empty())
      output = makeName(op);
    NodeProto created;
    created.set_op_type(op.str());
    created.set_name(node.name().empty() && node.output_size() ? node.output(0)
                                                               : node.name());
    while (!inputs.empty() && inputs.back().empty())
      inputs.pop_back();
    for (const std::string &name : inputs)
      created.add_input(name);
    created.add_output(output);
    if (takesAttributes)
      for (const auto &attribute : node.attribute())
        if (attribute.name() != "channels_last")
          *created.add_attribute() = attribute;
    result.push_back(std::move(created));
    return output;
  }

  /// Of the node created last.
  void setInt(StringRef name, int64_t value) {
    auto *attribute = result.back().add_attribute();
    attribute->set_name(name.str());
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  void addOutput(const std::string &name) { result.back().add_output(name); }

  /// Input i, with its scale and zero point behind it, as real numbers.
  std::string real(int i, int64_t axis = 0) {
    std::string name =
        create("DequantizeLinear", {input(i), input(i + 1), input(i + 2)});
    setInt("axis", axis);
    return name;
  }

  /// Result 0: `value` with scale and zero point from input i on.
  void quantize(const std::string &value, int i) {
    create("QuantizeLinear", {value, input(i), input(i + 1)}, node.output(0));
    setInt("axis", 0);
  }

  /// The i32 bias, input i, of scale input(x) * input(w).
  std::string bias(int i, int x, int w) {
    if (input(i).empty())
      return {};
    std::string scale = create("Mul", {input(x), input(w)});
    std::string name = create("DequantizeLinear", {input(i), scale});
    setInt("axis", 0);
    return name;
  }

  bool isFlagged(StringRef name) const {
    for (const auto &attribute : node.attribute())
      if (attribute.name() == name)
        return attribute.i() != 0;
    return false;
  }

private:
  std::string makeName(StringRef op) {
    std::string stem = node.output(0) + "/" + op.str(), name = stem;
    for (int i = 2; !names.insert(name).second; ++i)
      name = stem + std::to_string(i);
    return name;
  }

  const NodeProto &node;
  std::vector<NodeProto> &result;
  llvm::StringSet<> &names;
};

/// Ops that are `op` of `operands` dequantized inputs.
struct Form {
  StringRef name, domain;
  StringRef op;
  int operands;
};
} // namespace

static constexpr llvm::StringLiteral kMicrosoft = "com.microsoft";

static const Form kForms[] = {
    {"QLinearAdd", kMicrosoft, "Add", 2},
    {"QLinearMul", kMicrosoft, "Mul", 2},
    {"QLinearAveragePool", kMicrosoft, "AveragePool", 1},
    {"QLinearGlobalAveragePool", kMicrosoft, "GlobalAveragePool", 1},
    {"QLinearLeakyRelu", kMicrosoft, "LeakyRelu", 1},
    {"QLinearReduceMean", kMicrosoft, "ReduceMean", 1},
    {"QLinearSigmoid", kMicrosoft, "Sigmoid", 1},
    {"QLinearSoftmax", kMicrosoft, "Softmax", 1},
};

static void expandConv(Expansion &e) {
  std::string x = e.real(0), w = e.real(3), b = e.bias(8, 1, 4);
  e.quantize(e.create("Conv", {x, w, b}, {}, /*takesAttributes=*/true), 6);
}

static void expandMatMul(Expansion &e) {
  std::string a = e.real(0, -2), b = e.real(3, -1);
  e.quantize(e.create("MatMul", {a, b}), 6);
}

/// QGemm: A, B and their scalings, C as i32, Y's scaling; float without it.
static void expandGemm(Expansion &e, const NodeProto &node) {
  std::string a = e.real(0), b = e.real(3, e.isFlagged("transB") ? 0 : 1);
  std::string c = e.bias(6, 1, 4);
  bool isFloat = e.input(7).empty();
  std::string y = e.create("Gemm", {a, b, c}, isFloat ? node.output(0) : "",
                           /*takesAttributes=*/true);
  if (!isFloat)
    e.quantize(y, 7);
}

/// QLinearConcat: Y's scaling, then each operand with its scaling.
static void expandConcat(Expansion &e, const NodeProto &node) {
  std::vector<std::string> operands;
  for (int i = 2; i + 2 < node.input_size(); i += 3)
    operands.push_back(e.real(i));
  e.quantize(e.create("Concat", operands, {}, /*takesAttributes=*/true), 0);
}

/// Float inputs and outputs around integer products: A, B, the scalings of B
/// (and A), a bias.
static void expandDynamicMatMul(Expansion &e, const NodeProto &node) {
  bool isDynamic = node.op_type() == "DynamicQuantizeMatMul";
  std::string a = e.input(0), scale, zero = e.input(4);
  std::string weightScale = e.input(isDynamic ? 2 : 3);
  std::string weightZero = e.input(isDynamic ? 3 : 5), bias = e.input(6);
  if (isDynamic) {
    a = e.create("DynamicQuantizeLinear", {e.input(0)});
    scale = a + "/scale";
    zero = a + "/zero_point";
    e.addOutput(scale);
    e.addOutput(zero);
    bias = e.input(4);
  } else {
    scale = e.input(2);
  }
  std::string sum =
      e.create("MatMulInteger", {a, e.input(1), zero, weightZero});
  std::string real = e.create("Cast", {sum});
  e.setInt("to", onnx::TensorProto::FLOAT);
  std::string factor = e.create("Mul", {scale, weightScale});
  std::string last = bias.empty() ? node.output(0) : std::string();
  std::string product = e.create("Mul", {real, factor}, last);
  if (!bias.empty())
    e.create("Add", {product, bias}, node.output(0));
}

/// Whether `node` was expanded.
static bool expand(const NodeProto &node, Expansion &e) {
  StringRef op = node.op_type(), domain = node.domain();
  bool isOnnx = domain.empty() || domain == "ai.onnx";
  int inputs = node.input_size();
  if (node.output_size() != 1 || node.output(0).empty() ||
      !(isOnnx || domain == kMicrosoft))
    return false;
  // The other layout has an op of its own only in ONNX Runtime.
  if (e.isFlagged("channels_last"))
    return false;
  if (op == "QLinearConv" && inputs >= 8)
    return expandConv(e), true;
  if (op == "QLinearMatMul" && inputs >= 8)
    return expandMatMul(e), true;
  if (isOnnx)
    return false;
  if (op == "QGemm" && inputs >= 6)
    return expandGemm(e, node), true;
  if (op == "QLinearConcat" && inputs >= 5)
    return expandConcat(e, node), true;
  if (op == "QLinearWhere" && inputs >= 9) {
    std::string x = e.real(1), y = e.real(4);
    return e.quantize(e.create("Where", {e.input(0), x, y}), 7), true;
  }
  if ((op == "DynamicQuantizeMatMul" && inputs >= 3) ||
      (op == "MatMulIntegerToFloat" && inputs >= 4))
    return expandDynamicMatMul(e, node), true;
  for (const Form &form : kForms) {
    if (form.name != op || inputs < 3 * form.operands + 1)
      continue;
    std::vector<std::string> operands;
    for (int i = 0; i < form.operands; ++i)
      operands.push_back(e.real(3 * i));
    e.quantize(e.create(form.op, operands, {}, /*takesAttributes=*/true),
               3 * form.operands);
    return true;
  }
  return false;
}

void import::expandQuantizedOperators(onnx::GraphProto &graph) {
  llvm::StringSet<> names;
  for (const auto &tensor : graph.initializer())
    names.insert(tensor.name());
  for (const auto &input : graph.input())
    names.insert(input.name());
  for (const NodeProto &node : graph.node())
    for (const std::string &output : node.output())
      names.insert(output);
  std::vector<NodeProto> expanded;
  for (NodeProto &node : *graph.mutable_node()) {
    Expansion expansion(node, expanded, names);
    if (!expand(node, expansion))
      expanded.push_back(std::move(node));
  }
  graph.clear_node();
  for (NodeProto &node : expanded)
    *graph.add_node() = std::move(node);
}
