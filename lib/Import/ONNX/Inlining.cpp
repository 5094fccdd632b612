//===- Inlining.cpp - Calls and branches become nodes ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Inlining.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

using Rename = llvm::function_ref<std::string(const std::string &)>;
using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// A file of a few bytes can ask for any number of copies.
static constexpr size_t kMaxInlinedNodes = size_t(1) << 18;
static constexpr size_t kMaxInlinedBytes = size_t(1) << 28;
static constexpr int kMaxCallDepth = 64;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static void renameGraph(onnx::GraphProto &graph, Rename rename);

static void renameNode(onnx::NodeProto &node, Rename rename) {
  for (std::string &name : *node.mutable_input())
    if (!name.empty())
      name = rename(name);
  for (std::string &name : *node.mutable_output())
    if (!name.empty())
      name = rename(name);
  for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.has_g())
      renameGraph(*attribute.mutable_g(), rename);
    for (onnx::GraphProto &graph : *attribute.mutable_graphs())
      renameGraph(graph, rename);
  }
}

static void renameGraph(onnx::GraphProto &graph, Rename rename) {
  for (auto &info : *graph.mutable_input())
    info.set_name(rename(info.name()));
  for (auto &info : *graph.mutable_output())
    info.set_name(rename(info.name()));
  for (auto &tensor : *graph.mutable_initializer())
    tensor.set_name(rename(tensor.name()));
  for (onnx::NodeProto &node : *graph.mutable_node())
    renameNode(node, rename);
}

void import::prefixNames(onnx::GraphProto &graph, StringRef prefix) {
  llvm::StringSet<> own;
  for (const auto &tensor : graph.initializer())
    own.insert(tensor.name());
  for (const auto &node : graph.node())
    for (const std::string &output : node.output())
      own.insert(output);
  renameGraph(graph, [&](const std::string &name) {
    return own.contains(name) ? (prefix + name).str() : name;
  });
}

