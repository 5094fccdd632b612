"""What a network asks of a machine, counted on its ONNX graph: multiplications, weights, convolution shapes, inputs to feed it.

    workload.py MODEL.onnx          prints the counts as JSON
"""

import json
import sys
from dataclasses import asdict, dataclass

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

WEIGHTED_OPS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class Convolution:
    """A convolution as benchmarks/layers.cpp takes it. Two layers with equal fields cost the same."""

    channels: int
    height: int
    width: int
    filters: int
    kernel: tuple
    strides: tuple
    pads: tuple  # top, left, bottom, right
    groups: int

    def output_size(self):
        sizes = zip((self.height, self.width), self.kernel, self.strides, self.pads[:2], self.pads[2:])
        return tuple((size + before + after - k) // stride + 1 for size, k, stride, before, after in sizes)

    def macs(self):
        height, width = self.output_size()
        return self.filters * height * width * self.kernel[0] * self.kernel[1] * self.channels // self.groups

    def name(self):
        """For people: channels->filters, kernel, stride where not 1, groups where not 1, input size."""
        stride = f" /{self.strides[0]}" if self.strides != (1, 1) else ""
        groups = " depthwise" if self.groups == self.channels > 1 else f" g{self.groups}" if self.groups > 1 else ""
        return f"{self.channels}->{self.filters} {self.kernel[0]}x{self.kernel[1]}{stride}{groups} {self.height}x{self.width}"


# Integer arithmetic that exporters do on shapes, as in PyTorch's chunk().
SHAPE_ARITHMETIC = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.floor_divide, "Cast": lambda a: a,
    "Gather": lambda a, i: np.take(a, i, axis=0), "Concat": lambda *a: np.concatenate(a), "Unsqueeze": lambda a, *_: a.reshape(-1),
    "Squeeze": lambda a, *_: a.reshape(()), "Slice": lambda a, start, end, *_: a[int(start) : int(end)],
}


def load(path):
    """The model with every shape that can be inferred; raises ValueError when an input's shape is open."""
    model = onnx.load(str(path))
    for tensor in fed_inputs(model.graph):
        if any(not d.dim_value for d in tensor.type.tensor_type.shape.dim):
            raise ValueError(f"{path}: expected an input of known shape, got '{tensor.name}' with an open dimension")
    model = onnx.shape_inference.infer_shapes(model)
    while fold_shapes(model.graph):
        model = onnx.shape_inference.infer_shapes(model)
    return model


def fold_shapes(graph):
    """Turns the shape computations that are known by now into constants; whether there were any."""
    known, shapes, rest = {}, shapes_of(graph), []
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.INT64:
            known[tensor.name] = numpy_helper.to_array(tensor)
    for node in graph.node:
        value = None
        if node.op_type == "Shape" and all(shapes.get(node.input[0], (0,))):
            value = np.array(shapes[node.input[0]])
        elif node.op_type == "Constant" and node.attribute[0].name == "value" and node.attribute[0].t.data_type == TensorProto.INT64:
            value = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type in SHAPE_ARITHMETIC and all(name in known for name in node.input):
            value = SHAPE_ARITHMETIC[node.op_type](*[known[name] for name in node.input])
        if value is None:
            rest.append(node)
            continue
        known[node.output[0]] = value
        graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.int64), node.output[0]))
    changed = len(rest) < len(graph.node)
    rest = [type(node).FromString(node.SerializeToString()) for node in rest]
    del graph.node[:]
    graph.node.extend(rest)
    return changed


def fed_inputs(graph):
    """The inputs that a caller feeds: before IR version 4 initializers are listed as inputs too."""
    constants = {tensor.name for tensor in graph.initializer}
    return [tensor for tensor in graph.input if tensor.name not in constants]


def shapes_of(graph):
    """{tensor name: shape} of everything whose shape is known."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for tensor in [*graph.input, *graph.value_info, *graph.output]:
        if tensor.type.tensor_type.HasField("shape"):
            shapes[tensor.name] = tuple(d.dim_value for d in tensor.type.tensor_type.shape.dim)
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            shapes[node.output[0]] = tuple(node.attribute[0].t.dims)
    return shapes


def attributes(node):
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def node_macs(node, shapes):
    """Multiply-accumulates of one node: for every output element, as many as weights take part in it."""
    weights, output = shapes[node.input[1]], shapes[node.output[0]]
    outputs = int(np.prod(output, dtype=np.int64))
    if node.op_type == "Conv":
        return outputs * int(np.prod(weights[1:], dtype=np.int64))
    if node.op_type == "ConvTranspose":  # every input element meets the filters of its group
        return int(np.prod(shapes[node.input[0]], dtype=np.int64)) * int(np.prod(weights[1:], dtype=np.int64))
    transposed = node.op_type == "Gemm" and attributes(node).get("transB", 0)
    return outputs * (weights[-1] if transposed else weights[-2] if len(weights) > 1 else weights[0])


def count(model):
    """{"macs", "weights" (elements), "layers" (nodes that multiply by weights or matrices)}."""
    graph, shapes = model.graph, shapes_of(model.graph)
    layers = [node for node in graph.node if node.op_type in WEIGHTED_OPS]
    constants = {tensor.name for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT}
    used = {name for node in layers for name in node.input[1:2] if name in constants}
    return {
        "macs": sum(node_macs(node, shapes) for node in layers),
        "weights": sum(int(np.prod(shapes[name], dtype=np.int64)) for name in used),
        "layers": len(layers),
    }


def convolutions(model):
    """All 2-d convolutions in the order of the graph; dilated ones are left out."""
    graph, shapes, found = model.graph, shapes_of(model.graph), []
    for node in graph.node:
        if node.op_type != "Conv" or len(shapes[node.input[0]]) != 4:
            continue
        given = attributes(node)
        if any(d != 1 for d in given.get("dilations", ())) or given.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
            continue
        _, channels, height, width = shapes[node.input[0]]
        filters, _, *kernel = shapes[node.input[1]]
        found.append(Convolution(channels, height, width, filters, tuple(kernel), tuple(given.get("strides", (1, 1))),
                                 tuple(given.get("pads", (0, 0, 0, 0))), given.get("group", 1)))
    return found


def sample_inputs(model, samples, seed=0):
    """{input name: array with `samples` times its shape along axis 0}: random, and for images with structure at several scales."""
    random, feeds = np.random.RandomState(seed), {}
    for tensor in fed_inputs(model.graph):
        shape = [d.dim_value for d in tensor.type.tensor_type.shape.dim]
        shape[0] *= samples
        array = random.standard_normal(shape).astype(np.float32)
        for block in (4, 16, 56) if len(shape) == 4 else ():
            small = random.standard_normal([*shape[:2], -(-shape[2] // block), -(-shape[3] // block)]).astype(np.float32)
            array += np.kron(small, np.ones((block, block), np.float32))[:, :, :shape[2], :shape[3]]
        feeds[tensor.name] = array / 2 if len(shape) == 4 else array
    return feeds


if __name__ == "__main__":
    loaded = load(sys.argv[1])
    print(json.dumps({**count(loaded), "convolutions": [asdict(shape) for shape in convolutions(loaded)]}, indent=1))
