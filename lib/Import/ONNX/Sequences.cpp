//===- Sequences.cpp - Lists of tensors -----------------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SplitToSequence becomes Split, ConcatFromSequence becomes Concat, SequenceAt
// Identity; the others only change lists of names.
//
//===----------------------------------------------------------------------===//

#include "Sequences.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::AttributeProto;
using onnx::NodeProto;

static constexpr std::pair<StringRef, StringRef> kSequenceOps[] = {
    {"ConcatFromSequence", "axis, new_axis"},
    {"SequenceAt", "constant position"},
    {"SequenceConstruct", ""},
    {"SequenceEmpty", ""},
    {"SequenceErase", "constant position"},
    {"SequenceInsert", "constant position"},
    {"SequenceLength", ""},
    {"SplitToSequence", "constant sizes; keepdims"},
};

ArrayRef<std::pair<StringRef, StringRef>> import::getSequenceOps() {
  return kSequenceOps;
}

bool import::isSequenceOp(const GraphState &state, const NodeProto &proto) {
  if (proto.op_type() == "Identity" && proto.input_size() == 1)
    return state.sequences.contains(proto.input(0));
  return llvm::any_of(kSequenceOps,
                      [&](auto &op) { return op.first == proto.op_type(); });
}

namespace {
using Names = std::vector<std::string>;

class SequenceOp {
public:
  SequenceOp(GraphState &state, NodeProto &proto)
      : state(state), proto(proto), node(state, proto) {}

  FailureOr<std::vector<NodeProto>> run();

private:
  /// The sequence that is input 0; empty after an error.
  Names getSequence();
  /// Reports inputs that are missing, or sequences where a tensor is expected.
  void checkInputs();
  /// The position that input `i` gives in a list of `size`; `end`: may be the
  /// one behind it.
  int64_t getPosition(int i, int64_t size, bool end = false);
  void setSequence(Names names);
  /// A name that no tensor has yet.
  std::string makeName(const Twine &stem);
  NodeProto &addNode(StringRef op, Names inputs, Names outputs);
  void addInts(NodeProto &to, StringRef attribute, ArrayRef<int64_t> values);
  /// Squeeze or Unsqueeze along `axis`.
  void addDimension(StringRef op, std::string from, std::string to,
                    int64_t axis);
  void concat();
  void split();
  void change();

  GraphState &state;
  NodeProto &proto;
  NodeImporter node;
  std::vector<NodeProto> nodes;
};
} // namespace

Names SequenceOp::getSequence() {
  auto it = state.sequences.find(proto.input(0));
  if (it == state.sequences.end()) {
    node.error() << "expected input 0 to be a sequence of tensors";
    return {};
  }
  // Lists are copied, and a file can ask for that again and again.
  if (failed(node.requireFolding(it->second.size())))
    return {};
  return it->second;
}

void SequenceOp::checkInputs() {
  bool readsList = !llvm::is_contained(
      {"SplitToSequence", "SequenceConstruct", "SequenceEmpty"},
      proto.op_type());
  for (int i = readsList; i < proto.input_size(); ++i)
    if (state.sequences.contains(proto.input(i)))
      node.error() << "expected input " << i
                   << " to be a tensor, got a sequence";
  int tensors = llvm::StringSwitch<int>(proto.op_type())
                    .Cases("SequenceAt", "SequenceInsert", 2)
                    .Case("SequenceConstruct", node.getNumInputs())
                    .Case("SequenceEmpty", 0)
                    .Default(1);
  for (int i = 0; i < tensors; ++i)
    if (!node.hasInput(i))
      node.error() << "expected input " << i << ", got none";
}

int64_t SequenceOp::getPosition(int i, int64_t size, bool end) {
  SmallVector<int64_t> values = node.getInts(i, "position");
  if (node.failed())
    return 0;
  if (values.size() == 1) {
    int64_t at = values[0] < 0 ? values[0] + size : values[0];
    if (at >= 0 && at < size + end)
      return at;
  }
  node.error() << "expected a position in a sequence of " << size << ", got ["
               << values << "]";
  return 0;
}

void SequenceOp::setSequence(Names names) {
  if (!node.failed() && node.hasOutput(0))
    state.sequences[proto.output(0)] = std::move(names);
}

std::string SequenceOp::makeName(const Twine &stem) {
  std::string name = stem.str();
  while (state.entries.contains(name) || state.definedNames.contains(name))
    name += "'";
  state.entries.try_emplace(name);
  return name;
}

NodeProto &SequenceOp::addNode(StringRef op, Names inputs, Names outputs) {
  NodeProto &added = nodes.emplace_back();
  added.set_op_type(op.str());
  added.set_name(proto.name());
  for (std::string &input : inputs)
    added.add_input(std::move(input));
  for (std::string &output : outputs)
    added.add_output(std::move(output));
  return added;
}

void SequenceOp::addInts(NodeProto &to, StringRef attribute,
                         ArrayRef<int64_t> values) {
  AttributeProto &added = *to.add_attribute();
  added.set_name(attribute.str());
  added.set_type(AttributeProto::INTS);
  for (int64_t value : values)
    added.add_ints(value);
}

