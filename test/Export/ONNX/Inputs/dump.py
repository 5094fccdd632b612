"""Prints an ONNX model as text: one line for opset, inputs, outputs, each initializer and each node."""

import sys

import onnx
from onnx import helper

TYPES = {21: "UINT4", 22: "INT4"}


def type_name(number):
    return TYPES.get(number) or onnx.TensorProto.DataType.Name(number)


def describe(info):
    tensor = info.type.tensor_type
    return f"{info.name} {type_name(tensor.elem_type)} {[d.dim_value for d in tensor.shape.dim]}"


model = onnx.load(sys.argv[1], load_external_data=False)
if model.ir_version < 9:  # what Debian's onnx knows
    onnx.checker.check_model(model)
print(f"opset {model.opset_import[0].version}, ir {model.ir_version}")
for info in model.graph.input:
    print("input", describe(info))
for info in model.graph.output:
    print("output", describe(info))
for tensor in model.graph.initializer:
    external = "".join(f" {e.key}={e.value}" for e in tensor.external_data)
    print(f"initializer {tensor.name} {type_name(tensor.data_type)} {list(tensor.dims)}{external}")
for node in model.graph.node:
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    print(f"{node.op_type} '{node.name}' ({', '.join(node.input)}) -> {', '.join(node.output)} {attributes or ''}".rstrip())
