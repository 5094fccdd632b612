//===- ShapeFolding.cpp - Arithmetic on constants -------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exporters compute shapes with ops (Shape, Gather, Mul, Concat, ...). All
// shapes are static here, so all of that is computed on the host, integers in
// i64 with wrap-around, floats as f32.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

/// `value` wrapped to the width of an integer type.
static int64_t wrap(int64_t value, ElementType type) {
  switch (type) {
  case TensorProto::BOOL:
    return value != 0;
  case TensorProto::INT8:
    return int8_t(value);
  case TensorProto::UINT8:
    return uint8_t(value);
  case TensorProto::INT16:
    return int16_t(value);
  case TensorProto::UINT16:
    return uint16_t(value);
  case TensorProto::INT32:
    return int32_t(value);
  case TensorProto::UINT32:
    return uint32_t(value);
  default:
    return value;
  }
}

/// Towards zero; out of range and NaN give the nearest end and 0.
static int64_t truncate(float value) {
  if (std::isnan(value))
    return 0;
  if (std::fabs(value) < 9.2e18f)
    return int64_t(value);
  return value < 0 ? std::numeric_limits<int64_t>::min()
                   : std::numeric_limits<int64_t>::max();
}

LogicalResult import::foldCast(NodeImporter &node) {
  ElementType type = node.getOpType() == "CastLike"
                         ? node.getElementType(1)
                         : ElementType(node.getInt("to", 0));
  HostTensor input = node.getConstant(0, "operand");
  if (node.failed())
    return failure();
  if (type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16 ||
      type == TensorProto::STRING)
    return node.unsupported("to " + formatType(type));
  if (!TensorProto::DataType_IsValid(type) || type == TensorProto::UNDEFINED)
    return node.error() << "expected attribute 'to' to be a type, got " << type;
  if (type == TensorProto::FLOAT || type == TensorProto::DOUBLE) {
    if (input.isFloat())
      return node.setResult(input);
    return node.setResult(HostTensor::fromFloats(
        input.getShape(), {input.ints().begin(), input.ints().end()}));
  }
  std::vector<int64_t> values(input.getNumElements());
  for (int64_t i = 0; i < input.getNumElements(); ++i) {
    if (input.isFloat() && type == TensorProto::BOOL)
      values[i] = input.floats()[i] != 0.0f;
    else
      values[i] =
          wrap(input.isFloat() ? truncate(input.floats()[i]) : input.ints()[i],
               type);
  }
  return node.setResult(
      HostTensor::fromInts(input.getShape(), std::move(values), type));
}

/// Index into `shape` of element i of the broadcast `result`.
static SmallVector<int64_t> broadcastStrides(const HostTensor &tensor,
                                             ArrayRef<int64_t> result) {
  SmallVector<int64_t> strides = tensor.getStrides();
  for (size_t d = 0; d < strides.size(); ++d)
    if (tensor.getShape()[d] == 1)
      strides[d] = 0;
  strides.insert(strides.begin(), result.size() - strides.size(), 0);
  return strides;
}

static std::optional<float> computeFloat(StringRef op, float a, float b) {
  return llvm::StringSwitch<std::function<std::optional<float>()>>(op)
      .Case("Add", [=] { return a + b; })
      .Case("Sub", [=] { return a - b; })
      .Case("Mul", [=] { return a * b; })
      .Case("Div", [=] { return a / b; })
      .Case("Pow", [=] { return std::pow(a, b); })
      .Case("FMod", [=] { return std::fmod(a, b); })
      .Case("Max", [=] { return std::fmax(a, b); })
      .Case("Min", [=] { return std::fmin(a, b); })
      .Default([] { return std::nullopt; })();
}

