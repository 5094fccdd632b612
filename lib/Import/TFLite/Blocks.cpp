//===- Blocks.cpp - Packing and regrouping of dimensions ------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reshapes and transposes: these ops only rename indices.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::tflite;

LogicalResult tflite::convertPack(OpImporter &node) {
  auto *options = node.getOptions<PackOptions>();
  SmallVector<int64_t> shape = node.getShape(0);
  if (node.failed())
    return failure();
  int64_t axis = node.normalizeAxis(options->axis(), shape.size() + 1);
  SmallVector<int64_t> expanded(shape);
  if (!node.failed())
    expanded.insert(expanded.begin() + axis, 1);
  SmallVector<Value> values;
  for (int i = 0; i < node.getNumInputs() && !node.failed(); ++i) {
    if (node.getShape(i) != shape)
      return node.error() << "expected operands of shape " << formatShape(shape)
                          << ", got " << formatShape(node.getShape(i));
    values.push_back(node.reshape(node.getAny(i), expanded));
  }
  return node.setResult(node.concat(values, axis));
}

LogicalResult tflite::convertUnpack(OpImporter &node) {
  auto *options = node.getOptions<UnpackOptions>();
  Value input = node.getAny(0);
  if (node.failed())
    return failure();
  SmallVector<int64_t> shape(shapeOf(input));
  int64_t axis = node.normalizeAxis(options->axis(), shape.size());
  if (!node.failed() && shape[axis] != node.getNumOutputs())
    return node.error() << "expected " << shape[axis] << " outputs, got "
                        << node.getNumOutputs();
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1),
      sizes(shape), result(shape);
  if (node.failed())
    return failure();
  sizes[axis] = 1;
  result.erase(result.begin() + axis);
  for (int i = 0; i < node.getNumOutputs(); ++i) {
    starts[axis] = i;
    Value slice = node.createMoved<SliceOp>(input, starts, sizes, steps);
    if (failed(node.setResult(node.reshape(slice, result), i)))
      return failure();
  }
  return success();
}

/// The image NHWC of input 0 and the block of the options, which divides
/// `divided(shape)`; null after an error.
static Value getImage(OpImporter &node) {
  Value input = node.getAny(0);
  if (!node.failed() && shapeOf(input).size() != 4)
    node.error() << "expected an input of rank 4, got "
                 << shapeOf(input).size();
  return node.failed() ? Value() : input;
}

LogicalResult tflite::convertSpaceToDepth(OpImporter &node) {
  auto *options = node.getOptions<SpaceToDepthOptions>();
  Value input = getImage(node);
  if (node.failed())
    return failure();
  SmallVector<int64_t> s(shapeOf(input));
  int64_t b = options->block_size();
  if (b < 1 || s[1] % b != 0 || s[2] % b != 0)
    return node.error() << "expected a block that divides " << formatShape(s)
                        << ", got " << b;
  input = node.reshape(input, {s[0], s[1] / b, b, s[2] / b, b, s[3]});
  input = node.transpose(input, {0, 1, 3, 2, 4, 5});
  return node.setResult(
      node.reshape(input, {s[0], s[1] / b, s[2] / b, b * b * s[3]}));
}

LogicalResult tflite::convertDepthToSpace(OpImporter &node) {
  auto *options = node.getOptions<DepthToSpaceOptions>();
  Value input = getImage(node);
  if (node.failed())
    return failure();
  SmallVector<int64_t> s(shapeOf(input));
  int64_t b = options->block_size();
  if (b < 1 || b > (1 << 20) || s[3] % (b * b) != 0)
    return node.error() << "expected a block whose square divides " << s[3]
                        << " channels, got " << b;
  input = node.reshape(input, {s[0], s[1], s[2], b, b, s[3] / (b * b)});
  input = node.transpose(input, {0, 1, 3, 2, 4, 5});
  return node.setResult(
      node.reshape(input, {s[0], s[1] * b, s[2] * b, s[3] / (b * b)}));
}

//===----------------------------------------------------------------------===//
// Space to batch: how dilated convolutions were written once
//===----------------------------------------------------------------------===//

namespace {
/// The shape of input 0 and, for each of its spatial dimensions, which follow
/// the batch, the block and what is added or cut before and after.
struct BatchBlocks {
  SmallVector<int64_t> shape, block, before, after;

