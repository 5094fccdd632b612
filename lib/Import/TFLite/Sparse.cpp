//===- Sparse.cpp - Constants stored without their zeros ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sparse constant is a tree: one level for each dimension and each dimension
// of a block, in the order of traversal. A dense level has all indices, a
// compressed one those of a segment of its list; the position on the last level
// is that of the element in the data.
//
//===----------------------------------------------------------------------===//

#include "Model.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

namespace {
struct Level {
  int64_t dimension;  ///< of the tensor
  int64_t stride = 1; ///< of this level's index along the dimension
  int64_t denseSize = 0;
  bool isDense = false;
  std::vector<int64_t> segments, indices;
};

class Densifier {
public:
  Densifier(ArrayRef<int64_t> shape, int64_t elementBytes,
            ArrayRef<uint8_t> data)
      : shape(shape), elementBytes(elementBytes), data(data) {}

  /// What is wrong; empty when nothing is.
  StringRef readLevels(const SparsityParameters &sparsity);
  StringRef run(std::vector<uint8_t> &result);

private:
  StringRef readBlocks(const SparsityParameters &sparsity);
  StringRef visit(size_t level, int64_t position, std::vector<uint8_t> &result);

  ArrayRef<int64_t> shape;
  int64_t elementBytes;
  ArrayRef<uint8_t> data;
  std::vector<Level> levels;
  SmallVector<int64_t> at; ///< the index in each dimension
};
} // namespace

template <typename T>
static std::vector<int64_t> readValues(const flatbuffers::Vector<T> *values) {
  return values ? std::vector<int64_t>(values->begin(), values->end())
                : std::vector<int64_t>();
}

/// A list of one of three types of integers.
static std::vector<int64_t> readList(SparseIndexVector type, const void *list) {
  switch (list ? type : SparseIndexVector::NONE) {
  case SparseIndexVector::Int32Vector:
    return readValues(static_cast<const Int32Vector *>(list)->values());
  case SparseIndexVector::Uint16Vector:
    return readValues(static_cast<const Uint16Vector *>(list)->values());
  case SparseIndexVector::Uint8Vector:
    return readValues(static_cast<const Uint8Vector *>(list)->values());
  default:
    return {};
  }
}

StringRef Densifier::readLevels(const SparsityParameters &sparsity) {
  auto *order = sparsity.traversal_order();
  auto *metadata = sparsity.dim_metadata();
  if (!order || !metadata || order->size() != metadata->size() ||
      order->size() > 32 || order->size() < shape.size())
    return "a level of the tree for each dimension and block";
  for (const DimensionMetadata *dimension : *metadata) {
    Level level;
    level.isDense = dimension->format() == DimensionType::DENSE;
    level.denseSize = dimension->dense_size();
    level.segments =
        readList(dimension->array_segments_type(), dimension->array_segments());
    level.indices =
        readList(dimension->array_indices_type(), dimension->array_indices());
    levels.push_back(std::move(level));
  }
  return readBlocks(sparsity);
}

/// Finds out which dimension each level is of, and its stride there.
StringRef Densifier::readBlocks(const SparsityParameters &sparsity) {
  std::vector<int64_t> blocks = readValues(sparsity.block_map());
  int64_t rank = shape.size();
  if (blocks.size() != levels.size() - rank)
    return "a dimension for each block";
  SmallVector<int64_t> blockSize(rank, 1);
  SmallVector<bool> seen(levels.size(), false);
  for (auto [i, d] : llvm::enumerate(*sparsity.traversal_order())) {
    Level &level = levels[i];
    if (d < 0 || d >= int64_t(levels.size()) || seen[d])
      return "an order of all dimensions and blocks";
    seen[d] = true;
    bool isBlock = d >= rank;
    level.dimension = isBlock ? blocks[d - rank] : d;
    if (level.dimension < 0 || level.dimension >= rank)
      return "blocks of dimensions of the tensor";
    if (!isBlock)
      continue;
    int64_t &size = blockSize[level.dimension];
    if (!level.isDense || size != 1 || level.denseSize < 1)
      return "one dense block for a dimension";
    size = level.denseSize;
  }
  for (auto [i, d] : llvm::enumerate(*sparsity.traversal_order())) {
    Level &level = levels[i];
    int64_t size = blockSize[level.dimension];
    if (d >= rank)
      continue;
    level.stride = size;
    if (shape[d] % size != 0 ||
        (level.isDense && level.denseSize != shape[d] / size))
      return "blocks that divide their dimension";
  }
  return {};
}

StringRef Densifier::visit(size_t depth, int64_t position,
                           std::vector<uint8_t> &result) {
  if (depth == levels.size()) {
    int64_t offset = 0;
    for (auto [index, size] : llvm::zip(at, shape))
      offset = offset * size + index;
    if ((position + 1) * elementBytes > int64_t(data.size()))
      return "as many values as the tree has leaves";
    std::copy_n(data.data() + position * elementBytes, elementBytes,
                result.data() + offset * elementBytes);
    return {};
  }
  const Level &level = levels[depth];
  int64_t &index = at[level.dimension], before = index;
  auto descend = [&](int64_t i, int64_t next) -> StringRef {
    index = before + i * level.stride;
    if (i < 0 || index >= shape[level.dimension])
      return "indices within the tensor";
    return visit(depth + 1, next, result);
  };
  StringRef wrong;
  if (level.isDense) {
    for (int64_t i = 0; i < level.denseSize && wrong.empty(); ++i)
      wrong = descend(i, position * level.denseSize + i);
  } else {
    if (position + 1 >= int64_t(level.segments.size()))
      return "a segment for each index of the level before";
    int64_t low = level.segments[position], high = level.segments[position + 1];
    if (low < 0 || low > high || high > int64_t(level.indices.size()))
      return "ascending segments within the indices";
    for (int64_t i = low; i < high && wrong.empty(); ++i)
      wrong = descend(level.indices[i], i);
  }
  index = before;
  return wrong;
}

StringRef Densifier::run(std::vector<uint8_t> &result) {
  constexpr int64_t kMostBytes = int64_t(1) << 28;
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count > kMostBytes / elementBytes)
    return "at most 2^28 bytes when its zeros are filled in";
  result.assign(*count * elementBytes, 0);
  at.assign(shape.size(), 0);
  return *count == 0 ? StringRef() : visit(0, 0, result);
}

StringRef tflite::densify(const SparsityParameters &sparsity,
                          ArrayRef<int64_t> shape, int64_t elementBytes,
                          ArrayRef<uint8_t> data,
                          std::vector<uint8_t> &result) {
  Densifier densifier(shape, elementBytes, data);
  StringRef wrong = densifier.readLevels(sparsity);
  return wrong.empty() ? densifier.run(result) : wrong;
}