/// None: the operation is undefined (division by zero).
static std::optional<int64_t> computeInt(StringRef op, int64_t a, int64_t b) {
  uint64_t x = a, y = b; // wraps around
  if (op == "Add")
    return x + y;
  if (op == "Sub")
    return x - y;
  if (op == "Mul")
    return x * y;
  if (op == "Max")
    return std::max(a, b);
  if (op == "Min")
    return std::min(a, b);
  if (op == "And")
    return a & b;
  if (op == "Or")
    return a | b;
  if (b == 0)
    return std::nullopt;
  if (op == "Div")
    return b == -1 ? int64_t(-x) : a / b;
  if (op == "FMod") // the sign of the dividend
    return b == -1 ? 0 : a % b;
  if (op == "Mod") { // the sign of the divisor
    int64_t rest = b == -1 ? 0 : a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  return std::nullopt;
}

template <typename T>
static std::optional<bool> compare(StringRef op, T a, T b) {
  return llvm::StringSwitch<std::optional<bool>>(op)
      .Case("Equal", a == b)
      .Case("Less", a < b)
      .Case("Greater", a > b)
      .Case("LessOrEqual", a <= b)
      .Case("GreaterOrEqual", a >= b)
      .Default(std::nullopt);
}

LogicalResult import::foldBinary(NodeImporter &node) {
  HostTensor a = node.getConstant(0, "operand");
  HostTensor b = node.getConstant(1, "operand");
  if (node.failed())
    return failure();
  if (node.getNumInputs() > 2)
    return node.unsupported("more than two constant operands");
  StringRef op = node.getOpType();
  if (op == "Pow" && !(a.isFloat() && b.isFloat()))
    return node.unsupported("of integers");
  if (op == "Mod" && node.getFlag("fmod", false))
    op = "FMod";
  if (a.isFloat() != b.isFloat())
    return node.error() << "expected operands of one type, got "
                        << formatType(a.getType()) << " and "
                        << formatType(b.getType());
  auto shape = broadcastShapes(a.getShape(), b.getShape());
  if (!shape)
    return node.error() << "expected shapes that broadcast, got "
                        << formatShape(a.getShape()) << " and "
                        << formatShape(b.getShape());
  std::optional<int64_t> count = checkedCount(node, *shape);
  if (!count)
    return failure();
  a = a.strided(*shape, 0, broadcastStrides(a, *shape));
  b = b.strided(*shape, 0, broadcastStrides(b, *shape));
  std::vector<float> floats;
  std::vector<int64_t> ints;
  ElementType type = a.getType();
  for (int64_t i = 0; i < *count; ++i) {
    auto truth = a.isFloat() ? compare(op, a.floats()[i], b.floats()[i])
                             : compare(op, a.ints()[i], b.ints()[i]);
    if (truth) {
      ints.push_back(*truth);
      type = TensorProto::BOOL;
    } else if (a.isFloat()) {
      auto value = computeFloat(op, a.floats()[i], b.floats()[i]);
      if (!value)
        return node.unsupported("of floats");
      floats.push_back(*value);
    } else {
      auto value = computeInt(op, a.ints()[i], b.ints()[i]);
      if (!value)
        return node.error() << "expected integers this is defined for, got "
                            << a.ints()[i] << " and " << b.ints()[i];
      ints.push_back(wrap(*value, type));
    }
  }
  if (*count == 0 && compare(op, 0, 0))
    type = TensorProto::BOOL;
  if (isFloatType(type))
    return node.setResult(HostTensor::fromFloats(*shape, std::move(floats)));
  return node.setResult(HostTensor::fromInts(*shape, std::move(ints), type));
}

LogicalResult import::foldUnary(NodeImporter &node) {
  HostTensor input = node.getConstant(0, "operand");
  if (node.failed())
    return failure();
  StringRef op = node.getOpType();
  if (!input.isFloat()) {
    std::vector<int64_t> values(input.ints());
    for (int64_t &value : values)
      value = op == "Not" ? !value
              : op == "Neg" || (op == "Abs" && value < 0)
                  ? int64_t(-uint64_t(value))
                  : value; // Floor and Ceil of an integer
    return node.setResult(HostTensor::fromInts(
        input.getShape(), std::move(values), input.getType()));
  }
  std::vector<float> values(input.floats());
  for (float &value : values)
    value = op == "Floor"  ? std::floor(value)
            : op == "Ceil" ? std::ceil(value)
            : op == "Neg"  ? -value
            : op == "Sqrt" ? std::sqrt(value)
                           : std::fabs(value);
  if (op == "Not")
    return node.error() << "expected a bool, got float";
  return node.setResult(
      HostTensor::fromFloats(input.getShape(), std::move(values)));
}

LogicalResult import::foldWhere(NodeImporter &node) {
  HostTensor condition = node.getConstant(0, "condition");
  HostTensor yes = node.getConstant(1, "operand");
  HostTensor no = node.getConstant(2, "operand");
  if (node.failed())
    return failure();
  auto shape = broadcastShapes(yes.getShape(), no.getShape());
  if (shape)
    shape = broadcastShapes(*shape, condition.getShape());
  if (!shape || condition.isFloat() || yes.getType() != no.getType())
    return node.error() << "expected a bool and two operands of one type that "
                           "broadcast";
  if (!checkedCount(node, *shape))
    return failure();
  condition = condition.strided(*shape, 0, broadcastStrides(condition, *shape));
  yes = yes.strided(*shape, 0, broadcastStrides(yes, *shape));
  no = no.strided(*shape, 0, broadcastStrides(no, *shape));
  auto select = [&](auto a, auto b) {
    std::vector<typename decltype(a)::value_type> values(a.size());
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = condition.ints()[i] ? a[i] : b[i];
    return values;
  };
  if (yes.isFloat())
    return node.setResult(
        HostTensor::fromFloats(*shape, select(yes.floats(), no.floats())));
  return node.setResult(HostTensor::fromInts(
      *shape, select(yes.ints(), no.ints()), yes.getType()));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

LogicalResult import::foldReduce(NodeImporter &node) {
  HostTensor input = node.getConstant(0, "operand");
  int64_t rank = input.getShape().size();
  StringRef op = node.getOpType();
  bool asInput = node.getOpset() >= (op == "ReduceSum" ? 13 : 18);
  bool keepDims = node.getFlag("keepdims", true);
  SmallVector<int64_t> axes = !asInput           ? node.getInts("axes")
                              : node.hasInput(1) ? node.getInts(1, "axes")
                                                 : SmallVector<int64_t>();
  if (axes.empty() && node.getFlag("noop_with_empty_axes", false))
    return node.setResult(input);
  if (axes.empty())
    llvm::append_range(axes, llvm::seq<int64_t>(rank));
  axes = node.normalizeAxes(axes, rank);
  if (node.failed())
    return failure();
  if (input.getNumElements() == 0)
    return node.error() << "expected at least one element";
  // Reduced dimensions to the end, then fold each run.
  SmallVector<int64_t> order, shape;
  int64_t run = 1;
  for (int64_t d = 0; d < rank; ++d) {
    bool reduced = llvm::is_contained(axes, d);
    if (!reduced)
      order.push_back(d);
    if (!reduced || keepDims)
      shape.push_back(reduced ? 1 : input.getShape()[d]);
    run *= reduced ? input.getShape()[d] : 1;
  }
  llvm::append_range(order, axes);
  input = input.transposed(order);
  StringRef step = llvm::StringSwitch<StringRef>(op)
                       .Case("ReduceProd", "Mul")
                       .Case("ReduceSum", "Add")
                       .Case("ReduceMax", "Max")
                       .Default("Min");
  auto reduce = [&](auto values, auto compute) {
    std::vector<typename decltype(values)::value_type> result;
    for (size_t i = 0; i < values.size(); i += run) {
      auto total = values[i];
      for (int64_t k = 1; k < run; ++k)
        total = *compute(step, total, values[i + k]);
      result.push_back(total);
    }
    return result;
  };
  if (input.isFloat())
    return node.setResult(
        HostTensor::fromFloats(shape, reduce(input.floats(), computeFloat)));
  return node.setResult(HostTensor::fromInts(
      shape, reduce(input.ints(), computeInt), input.getType()));
}
