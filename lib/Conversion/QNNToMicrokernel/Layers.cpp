//===- Layers.cpp - What an object knows of its layers --------------------===//
//
// Part of the quantizing compiler, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One microkernel.layer per op that launches kernels: the name of its ONNX
// node, and the work it has to do whichever kernels do it.
//
//===----------------------------------------------------------------------===//

#include "NetworkLowering.h"

#include "qnn/CostModel/CostModel.h"

using namespace mlir;
using namespace mlir::qnn;

/// Bytes that a tensor has at least in memory.
static int64_t getTensorBytes(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  quant::QuantizedType element = getQuantizedElementType(type);
  int64_t bits = element ? element.getStorageTypeIntegralWidth()
                         : tensor.getElementTypeBitWidth();
  bits = bits == 1 ? 8 : bits; // a bool is a byte
  return llvm::divideCeil(tensor.getNumElements() * bits, 8);
}

/// Products of which an op sums.
static int64_t getMacs(Operation *op) {
  if (op->getNumResults() != 1)
    return 0;
  int64_t outputs =
      cast<RankedTensorType>(op->getResult(0).getType()).getNumElements();
  if (auto product = dyn_cast<MatMulOp>(op))
    return outputs *
           cast<ShapedType>(product.getLhs().getType()).getShape().back();
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  OpOperand *weight = quantizable ? quantizable.getWeightOperand() : nullptr;
  if (!weight || !isa<Conv2DOp, FullyConnectedOp>(op))
    return 0;
  auto type = cast<RankedTensorType>(weight->get().getType());
  return outputs *
         (type.getNumElements() / std::max<int64_t>(type.getDimSize(0), 1));
}

/// The name of the op, more to the point where one op has different kernels.
static StringRef getKind(Operation *op) {
  if (isa<quant::QuantizeCastOp>(op))
    return "quantize";
  if (isa<quant::DequantizeCastOp>(op))
    return "dequantize";
  if (isa<func::ReturnOp>(op))
    return "output";
  if (auto conv = dyn_cast<Conv2DOp>(op);
      conv && conv.getGroups() > 1 &&
      conv.getWeight().getType().getShape()[3] == 1)
    return "depthwise_conv2d";
  return op->getName().stripDialect();
}

void NetworkLowering::beginLayer(Operation *op) {
  layer = {};
  layer.name = getLayerName(op);
  layer.kind = getKind(op);
  layer.macs = getMacs(op);
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  OpOperand *weight = quantizable ? quantizable.getWeightOperand() : nullptr;
  for (OpOperand &operand : op->getOpOperands()) {
    int64_t bytes = getTensorBytes(operand.get().getType());
    bool isConstant = &operand == weight || constants.contains(operand.get());
    (isConstant ? layer.weightBytes : layer.inputBytes) += bytes;
  }
  for (Type type : op->getResultTypes())
    layer.outputBytes += getTensorBytes(type);
  Type type = op->getNumResults() ? op->getResult(0).getType()
                                  : op->getOperand(0).getType();
  layer.isFloat = isPlainTensor(type) || isBF16Tensor(type);
  CostModel model(level);
  int64_t elements = cast<RankedTensorType>(type).getNumElements();
  layer.nanoseconds = isa<quant::QuantizeCastOp, quant::DequantizeCastOp>(op)
                          ? model.convert(elements)
                      : isa<ToBF16Op>(op) ? model.roundToBF16(elements)
                                          : model.predict(op, !layer.isFloat);
}

void NetworkLowering::beginLayer(BlockArgument input) {
  layer = {};
  layer.name = "input";
  if (auto name =
          entry.getArgAttrOfType<StringAttr>(input.getArgNumber(), "qnn.name"))
    layer.name = name.getValue();
  layer.kind = "input";
  layer.inputBytes = layer.outputBytes = getTensorBytes(input.getType());
  layer.isFloat = isPlainTensor(input.getType());
}

microkernel::LayerOp NetworkLowering::currentLayer() {
  if (layer.op)
    return layer.op;
  // A name stands for one layer, so that a profile can tell layers apart.
  std::string name = layer.name.str();
  for (unsigned i = 2; !layerNames.insert(name).second; ++i)
    name = (layer.name + "#" + Twine(i)).str();
  std::string symbol = ("layer_" + Twine(layerNames.size() - 1)).str();
  OpBuilder before(builder.getBlock()->getParentOp());
  layer.op = before.create<microkernel::LayerOp>(
      loc, symbol, name, layer.kind, layer.isFloat, layer.macs,
      layer.weightBytes, layer.inputBytes, layer.outputBytes,
      std::llround(layer.nanoseconds),
      /*schedule=*/StringAttr());
  return layer.op;
}

void NetworkLowering::setSchedule(StringRef schedule,
                                  std::optional<double> nanoseconds) {
  currentLayer().setSchedule(schedule);
  if (nanoseconds)
    currentLayer().setPredictedNanoseconds(std::llround(*nanoseconds));
}
