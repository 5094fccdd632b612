"""Quantizes an ONNX model the way ONNX Runtime runs fastest on x86: QDQ form, u8 activations, s8 weights per output channel.

Activations are asymmetric per tensor, between the minimum and maximum over the calibration samples; weights are symmetric in
-127..127; biases are s32 with the product of both scales. Ops that only move values keep the range of their input, so that
ONNX Runtime can run them on bytes. No pair stands between a layer and the ReLU or clip that follows it, nor at the outputs.

    quantize("float.onnx", "int8.onnx", {"input": samples_along_axis_0})
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, version_converter

import onnxruntime
import workload

LAYERS = ("Conv", "Gemm", "MatMul")
COMPUTING = LAYERS + ("Add", "Mul", "AveragePool", "GlobalAveragePool", "Concat", "Sigmoid", "LeakyRelu", "Relu", "Clip")
MOVING = ("MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Split", "Slice")
ACTIVATIONS = ("Relu", "Clip")
SMALLEST_SCALE = 1e-8


def normalize(model):
    """Opset 13 at least (the first with per-channel scales), and all constants as initializers."""
    if any(opset.domain == "" and opset.version < 13 for opset in model.opset_import):
        model = version_converter.convert_version(onnx.shape_inference.infer_shapes(model), 13)
    model.ir_version = max(model.ir_version, 4)
    graph = model.graph
    inputs = workload.fed_inputs(graph)
    del graph.input[:]
    graph.input.extend(inputs)
    constants, nodes = {tensor.name: tensor for tensor in graph.initializer}, []
    for node in graph.node:
        source = None
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            source = node.attribute[0].t
        elif node.op_type == "Identity":  # exporters share equal constants like this
            source = constants.get(node.input[0])
        if source is None:
            nodes.append(node)
            continue
        tensor = TensorProto()
        tensor.CopyFrom(source)
        tensor.name = node.output[0]
        constants[tensor.name] = tensor
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants.values())
    return onnx.shape_inference.infer_shapes(model)


def measure_ranges(model, tensors, feeds):
    """{tensor: (least, largest value)} over all samples, with zero always inside."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    present = {value.name for value in [*probe.graph.output, *probe.graph.input]}
    probe.graph.output.extend(helper.make_tensor_value_info(t, TensorProto.FLOAT, None) for t in tensors if t not in present)
    session = onnxruntime.Session(probe.SerializeToString(), optimize=False)
    ranges, (samples,) = dict.fromkeys(tensors, (0.0, 0.0)), {len(array) for array in feeds.values()}
    for i in range(samples):
        feed = {name: array[i : i + 1] for name, array in feeds.items()}
        values = {**session.run([feed[name] for name in session.inputs]), **feed}
        for t in tensors:
            least, largest = ranges[t]
            ranges[t] = min(least, float(values[t].min())), max(largest, float(values[t].max()))
    return ranges


class Quantizer:
    def __init__(self, model, feeds):
        self.model, self.graph, self.nodes = model, model.graph, []
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self.users, self.pairs = {}, {}
        for node in self.graph.node:
            for t in node.input:
                self.users.setdefault(t, []).append(node)
        tensors = self.tensors_to_quantize()
        self.ranges = measure_ranges(model, tensors, feeds)
        for node in self.graph.node:
            if node.op_type in MOVING and node.input[0] in self.ranges:
                self.ranges.update({t: self.ranges[node.input[0]] for t in node.output if t in self.ranges})

    def tensors_to_quantize(self):
        values = [*self.graph.input, *self.graph.value_info, *self.graph.output]
        floats = {v.name for v in values if v.type.tensor_type.elem_type == TensorProto.FLOAT} - set(self.constants)
        outputs = {value.name for value in self.graph.output}
        chosen = {t: None for node in self.graph.node if node.op_type in COMPUTING + MOVING for t in [*node.input, *node.output]}
        return [t for t in chosen if t in floats and t not in outputs and not self.is_fused(t)]

    def is_fused(self, tensor):
        """Whether one ReLU or clip is all that follows the layer that makes this tensor."""
        users = self.users.get(tensor, [])
        made_by = [node.op_type for node in self.graph.node if tensor in node.output]
        return made_by and made_by[0] in LAYERS + ("Add",) and len(users) == 1 and users[0].op_type in ACTIVATIONS

    def constant(self, name, array):
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def scale(self, tensor):
        least, largest = self.ranges[tensor]
        return max((largest - least) / 255, SMALLEST_SCALE)

    def add_pair(self, tensor):
        scale = self.scale(tensor)
        zero = np.clip(np.rint(-self.ranges[tensor][0] / scale), 0, 255)
        parameters = [self.constant(tensor + "_scale", np.float32(scale)), self.constant(tensor + "_zero", np.uint8(zero))]
        self.nodes += [helper.make_node("QuantizeLinear", [tensor, *parameters], [tensor + "_q"]),
                       helper.make_node("DequantizeLinear", [tensor + "_q", *parameters], [tensor + "_dq"])]
        self.pairs[tensor] = tensor + "_dq"

    def dequantized(self, name, integers, scales, axis):
        zeros = np.zeros(scales.shape, integers.dtype)
        inputs = [self.constant(name + "_i", integers), self.constant(name + "_s", scales), self.constant(name + "_z", zeros)]
        self.nodes.append(helper.make_node("DequantizeLinear", inputs, [name], axis=axis))
        return name

    def quantize_layer(self, node):
        """The layer's constant weights and bias, as integers behind a DequantizeLinear."""
        if node.op_type not in LAYERS or node.input[1] not in self.constants or node.input[0] not in self.ranges:
            return
        weights, prefix = numpy_helper.to_array(self.constants[node.input[1]]), node.output[0]
        axis = 0 if node.op_type == "Conv" or workload.attributes(node).get("transB", 0) else weights.ndim - 1
        others = tuple(i for i in range(weights.ndim) if i != axis)
        scales = np.maximum(np.abs(weights).max(others) / 127, SMALLEST_SCALE).astype(np.float32)
        integers = np.rint(weights / np.expand_dims(scales, others)).astype(np.int8)
        bias = self.constants.get(node.input[2]) if len(node.input) > 2 else None
        node.input[1] = self.dequantized(prefix + "_weights", integers, scales, axis)
        if bias is not None:
            scales = (self.scale(node.input[0]) * scales).astype(np.float32)
            integers = np.rint(numpy_helper.to_array(bias) / scales).astype(np.int32)
            node.input[2] = self.dequantized(prefix + "_bias", integers, scales, 0)

    def run(self):
        for value in self.graph.input:
            if value.name in self.ranges:
                self.add_pair(value.name)
        for node in list(self.graph.node):
            self.quantize_layer(node)
            for i, t in enumerate(node.input):
                node.input[i] = self.pairs.get(t, t)
            self.nodes.append(node)
            for t in node.output:
                if t in self.ranges:
                    self.add_pair(t)
        used = {t for node in self.nodes for t in node.input}
        constants = [tensor for tensor in self.graph.initializer if tensor.name in used]
        for field, values in (("node", self.nodes), ("initializer", constants), ("value_info", [])):
            copies = [type(v).FromString(v.SerializeToString()) for v in values]
            self.graph.ClearField(field)
            getattr(self.graph, field).extend(copies)
        return self.model


def quantize(source, target, feeds):
    """Writes the int8 form of the model `source` to `target`; `feeds` has the samples of each input along axis 0."""
    onnx.save(Quantizer(normalize(onnx.load(str(source))), feeds).run(), str(target))
