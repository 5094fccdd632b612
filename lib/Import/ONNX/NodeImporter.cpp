//===- NodeImporter.cpp - What an op converter sees of its node -----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "Quantization.h"

#include "qnn/Dialect/QNN/IR/Constants.h"
#include "qnn/Dialect/QNN/IR/Macs.h"
#include "qnn/Reference/Interpreter.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

Location import::getNodeLoc(MLIRContext *context, const onnx::NodeProto &node) {
  std::string name = node.name();
  for (const std::string &output : node.output())
    if (name.empty())
      name = output;
  return NameLoc::get(
      StringAttr::get(context, name.empty() ? node.op_type() : name));
}

NodeImporter::NodeImporter(GraphState &state, onnx::NodeProto &node)
    : state(state), node(node),
      loc(getNodeLoc(state.builder.getContext(), node)) {}

NodeError NodeImporter::error() {
  if (failed())
    return {};
  hasError = true;
  InFlightDiagnostic diagnostic = emitError(loc);
  diagnostic << node.op_type() << ": ";
  return diagnostic;
}

LogicalResult NodeImporter::unsupported(const Twine &reason) {
  if (failed())
    return failure();
  hasUnsupported = true;
  std::string name = cast<NameLoc>(loc).getName().str();
  state.unsupported.push_back(
      (node.op_type() + " '" + name + "' (" + reason + ")").str());
  return failure();
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

bool NodeImporter::hasInput(int i) const {
  return i < node.input_size() && !node.input(i).empty();
}

bool NodeImporter::hasOutput(int i) const {
  return i < node.output_size() && !node.output(i).empty();
}

Entry *NodeImporter::getEntry(int i) {
  if (!hasInput(i)) {
    error() << "expected input " << i;
    return nullptr;
  }
  auto it = state.entries.find(node.input(i));
  assert(it != state.entries.end() && "the graph is in topological order");
  return &it->second;
}

bool NodeImporter::isConstant(int i) const {
  if (!hasInput(i))
    return true;
  return state.entries.find(node.input(i))->second.constant.has_value();
}

bool NodeImporter::allConstant() const {
  return llvm::all_of(llvm::seq(0, getNumInputs()),
                      [&](int i) { return isConstant(i); });
}

ArrayRef<int64_t> NodeImporter::getShape(int i) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  return entry->constant ? entry->constant->getShape() : shapeOf(entry->value);
}

bool NodeImporter::isFloat(int i) { return isFloatType(getElementType(i)); }

ElementType NodeImporter::getElementType(int i) {
  Entry *entry = getEntry(i);
  if (!entry)
    return onnx::TensorProto::UNDEFINED;
  if (entry->integers != onnx::TensorProto::UNDEFINED)
    return entry->integers;
  return entry->constant ? entry->constant->getType()
                         : getOnnxType(elementOf(entry->value));
}

Value NodeImporter::getValue(int i) {
  ElementType type = getElementType(i);
  if (!failed() && !isFloatType(type) && !movesIntegers(i))
    (void)unsupported("input " + Twine(i) + " of type " + formatType(type) +
                      ", only float is");
  return failed() ? Value() : getAny(i);
}

Value NodeImporter::getAny(int i) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  if (movesIntegers(i))
    return getMovedIntegers(i);
  if (isInteger(i))
    return getWidenedIntegers(i);
  if (entry->value)
    return entry->value;
  if (!hasGraphType(entry->constant->getType())) {
    (void)unsupported("input " + Twine(i) + " of type " +
                      formatType(entry->constant->getType()) +
                      ", only float, bool and integers of at most 64 bits with "
                      "a sign, or 16 bits without, are computed");
    return {};
  }
  return entry->value = createConstant(*entry->constant);
}

bool NodeImporter::isWeight(int i) {
  if (isConstant(i))
    return true;
  Entry *entry = getEntry(i);
  auto dequantize = entry && entry->value
                        ? entry->value.getDefiningOp<quant::DequantizeCastOp>()
                        : quant::DequantizeCastOp();
  return dequantize && dequantize.getArg().getDefiningOp<ConstantOp>();
}

HostTensor NodeImporter::getConstant(int i, StringRef what) {
  Entry *entry = getEntry(i);
  if (!entry)
    return {};
  if (!entry->constant) {
    (void)unsupported(what + " that is not constant");
    return {};
  }
  return *entry->constant;
}

SmallVector<int64_t> NodeImporter::getInts(int i, StringRef what) {
  HostTensor tensor = getConstant(i, what);
  if (failed())
    return {};
  if (tensor.isFloat() || tensor.getShape().size() > 1) {
    error() << "expected " << what << " to be a vector of integers, got "
            << formatType(tensor.getType()) << " of shape "
            << formatShape(tensor.getShape());
    return {};
  }
  return SmallVector<int64_t>(tensor.ints());
}

SmallVector<int64_t> NodeImporter::getAnyInts(int i, StringRef what) {
  HostTensor tensor = getConstant(i, what);
  if (!failed() && tensor.isFloat())
    error() << "expected " << what << " to be integers, got float";
  return failed() ? SmallVector<int64_t>()
                  : SmallVector<int64_t>(tensor.ints());
}

SmallVector<float> NodeImporter::getFloats(int i, StringRef what) {
  HostTensor tensor = getConstant(i, what);
  if (failed())
    return {};
  if (!tensor.isFloat() || tensor.getShape().size() > 1) {
    error() << "expected " << what << " to be a vector of floats, got "
            << formatType(tensor.getType()) << " of shape "
            << formatShape(tensor.getShape());
    return {};
  }
  return SmallVector<float>(tensor.floats());
}

