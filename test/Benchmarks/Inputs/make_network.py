"""Writes a small network with what counting must get right: grouped and strided convolutions, a shape computed from another
tensor's shape, a transposed Gemm.

Usage: make_network.py OUT.onnx
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def main(path):
    random = np.random.RandomState(0)

    def weights(name, *shape):
        return numpy_helper.from_array((random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32), name)

    def integers(name, *values):
        return numpy_helper.from_array(np.array(values, np.int64), name)

    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], name="first", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        # The first half of the channels, as PyTorch exports chunk().
        helper.make_node("Shape", ["r1"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["channels"], axis=0),
        helper.make_node("Div", ["channels", "two"], ["half"]),
        helper.make_node("Slice", ["r1", "zero", "half", "one"], ["chunk"]),
        helper.make_node("Conv", ["chunk", "w2"], ["c2"], name="depthwise", group=16, pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["c2", "w3"], ["c3"], name="grouped", group=4),
        helper.make_node("Relu", ["c3"], ["r3"]),
        helper.make_node("GlobalAveragePool", ["r3"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w4", "b4"], ["y"], name="gemm", transB=1),
    ]
    constants = [weights("w1", 32, 3, 3, 3), weights("b1", 32, 1), weights("w2", 16, 1, 3, 3), weights("w3", 24, 4, 1, 1),
                 weights("w4", 10, 24), weights("b4", 10, 1), integers("zero", 0), integers("one", 1), integers("two", 2)]
    for tensor in constants:
        if tensor.name.startswith("b"):
            del tensor.dims[1:]
    graph = helper.make_graph(nodes, "network", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 20, 28])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
