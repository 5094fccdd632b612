//===- Importer.cpp - ONNX models as qnn graphs ---------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Import/ONNX/Importer.h"

#include "Boundary.h"
#include "Graph.h"
#include "Inlining.h"
#include "ModelFile.h"
#include "NodeImporter.h"
#include "OldForms.h"
#include "QuantizedOperators.h"
#include "Sequences.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

static constexpr int64_t kOldestOpset = 1, kNewestOpset = 23;

llvm::Error qnn::addInputShape(StringRef spec, ImportOptions &options) {
  auto [name, dims] = spec.rsplit(':');
  SmallVector<int64_t> shape;
  SmallVector<StringRef> parts;
  dims.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t size;
    if (part.getAsInteger(10, size) || size < 0)
      shape.push_back(-1);
    else
      shape.push_back(size);
  }
  if (name.empty() || dims.empty() || !countElements(shape))
    return llvm::createStringError(
        "expected --input-shape=NAME:1x3x224x224, got '" + spec + "'");
  if (!options.inputShapes.try_emplace(name, shape).second)
    return llvm::createStringError("expected one --input-shape for input '" +
                                   name + "', got two");
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

static FailureOr<int64_t> readOpset(const onnx::ModelProto &model,
                                    Location loc) {
  std::optional<int64_t> opset;
  for (const auto &import : model.opset_import())
    if (isOnnxDomain(import.domain()))
      opset = import.version();
  if (!opset)
    return emitError(loc) << "expected an opset version, got none";
  if (*opset < kOldestOpset || *opset > kNewestOpset)
    return emitError(loc) << "expected opset " << kOldestOpset << " to "
                          << kNewestOpset << ", got " << *opset
                          << ": convert the model with "
                             "onnx.version_converter";
  return *opset;
}

//===----------------------------------------------------------------------===//
// The graph
//===----------------------------------------------------------------------===//

namespace {
class GraphImporter {
public:
  GraphImporter(onnx::GraphProto &graph, GraphState &state, Location loc)
      : graph(graph), state(state), loc(loc) {}

  FailureOr<OwningOpRef<ModuleOp>> run(const ImportOptions &options);

private:
  LogicalResult importInitializers(onnx::GraphProto &from);
  void createFunction(ArrayRef<ModelInput> inputs);
  LogicalResult importNode(onnx::NodeProto &node);
  LogicalResult importSequenceOp(onnx::NodeProto &proto, bool poisoned);
  LogicalResult importIf(NodeImporter &node, onnx::NodeProto &proto);
  LogicalResult importBranch(onnx::GraphProto &branch);
  LogicalResult createReturn();

  onnx::GraphProto &graph;
  GraphState &state;
  Location loc;
  func::FuncOp function;
  int branches = 0;
};
} // namespace

/// Only what some node or output uses: others may be of any type.
LogicalResult GraphImporter::importInitializers(onnx::GraphProto &from) {
  llvm::StringSet<> used;
  collectUsedNames(from, used);
  for (onnx::TensorProto &tensor : *from.mutable_initializer()) {
    if (!used.contains(tensor.name()))
      continue;
    llvm::Expected<HostTensor> value = readTensor(tensor, state.folder);
    if (!value)
      return emitError(
                 NameLoc::get(StringAttr::get(loc.getContext(), tensor.name())))
             << "initializer: " << llvm::toString(value.takeError());
    state.foldingWork += kFoldingPerElement * value->getNumElements();
    state.entries[tensor.name()].constant = std::move(*value);
    tensor.Clear();
  }
  return success();
}

static bool isQuantizationNode(const onnx::NodeProto &node) {
  return StringRef(node.op_type()).ends_with("QuantizeLinear") ||
         node.op_type() == "DequantizeLinear" ||
         StringRef(node.op_type()).ends_with("Integer");
}

void GraphImporter::createFunction(ArrayRef<ModelInput> inputs) {
  Builder &builder = state.builder;
  SmallVector<Type> types;
  for (const ModelInput &input : inputs) {
    Type element = hasGraphType(input.type)
                       ? getMlirType(input.type, builder.getContext())
                       : getInputType(builder.getContext(), graph, state,
                                      input.name, input.type);
    types.push_back(RankedTensorType::get(input.shape, element));
  }
  function = state.builder.create<func::FuncOp>(
      builder.getUnknownLoc(), "main", builder.getFunctionType(types, {}));
  Block *entry = function.addEntryBlock();
  for (auto [i, input] : llvm::enumerate(inputs)) {
    function.setArgAttr(i, "qnn.name", builder.getStringAttr(input.name));
    entry->getArgument(i).setLoc(
        NameLoc::get(builder.getStringAttr(input.name)));
    state.entries[input.name].value = entry->getArgument(i);
  }
  if (llvm::any_of(graph.node(), isQuantizationNode))
    function->setAttr(kQuantizedAttr, builder.getUnitAttr());
  state.builder.setInsertionPointToEnd(entry);
  for (const ModelInput &input : inputs)
    if (!hasGraphType(input.type))
      importIntegers(state.builder, state.entries[input.name], input.type);
}

