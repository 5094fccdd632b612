//===- Importer.cpp - TFLite models as qnn graphs -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qnn/Import/TFLite/Importer.h"

#include "OpImporter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

namespace {
class GraphImporter {
public:
  GraphImporter(GraphState &state, Location loc) : state(state), loc(loc) {}

  FailureOr<OwningOpRef<ModuleOp>> run(const ImportOptions &options);

private:
  LogicalResult checkNames(const ImportOptions &options);
  LogicalResult bindShape(TensorInfo &input, const ImportOptions &options);
  FailureOr<Type> getInputType(const TensorInfo &input);
  LogicalResult createFunction(const ImportOptions &options);
  Value cast(Value integers, quant::UniformQuantizedType type);
  LogicalResult importOp(const OpInfo &op);
  LogicalResult createReturn();

  GraphState &state;
  Location loc;
  func::FuncOp function;
};
} // namespace

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// Names of inputs, and those of outputs, tell them apart.
LogicalResult GraphImporter::checkNames(const ImportOptions &options) {
  llvm::StringSet<> inputs, outputs;
  SmallVector<std::string> names;
  for (int index : state.model.inputs) {
    names.push_back(state.model.tensors[index].name);
    if (!inputs.insert(names.back()).second)
      return emitError(loc) << "expected model inputs of different names, got '"
                            << names.back() << "' twice";
  }
  for (int index : state.model.outputs)
    if (StringRef name = state.model.tensors[index].name;
        !outputs.insert(name).second)
      return emitError(loc)
             << "expected model outputs of different names, got '" << name
             << "' twice";
  for (const auto &entry : options.inputShapes)
    if (!inputs.contains(entry.first()))
      return emitError(loc)
             << "--input-shape names '" << entry.first()
             << "', but the model has inputs " << llvm::join(names, ", ");
  return success();
}

/// Dimensions that the file leaves open have what the options give, else the
/// file's default.
LogicalResult GraphImporter::bindShape(TensorInfo &input,
                                       const ImportOptions &options) {
  auto it = options.inputShapes.find(input.name);
  SmallVector<std::string> spelled;
  for (auto [size, isOpen] : llvm::zip_equal(input.shape, input.isOpen))
    spelled.push_back(isOpen ? "?" : std::to_string(size));
  std::string text = llvm::join(spelled, "x");
  if (it == options.inputShapes.end()) {
    if (llvm::is_contained(input.shape, -1))
      return emitError(loc)
             << "model input '" << input.name
             << "' has unknown dimensions: bind them with "
                "--input-shape="
             << input.name << ":" << text << ", all of them as numbers";
    return success();
  }
  ArrayRef<int64_t> given = it->second;
  bool agrees = given.size() == input.shape.size();
  for (size_t d = 0; agrees && d < given.size(); ++d)
    agrees = input.isOpen[d] || given[d] == input.shape[d];
  if (!agrees || !countElements(given))
    return emitError(loc) << "--input-shape gives " << formatShape(given)
                          << " for '" << input.name << "', but the model has "
                          << (text.empty() ? "scalar" : text);
  input.shape.assign(given.begin(), given.end());
  return success();
}

FailureOr<Type> GraphImporter::getInputType(const TensorInfo &input) {
  Builder &builder = state.builder;
  if (input.type == ElementType::FLOAT32)
    return Type(RankedTensorType::get(input.shape, builder.getF32Type()));
  if (input.isQuantizedActivation() && input.type != ElementType::INT16)
    return Type(RankedTensorType::get(
        input.shape,
        getBoundaryType(getActivationType(builder.getContext(), input),
                        input)));
  if (Type element = getIntegerType(builder.getContext(), input.type))
    return Type(RankedTensorType::get(input.shape, element));
  return emitError(loc) << "model input '" << input.name
                        << "': expected FLOAT32, INT8, UINT8, INT32, INT64 or "
                           "BOOL, got "
                        << formatType(input.type)
                        << ": convert the model with float inputs";
}

/// Inside a network bytes are signed, outside they are what the file says.
Value GraphImporter::cast(Value integers, quant::UniformQuantizedType type) {
  auto tensor = llvm::cast<RankedTensorType>(integers.getType());
  if (tensor.getElementType() == type)
    return integers;
  return state.builder.create<RequantizeOp>(integers.getLoc(),
                                            tensor.clone(type), integers);
}

