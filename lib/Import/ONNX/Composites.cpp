//===- Composites.cpp - ONNX ops that are several qnn ops -----------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each is written as exporters write it before the opset that has it, so that
// both spellings of a network give the same bits.
//
//===----------------------------------------------------------------------===//

#include "Converters.h"
#include "Emitter.h"

using namespace mlir;
using namespace mlir::qnn;
using namespace mlir::qnn::import;

Value import::createGelu(NodeImporter &node, Value x, bool byTanh) {
  Emitter e{node};
  if (!x)
    return {};
  Value part;
  if (!byTanh) {
    part = e.unary<ErfOp>(e.div(x, e.constant(1.41421356237309505f)));
  } else {
    Value cube = e.mul(e.mul(x, x), x);
    Value sum = e.add(x, e.mul(cube, e.constant(0.044715f)));
    part = e.unary<TanhOp>(e.mul(sum, e.constant(0.797884560802865356f)));
  }
  Value product = e.mul(x, e.add(part, e.constant(1.0f)));
  return e.mul(product, e.constant(0.5f));
}

LogicalResult import::convertGelu(NodeImporter &node) {
  std::string approximate = node.getString("approximate", "none");
  Value x = node.getValue(0);
  if (node.failed())
    return failure();
  if (approximate != "none" && approximate != "tanh")
    return node.error() << "expected attribute 'approximate' to be none or "
                           "tanh, got '"
                        << approximate << "'";
  return node.setResult(createGelu(node, x, approximate == "tanh"));
}

NormalizedLayer import::normalizeLayer(NodeImporter &node, Value x,
                                       int64_t axis, float epsilon, Value scale,
                                       Value offset, bool isSimplified) {
  Emitter e{node};
  NormalizedLayer layer;
  layer.mean = isSimplified ? Value() : e.mean(x, axis);
  Value centered = isSimplified ? x : e.sub(x, layer.mean);
  Value variance = e.mean(e.mul(centered, centered), axis);
  layer.deviation = e.unary<SqrtOp>(e.add(variance, e.constant(epsilon)));
  layer.result = e.mul(e.div(centered, layer.deviation), scale);
  if (offset)
    layer.result = e.add(layer.result, offset);
  return layer;
}

/// LayerNormalization, and RMSNormalization, which has no mean (its older name
/// is SimplifiedLayerNormalization).
LogicalResult import::convertLayerNormalization(NodeImporter &node) {
  bool isSimplified = node.getOpType() != "LayerNormalization";
  int64_t rank = node.getShape(0).size();
  int64_t axis = node.normalizeAxis(node.getInt("axis", -1), rank);
  float epsilon = node.getFloat("epsilon", 1e-5f);
  Value x = node.getValue(0), scale = node.getValue(1);
  Value offset = node.hasInput(2) ? node.getValue(2) : Value();
  if (node.failed())
    return failure();
  NormalizedLayer layer =
      normalizeLayer(node, x, axis, epsilon, scale, offset, isSimplified);
  Emitter e{node};
  Value inverse = node.hasOutput(1) || node.hasOutput(2)
                      ? e.div(e.constant(1.0f), layer.deviation)
                      : Value();
  if (node.hasOutput(1))
    (void)node.setResult(isSimplified ? inverse : layer.mean, 1);
  if (node.hasOutput(2))
    (void)node.setResult(inverse, 2);
  return node.setResult(layer.result);
}