float NodeImporter::getScalar(int i, StringRef what) {
  SmallVector<float> values = getFloats(i, what);
  if (!failed() && values.size() != 1)
    error() << "expected " << what << " to be one value, got " << values.size();
  return failed() ? 0.0f : values[0];
}

float NodeImporter::getSplat(int i, StringRef what) {
  HostTensor tensor = getConstant(i, what);
  if (!failed() && (!tensor.isFloat() || tensor.getNumElements() != 1))
    (void)unsupported(what + " of type " + formatType(tensor.getType()) +
                      " and shape " + formatShape(tensor.getShape()) +
                      ", only one float is");
  return failed() ? 0.0f : tensor.floats()[0];
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

LogicalResult NodeImporter::setResult(Value value, int i) {
  if (failed() || !value)
    return failure();
  if (!hasOutput(i))
    return success();
  if (movedType && elementOf(value).isF32())
    value = state.builder.create<quant::QuantizeCastOp>(
        loc, cast<RankedTensorType>(value.getType()).clone(movedType), value);
  if (movedIntegers != onnx::TensorProto::UNDEFINED &&
      (movedType ? isQuantizedTensor(value.getType())
                 : elementOf(value).isF32()))
    return setIntegers(value, movedIntegers, i);
  if (widened != onnx::TensorProto::UNDEFINED && elementOf(value).isInteger(32))
    return setWrapped(*this, value, widened, i);
  Entry &entry = state.entries[node.output(i)];
  entry.value = value;
  // A computed constant is one for shape arithmetic too.
  if (auto constant = value.getDefiningOp<ConstantOp>())
    entry.constant = HostTensor::fromAttribute(constant.getValue());
  return success();
}

LogicalResult NodeImporter::setResult(HostTensor constant, int i) {
  if (failed())
    return failure();
  if (hasOutput(i))
    state.entries[node.output(i)].constant = std::move(constant);
  return success();
}

LogicalResult NodeImporter::forward(int input, int output) {
  Entry *entry = getEntry(input);
  if (!entry)
    return failure();
  if (hasOutput(output)) {
    Entry copy = *entry; // inserting below may move it
    state.entries[node.output(output)] = copy;
  }
  return success();
}

bool NodeImporter::spendFolding(int64_t work) {
  if (work > state.foldingWork)
    return false;
  state.foldingWork -= work;
  return true;
}

LogicalResult NodeImporter::requireFolding(int64_t work) {
  if (failed() || spendFolding(work))
    return success(!failed());
  return error() << "expected folded constants of at most " << kFoldingWork
                 << " elements in all, got one of " << work;
}

LogicalResult NodeImporter::requireFoldingOfInputs() {
  int64_t work = 0;
  for (int i = 0; i < getNumInputs(); ++i)
    work += hasInput(i) ? ShapedType::getNumElements(getShape(i)) : 0;
  return requireFolding(work);
}

/// What computing `op` costs, in elements or multiply-accumulates.
static int64_t countFoldingWork(Operation *op) {
  auto elements = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getNumElements();
  };
  int64_t work = elements(op->getResult(0));
  if (auto pool = op->getAttrOfType<DenseI64ArrayAttr>("kernel"))
    for (int64_t size : pool.asArrayRef())
      if (llvm::MulOverflow(work, size, work))
        return std::numeric_limits<int64_t>::max();
  for (Value operand : op->getOperands())
    work = std::max(work, elements(operand));
  return std::max(work, countMacs(op));
}

Value NodeImporter::fold(Operation *op) {
  Value result = op->getResult(0);
  bool constant = llvm::all_of(op->getOperands(), [](Value operand) {
    return operand.getDefiningOp<ConstantOp>() != nullptr;
  });
  if (op->getNumOperands() == 0 || !constant ||
      !spendFolding(countFoldingWork(op)))
    return result;
  SmallVector<Tensor> operands;
  for (Value operand : op->getOperands()) {
    auto constant = operand.getDefiningOp<ConstantOp>();
    auto tensor = Tensor::fromElementsAttr(
        constant.getValue(), cast<RankedTensorType>(operand.getType()),
        [&] { return emitError(loc); });
    hasError |= mlir::failed(tensor);
    if (failed())
      return {};
    operands.push_back(*tensor);
  }
  // The interpreter wants verified ops.
  hasError |= mlir::failed(verify(op));
  FailureOr<Tensor> value = failure();
  if (!failed())
    value = interpretOp(op, operands);
  hasError |= mlir::failed(value);
  if (failed())
    return {};
  Value folded =
      state.builder.create<ConstantOp>(op->getLoc(), value->toElementsAttr());
  op->erase();
  return folded;
}

Value NodeImporter::createConstant(const HostTensor &tensor) {
  if (failed())
    return {};
  return state.builder.create<ConstantOp>(
      loc, tensor.toAttribute(state.builder.getContext()));
}

Value NodeImporter::reshape(Value value, ArrayRef<int64_t> shape) {
  if (failed() || !value || shapeOf(value) == shape)
    return value;
  return createMoved<ReshapeOp>(value, shape);
}

Value NodeImporter::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (failed() || !value)
    return value;
  return createMoved<TransposeOp>(value, permutation);
}
