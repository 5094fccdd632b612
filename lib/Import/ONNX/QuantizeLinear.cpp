//===- QuantizeLinear.cpp - QuantizeLinear and DequantizeLinear -----------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"
#include "Quantization.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Scales and zero points that the network computes
//===----------------------------------------------------------------------===//

static bool isDynamic(NodeImporter &node) {
  return !node.isConstant(1) || !node.isConstant(2);
}

/// The integers of input i as f32 numbers.
static Value getNumbers(NodeImporter &node, int i) {
  if (node.getIntegerType(i) != TensorProto::UNDEFINED)
    return getIntegersAsFloat(node, i);
  return Emitter{node}.cast(node.getAny(i), node.getBuilder().getF32Type());
}

/// One number, or those of `axis`, in a shape that broadcasts to `shape`.
static Value spread(NodeImporter &node, Value numbers,
                    ArrayRef<int64_t> shape) {
  if (!numbers)
    return {};
  if (node.getInt("block_size", 0) != 0) {
    (void)node.unsupported("blocked scales that are computed");
    return {};
  }
  ArrayRef<int64_t> own = shapeOf(numbers);
  int64_t count = ShapedType::getNumElements(own);
  if (count == 1)
    return node.reshape(numbers, {});
  int64_t axis = node.normalizeAxis(node.getInt("axis", 1), shape.size());
  if (node.failed())
    return {};
  if (own.size() != 1 || count != shape[axis]) {
    node.error() << "expected one scale and zero point or " << shape[axis]
                 << ", got shape " << formatShape(own);
    return {};
  }
  SmallVector<int64_t> broadcast(shape.size(), 1);
  broadcast[axis] = count;
  return node.reshape(numbers, broadcast);
}

static LogicalResult quantizeDynamic(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  ElementType type = node.getInt("output_dtype", 0);
  if (type == TensorProto::UNDEFINED)
    type = node.hasInput(2) ? node.getElementType(2)
                            : ElementType(TensorProto::UINT8);
  auto range = getIntegerRange(type);
  if (!range)
    return node.unsupported("to type " + formatType(type));
  RealMath math{node};
  Value steps = math.binary<DivOp>(node.getValue(0),
                                   spread(node, node.getValue(1), shape));
  // Where the magic rounding is exact; every type saturates far below.
  Value result = math.round(math.clip(steps, -0x1p22f, 0x1p22f));
  if (node.hasInput(2))
    result =
        math.binary<AddOp>(result, spread(node, getNumbers(node, 2), shape));
  result = math.clip(result, range->min, range->max);
  if (!range->isNarrow())
    return node.setIntegers(result, type);
  return setQuantized(node, result, Scaling{type, {1.0f}, {0}, {}});
}

static LogicalResult dequantizeDynamic(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  RealMath math{node};
  Value result = getNumbers(node, 0);
  if (node.hasInput(2))
    result =
        math.binary<SubOp>(result, spread(node, getNumbers(node, 2), shape));
  return node.setResult(
      math.binary<MulOp>(result, spread(node, node.getValue(1), shape)));
}

//===----------------------------------------------------------------------===//
// Converters
//===----------------------------------------------------------------------===//

LogicalResult import::convertQuantizeLinear(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t axis = node.getInt("axis", 1);
  int64_t block = node.getInt("block_size", 0);
  auto output = ElementType(node.getInt("output_dtype", 0));
  if (!node.failed() && isDynamic(node))
    return quantizeDynamic(node);
  Scaling scaling = readScaling(node, 1, 2, output, shape, axis, block);
  if (node.failed())
    return failure();
  if (!getIntegerRange(scaling.type))
    return node.unsupported("to type " + formatType(scaling.type));
  if (node.isConstant(0) && node.isFloat(0))
    return node.setResult(
        quantizeConstant(node.getConstant(0, "input"), scaling));
  return setQuantized(node, node.getValue(0), scaling);
}

LogicalResult import::convertDequantizeLinear(NodeImporter &node) {
  SmallVector<int64_t> shape(node.getShape(0));
  int64_t axis = node.getInt("axis", 1);
  int64_t block = node.getInt("block_size", 0);
  ElementType type = node.getElementType(0);
  if (!node.failed() && !getIntegerRange(type) && type != TensorProto::INT32)
    return node.error() << "expected integers of at most 32 bits, got a tensor "
                           "of type "
                        << formatType(type);
  bool isPlain =
      !node.isConstant(0) && node.getIntegerType(0) == TensorProto::UNDEFINED;
  if (!node.failed() && (isPlain || isDynamic(node)))
    return dequantizeDynamic(node);
  Scaling scaling = readScaling(node, 1, 2, type, shape, axis, block);
  return node.setResult(createDequantized(node, 0, scaling));
}
