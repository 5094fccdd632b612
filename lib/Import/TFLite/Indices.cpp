//===- Indices.cpp - Gathers and one-hot vectors --------------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What constant indices ask for is qnn.take, which has an integer form;
// computed ones are qnn.gather.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

/// Constant indices along one axis, which must be within it.
static LogicalResult takeConstant(OpImporter &node, Value data,
                                  const IntTensor &indices, int64_t axis) {
  SmallVector<int64_t> shape(shapeOf(data));
  for (int64_t index : indices.values)
    if (index < 0 || index >= shape[axis])
      return node.error() << "expected indices within " << shape[axis]
                          << ", got " << index;
  Value taken = Emitter{node}.take(data, axis, indices.values);
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, indices.shape.begin(),
               indices.shape.end());
  return node.setResult(node.reshape(taken, shape));
}

/// Batch dimensions are counted into the indices: `data` as batches, outer,
/// axis, inner; its batches and axis then are one dimension.
static LogicalResult gatherBatches(OpImporter &node, Value data, Value indices,
                                   int64_t axis, int64_t batchDims) {
  ArrayRef<int64_t> shape = shapeOf(data), picked = shapeOf(indices);
  auto count = [](ArrayRef<int64_t> sizes) {
    return ShapedType::getNumElements(sizes);
  };
  if (shape.take_front(batchDims) != picked.take_front(batchDims))
    return node.error() << "expected indices of the batch of "
                        << formatShape(shape) << ", got "
                        << formatShape(picked);
  int64_t batch = count(shape.take_front(batchDims)), size = shape[axis];
  int64_t outer = count(shape.slice(batchDims, axis - batchDims));
  int64_t inner = count(shape.drop_front(axis + 1));
  int64_t each = count(picked.drop_front(batchDims));
  SmallVector<int64_t> result(shape.take_front(axis));
  llvm::append_range(result, picked.drop_front(batchDims));
  llvm::append_range(result, shape.drop_front(axis + 1));
  Emitter e{node};
  SmallVector<int64_t> firsts;
  for (int64_t i = 0; i < batch; ++i)
    firsts.push_back(i * size);
  Value positions =
      e.binary(BinaryFunction::Add, node.reshape(indices, {batch, each}),
               node.createIntegers({batch, 1}, firsts, elementOf(indices)));
  Value rows = node.transpose(node.reshape(data, {batch, outer, size, inner}),
                              {0, 2, 1, 3});
  rows = node.reshape(rows, {batch * size, outer, inner});
  Value taken = node.transpose(e.gather(rows, positions, 0), {0, 2, 1, 3});
  return node.setResult(node.reshape(taken, result));
}

LogicalResult tflite::convertGather(OpImporter &node) {
  auto *options = node.findOptions<GatherOptions>();
  SmallVector<int64_t> shape = node.getShape(0), picked = node.getShape(1);
  int64_t rank = shape.size();
  int64_t batchDims = options ? options->batch_dims() : 0;
  int64_t axis = node.normalizeAxis(options ? options->axis() : 0,
                                    std::max<int64_t>(rank, 1));
  Value data = node.getAny(0);
  if (node.failed())
    return failure();
  batchDims += batchDims < 0 ? picked.size() : 0;
  if (shape.empty() || batchDims < 0 || batchDims > axis ||
      batchDims > int64_t(picked.size()) || shape[axis] == 0)
    return node.error() << "expected data of rank 1 or more and batch_dims "
                           "before the axis, got "
                        << formatShape(shape) << " and " << batchDims;
  Value indices = node.getAny(1);
  if (node.failed())
    return failure();
  if (!node.getInput(1).isInteger() || elementOf(indices).isInteger(1))
    return node.error() << "expected indices of INT32 or INT64, got "
                        << formatType(node.getInput(1).type);
  if (batchDims > 0)
    return gatherBatches(node, data, indices, axis, batchDims);
  if (indices.getDefiningOp<ConstantOp>())
    return takeConstant(node, data, node.getIntTensor(1, "an index"), axis);
  return node.setResult(Emitter{node}.gather(data, indices, axis));
}

LogicalResult tflite::convertEmbeddingLookup(OpImporter &node) {
  Value indices = node.getAny(0), data = node.getValue(1);
  if (node.failed())
    return failure();
  if (!node.getInput(0).isInteger() || elementOf(indices).isInteger(1) ||
      shapeOf(data).empty() || shapeOf(data)[0] == 0)
    return node.error() << "expected integer indices and a table of rows";
  return node.setResult(Emitter{node}.gather(data, indices, 0));
}