  size_t size() const { return block.size(); }
};
} // namespace

static BatchBlocks getBlocks(OpImporter &node) {
  BatchBlocks blocks;
  blocks.shape = node.getShape(0);
  blocks.block = node.getInts(1, "the block");
  IntTensor borders = node.getIntTensor(2, "the borders");
  if (node.failed())
    return blocks;
  if (borders.values.size() != 2 * blocks.size() || blocks.size() < 1 ||
      blocks.shape.size() < blocks.size() + 1) {
    node.error() << "expected a block and two borders for each spatial "
                    "dimension, got shapes "
                 << formatShape(blocks.shape) << " and "
                 << formatShape(borders.shape);
    return blocks;
  }
  for (size_t d = 0; d < blocks.size(); ++d) {
    blocks.before.push_back(borders.values[2 * d]);
    blocks.after.push_back(borders.values[2 * d + 1]);
    if (blocks.block[d] < 1 || blocks.block[d] > (1 << 20) ||
        blocks.before[d] < 0 || blocks.after[d] < 0 ||
        blocks.before[d] > kMaxElements || blocks.after[d] > kMaxElements)
      node.error() << "expected positive blocks and borders";
  }
  return blocks;
}

LogicalResult tflite::convertSpaceToBatch(OpImporter &node) {
  Value input = node.getAny(0);
  BatchBlocks b = getBlocks(node);
  if (node.failed())
    return failure();
  size_t rank = b.shape.size(), count = b.size();
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  llvm::copy(b.before, low.begin() + 1);
  llvm::copy(b.after, high.begin() + 1);
  input = node.createMoved<PadOp>(input, low, high, llvm::APFloat(0.0f));
  if (!input)
    return failure();
  SmallVector<int64_t> s(shapeOf(input)), split = {s[0]}, result = s;
  SmallVector<int64_t> permutation, spatial;
  for (size_t d = 0; d < count; ++d) {
    int64_t size = s[1 + d], block = b.block[d];
    if (size % block != 0)
      return node.error() << "expected blocks that divide " << formatShape(s)
                          << ", got [" << b.block << "]";
    llvm::append_range(split, SmallVector<int64_t>{size / block, block});
    permutation.push_back(2 + 2 * d);
    spatial.push_back(1 + 2 * d);
    result[0] *= block;
    result[1 + d] = size / block;
    if (!countElements(result))
      return node.error() << "expected results of at most 2^40 elements";
  }
  permutation.push_back(0);
  llvm::append_range(permutation, spatial);
  for (size_t d = 1 + count; d < rank; ++d) {
    permutation.push_back(split.size());
    split.push_back(s[d]);
  }
  input = node.transpose(node.reshape(input, split), permutation);
  return node.setResult(node.reshape(input, result));
}

LogicalResult tflite::convertBatchToSpace(OpImporter &node) {
  Value input = node.getAny(0);
  BatchBlocks b = getBlocks(node);
  if (node.failed())
    return failure();
  size_t rank = b.shape.size(), count = b.size();
  SmallVector<int64_t> split(b.block), whole(b.shape), sizes(b.shape),
      starts(rank, 0), permutation = {int64_t(count)};
  for (size_t d = 0; d < count; ++d) {
    if (whole[0] % b.block[d] != 0)
      return node.error() << "expected blocks that divide the batch, got ["
                          << b.block << "] for " << formatShape(b.shape);
    whole[0] /= b.block[d];
    whole[1 + d] *= b.block[d];
    sizes[1 + d] = whole[1 + d] - b.before[d] - b.after[d];
    starts[1 + d] = b.before[d];
    if (sizes[1 + d] < 0)
      return node.error() << "expected borders inside the image, got "
                          << b.before[d] << " and " << b.after[d];
    llvm::append_range(
        permutation, SmallVector<int64_t>{int64_t(count + 1 + d), int64_t(d)});
  }
  sizes[0] = whole[0];
  split.push_back(whole[0]);
  llvm::append_range(split, ArrayRef(b.shape).drop_front());
  for (size_t d = 1 + count; d < rank; ++d)
    permutation.push_back(count + d);
  input = node.transpose(node.reshape(input, split), permutation);
  input = node.reshape(input, whole);
  return node.setResult(node.createMoved<SliceOp>(
      input, starts, sizes, SmallVector<int64_t>(rank, 1)));
}