static void addInt(NodeProto &to, StringRef attribute, int64_t value) {
  AttributeProto &added = *to.add_attribute();
  added.set_name(attribute.str());
  added.set_type(AttributeProto::INT);
  added.set_i(value);
}

void SequenceOp::addDimension(StringRef op, std::string from, std::string to,
                              int64_t axis) {
  if (state.opset < 13) {
    addInts(addNode(op, {std::move(from)}, {std::move(to)}), "axes", axis);
    return;
  }
  std::string axes = makeName(to + "/axes");
  state.entries[axes].constant = HostTensor::fromInts({1}, {axis});
  addNode(op, {std::move(from), axes}, {std::move(to)});
}

void SequenceOp::concat() {
  Names parts = getSequence();
  if (!node.hasAttr("axis"))
    node.error() << "expected attribute 'axis'";
  int64_t axis = node.getInt("axis", 0);
  bool isNew = node.getFlag("new_axis", false);
  if (!node.failed() && parts.empty())
    node.error() << "expected a sequence of one tensor or more, got none";
  if (node.failed())
    return;
  for (std::string &part : parts) {
    if (!isNew)
      continue;
    std::string wide = makeName(part + "/wide");
    addDimension("Unsqueeze", part, wide, axis);
    part = wide;
  }
  addInt(addNode("Concat", std::move(parts), {proto.output(0)}), "axis", axis);
}

/// Parts of size 1, of one size (the last may be smaller), or of given sizes.
void SequenceOp::split() {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t axis = node.normalizeAxis(node.getInt("axis", 0), shape.size());
  bool keepDims = node.hasInput(1) || node.getFlag("keepdims", true);
  SmallVector<int64_t> sizes = {1};
  bool isList = false;
  if (node.hasInput(1)) {
    sizes = node.getInts(1, "split");
    isList = node.getShape(1).size() == 1;
  }
  if (node.failed())
    return;
  if (!isList) {
    int64_t size = sizes[0],
            parts = size < 1 ? 0 : (shape[axis] + size - 1) / size;
    if (size < 1)
      node.error() << "expected a positive size of parts, got " << size;
    if (node.failed() || failed(node.requireFolding(parts)))
      return;
    sizes.assign(parts, size);
    if (parts)
      sizes.back() = shape[axis] - (parts - 1) * size;
  }
  Names parts, outputs;
  for (size_t i = 0; i < sizes.size(); ++i)
    parts.push_back(makeName(proto.output(0) + "/" + Twine(i)));
  NodeProto &split = addNode("Split", {proto.input(0)}, parts);
  addInt(split, "axis", axis);
  if (state.opset < 13) {
    addInts(split, "split", sizes);
  } else {
    std::string name = makeName(proto.output(0) + "/sizes");
    split.add_input(name);
    state.entries[name].constant = HostTensor::fromInts(
        {int64_t(sizes.size())}, {sizes.begin(), sizes.end()});
  }
  for (std::string &part : parts) {
    if (keepDims)
      continue;
    std::string narrow = makeName(part + "/narrow");
    addDimension("Squeeze", part, narrow, axis);
    part = narrow;
  }
  setSequence(std::move(parts));
}

/// Ops on one sequence.
void SequenceOp::change() {
  StringRef op = proto.op_type();
  Names names = getSequence();
  if (node.failed())
    return;
  int64_t size = names.size();
  if (op == "SequenceLength") {
    (void)node.setResult(HostTensor::fromInts({}, {size}));
    return;
  }
  if (op == "SequenceAt") {
    int64_t at = getPosition(1, size);
    if (!node.failed())
      addNode("Identity", {names[at]}, {proto.output(0)});
    return;
  }
  if (op == "SequenceInsert") {
    int64_t at = node.hasInput(2) ? getPosition(2, size, /*end=*/true) : size;
    names.insert(names.begin() + at, proto.input(1));
  } else if (op == "SequenceErase" && (size > 0 || node.hasInput(1))) {
    int64_t at = node.hasInput(1) ? getPosition(1, size) : size - 1;
    if (!node.failed())
      names.erase(names.begin() + at);
  }
  setSequence(std::move(names)); // Identity too
}

FailureOr<std::vector<NodeProto>> SequenceOp::run() {
  StringRef op = proto.op_type();
  if (proto.output_size() != 1 || !node.hasOutput(0))
    return node.error() << "expected one output";
  checkInputs();
  if (node.failed())
    return failure();
  if (op == "SplitToSequence")
    split();
  else if (op == "ConcatFromSequence")
    concat();
  else if (op == "SequenceConstruct" || op == "SequenceEmpty")
    setSequence({proto.input().begin(), proto.input().end()});
  else
    change();
  if (node.failed())
    return failure();
  return std::move(nodes);
}

FailureOr<std::vector<NodeProto>> import::expandSequenceOp(GraphState &state,
                                                           NodeProto &proto) {
  return SequenceOp(state, proto).run();
}