LogicalResult GraphImporter::createFunction(const ImportOptions &options) {
  if (failed(checkNames(options)))
    return failure();
  SmallVector<Type> types;
  for (int index : state.model.inputs) {
    TensorInfo &input = state.model.tensors[index];
    if (failed(bindShape(input, options)))
      return failure();
    FailureOr<Type> type = getInputType(input);
    if (failed(type))
      return failure();
    types.push_back(*type);
  }
  OpBuilder &builder = state.builder;
  function = builder.create<func::FuncOp>(builder.getUnknownLoc(), "main",
                                          builder.getFunctionType(types, {}));
  // Numbers of 16 bits are rounded in f32, bytes may have scale 1 by chance.
  if (llvm::any_of(state.model.tensors, [](const TensorInfo &info) {
        return !info.isConstant && info.isQuantizedActivation() &&
               !info.isPlain;
      }))
    function->setAttr(kQuantizedAttr, builder.getUnitAttr());
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  for (auto [i, index] : llvm::enumerate(state.model.inputs)) {
    StringAttr name = builder.getStringAttr(state.model.tensors[index].name);
    Location inputLoc = NameLoc::get(name);
    BlockArgument argument = block->getArgument(i);
    function.setArgAttr(i, "qnn.name", name);
    argument.setLoc(inputLoc);
    Entry &entry = state.entries[index];
    entry.value = argument;
    if (!isQuantizedTensor(argument.getType()))
      continue;
    entry.integers =
        cast(argument, getActivationType(builder.getContext(),
                                         state.model.tensors[index]));
    entry.value = builder.create<quant::DequantizeCastOp>(
        inputLoc,
        llvm::cast<RankedTensorType>(argument.getType())
            .clone(builder.getF32Type()),
        entry.integers);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Ops and outputs
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::importOp(const OpInfo &info) {
  if (info.outputs.empty())
    return emitError(loc) << info.getName() << ": expected an output";
  OpImporter op(state, info);
  const OpEntry *entry = findSupportedOp(info.code);
  bool poisoned = llvm::any_of(info.inputs, [&](int index) {
    return index >= 0 && state.entries[index].poisoned;
  });
  if (!entry)
    (void)op.unsupported(whyRefused(info.code));
  int inputs = info.inputs.size();
  if (entry && (inputs < entry->minInputs ||
                (entry->maxInputs >= 0 && inputs > entry->maxInputs)))
    return op.error() << "expected " << entry->minInputs << " to "
                      << (entry->maxInputs < 0 ? inputs : entry->maxInputs)
                      << " inputs, got " << inputs;
  for (int i = 0; entry && i < entry->minInputs; ++i)
    if (info.inputs[i] < 0)
      return op.error() << "expected input " << i << ", got none";
  if (entry && !poisoned) {
    LogicalResult result = entry->convert(op);
    assert((succeeded(result) || op.failed()) && "failure without a reason");
    (void)result;
  }
  if (op.isFatal())
    return failure();
  for (int index : info.outputs)
    state.entries[index].poisoned |= !state.entries[index].value;
  return success();
}

LogicalResult GraphImporter::createReturn() {
  OpBuilder &builder = state.builder;
  if (state.model.outputs.empty())
    return emitError(loc) << "expected a model with outputs";
  SmallVector<Value> results;
  for (int index : state.model.outputs) {
    const Entry &entry = state.entries[index];
    const TensorInfo &info = state.model.tensors[index];
    if (!entry.value)
      return emitError(loc) << "expected a computed model output, got '"
                            << info.name << "', which is "
                            << (info.isConstant ? "constant" : "not computed");
    if (info.type == ElementType::INT16)
      return emitError(loc) << "model output '" << info.name
                            << "': expected another type than INT16: convert "
                               "the model with float outputs";
    if (!entry.integers)
      results.push_back(entry.value);
    else
      results.push_back(
          cast(entry.integers,
               getBoundaryType(getUniformElementType(entry.integers.getType()),
                               info)));
  }
  builder.create<func::ReturnOp>(builder.getUnknownLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  for (auto [i, index] : llvm::enumerate(state.model.outputs))
    function.setResultAttr(
        i, "qnn.name", builder.getStringAttr(state.model.tensors[index].name));
  return success();
}

FailureOr<OwningOpRef<ModuleOp>>
GraphImporter::run(const ImportOptions &options) {
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(state.builder.getUnknownLoc());
  state.builder.setInsertionPointToEnd(module->getBody());
  if (failed(createFunction(options)))
    return failure();
  for (const OpInfo &op : state.model.ops)
    if (failed(importOp(op)))
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

FailureOr<OwningOpRef<ModuleOp>> qnn::importTFLite(llvm::MemoryBufferRef file,
                                                   const ImportOptions &options,
                                                   MLIRContext *context) {
  context->loadDialect<QNNDialect, func::FuncDialect>();
  StringRef bytes = file.getBuffer();
  Location loc = FileLineColLoc::get(context, file.getBufferIdentifier(), 0, 0);
  // FlatBuffers aligns its contents relative to its beginning.
  std::unique_ptr<llvm::MemoryBuffer> aligned;
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 16 != 0) {
    aligned = llvm::MemoryBuffer::getMemBufferCopy(bytes);
    bytes = aligned->getBuffer();
  }
  FailureOr<ModelInfo> model = readModel(bytes, loc);
  if (failed(model))
    return failure();
  GraphState state(context);
  state.model = std::move(*model);
  state.entries.resize(state.model.tensors.size());
  return GraphImporter(state, loc).run(options);
}
