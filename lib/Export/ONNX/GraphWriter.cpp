//===- GraphWriter.cpp - An ONNX graph in the making ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphWriter.h"

#include "qnn/Dialect/QNN/Transforms/Transforms.h"
#include "qnn/Support/Numerics.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::exporting;

Layout exporting::getIdentity(int64_t rank) {
  return llvm::to_vector<4>(llvm::seq<int64_t>(rank));
}

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

static bool isConstant(Value value) {
  return bool(value.getDefiningOp<ConstantOp>());
}

/// Accumulators exist as reals only: no ONNX operator ends in them.
static bool isStoredAsIntegers(Value value) {
  return isQuantizedTensor(value.getType()) &&
         (isConstant(value) || !isAccumulatorTensor(value.getType()));
}

/// The name of the tensor of layout `layout`, if there is one.
static std::optional<std::string> findIn(ArrayRef<Tensor> tensors,
                                         ArrayRef<int64_t> layout) {
  for (const Tensor &tensor : tensors)
    if (ArrayRef<int64_t>(tensor.layout) == layout)
      return tensor.name;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

static onnx::AttributeProto *
addAttribute(onnx::NodeProto *node, StringRef name,
             onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto *attribute = node->add_attribute();
  attribute->set_name(name.str());
  attribute->set_type(type);
  return attribute;
}

void exporting::setInt(onnx::NodeProto *node, StringRef name, int64_t value) {
  addAttribute(node, name, onnx::AttributeProto::INT)->set_i(value);
}

void exporting::setInts(onnx::NodeProto *node, StringRef name,
                        ArrayRef<int64_t> values) {
  auto *attribute = addAttribute(node, name, onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attribute->add_ints(value);
}

void exporting::setFloat(onnx::NodeProto *node, StringRef name, float value) {
  addAttribute(node, name, onnx::AttributeProto::FLOAT)->set_f(value);
}

void exporting::setString(onnx::NodeProto *node, StringRef name,
                          StringRef value) {
  addAttribute(node, name, onnx::AttributeProto::STRING)->set_s(value.str());
}

static std::string makeUnique(llvm::StringSet<> &names, const Twine &wanted) {
  std::string name = wanted.str();
  for (int i = 2; !names.insert(name).second; ++i)
    name = (wanted + "_" + Twine(i)).str();
  return name;
}

std::string GraphWriter::makeTensorName(const Twine &wanted) {
  return makeUnique(tensorNames, wanted);
}

onnx::NodeProto *GraphWriter::add(StringRef type, const Twine &name,
                                  Names inputs) {
  onnx::NodeProto *node = graph->add_node();
  node->set_op_type(type.str());
  node->set_name(makeUnique(nodeNames, name));
  for (const std::string &input : inputs)
    node->add_input(input);
  node->add_output(makeTensorName(name));
  return node;
}

/// The output that counts: of several, the last one.
static std::string *getResult(onnx::NodeProto *node) {
  return node->mutable_output(node->output_size() - 1);
}

void GraphWriter::renameResult(onnx::NodeProto *node, const Twine &name) {
  std::string *result = getResult(node);
  tensorNames.erase(*result);
  *result = makeTensorName(name);
}

std::string GraphWriter::transpose(const std::string &tensor,
                                   ArrayRef<int64_t> from,
                                   ArrayRef<int64_t> to) {
  StringRef base = tensor;
  base.consume_back("/dequantized");
  onnx::NodeProto *node = add("Transpose", base + "/transposed", tensor);
  setInts(node, "perm", applyPermutation(invertPermutationVector(from), to));
  return node->output(0);
}

//===----------------------------------------------------------------------===//
// Integers and reals
//===----------------------------------------------------------------------===//

/// Adds scale, zero point and axis to a node that converts `value`.
void GraphWriter::setQuantization(onnx::NodeProto *node, Value value,
                                  ArrayRef<int64_t> layout) {
  const auto &[scale, zeroPoint] = getParameters(value, node->output(0));
  node->add_input(scale);
  node->add_input(zeroPoint);
  auto type = dyn_cast<quant::UniformQuantizedPerAxisType>(
      getQuantizedElementType(value.getType()));
  if (!type)
    return;
  // Broadcast constants have more dimensions than the value.
  int64_t axis = type.getQuantizedDimension() + layout.size() - getRank(value);
  setInt(node, "axis", llvm::find(layout, axis) - layout.begin());
}

/// A type that uses less than its storage holds rounds to its own bounds, and
/// QuantizeLinear to those of the storage.
std::string GraphWriter::narrow(const std::string &real, Value value) {
  auto type = getUniformElementType(value.getType());
  if (!type)
    return real;
  unsigned width = type.getStorageTypeIntegralWidth();
  using quant::QuantizedType;
  if (type.getStorageTypeMin() ==
          QuantizedType::getDefaultMinimumForInteger(type.isSigned(), width) &&
      type.getStorageTypeMax() ==
          QuantizedType::getDefaultMaximumForInteger(type.isSigned(), width))
    return real;
  QuantParams params = getQuantParams(type);
  Builder builder(value.getContext());
  onnx::NodeProto *node = add("Clip", real + "/narrow", real);
  addBounds(node, builder.getF32FloatAttr(qnn::dequantize(params.min, params)),
            builder.getF32FloatAttr(qnn::dequantize(params.max, params)));
  return node->output(0);
}

std::string GraphWriter::quantize(const std::string &real, Value value,
                                  ArrayRef<int64_t> layout) {
  onnx::NodeProto *node =
      add("QuantizeLinear", real + "/quantized", narrow(real, value));
  setQuantization(node, value, layout);
  return node->output(0);
}

std::string GraphWriter::dequantize(const std::string &integers, Value value,
                                    ArrayRef<int64_t> layout) {
  StringRef base = integers;
  base.consume_back("/quantized");
  onnx::NodeProto *node =
      add("DequantizeLinear", base + "/dequantized", integers);
  setQuantization(node, value, layout);
  return node->output(0);
}

Layout GraphWriter::getLayout(Value value) const {
  auto found = stored.find(value);
  if (isConstant(value) || found == stored.end())
    return getIdentity(getRank(value));
  return found->second.front().layout;
}

Layout GraphWriter::getCommonLayout(ValueRange values, int64_t rank) const {
  std::optional<Layout> layout;
  for (Value value : values) {
    if (isConstant(value))
      continue;
    if (getRank(value) != rank)
      return getIdentity(rank);
    if (!layout)
      layout = getLayout(value);
  }
  return layout.value_or(getIdentity(rank));
}

std::string GraphWriter::getStored(Value value, ArrayRef<int64_t> layout,
                                   const Twine &role) {
  if (auto known = findIn(stored.lookup(value), layout))
    return *known;
  std::string name;
  if (isConstant(value)) {
    name = addConstant(value, layout, role);
  } else {
    Layout home = getLayout(value);
    bool integers = isStoredAsIntegers(value);
    name = transpose(integers ? getReal(value, home) : getStored(value, home),
                     home, layout);
    if (integers)
      name = quantize(name, value, layout);
  }
  stored[value].push_back({name, Layout(layout)});
  return name;
}

std::string GraphWriter::getReal(Value value, ArrayRef<int64_t> layout,
                                 const Twine &role) {
  if (auto known = findIn(reals.lookup(value), layout))
    return *known;
  std::string name = getStored(value, layout, role);
  if (isStoredAsIntegers(value))
    name = dequantize(name, value, layout);
  reals[value].push_back({name, Layout(layout)});
  return name;
}

std::string GraphWriter::getBroadcast(Value value, ArrayRef<int64_t> layout,
                                      const Twine &role) {
  bool inOrder = ArrayRef<int64_t>(getIdentity(layout.size())) == layout;
  if (inOrder)
    return getReal(value, getIdentity(getRank(value)), role);
  assert((isConstant(value) || getRank(value) == int64_t(layout.size())) &&
         "expected the layout of getCommonLayout");
  return getReal(value, layout, role);
}

void GraphWriter::setResult(Operation *op, onnx::NodeProto *node,
                            ArrayRef<int64_t> layout) {
  renameResult(node, getLayerName(op));
  setReal(op->getResult(0), *getResult(node), layout);
}

void GraphWriter::setReal(Value result, std::string tensor,
                          ArrayRef<int64_t> layout) {
  if (isStoredAsIntegers(result))
    tensor = quantize(tensor, result, layout);
  stored[result].push_back({tensor, Layout(layout)});
}

/// The bounds of a fused clamp that rounding to the result does not imply
/// anyway (but 0, which runtimes drop themselves): runtimes compute with
/// integers only where nothing stands before QuantizeLinear.
static std::pair<FloatAttr, FloatAttr> getBounds(RequantFusableOpInterface op) {
  FloatAttr low = op.getClampMinAttr(), high = op.getClampMaxAttr();
  auto type = getUniformElementType(op->getResult(0).getType());
  if (!type || isAccumulatorTensor(op->getResult(0).getType()))
    return {low, high};
  QuantParams params = getQuantParams(type);
  auto quantizeBound = [&](FloatAttr bound) {
    return quantize(bound.getValue().convertToFloat(), params);
  };
  if (low && !low.getValue().isZero() && quantizeBound(low) == params.min)
    low = {};
  if (high && quantizeBound(high) == params.max)
    high = {};
  return {low, high};
}

void GraphWriter::finish(Operation *op, onnx::NodeProto *node,
                         ArrayRef<int64_t> layout) {
  auto fusable = cast<RequantFusableOpInterface>(op);
  StringRef name = getLayerName(op);
  auto append = [&](StringRef type, StringRef part, std::string other) {
    renameResult(node, node->name() + "/result");
    SmallVector<std::string> inputs = {node->output(0)};
    if (!other.empty())
      inputs.push_back(other);
    node = add(type, name + "/" + part, inputs);
  };
  if (auto residual = fusable.getResidualRange();
      residual && !residual->empty())
    append("Add", "residual", getReal((*residual)[0].get(), layout));
  auto [low, high] = getBounds(fusable);
  if (low && !high && low.getValue().isPosZero()) {
    append("Relu", "relu", {});
  } else if (low || high) {
    append("Clip", "clamp", {});
    addBounds(node, low, high);
  }
  setResult(op, node, layout);
}

void GraphWriter::addBounds(onnx::NodeProto *node, FloatAttr low,
                            FloatAttr high) {
  auto addBound = [&](FloatAttr bound, StringRef role) {
    node->add_input(bound ? addFloat(node->name() + "/" + role,
                                     bound.getValue().convertToFloat())
                          : "");
  };
  addBound(low, "min");
  if (high)
    addBound(high, "max");
}

void GraphWriter::setTransposed(Value result, Value operand,
                                ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> inverse = invertPermutationVector(permutation);
  Layout home = getLayout(operand);
  if (isStoredAsIntegers(result) && getStorage(result) != getStorage(operand)) {
    std::string real = getReal(operand, home);
    for (int64_t &dimension : home)
      dimension = inverse[dimension];
    return setReal(result, real, home);
  }
  // Constants have no tensor before somebody asks for one.
  (void)getStored(operand, home);
  auto take = [&](DenseMap<Value, SmallVector<Tensor>> &tensors) {
    SmallVector<Tensor> same = tensors.lookup(operand);
    for (Tensor &tensor : same)
      for (int64_t &dimension : tensor.layout)
        dimension = inverse[dimension];
    tensors[result] = std::move(same);
  };
  take(stored);
  take(reals);
  auto known = parameters.lookup(operand);
  if (!known.first.empty())
    parameters[result] = known;
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

void GraphWriter::addInput(BlockArgument argument, StringRef name) {
  setType(graph->add_input(), argument, name);
  stored[argument].push_back({name.str(), getIdentity(getRank(argument))});
}

void GraphWriter::addOutput(Value value, StringRef name) {
  setType(graph->add_output(), value, name);
  Layout plain = getIdentity(getRank(value));
  std::string tensor = getStored(value, plain);
  auto [known, isFirst] = outputs.try_emplace(tensor, name.str());
  onnx::NodeProto *producer = nullptr;
  for (onnx::NodeProto &node : *graph->mutable_node())
    if (*getResult(&node) == tensor)
      producer = &node;
  if (!isFirst || !producer) {
    onnx::NodeProto *copy = graph->add_node();
    copy->set_op_type("Identity");
    copy->set_name(makeUnique(nodeNames, name + "/copy"));
    copy->add_input(isFirst ? tensor : known->second);
    copy->add_output(name.str());
    return;
  }
  *getResult(producer) = name.str();
  for (onnx::NodeProto &node : *graph->mutable_node())
    for (std::string &input : *node.mutable_input())
      if (input == tensor)
        input = name.str();
}
