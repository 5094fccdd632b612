//===- ConstantSources.cpp - Ops that make constants ----------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What shapes and index lists start from: attributes, the shapes of tensors,
// fills, ranges, and the positions at which a constant is not zero.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

LogicalResult import::convertConstant(NodeImporter &node) {
  if (node.hasAttr("value"))
    return node.setResult(node.getTensor("value"));
  if (node.hasAttr("value_float"))
    return node.setResult(
        HostTensor::fromFloats({}, {node.getFloat("value_float", 0)}));
  if (node.hasAttr("value_int"))
    return node.setResult(
        HostTensor::fromInts({}, {node.getInt("value_int", 0)}));
  if (node.hasAttr("value_floats")) {
    SmallVector<float> values = node.getFloatList("value_floats");
    return node.setResult(HostTensor::fromFloats(
        {int64_t(values.size())}, {values.begin(), values.end()}));
  }
  if (node.hasAttr("value_ints")) {
    SmallVector<int64_t> values = node.getInts("value_ints");
    return node.setResult(HostTensor::fromInts({int64_t(values.size())},
                                               {values.begin(), values.end()}));
  }
  if (node.hasAttr("sparse_value") || node.hasAttr("value_string") ||
      node.hasAttr("value_strings"))
    return node.unsupported("sparse or string value");
  return node.error() << "expected attribute 'value'";
}

LogicalResult import::convertShape(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  int64_t rank = shape.size();
  auto clamp = [&](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  int64_t start = clamp(node.getInt("start", 0));
  int64_t end = std::max(start, clamp(node.getInt("end", rank)));
  shape = node.failed() ? shape : shape.slice(start, end - start);
  return node.setResult(HostTensor::fromInts({int64_t(shape.size())},
                                             {shape.begin(), shape.end()}));
}

LogicalResult import::convertSize(NodeImporter &node) {
  return node.setResult(
      HostTensor::fromInts({}, {*countElements(node.getShape(0))}));
}

std::optional<int64_t> import::checkedCount(NodeImporter &node,
                                            ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = countElements(shape);
  if (!count)
    node.error() << "expected a constant of at most 2^40 elements, got shape "
                 << formatShape(shape);
  else
    (void)node.requireFolding(*count);
  return node.failed() ? std::nullopt : count;
}

LogicalResult import::foldConstantOfShape(NodeImporter &node) {
  SmallVector<int64_t> shape = node.getInts(0, "shape");
  HostTensor value = HostTensor::fromFloats({1}, {0.0f});
  if (node.hasAttr("value"))
    value = node.getTensor("value");
  std::optional<int64_t> count = countElements(shape);
  if (!node.failed() && !count)
    return node.error() << "expected a constant of at most 2^40 elements, got "
                           "shape "
                        << formatShape(shape);
  // Networks without their weights, as ONNX's own tests have them, fill them
  // with one value: VGG-19 has 144 million.
  constexpr int64_t kFloatsPerWork = 3;
  if (node.failed() || failed(node.requireFolding(
                           value.isFloat() ? *count / kFloatsPerWork : *count)))
    return failure();
  if (value.getNumElements() != 1)
    return node.error() << "expected a value of one element, got "
                        << value.getNumElements();
  return node.setResult(value.gathered(shape, [](int64_t) { return 0; }));
}

LogicalResult import::foldRange(NodeImporter &node) {
  HostTensor parts[3];
  for (int i = 0; i < 3; ++i)
    parts[i] = node.getConstant(i, "operand");
  if (node.failed())
    return failure();
  for (const HostTensor &part : parts)
    if (part.getNumElements() != 1 || part.getType() != parts[0].getType())
      return node.error() << "expected start, limit and delta to be scalars of "
                             "one type";
  auto get = [](const HostTensor &t) {
    return t.isFloat() ? double(t.floats()[0]) : double(t.ints()[0]);
  };
  double count = std::ceil((get(parts[1]) - get(parts[0])) / get(parts[2]));
  int64_t size = count > 0 ? int64_t(std::min(count, 1e18)) : 0;
  if (std::isnan(count))
    return node.error() << "expected a range of numbers, got not a number";
  if (failed(node.requireFolding(size)))
    return failure();
  if (parts[0].isFloat()) {
    std::vector<float> values(size);
    for (int64_t i = 0; i < size; ++i)
      values[i] = parts[0].floats()[0] + float(i) * parts[2].floats()[0];
    return node.setResult(HostTensor::fromFloats({size}, std::move(values)));
  }
  std::vector<int64_t> values(size);
  for (int64_t i = 0; i < size; ++i)
    values[i] = int64_t(uint64_t(parts[0].ints()[0]) +
                        uint64_t(i) * uint64_t(parts[2].ints()[0]));
  return node.setResult(
      HostTensor::fromInts({size}, std::move(values), parts[0].getType()));
}

/// The positions of what is not zero, one per column: with it PyTorch exports
/// torch.arange to opsets before 11.
LogicalResult import::foldNonZero(NodeImporter &node) {
  HostTensor input = node.getConstant(0, "operand");
  if (node.failed())
    return failure();
  std::vector<int64_t> found;
  for (int64_t i = 0; i < input.getNumElements(); ++i)
    if (input.isFloat() ? input.floats()[i] != 0 : input.ints()[i] != 0)
      found.push_back(i);
  SmallVector<int64_t> strides = input.getStrides();
  int64_t rank = strides.size(), count = found.size();
  if (failed(node.requireFolding(rank * count)))
    return failure();
  std::vector<int64_t> positions;
  for (int64_t d = 0; d < rank; ++d)
    for (int64_t i : found)
      positions.push_back(i / strides[d] % input.getShape()[d]);
  return node.setResult(
      HostTensor::fromInts({rank, count}, std::move(positions)));
}
