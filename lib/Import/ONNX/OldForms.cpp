//===- OldForms.cpp - Nodes of opset 1 to 6 in the forms of opset 7 -------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What changed up to opset 7, for the ops old exporters used: broadcasting was
// asked for by attributes, PRelu's slope was one per channel, normalization and
// Dropout had is_test, shapes were attributes. Attributes that nothing reads
// (consumed_inputs) stay.
//
//===----------------------------------------------------------------------===//

#include "OldForms.h"

#include "NodeImporter.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// Makes `entry` what input i reads.
static void replaceInput(GraphState &state, onnx::NodeProto &proto, int i,
                         Entry entry) {
  // The names of a graph are any strings: look for a free one.
  std::string name = proto.output(0);
  do
    name += "/" + std::to_string(i);
  while (state.entries.contains(name));
  while (proto.input_size() <= i)
    proto.add_input();
  proto.set_input(i, name);
  state.entries[name] = std::move(entry);
}

/// Appends `count` dimensions of one to input 1.
static void appendOnes(GraphState &state, NodeImporter &node,
                       onnx::NodeProto &proto, int64_t count) {
  if (node.failed() || count <= 0)
    return;
  SmallVector<int64_t> shape(node.getShape(1));
  shape.append(count, 1);
  Entry entry = state.entries[proto.input(1)];
  if (entry.constant)
    entry = Entry{entry.constant->reshaped(shape), Value()};
  else
    entry.value = node.reshape(entry.value, shape);
  replaceInput(state, proto, 1, std::move(entry));
}

/// broadcast = 1: the dimensions of the second operand stand from `axis` on,
/// at the end by default.
static void upgradeBroadcast(GraphState &state, NodeImporter &node,
                             onnx::NodeProto &proto) {
  if (!node.getFlag("broadcast", false) || !node.hasAttr("axis"))
    return;
  int64_t rank = node.getShape(0).size(), other = node.getShape(1).size();
  int64_t axis = node.getInt("axis", 0);
  axis += axis < 0 ? rank : 0;
  if (!node.failed() && (axis < 0 || axis > rank - other))
    node.error() << "expected axis to leave " << other
                 << " dimensions within rank " << rank << ", got " << axis;
  appendOnes(state, node, proto, rank - axis - other);
}

/// A slope of more than one value is one per channel.
static void upgradeSlope(GraphState &state, NodeImporter &node,
                         onnx::NodeProto &proto) {
  SmallVector<int64_t> slope(node.getShape(1));
  if (slope.size() == 1 && slope[0] != 1)
    appendOnes(state, node, proto, int64_t(node.getShape(0).size()) - 2);
}

/// The file says whether it was exported for inference; what is not and has one
/// output was meant to be.
static void dropTrainingOutputs(NodeImporter &node, onnx::NodeProto &proto) {
  if (node.getFlag("is_test", false))
    while (proto.output_size() > 1)
      proto.mutable_output()->RemoveLast();
}

static onnx::AttributeProto *findAttr(onnx::NodeProto &proto, StringRef name) {
  for (onnx::AttributeProto &attribute : *proto.mutable_attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

static void addAttr(onnx::NodeProto &proto, StringRef name, int64_t value) {
  onnx::AttributeProto &attribute = *proto.add_attribute();
  attribute.set_name(name.str());
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

/// `to` was the name of a type.
static void upgradeCast(NodeImporter &node, onnx::NodeProto &proto) {
  onnx::AttributeProto *to = findAttr(proto, "to");
  if (!to || to->type() != onnx::AttributeProto::STRING)
    return;
  onnx::TensorProto::DataType type;
  if (!onnx::TensorProto::DataType_Parse(StringRef(to->s()).upper(), &type)) {
    node.error() << "expected attribute 'to' to name a type, got '" << to->s()
                 << "'";
    return;
  }
  to->set_type(onnx::AttributeProto::INT);
  to->set_i(type);
}

/// Two scales of an image were attributes of their own.
static void upgradeUpsample(NodeImporter &node, onnx::NodeProto &proto) {
  if (!node.hasAttr("height_scale") || !node.hasAttr("width_scale"))
    return;
  onnx::AttributeProto scales;
  scales.set_name("scales");
  scales.set_type(onnx::AttributeProto::FLOATS);
  scales.add_floats(1);
  scales.add_floats(1);
  scales.add_floats(node.getFloat("height_scale", 1));
  scales.add_floats(node.getFloat("width_scale", 1));
  *proto.add_attribute() = std::move(scales);
}

LogicalResult import::upgradeNode(GraphState &state, onnx::NodeProto &proto) {
  NodeImporter node(state, proto);
  StringRef op = proto.op_type();
  bool binary = llvm::StringSwitch<bool>(op)
                    .Cases("Add", "Sub", "Mul", "Div", "Pow", true)
                    .Cases("And", "Or", "Xor", true)
                    .Cases("Equal", "Greater", "Less", true)
                    .Default(false);
  if (proto.output_size() == 0)
    return success(); // reported when it is converted
  if (binary && node.hasInput(0) && node.hasInput(1)) {
    upgradeBroadcast(state, node, proto);
  } else if (op == "PRelu" && node.hasInput(0) && node.hasInput(1)) {
    upgradeSlope(state, node, proto);
  } else if (op == "BatchNormalization" || op == "Dropout") {
    dropTrainingOutputs(node, proto);
  } else if (op == "Cast") {
    upgradeCast(node, proto);
  } else if (op == "Upsample") {
    upgradeUpsample(node, proto);
  } else if (op == "Concat" && !node.hasAttr("axis")) {
    addAttr(proto, "axis", 1);
  } else if (op == "Pad" && !node.hasAttr("pads")) {
    if (onnx::AttributeProto *pads = findAttr(proto, "paddings"))
      pads->set_name("pads");
  } else if (op == "Reshape" && proto.input_size() == 1) {
    SmallVector<int64_t> shape = node.getInts("shape");
    int64_t rank = shape.size();
    replaceInput(
        state, proto, 1,
        Entry{HostTensor::fromInts({rank}, {shape.begin(), shape.end()}),
              Value()});
  }
  return success(!node.failed());
}
