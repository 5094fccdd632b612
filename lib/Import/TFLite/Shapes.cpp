//===- Shapes.cpp - Integers computed at compile time ---------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes are static, so that what a model computes from them is constant.
// Slices of constant integers are in Slices.cpp.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

LogicalResult tflite::convertShape(OpImporter &node) {
  SmallVector<int64_t> shape = node.getShape(0);
  return node.setResult(
      IntTensor{{int64_t(shape.size())}, {shape.begin(), shape.end()}});
}

/// RESHAPE, SQUEEZE, EXPAND_DIMS of a few integers: their number is all that
/// readers of shapes ask for, so that one dimension serves.
LogicalResult tflite::foldReshape(OpImporter &node) {
  IntTensor ints = node.getIntTensor(0, "the operand");
  ints.shape = {int64_t(ints.values.size())};
  if (ints.values.size() == 1 && node.getOutput().shape.empty())
    ints.shape.clear();
  return node.setResult(std::move(ints));
}

LogicalResult tflite::foldPack(OpImporter &node) {
  IntTensor result;
  for (int i = 0; i < node.getNumInputs(); ++i)
    result.values.push_back(node.getInt(i, "an operand"));
  result.shape = {int64_t(result.values.size())};
  return node.setResult(std::move(result));
}

LogicalResult tflite::foldConcatenation(OpImporter &node) {
  IntTensor result;
  for (int i = 0; i < node.getNumInputs(); ++i)
    llvm::append_range(result.values, node.getInts(i, "an operand"));
  result.shape = {int64_t(result.values.size())};
  return node.setResult(std::move(result));
}

LogicalResult tflite::foldGather(OpImporter &node) {
  SmallVector<int64_t> data = node.getInts(0, "the operand");
  IntTensor indices = node.getIntTensor(1, "an index");
  for (int64_t &index : indices.values) {
    if (index < 0 || index >= int64_t(data.size()))
      return node.error() << "expected indices within " << data.size()
                          << ", got " << index;
    index = data[index];
  }
  return node.setResult(std::move(indices));
}

LogicalResult tflite::foldCast(OpImporter &node) {
  ElementType to = node.getOutput().type;
  if (to != ElementType::INT32 && to != ElementType::INT64)
    return node.unsupported("of integers to " + formatType(to));
  return node.setResult(node.getIntTensor(0, "the operand"));
}

LogicalResult tflite::foldReduceProd(OpImporter &node) {
  SmallVector<int64_t> data = node.getInts(0, "the operand");
  int64_t product = 1;
  for (int64_t value : data)
    if (llvm::MulOverflow(product, value, product))
      return node.error() << "expected a product of at most 2^63";
  auto *options = node.findOptions<ReducerOptions>();
  SmallVector<int64_t> shape;
  if (options && options->keep_dims())
    shape.push_back(1);
  return node.setResult(IntTensor{shape, {product}});
}

static std::optional<int64_t> apply(BuiltinOperator code, int64_t a,
                                    int64_t b) {
  int64_t result;
  switch (code) {
  case BuiltinOperator::ADD:
    return llvm::AddOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  case BuiltinOperator::SUB:
    return llvm::SubOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  case BuiltinOperator::MUL:
    return llvm::MulOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  case BuiltinOperator::MAXIMUM:
    return std::max(a, b);
  case BuiltinOperator::MINIMUM:
    return std::min(a, b);
  default: // DIV, FLOOR_DIV: of sizes, which are not negative
    if (a < 0 || b <= 0)
      return std::nullopt;
    return a / b;
  }
}

LogicalResult tflite::foldBinary(OpImporter &node) {
  IntTensor a = node.getIntTensor(0, "an operand"),
            b = node.getIntTensor(1, "an operand");
  size_t count = std::max(a.values.size(), b.values.size());
  if (node.failed() || (a.values.size() != 1 && a.values.size() != count) ||
      (b.values.size() != 1 && b.values.size() != count))
    return node.unsupported("integers of shapes " + formatShape(a.shape) +
                            " and " + formatShape(b.shape));
  IntTensor result = {a.values.size() == count ? a.shape : b.shape, {}};
  for (size_t i = 0; i < count; ++i) {
    std::optional<int64_t> value =
        apply(node.getCode(), a.values[i % a.values.size()],
              b.values[i % b.values.size()]);
    if (!value)
      return node.unsupported("on these integers");
    result.values.push_back(*value);
  }
  return node.setResult(std::move(result));
}