LogicalResult GraphImporter::importBranch(onnx::GraphProto &branch) {
  collectDefinedNames(branch, state.definedNames);
  if (failed(importInitializers(branch)))
    return failure();
  for (onnx::NodeProto &inner : *branch.mutable_node()) {
    for (const std::string &input : inner.input())
      if (!input.empty() && !state.entries.contains(input))
        return emitError(getNodeLoc(loc.getContext(), inner))
               << inner.op_type() << ": input '" << input
               << "' is not defined before";
    if (failed(importNode(inner)))
      return failure();
  }
  return success();
}

/// A constant condition takes the place of the If.
LogicalResult GraphImporter::importIf(NodeImporter &node,
                                      onnx::NodeProto &proto) {
  HostTensor condition = node.getConstant(0, "condition");
  if (node.failed())
    return success(!node.isFatal());
  if (condition.isFloat() || condition.getNumElements() != 1)
    return node.error() << "expected a condition of one bool";
  StringRef taken = condition.ints()[0] ? "then_branch" : "else_branch";
  onnx::GraphProto branch;
  for (onnx::AttributeProto &attribute : *proto.mutable_attribute())
    if (attribute.name() == taken)
      branch.Swap(attribute.mutable_g());
  if (branch.output_size() != proto.output_size())
    return node.error() << "expected " << proto.output_size()
                        << " outputs of attribute '" << taken << "', got "
                        << branch.output_size();
  prefixNames(branch, "If#" + std::to_string(branches++) + "/");
  if (failed(importBranch(branch)))
    return failure();
  for (int i = 0; i < proto.output_size(); ++i) {
    auto it = state.entries.find(branch.output(i).name());
    if (it == state.entries.end())
      return node.error() << "output " << i << " of attribute '" << taken
                          << "' is not defined";
    Entry copy = it->second; // inserting below may move it
    if (!node.hasOutput(i))
      continue;
    state.entries[proto.output(i)] = copy;
    auto sequence = state.sequences.find(branch.output(i).name());
    if (sequence != state.sequences.end()) {
      std::vector<std::string> names = sequence->second;
      state.sequences[proto.output(i)] = std::move(names);
    }
  }
  return success();
}

static bool readsSequence(const GraphState &state,
                          const onnx::NodeProto &proto) {
  return llvm::any_of(proto.input(), [&](const std::string &input) {
    return state.sequences.contains(input);
  });
}

LogicalResult GraphImporter::importSequenceOp(onnx::NodeProto &proto,
                                              bool poisoned) {
  if (!poisoned) {
    size_t unsupported = state.unsupported.size();
    FailureOr<std::vector<onnx::NodeProto>> nodes =
        expandSequenceOp(state, proto);
    if (succeeded(nodes)) {
      for (onnx::NodeProto &inner : *nodes)
        if (failed(importNode(inner)))
          return failure();
      return success();
    }
    if (state.unsupported.size() == unsupported)
      return failure();
  }
  for (const std::string &output : proto.output())
    state.entries[output].poisoned = true;
  return success();
}

LogicalResult GraphImporter::importNode(onnx::NodeProto &proto) {
  bool poisoned = llvm::any_of(proto.input(), [&](const std::string &input) {
    return !input.empty() && state.entries[input].poisoned;
  });
  if (state.hasOldForms && !poisoned && failed(upgradeNode(state, proto)))
    return failure();
  bool isKnownDomain = isOnnxDomain(proto.domain());
  if (isKnownDomain && isSequenceOp(state, proto))
    return importSequenceOp(proto, poisoned);
  NodeImporter node(state, proto);
  const OpEntry *op = findSupportedOp(proto.domain(), proto.op_type());
  if (isKnownDomain && proto.op_type() == "If" && node.hasInput(0)) {
    if (!poisoned && failed(importIf(node, proto)))
      return failure();
    poisoned |= node.failed();
  } else if (readsSequence(state, proto)) {
    poisoned = true;
    (void)node.unsupported("of a sequence");
  } else if (!op)
    (void)node.unsupported(isKnownDomain
                               ? Twine("unknown op")
                               : "domain '" + Twine(proto.domain()) + "'");
  int inputs = proto.input_size();
  if (op && (inputs < op->minInputs ||
             (op->maxInputs >= 0 && inputs > op->maxInputs)))
    return node.error() << "expected " << op->minInputs << " to "
                        << (op->maxInputs < 0 ? inputs : op->maxInputs)
                        << " inputs, got " << inputs;
  if (op && proto.output_size() == 0)
    return node.error() << "expected an output";
  if (op && !poisoned) {
    bool folds = op->fold && node.allConstant();
    Converter convert = op->convert;
    if (!folds && node.hasIntegers())
      if (Converter onIntegers = findIntegerConverter(proto.op_type()))
        convert = onIntegers;
    LogicalResult result = folds ? node.requireFoldingOfInputs() : success();
    if (succeeded(result))
      result = folds ? op->fold(node) : convert(node);
    assert((succeeded(result) || node.failed()) && "failure without a reason");
    (void)result;
  }
  if (node.isFatal())
    return failure();
  // Whatever the node left open cannot be computed.
  for (int i = 0; i < proto.output_size(); ++i) {
    if (!node.hasOutput(i))
      continue;
    Entry &entry = state.entries[proto.output(i)];
    if (entry.value || entry.constant)
      continue;
    entry.poisoned = true;
    if (!poisoned)
      (void)node.unsupported("output " + Twine(i));
  }
  return success();
}

