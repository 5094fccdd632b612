//===- Graph.cpp - Structure of an ONNX graph -----------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Graph.h"

#include "NodeImporter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <queue>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

namespace {
/// Who defines each name: a node, or (kExternal) an input or initializer.
struct Producers {
  static constexpr int kExternal = -1;
  llvm::StringMap<int> of;
};
} // namespace

static LogicalResult collectProducers(const onnx::GraphProto &graph,
                                      Location loc, Producers &producers) {
  for (const auto &tensor : graph.initializer())
    if (!producers.of.try_emplace(tensor.name(), Producers::kExternal).second)
      return emitError(loc) << "expected one definition of '" << tensor.name()
                            << "', got two initializers";
  llvm::StringSet<> inputs;
  for (const auto &input : graph.input()) {
    if (!inputs.insert(input.name()).second)
      return emitError(loc) << "expected one definition of '" << input.name()
                            << "', got two model inputs";
    // An input may give an initializer its type (IR version 3).
    producers.of.try_emplace(input.name(), Producers::kExternal);
  }
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &output : graph.node(i).output())
      if (!output.empty() && !producers.of.try_emplace(output, i).second)
        return emitError(getNodeLoc(loc.getContext(), graph.node(i)))
               << graph.node(i).op_type() << ": expected one definition of '"
               << output << "', got another";
  return success();
}

/// For each node, how many operands other nodes compute; and who waits for it.
static LogicalResult collectUses(const onnx::GraphProto &graph,
                                 const Producers &producers, Location loc,
                                 std::vector<int> &missing,
                                 std::vector<SmallVector<int, 2>> &users) {
  missing.assign(graph.node_size(), 0);
  users.resize(graph.node_size());
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &input : graph.node(i).input()) {
      if (input.empty())
        continue;
      auto it = producers.of.find(input);
      if (it == producers.of.end())
        return emitError(getNodeLoc(loc.getContext(), graph.node(i)))
               << graph.node(i).op_type() << ": input '" << input
               << "' is not defined by any node, initializer or model input";
      if (it->second == Producers::kExternal)
        continue;
      ++missing[i];
      users[it->second].push_back(i);
    }
  for (const auto &output : graph.output())
    if (!producers.of.count(output.name()))
      return emitError(loc)
             << "model output '" << output.name() << "' is not defined";
  return success();
}

FailureOr<std::vector<int>> import::orderNodes(const onnx::GraphProto &graph,
                                               Location loc) {
  Producers producers;
  std::vector<int> missing;
  std::vector<SmallVector<int, 2>> users;
  if (failed(collectProducers(graph, loc, producers)) ||
      failed(collectUses(graph, producers, loc, missing, users)))
    return failure();
  // The first node whose operands are there: keeps an ordered file as it is.
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < graph.node_size(); ++i)
    if (missing[i] == 0)
      ready.push(i);
  std::vector<int> order;
  while (!ready.empty()) {
    int next = ready.top();
    ready.pop();
    order.push_back(next);
    for (int user : users[next])
      if (--missing[user] == 0)
        ready.push(user);
  }
  for (int i = 0; i < graph.node_size(); ++i)
    if (missing[i] != 0)
      return emitError(getNodeLoc(loc.getContext(), graph.node(i)))
             << graph.node(i).op_type()
             << ": expected a graph without cycles, got a node that waits for "
                "its own result";
  return order;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

namespace {
/// Dimensions of one input as the file and the options have them.
class InputBinder {
public:
  InputBinder(const onnx::ValueInfoProto &info, const ImportOptions &options,
              MLIRContext *context)
      : info(info), loc(NameLoc::get(StringAttr::get(context, info.name()))) {
    auto it = options.inputShapes.find(info.name());
    if (it != options.inputShapes.end())
      given = it->second;
  }

  /// The type is a float tensor, and the given shape agrees with the file's.
  LogicalResult check(llvm::StringMap<int64_t> &symbols);
  /// The type in the graph.
  ElementType getType() const {
    ElementType type = info.type().tensor_type().elem_type();
    return isAnyFloat(type) ? ElementType(onnx::TensorProto::FLOAT) : type;
  }
  /// The static shape; every symbol has been collected.
  FailureOr<ModelInput> bind(const llvm::StringMap<int64_t> &symbols);

private:
  const auto &dims() const { return info.type().tensor_type().shape().dim(); }
  bool hasShape() const { return info.type().tensor_type().has_shape(); }
  static bool isFixed(const onnx::TensorShapeProto::Dimension &dim) {
    return dim.has_dim_value() && dim.dim_value() != -1;
  }
  /// `NxCx224x224`, for messages.
  std::string spell() const;