/// The last dimension of the indices speaks of dimensions of the data: their
/// position is a sum.
LogicalResult tflite::convertGatherNd(OpImporter &node) {
  SmallVector<int64_t> data = node.getShape(0), shape = node.getShape(1);
  Value x = node.getAny(0), indices = node.getAny(1);
  if (node.failed())
    return failure();
  int64_t depth = shape.empty() ? 0 : shape.back();
  if (!node.getInput(1).isInteger() || elementOf(indices).isInteger(1) ||
      depth < 1 || depth > int64_t(data.size()) || countElements(data) == 0)
    return node.error() << "expected integer indices into the data, got shape "
                        << formatShape(shape);
  Emitter e{node};
  SmallVector<int64_t> rows(ArrayRef(shape).drop_back());
  SmallVector<int64_t> starts(shape.size(), 0), sizes(shape),
      steps(shape.size(), 1);
  sizes.back() = 1;
  Value position;
  for (int64_t k = 0; k < depth; ++k) {
    starts.back() = k;
    Value index = node.reshape(
        node.createMoved<SliceOp>(indices, starts, sizes, steps), rows);
    if (position)
      index = e.binary(
          BinaryFunction::Add, index,
          e.binary(BinaryFunction::Mul, position, e.scalar(data[k], position)));
    position = index;
  }
  SmallVector<int64_t> slices = {
      ShapedType::getNumElements(ArrayRef(data).take_front(depth))};
  llvm::append_range(slices, ArrayRef(data).drop_front(depth));
  return node.setResult(e.gather(node.reshape(x, slices), position, 0));
}

/// Slices at constant indices, zeros elsewhere: slices of the updates, behind
/// which a slice of zeros stands.
LogicalResult tflite::convertScatterNd(OpImporter &node) {
  IntTensor indices = node.getIntTensor(0, "an index");
  SmallVector<int64_t> shape = node.getInts(2, "the shape");
  Value updates = node.getAny(1);
  if (node.failed())
    return failure();
  int64_t depth = indices.shape.empty() ? 0 : indices.shape.back();
  constexpr int64_t kMostSlices = int64_t(1) << 24;
  auto count = [](ArrayRef<int64_t> sizes) {
    return countElements(sizes).value_or(kMaxElements);
  };
  if (depth < 1 || depth > int64_t(shape.size()) || !countElements(shape) ||
      count(ArrayRef(shape).take_front(depth)) > kMostSlices)
    return node.error() << "expected indices into a shape of at most 2^24 "
                           "slices, got "
                        << formatShape(indices.shape) << " and "
                        << formatShape(shape);
  int64_t slices = count(ArrayRef(shape).take_front(depth)),
          size = count(ArrayRef(shape).drop_front(depth)),
          rows = indices.values.size() / depth;
  if (count(shapeOf(updates)) != rows * size || elementOf(updates).isInteger(1))
    return node.error() << "expected " << rows << " slices of " << size
                        << " numbers, got " << formatShape(shapeOf(updates));
  SmallVector<int64_t> source(slices, rows);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t position = 0;
    for (int64_t d = 0; d < depth; ++d) {
      int64_t index = indices.values[row * depth + d];
      if (index < 0 || index >= shape[d])
        return node.error()
               << "expected indices within " << shape[d] << ", got " << index;
      position = position * shape[d] + index;
    }
    if (source[position] != rows)
      return node.unsupported("an index that comes twice");
    source[position] = row;
  }
  Emitter e{node};
  SmallVector<int64_t> low(2, 0), high = {1, 0};
  Value all = node.createMoved<PadOp>(node.reshape(updates, {rows, size}), low,
                                      high, llvm::APFloat(0.0f));
  return node.setResult(node.reshape(e.take(all, 0, source), shape));
}

LogicalResult tflite::convertOneHot(OpImporter &node) {
  auto *options = node.findOptions<OneHotOptions>();
  Value indices = node.getAny(0), on = node.getAny(2), off = node.getAny(3);
  int64_t depth = node.getInt(1, "the depth");
  if (node.failed())
    return failure();
  constexpr int64_t kDeepest = int64_t(1) << 20;
  if (!node.getInput(0).isInteger() || elementOf(indices).isInteger(1) ||
      depth < 0 || depth > kDeepest || elementOf(on) != elementOf(off) ||
      !shapeOf(on).empty() || !shapeOf(off).empty())
    return node.error() << "expected integer indices, a depth of at most "
                        << kDeepest << " and two values of one type";
  SmallVector<int64_t> spread(shapeOf(indices)),
      along(shapeOf(indices).size() + 1, 1);
  int64_t axis =
      node.normalizeAxis(options ? options->axis() : -1, along.size());
  if (node.failed())
    return failure();
  spread.insert(spread.begin() + axis, 1);
  along[axis] = depth;
  Emitter e{node};
  Value isHot = e.compare(CompareFunction::Equal, node.reshape(indices, spread),
                          e.sequence(along, axis, elementOf(indices)));
  return node.setResult(e.select(isHot, on, off));
}
