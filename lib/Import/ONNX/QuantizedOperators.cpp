//===- QuantizedOperators.cpp - QLinear ops as Q/DQ around ops ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedOperators.h"

#include "NodeImporter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <string>
#include <vector>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using llvm::StringRef;
using onnx::NodeProto;

namespace {
/// Appends the nodes that one node stands for.
class Expansion {
public:
  Expansion(const NodeProto &node, std::vector<NodeProto> &result,
            llvm::StringSet<> &names, int64_t opset)
      : node(node), result(result), names(names), opset(opset) {}

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
        if (takesAttribute(attribute.name()))
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
  void setInts(StringRef name, llvm::ArrayRef<int64_t> values) {
    auto *attribute = result.back().add_attribute();
    attribute->set_name(name.str());
    attribute->set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values)
      attribute->add_ints(value);
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

  const onnx::AttributeProto *find(StringRef name) const {
    for (const auto &attribute : node.attribute())
      if (attribute.name() == name)
        return &attribute;
    return nullptr;
  }
  bool isFlagged(StringRef name) const {
    return find(name) && find(name)->i() != 0;
  }

  /// A constant node.
  std::string constant(StringRef attribute, const onnx::AttributeProto &value) {
    std::string name = create("Constant", {});
    auto *copy = result.back().add_attribute();
    *copy = value;
    copy->set_name(attribute.str());
    return name;
  }

  /// Images in NHWC as NCHW, where attribute channels_last is set.
  std::string channelsFirst(const std::string &image) {
    if (!isChannelsLast())
      return image;
    SmallVector<int64_t> order = {0, imageRank() - 1};
    for (int64_t d = 1; d + 1 < imageRank(); ++d)
      order.push_back(d);
    std::string name = create("Transpose", {image});
    setInts("perm", order);
    return name;
  }
  std::string channelsLast(const std::string &image) {
    if (!isChannelsLast())
      return image;
    SmallVector<int64_t> order = {0};
    for (int64_t d = 2; d < imageRank(); ++d)
      order.push_back(d);
    order.push_back(1);
    std::string name = create("Transpose", {image});
    setInts("perm", order);
    return name;
  }

private:
  bool isChannelsLast() const {
    return isFlagged("channels_last") || node.op_type() == "NhwcMaxPool";
  }

  int64_t imageRank() const {
    const auto *kernel = find("kernel_shape");
    return kernel ? std::min(kernel->ints_size(), 8) + 2 : 4;
  }

  /// What ONNX's op does not have, or has as an input.
  bool takesAttribute(StringRef name) const {
    bool isReduce = node.op_type() == "QLinearReduceMean";
    if (name == "axes" && isReduce)
      return opset < 18;
    if (name == "alpha" && node.op_type() == "QGemm")
      return false;
    return name != "channels_last" && name != "opset";
  }

  std::string makeName(StringRef op) {
    std::string stem = node.output(0) + "/" + op.str(), name = stem;
    for (int i = 2; !names.insert(name).second; ++i)
      name = stem + std::to_string(i);
    return name;
  }

  const NodeProto &node;
  std::vector<NodeProto> &result;
  llvm::StringSet<> &names;
  int64_t opset;
};

/// Ops that are `op` of `operands` dequantized inputs.
struct Form {
  StringRef name;
  StringRef op;
  int operands;
  StringRef forms;
};
} // namespace

static const Form kForms[] = {
    {"QLinearAdd", "Add", 2, ""},
    {"QLinearAveragePool", "AveragePool", 1, "channels_last"},
    {"QLinearGlobalAveragePool", "GlobalAveragePool", 1,
     "channels_last of rank 4"},
    {"QLinearLeakyRelu", "LeakyRelu", 1, ""},
    {"QLinearMul", "Mul", 2, ""},
    {"QLinearReduceMean", "ReduceMean", 1, ""},
    {"QLinearSigmoid", "Sigmoid", 1, ""},
    {"QLinearSoftmax", "Softmax", 1, ""},
};

static void expandConv(Expansion &e) {
  std::string x = e.channelsFirst(e.real(0));
  std::string w = e.real(3), b = e.bias(8, 1, 4);
  std::string y = e.create("Conv", {x, w, b}, {}, /*takesAttributes=*/true);
  e.quantize(e.channelsLast(y), 6);
}

static void expandMatMul(Expansion &e) {
  std::string a = e.real(0, -2), b = e.real(3, -1);
  e.quantize(e.create("MatMul", {a, b}), 6);
}

