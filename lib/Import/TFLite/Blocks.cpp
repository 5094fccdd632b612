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
    values.push_back(node.reshape(node.getValue(i), expanded));
  }
  if (node.failed())
    return failure();
  return node.setResult(node.create<ConcatOp>(ValueRange(values), axis));
}

LogicalResult tflite::convertUnpack(OpImporter &node) {
  auto *options = node.getOptions<UnpackOptions>();
  Value input = node.getValue(0);
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
    Value slice = node.create<SliceOp>(input, starts, sizes, steps);
    if (failed(node.setResult(node.reshape(slice, result), i)))
      return failure();
  }
  return success();
}

/// The image NHWC of input 0 and the block of the options, which divides
/// `divided(shape)`; null after an error.
static Value getImage(OpImporter &node) {
  Value input = node.getValue(0);
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
/// Block sizes and what is added or cut before and after, for both dimensions.
struct BatchBlocks {
  SmallVector<int64_t> block, before, after;
};
} // namespace

static BatchBlocks getBlocks(OpImporter &node) {
  BatchBlocks blocks;
  blocks.block = node.getInts(1, "the block");
  IntTensor borders = node.getIntTensor(2, "the borders");
  if (node.failed())
    return blocks;
  if (blocks.block.size() != 2 || borders.values.size() != 4) {
    (void)node.unsupported("other than two spatial dimensions");
    return blocks;
  }
  blocks.before = {borders.values[0], borders.values[2]};
  blocks.after = {borders.values[1], borders.values[3]};
  for (int d = 0; d < 2; ++d)
    if (blocks.block[d] < 1 || blocks.block[d] > (1 << 20) ||
        blocks.before[d] < 0 || blocks.after[d] < 0 ||
        blocks.before[d] > kMaxElements || blocks.after[d] > kMaxElements)
      node.error() << "expected positive blocks and borders";
  return blocks;
}

LogicalResult tflite::convertSpaceToBatch(OpImporter &node) {
  Value input = getImage(node);
  BatchBlocks b = getBlocks(node);
  if (node.failed())
    return failure();
  input = node.create<PadOp>(
      input, ArrayRef<int64_t>{0, b.before[0], b.before[1], 0},
      ArrayRef<int64_t>{0, b.after[0], b.after[1], 0}, llvm::APFloat(0.0f));
  if (!input)
    return failure();
  SmallVector<int64_t> s(shapeOf(input));
  int64_t y = b.block[0], x = b.block[1];
  if (s[1] % y != 0 || s[2] % x != 0)
    return node.error() << "expected blocks that divide " << formatShape(s)
                        << ", got " << y << " and " << x;
  input = node.reshape(input, {s[0], s[1] / y, y, s[2] / x, x, s[3]});
  input = node.transpose(input, {2, 4, 0, 1, 3, 5});
  return node.setResult(
      node.reshape(input, {s[0] * y * x, s[1] / y, s[2] / x, s[3]}));
}

LogicalResult tflite::convertBatchToSpace(OpImporter &node) {
  Value input = getImage(node);
  BatchBlocks b = getBlocks(node);
  if (node.failed())
    return failure();
  SmallVector<int64_t> s(shapeOf(input));
  int64_t y = b.block[0], x = b.block[1];
  SmallVector<int64_t> sizes = {s[0] / (y * x),
                                s[1] * y - b.before[0] - b.after[0],
                                s[2] * x - b.before[1] - b.after[1], s[3]};
  if (s[0] % (y * x) != 0 || sizes[1] < 0 || sizes[2] < 0)
    return node.error() << "expected blocks that divide the batch and borders "
                           "inside the image, got "
                        << y << " and " << x << " for " << formatShape(s);
  input = node.reshape(input, {y, x, sizes[0], s[1], s[2], s[3]});
  input = node.transpose(input, {2, 3, 0, 4, 1, 5});
  input = node.reshape(input, {sizes[0], s[1] * y, s[2] * x, s[3]});
  if (!input)
    return failure();
  return node.setResult(node.create<SliceOp>(
      input, ArrayRef<int64_t>{0, b.before[0], b.before[1], 0},
      ArrayRef<int64_t>(sizes), ArrayRef<int64_t>{1, 1, 1, 1}));
}
