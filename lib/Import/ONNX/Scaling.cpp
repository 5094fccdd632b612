//===- Scaling.cpp - Constant scales and zero points of a node ------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;
using onnx::TensorProto;

static void readZeroPoints(NodeImporter &node, int input, Scaling &scaling,
                           ArrayRef<int64_t> scaleShape) {
  size_t count = scaling.scales.size();
  scaling.zeroPoints.assign(count, 0);
  if (!node.hasInput(input)) {
    if (scaling.type == TensorProto::UNDEFINED)
      scaling.type = TensorProto::UINT8;
    return;
  }
  HostTensor zeros = node.getConstant(input, "zero point");
  if (node.failed())
    return;
  if (scaling.type == TensorProto::UNDEFINED)
    scaling.type = zeros.getType();
  if (zeros.getType() != scaling.type || zeros.isFloat()) {
    node.error() << "expected a zero point of type " << formatType(scaling.type)
                 << " as the integers, got " << formatType(zeros.getType());
    return;
  }
  if (size_t(zeros.getNumElements()) != count ||
      (count > 1 && zeros.getShape() != scaleShape)) {
    node.error() << "expected zero points of the shape of the scales "
                 << formatShape(scaleShape) << ", got "
                 << formatShape(zeros.getShape());
    return;
  }
  scaling.zeroPoints.assign(zeros.ints().begin(), zeros.ints().end());
}

/// The scales belong to indices or blocks of one dimension of `shape`.
static void checkAxis(NodeImporter &node, Scaling &scaling, int64_t axis,
                      ArrayRef<int64_t> scaleShape, ArrayRef<int64_t> shape) {
  axis = node.normalizeAxis(axis, shape.size());
  if (node.failed())
    return;
  scaling.axis = axis;
  SmallVector<int64_t> expected = {shape[axis]};
  if (scaling.blockSize > 0) {
    expected.assign(shape.begin(), shape.end());
    expected[axis] = llvm::divideCeil(shape[axis], scaling.blockSize);
  }
  if (scaleShape != ArrayRef<int64_t>(expected))
    node.error() << "expected scales of shape " << formatShape(expected)
                 << " for axis " << axis << " of a tensor of shape "
                 << formatShape(shape) << ", got " << formatShape(scaleShape);
}

Scaling import::readScaling(NodeImporter &node, int scale, int zeroPoint,
                            ElementType type, ArrayRef<int64_t> shape,
                            std::optional<int64_t> axis, int64_t blockSize) {
  Scaling scaling;
  scaling.type = type;
  scaling.blockSize = blockSize;
  HostTensor scales = node.getConstant(scale, "scale");
  if (node.failed())
    return scaling;
  if (!scales.isFloat() || scales.getNumElements() == 0) {
    node.error() << "expected a scale of type float, got "
                 << formatType(scales.getType()) << " of shape "
                 << formatShape(scales.getShape());
    return scaling;
  }
  scaling.scales.assign(scales.floats().begin(), scales.floats().end());
  for (float value : scaling.scales)
    if (!(value > 0) || !std::isfinite(value)) {
      node.error() << "expected positive finite scales, got "
                   << std::to_string(value);
      return scaling;
    }
  readZeroPoints(node, zeroPoint, scaling, scales.getShape());
  if (!node.failed() && !getIntegerRange(scaling.type) &&
      scaling.type != TensorProto::INT32)
    (void)node.unsupported("integers of type " + formatType(scaling.type));
  bool isPerTensor = scaling.isPerTensor() && scales.getShape().size() <= 1;
  if (node.failed() || (isPerTensor && blockSize == 0))
    return scaling;
  if (!axis)
    node.error() << "expected one scale, got " << scaling.scales.size();
  else
    checkAxis(node, scaling, *axis, scales.getShape(), shape);
  return scaling;
}