/// QGemm: A, B and their scalings, C as i32, of scale alpha * A * B, Y's
/// scaling; float without it.
static void expandGemm(Expansion &e, const NodeProto &node) {
  std::string a = e.real(0), b = e.real(3, e.isFlagged("transB") ? 0 : 1);
  std::string c = e.bias(6, 1, 4);
  bool isFloat = e.input(7).empty();
  const auto *alpha = e.find("alpha");
  bool scales = alpha && alpha->f() != 1.0f;
  std::string y =
      e.create("Gemm", {a, b, c}, isFloat && !scales ? node.output(0) : "",
               /*takesAttributes=*/true);
  if (scales)
    y = e.create("Mul", {y, e.constant("value_float", *alpha)},
                 isFloat ? node.output(0) : "");
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

/// MaxPool of integers in NHWC.
static void expandNhwcMaxPool(Expansion &e, const NodeProto &node) {
  std::string x = e.channelsFirst(e.input(0));
  std::string y = e.create("MaxPool", {x}, {}, /*takesAttributes=*/true);
  e.create("Identity", {e.channelsLast(y)}, node.output(0));
}

/// An op of dequantized operands.
static void expandForm(Expansion &e, const Form &form, int64_t opset) {
  std::vector<std::string> operands;
  for (int i = 0; i < form.operands; ++i)
    operands.push_back(e.channelsFirst(e.real(3 * i)));
  const auto *axes = e.find("axes");
  if (form.op == "ReduceMean" && axes && opset >= 18)
    operands.push_back(e.constant("value_ints", *axes));
  std::string y = e.create(form.op, operands, {}, /*takesAttributes=*/true);
  e.quantize(e.channelsLast(y), 3 * form.operands);
}

/// Whether `node` was expanded.
static bool expand(const NodeProto &node, Expansion &e, int64_t opset) {
  StringRef op = node.op_type(), domain = node.domain();
  int inputs = node.input_size();
  if (node.output_size() != 1 || node.output(0).empty() ||
      !(isOnnxDomain(domain) || domain == kMicrosoftDomain))
    return false;
  if (op == "QLinearConv" && inputs >= 8)
    return expandConv(e), true;
  if (op == "QLinearMatMul" && inputs >= 8)
    return expandMatMul(e), true;
  if (isOnnxDomain(domain))
    return false;
  if (op == "QGemm" && inputs >= 6)
    return expandGemm(e, node), true;
  if (op == "QLinearConcat" && inputs >= 5)
    return expandConcat(e, node), true;
  if (op == "NhwcMaxPool" && inputs >= 1)
    return expandNhwcMaxPool(e, node), true;
  if (op == "QLinearWhere" && inputs >= 9) {
    std::string x = e.real(1), y = e.real(4);
    return e.quantize(e.create("Where", {e.input(0), x, y}), 7), true;
  }
  if ((op == "DynamicQuantizeMatMul" && inputs >= 3) ||
      (op == "MatMulIntegerToFloat" && inputs >= 4))
    return expandDynamicMatMul(e, node), true;
  // Whether dimensions are coerced depends on the opset it was written for.
  const auto *written = e.find("opset");
  if (op == "QLinearSoftmax" && written && (written->i() < 13) != (opset < 13))
    return false;
  for (const Form &form : kForms)
    if (form.name == op && inputs >= 3 * form.operands + 1)
      return expandForm(e, form, opset), true;
  return false;
}

std::vector<std::pair<std::string, std::string>> import::getExpandedOps() {
  std::vector<std::pair<std::string, std::string>> ops;
  auto add = [&](StringRef name, StringRef forms) {
    ops.emplace_back((kMicrosoftDomain + "." + name).str(), forms.str());
  };
  for (const Form &form : kForms)
    add(form.name, form.forms);
  add("QLinearConcat", "");
  add("QLinearConv", "as of ONNX; channels_last");
  add("QLinearWhere", "");
  add("QGemm", "");
  add("NhwcMaxPool", "");
  add("MatMulIntegerToFloat", "");
  add("DynamicQuantizeMatMul", "constant weights");
  llvm::sort(ops);
  return ops;
}

void import::expandQuantizedOperators(onnx::GraphProto &graph, int64_t opset) {
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
    Expansion expansion(node, expanded, names, opset);
    if (!expand(node, expansion, opset))
      expanded.push_back(std::move(node));
  }
  graph.clear_node();
  for (NodeProto &node : expanded)
    *graph.add_node() = std::move(node);
}