void import::collectUsedNames(const onnx::GraphProto &graph,
                              llvm::StringSet<> &used) {
  for (const auto &output : graph.output())
    used.insert(output.name());
  for (const auto &node : graph.node()) {
    for (const std::string &input : node.input())
      used.insert(input);
    for (const auto &attribute : node.attribute()) {
      if (attribute.has_g())
        collectUsedNames(attribute.g(), used);
      for (const auto &inner : attribute.graphs())
        collectUsedNames(inner, used);
    }
  }
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

namespace {
class Inliner {
public:
  Inliner(int64_t opset, Location loc) : opset(opset), loc(loc) {}

  LogicalResult add(const onnx::FunctionProto &function);
  /// Appends `nodes` to `result`, calls replaced.
  LogicalResult expand(const Nodes &nodes, Nodes &result, int depth);

private:
  static std::string makeKey(StringRef domain, StringRef name) {
    return ((domain == "ai.onnx" ? "" : domain) + "\n" + name).str();
  }
  LogicalResult expandCall(const onnx::NodeProto &call,
                           const onnx::FunctionProto &function, Nodes &result,
                           int depth);

  int64_t opset;
  Location loc;
  llvm::StringMap<const onnx::FunctionProto *> functions;
  size_t calls = 0, nodes = 0, bytes = 0;
};
} // namespace

LogicalResult Inliner::add(const onnx::FunctionProto &function) {
  for (const auto &import : function.opset_import())
    if ((import.domain().empty() || import.domain() == "ai.onnx") &&
        import.version() != opset)
      return emitError(loc)
             << "function '" << function.name() << "': expected opset " << opset
             << " as in the model, got " << import.version();
  if (!functions
           .try_emplace(makeKey(function.domain(), function.name()), &function)
           .second)
    return emitError(loc) << "expected one function '" << function.name()
                          << "', got two";
  return success();
}

/// Attributes that stand for those of the call take their values, or go.
static void bindAttributes(onnx::NodeProto &node, const onnx::NodeProto &call) {
  google::protobuf::RepeatedPtrField<onnx::AttributeProto> bound;
  for (const auto &attribute : node.attribute()) {
    if (attribute.ref_attr_name().empty()) {
      *bound.Add() = attribute;
      continue;
    }
    for (const auto &given : call.attribute())
      if (given.name() == attribute.ref_attr_name()) {
        *bound.Add() = given;
        bound.rbegin()->set_name(attribute.name());
        break;
      }
  }
  node.mutable_attribute()->Swap(&bound);
}

LogicalResult Inliner::expandCall(const onnx::NodeProto &call,
                                  const onnx::FunctionProto &function,
                                  Nodes &result, int depth) {
  if (depth == kMaxCallDepth)
    return emitError(loc) << "function '" << function.name()
                          << "' calls itself, or " << kMaxCallDepth
                          << " functions call each other";
  if (call.input_size() > function.input_size() ||
      call.output_size() > function.output_size())
    return emitError(loc) << "function '" << function.name() << "': expected "
                          << function.input_size() << " inputs and "
                          << function.output_size() << " outputs, got "
                          << call.input_size() << " and " << call.output_size();
  std::string prefix = function.name() + "#" + std::to_string(calls++) + "/";
  llvm::StringMap<std::string> names;
  for (int i = 0; i < function.input_size(); ++i)
    names[function.input(i)] = i < call.input_size() ? call.input(i) : "";
  Nodes body;
  for (int i = 0; i < call.output_size(); ++i) {
    if (call.output(i).empty())
      continue;
    if (names.try_emplace(function.output(i), call.output(i)).second)
      continue;
    onnx::NodeProto &identity = *body.Add(); // an input is passed on
    identity.set_op_type("Identity");
    identity.add_input(names[function.output(i)]);
    identity.add_output(call.output(i));
  }
  for (const onnx::NodeProto &node : function.node()) {
    onnx::NodeProto &copy = *body.Add();
    copy = node;
    bindAttributes(copy, call);
    renameNode(copy, [&](const std::string &name) {
      auto it = names.find(name);
      return it == names.end() ? prefix + name : it->second;
    });
    if (!call.name().empty() && !node.name().empty())
      copy.set_name(call.name() + "/" + node.name());
    bytes += copy.ByteSizeLong();
    if (++nodes > kMaxInlinedNodes || bytes > kMaxInlinedBytes)
      return emitError(loc) << "expected calls of functions that become at "
                               "most 2^18 nodes and 256 MB";
  }
  return expand(body, result, depth + 1);
}

LogicalResult Inliner::expand(const Nodes &nodes, Nodes &result, int depth) {
  for (const onnx::NodeProto &node : nodes) {
    auto it = functions.find(makeKey(node.domain(), node.op_type()));
    if (it != functions.end()) {
      if (failed(expandCall(node, *it->second, result, depth)))
        return failure();
      continue;
    }
    onnx::NodeProto &copy = *result.Add();
    copy = node;
    for (onnx::AttributeProto &attribute : *copy.mutable_attribute()) {
      if (!attribute.has_g())
        continue;
      Nodes inner;
      if (failed(expand(attribute.g().node(), inner, depth)))
        return failure();
      attribute.mutable_g()->mutable_node()->Swap(&inner);
    }
  }
  return success();
}

LogicalResult import::inlineFunctions(onnx::ModelProto &model, int64_t opset,
                                      Location loc) {
  if (model.functions_size() == 0)
    return success();
  Inliner inliner(opset, loc);
  for (const onnx::FunctionProto &function : model.functions())
    if (failed(inliner.add(function)))
      return failure();
  Nodes result;
  if (failed(inliner.expand(model.graph().node(), result, 0)))
    return failure();
  model.mutable_graph()->mutable_node()->Swap(&result);
  return success();
}

void import::collectDefinedNames(const onnx::GraphProto &graph,
                                 llvm::StringSet<> &names) {
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &output : node.output())
      names.insert(output);
}