LogicalResult GraphImporter::createReturn() {
  SmallVector<Value> results;
  SmallVector<std::string> names;
  if (graph.output_size() == 0)
    return emitError(loc) << "expected a model with outputs";
  for (const auto &output : graph.output()) {
    Entry &entry = state.entries[output.name()];
    auto outputLoc =
        NameLoc::get(StringAttr::get(loc.getContext(), output.name()));
    if (state.sequences.contains(output.name()))
      return emitError(outputLoc)
             << "expected a model output of tensor type, got a sequence";
    if (!entry.value && !hasGraphType(entry.constant->getType()))
      return emitError(outputLoc)
             << "expected a model output of type float, bool, int32 or int64, "
                "got "
             << formatType(entry.constant->getType());
    if (!entry.value)
      entry.value = state.builder.create<ConstantOp>(
          outputLoc, entry.constant->toAttribute(loc.getContext()));
    FailureOr<Value> result = entry.value;
    if (entry.integers != onnx::TensorProto::UNDEFINED)
      result = exportIntegers(state.builder, entry, outputLoc);
    if (failed(result))
      return failure();
    results.push_back(*result);
    names.push_back(output.name());
  }
  state.builder.create<func::ReturnOp>(state.builder.getUnknownLoc(), results);
  Builder &builder = state.builder;
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  for (auto [i, name] : llvm::enumerate(names))
    function.setResultAttr(i, "qnn.name", builder.getStringAttr(name));
  return success();
}

FailureOr<OwningOpRef<ModuleOp>>
GraphImporter::run(const ImportOptions &options) {
  for (const auto &tensor : graph.sparse_initializer())
    return emitError(loc) << "expected dense initializers, got '"
                          << tensor.values().name() << "', which is sparse";
  llvm::StringSet<> outputs;
  for (const auto &output : graph.output())
    if (!outputs.insert(output.name()).second)
      return emitError(loc)
             << "expected model outputs of different names, got '"
             << output.name() << "' twice: give one an Identity";
  expandQuantizedOperators(graph, state.opset);
  collectDefinedNames(graph, state.definedNames);
  FailureOr<std::vector<int>> order = orderNodes(graph, loc);
  if (failed(order))
    return failure();
  FailureOr<std::vector<ModelInput>> inputs = bindInputs(graph, options, loc);
  if (failed(inputs) || failed(importInitializers(graph)))
    return failure();
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(state.builder.getUnknownLoc());
  state.builder.setInsertionPointToEnd(module->getBody());
  createFunction(*inputs);
  for (int i : *order)
    if (failed(importNode(*graph.mutable_node(i))))
      return failure();
  if (!state.unsupported.empty())
    return emitError(loc) << state.unsupported.size()
                          << (state.unsupported.size() == 1
                                  ? " unsupported op: "
                                  : " unsupported ops: ")
                          << llvm::join(state.unsupported, "; ");
  if (failed(createReturn()) || failed(verify(*module)))
    return failure();
  return module;
}

/// `path` is where the model came from.
static FailureOr<OwningOpRef<ModuleOp>>
importModel(onnx::ModelProto &model, StringRef path, Location loc,
            const ImportOptions &options) {
  FailureOr<int64_t> opset = readOpset(model, loc);
  if (failed(opset))
    return failure();
  if (failed(inlineFunctions(model, *opset, loc)))
    return failure();
  GraphState state(loc.getContext());
  state.folder = llvm::sys::path::parent_path(path).str();
  state.opset = std::max(*opset, kOldestKnownOpset);
  state.hasOldForms = *opset < kOldestKnownOpset;
  return GraphImporter(*model.mutable_graph(), state, loc).run(options);
}

FailureOr<OwningOpRef<ModuleOp>> qnn::importONNX(StringRef path,
                                                 const ImportOptions &options,
                                                 MLIRContext *context) {
  context->loadDialect<QNNDialect, func::FuncDialect>();
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  onnx::ModelProto model;
  if (failed(readModel(path, loc, model)))
    return failure();
  return importModel(model, path, loc, options);
}

FailureOr<OwningOpRef<ModuleOp>> qnn::importONNX(llvm::MemoryBufferRef bytes,
                                                 const ImportOptions &options,
                                                 MLIRContext *context) {
  context->loadDialect<QNNDialect, func::FuncDialect>();
  StringRef path = bytes.getBufferIdentifier();
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  onnx::ModelProto model;
  if (failed(readModel(bytes, loc, model)))
    return failure();
  return importModel(model, path, loc, options);
}
