"""damage.py MODEL.onnx OUT.onnx LAYER: multiplies one output channel of convolution LAYER by 64 and divides what reads it by 64.

Behind a ReLU, and with one convolution as its only reader, that changes nothing in float and leaves the other channels a few steps in int8.
"""

import sys

import onnx
from onnx import numpy_helper

path, out, name = sys.argv[1:]
model = onnx.load(path)
graph = model.graph
layer = next(node for node in graph.node if node.name == name)
relu = next(node for node in graph.node if layer.output[0] in node.input)
readers = [node for node in graph.node if relu.output[0] in node.input]
assert relu.op_type == "Relu" and [node.op_type for node in readers] == ["Conv"]


def scale(tensor, index, factor):
    initializer = next(t for t in graph.initializer if t.name == tensor)
    values = numpy_helper.to_array(initializer).copy()
    values[index] *= factor
    initializer.CopyFrom(numpy_helper.from_array(values, tensor))


scale(layer.input[1], 0, 64)
scale(layer.input[2], 0, 64)
scale(readers[0].input[1], (slice(None), 0), 1 / 64)
onnx.save(model, out)
