//===- Scatter.cpp - Updates at constant indices --------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

/// How elements that several updates are for are reduced.
static std::optional<BinaryFunction> getReduction(StringRef name) {
  return llvm::StringSwitch<std::optional<BinaryFunction>>(name)
      .Case("add", BinaryFunction::Add)
      .Case("mul", BinaryFunction::Mul)
      .Case("max", BinaryFunction::Max)
      .Case("min", BinaryFunction::Min)
      .Default(std::nullopt);
}

static Value combine(Emitter &e, BinaryFunction function, Value a, Value b) {
  bool isFloat = a && elementOf(a).isF32();
  if (isFloat && function == BinaryFunction::Add)
    return e.add(a, b);
  if (isFloat && function == BinaryFunction::Mul)
    return e.mul(a, b);
  return e.binary(function, a, b);
}

/// `result`, a row, with the elements that `isTouched` replaced by `next`.
static Value replace(Emitter &e, Value result, Value next,
                     ArrayRef<int64_t> isTouched) {
  Value mask = e.node.createConstant(HostTensor::fromInts(
      {int64_t(isTouched.size())}, isTouched.vec(), onnx::TensorProto::BOOL));
  return e.select(mask, next, result);
}

/// Puts update element i at `positions[i]` of the data, both in a row. With a
/// reduction, in as many rounds as the most updates of one element.
static LogicalResult setScattered(NodeImporter &node, Value data, Value updates,
                                  ArrayRef<int64_t> positions) {
  if (node.failed())
    return failure();
  std::string name = node.getString("reduction", "none");
  auto reduction = getReduction(name);
  if (!node.failed() && !reduction && name != "none")
    return node.error()
           << "expected reduction none, add, mul, max or min, got '" << name
           << "'";
  if (elementOf(data) != elementOf(updates))
    return node.error() << "expected data and updates of one type";
  SmallVector<int64_t> shape(shapeOf(data));
  int64_t size = ShapedType::getNumElements(shape);
  data = node.reshape(data, {size});
  updates = node.reshape(updates, {int64_t(positions.size())});
  if (node.failed())
    return failure();
  Emitter e{node};
  if (positions.empty())
    return node.setResult(node.reshape(data, shape));
  // Without a reduction the last update counts, by one table over both.
  if (!reduction) {
    auto all = llvm::seq<int64_t>(size);
    SmallVector<int64_t> source(all.begin(), all.end());
    for (auto [i, position] : llvm::enumerate(positions))
      source[position] = size + i;
    Value both = node.createOf<ConcatOp>(elementOf(data),
                                         ValueRange{data, updates}, int64_t(0));
    return node.setResult(node.reshape(e.take(both, 0, source), shape));
  }
  SmallVector<SmallVector<int64_t>> rounds;
  std::vector<size_t> counts(size, 0);
  for (auto [i, position] : llvm::enumerate(positions)) {
    size_t round = counts[position]++;
    if (round == rounds.size()) {
      if (mlir::failed(node.requireFolding(size)))
        return failure();
      rounds.emplace_back(size, -1);
    }
    rounds[round][position] = i;
  }
  for (SmallVector<int64_t> &source : rounds) {
    SmallVector<int64_t> isTouched;
    for (int64_t &from : source) {
      isTouched.push_back(from >= 0);
      from = std::max<int64_t>(from, 0);
    }
    Value next = combine(e, *reduction, data, e.take(updates, 0, source));
    data = replace(e, data, next, isTouched);
  }
  return node.setResult(node.reshape(data, shape));
}

LogicalResult import::convertScatterElements(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0)), picked(node.getShape(1));
  int64_t axis = node.normalizeAxis(node.getInt("axis", 0), shape.size());
  SmallVector<int64_t> indices = node.getAnyInts(1, "indices");
  Value data = node.getAny(0), updates = node.getAny(2);
  if (node.failed())
    return failure();
  if (picked.size() != shape.size() ||
      shapeOf(updates) != ArrayRef<int64_t>(picked))
    return node.error() << "expected indices and updates of one shape, of rank "
                        << shape.size();
  if (mlir::failed(node.requireFolding(ShapedType::getNumElements(shape))))
    return failure();
  std::vector<int64_t> positions;
  for (auto [i, index] : llvm::enumerate(indices)) {
    int64_t position = 0, stride = 1, rest = i;
    for (int64_t d = shape.size(); d-- > 0;) {
      int64_t at = rest % picked[d];
      if (d == axis)
        at = index < 0 ? index + shape[d] : index;
      if (at < 0 || at >= shape[d])
        return node.error() << "expected indices within size " << shape[d]
                            << ", got " << index;
      position += at * stride;
      stride *= shape[d];
      rest /= picked[d];
    }
    positions.push_back(position);
  }
  return setScattered(node, data, updates, positions);
}

LogicalResult import::convertScatterND(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0)), picked(node.getShape(1));
  SmallVector<int64_t> indices = node.getAnyInts(1, "indices");
  Value data = node.getAny(0), updates = node.getAny(2);
  if (node.failed())
    return failure();
  int64_t depth = picked.empty() ? 0 : picked.back();
  if (picked.empty() || depth > int64_t(shape.size()))
    return node.error() << "expected indices into the data";
  int64_t slice = ShapedType::getNumElements(ArrayRef(shape).drop_front(depth));
  int64_t rows = ShapedType::getNumElements(ArrayRef(picked).drop_back());
  if (ShapedType::getNumElements(shapeOf(updates)) != rows * slice)
    return node.error() << "expected updates of " << rows * slice
                        << " elements, got shape "
                        << formatShape(shapeOf(updates));
  if (mlir::failed(node.requireFolding(ShapedType::getNumElements(shape))))
    return failure();
  std::vector<int64_t> positions;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t position = 0;
    for (int64_t d = 0; d < depth; ++d) {
      int64_t index = indices[row * depth + d];
      index += index < 0 ? shape[d] : 0;
      if (index < 0 || index >= shape[d])
        return node.error() << "expected indices within size " << shape[d]
                            << ", got " << index;
      position = position * shape[d] + index;
    }
    for (int64_t i = 0; i < slice; ++i)
      positions.push_back(position * slice + i);
  }
  return setScattered(node, data, updates, positions);
}
