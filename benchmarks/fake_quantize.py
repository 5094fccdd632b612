"""Rounds the weights and activations of an ONNX model to narrower formats, while the model stays a float one.

This is how bit_widths.py measures widths that nothing here executes: the numbers are those of the width, the arithmetic is f32.

    model = quantize_peer.normalize(onnx.load("float.onnx"))
    round_weights(model, "int4")                       # or bf16, f16, int2 ... int8
    round_activations(model, "int4", {"input": calibration_samples})

Integer weights are symmetric per output channel; below eight bits each channel takes the scale of least squared error, which for few
levels is far below largest / levels. Integer activations are asymmetric per tensor between the least and largest calibrated value.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import quantize_peer
import workload

SHARES_OF_RANGE = np.linspace(0.3, 1.0, 36)


def bits_of(form):
    return int(form.removeprefix("int"))


def to_bfloat16(array):
    """Rounds to the nearest bf16, ties to even; finite values only."""
    bits = array.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def to_grid(rows, levels):
    """Each row rounded to -levels..levels times a scale of its own; below eight bits the scale of least squared error."""
    largest = np.maximum(np.abs(rows).max(1, keepdims=True), 1e-30)
    best, least = None, None
    for share in SHARES_OF_RANGE if levels < 127 else [1.0]:
        scale = share * largest / levels
        rounded = scale * np.clip(np.rint(rows / scale), -levels, levels)
        error = np.square(rounded - rows).sum(1, keepdims=True)
        better = error < least if best is not None else np.ones_like(error, bool)
        best = np.where(better, rounded, best) if best is not None else rounded
        least = np.where(better, error, least) if least is not None else error
    return best.astype(np.float32)


def rounded(weights, axis, form):
    if form == "f16":
        return weights.astype(np.float16).astype(np.float32)
    if form == "bf16":
        return to_bfloat16(weights)
    rows = np.moveaxis(weights, axis, 0)
    grid = to_grid(rows.reshape(len(rows), -1), 2 ** (bits_of(form) - 1) - 1)
    return np.ascontiguousarray(np.moveaxis(grid.reshape(rows.shape), 0, axis))


def round_weights(model, form):
    """Rounds the constant weights of all layers that multiply; biases stay as they are."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type not in quantize_peer.LAYERS or node.input[1] not in constants:
            continue
        tensor = constants[node.input[1]]
        weights = numpy_helper.to_array(tensor)
        axis = 0 if node.op_type == "Conv" or workload.attributes(node).get("transB", 0) else weights.ndim - 1
        tensor.CopyFrom(numpy_helper.from_array(rounded(weights, axis, form), tensor.name))


class ActivationRounding:
    """Puts nodes that round behind every tensor that an integer network would hold."""

    def __init__(self, model, form, feeds):
        self.graph, self.form, self.nodes = model.graph, form, []
        chosen = quantize_peer.Quantizer(model, feeds)
        self.ranges = chosen.ranges

    def constant(self, name, value):
        self.graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
        return name

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def round(self, tensor):
        """The name of the rounded tensor."""
        if self.form in ("f16", "bf16"):
            narrow = self.add("Cast", [tensor], tensor + "_narrow", to=TensorProto.FLOAT16 if self.form == "f16" else TensorProto.BFLOAT16)
            return self.add("Cast", [narrow], tensor + "_rounded", to=TensorProto.FLOAT)
        least, largest = self.ranges[tensor]
        top = 2 ** bits_of(self.form) - 1
        scale = max((largest - least) / top, quantize_peer.SMALLEST_SCALE)
        zero = np.clip(np.rint(-least / scale), 0, top)
        low, high = self.constant(tensor + "_low", -zero), self.constant(tensor + "_high", top - zero)
        step = self.constant(tensor + "_step", scale)
        level = self.add("Round", [self.add("Div", [tensor, step], tensor + "_levels")], tensor + "_level")
        return self.add("Mul", [self.add("Clip", [level, low, high], tensor + "_clipped"), step], tensor + "_rounded")

    def run(self):
        names = {value.name: self.round(value.name) for value in self.graph.input if value.name in self.ranges}
        for node in self.graph.node:
            copy = type(node).FromString(node.SerializeToString())
            copy.input[:] = [names.get(t, t) for t in copy.input]
            self.nodes.append(copy)
            names.update({t: self.round(t) for t in copy.output if t in self.ranges})
        del self.graph.node[:]
        self.graph.node.extend(self.nodes)


def round_activations(model, form, feeds):
    ActivationRounding(model, form, feeds).run()