  const onnx::ValueInfoProto &info;
  Location loc;
  std::optional<SmallVector<int64_t>> given;
};
} // namespace

std::string InputBinder::spell() const {
  if (!hasShape())
    return "D0xD1x...";
  SmallVector<std::string> parts;
  for (const auto &[i, dim] : llvm::enumerate(dims()))
    parts.push_back(isFixed(dim)              ? std::to_string(dim.dim_value())
                    : dim.dim_param().empty() ? "D" + std::to_string(i)
                                              : dim.dim_param());
  return llvm::join(parts, "x");
}

LogicalResult InputBinder::check(llvm::StringMap<int64_t> &symbols) {
  if (!info.type().has_tensor_type())
    return emitError(loc) << "expected a model input of tensor type";
  if (!hasGraphType(getType()) && getType() != onnx::TensorProto::UINT8 &&
      getType() != onnx::TensorProto::INT8)
    return emitError(loc)
           << "expected a model input of type float, bool, int8, uint8, int32 "
              "or int64, got "
           << formatType(getType())
           << ": make it an initializer, or convert the model";
  for (const auto &dim : dims())
    if (isFixed(dim) && dim.dim_value() < 0)
      return emitError(loc) << "expected non-negative sizes, got " << spell();
  if (!given)
    return success();
  auto contradicts = [&] {
    return emitError(loc) << "--input-shape gives " << formatShape(*given)
                          << ", but the model has " << spell();
  };
  if (hasShape() && int(given->size()) != dims().size())
    return contradicts();
  for (int i = 0; hasShape() && i < dims().size(); ++i) {
    const auto &dim = dims().Get(i);
    int64_t size = (*given)[i];
    if (isFixed(dim) && dim.dim_value() != size)
      return contradicts();
    if (isFixed(dim) || dim.dim_param().empty())
      continue;
    auto [it, isNew] = symbols.try_emplace(dim.dim_param(), size);
    if (!isNew && it->second != size)
      return emitError(loc)
             << "--input-shape binds dimension '" << dim.dim_param() << "' to "
             << size << " and to " << it->second;
  }
  return success();
}

FailureOr<ModelInput>
InputBinder::bind(const llvm::StringMap<int64_t> &symbols) {
  SmallVector<int64_t> shape;
  bool known = hasShape() || given;
  if (given)
    shape = *given;
  else
    for (const auto &dim : dims()) {
      auto it = symbols.find(dim.dim_param());
      bool bound = !isFixed(dim) && it != symbols.end();
      known &= isFixed(dim) || bound;
      shape.push_back(bound ? it->second : dim.dim_value());
    }
  if (!known)
    return emitError(loc) << "model input '" << info.name()
                          << "' has unknown dimensions: bind them with "
                             "--input-shape="
                          << info.name() << ":" << spell()
                          << ", all of them as numbers";
  if (!countElements(shape))
    return emitError(loc) << "expected an input of at most 2^40 elements, got "
                          << formatShape(shape);
  return ModelInput{info.name(), shape, getType()};
}

FailureOr<std::vector<ModelInput>>
import::bindInputs(const onnx::GraphProto &graph, const ImportOptions &options,
                   Location loc) {
  llvm::StringSet<> initializers;
  for (const auto &tensor : graph.initializer())
    initializers.insert(tensor.name());
  std::vector<InputBinder> binders;
  llvm::StringMap<int64_t> symbols;
  SmallVector<std::string> names;
  for (const auto &input : graph.input()) {
    if (initializers.contains(input.name()))
      continue;
    names.push_back(input.name());
    binders.emplace_back(input, options, loc.getContext());
    if (failed(binders.back().check(symbols)))
      return failure();
  }
  for (const auto &entry : options.inputShapes)
    if (!llvm::is_contained(names, entry.first()))
      return emitError(loc)
             << "--input-shape names '" << entry.first()
             << "', but the model has inputs " << llvm::join(names, ", ");
  std::vector<ModelInput> inputs;
  for (InputBinder &binder : binders) {
    FailureOr<ModelInput> input = binder.bind(symbols);
    if (failed(input))
      return failure();
    inputs.push_back(std::move(*input));
  }
  return inputs;
}
