"""check_factors.py EXPORTED.onnx: fails unless f32(f32(x * w) / y) of all layers' scales, ONNX Runtime's factor, is x * w / y rounded once."""

import sys

import numpy as np
import onnx
from onnx import numpy_helper

graph = onnx.load(sys.argv[1]).graph
constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
producers = {n.output[0]: n for n in graph.node}
readers = {i: n for n in graph.node for i in n.input}


def get_result_scale(node):
    """The scale of what a layer, its addition and its clamp become."""
    while node.op_type in ("Conv", "Gemm", "Add", "Relu", "Clip"):
        node = readers.get(node.output[0], onnx.NodeProto())
    return constants[node.input[1]] if node.op_type == "QuantizeLinear" else None


layers = factors = 0
for node in graph.node:
    if node.op_type not in ("Conv", "Gemm"):
        continue
    result = get_result_scale(node)
    if result is None:
        continue
    x, w = (constants[producers[i].input[1]] for i in node.input[:2])
    once = (np.float64(x) * w / result).astype(np.float32)
    assert x.dtype == w.dtype == result.dtype == np.float32
    assert np.array_equal(x * w / result, once), f"{node.name}: {x * w / result} and {once}"
    layers += 1
    factors += once.size
print(f"{layers} layers, {factors} factors, all the same in f32 and in f64")
