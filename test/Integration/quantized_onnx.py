"""Small quantized ONNX models in the styles in which tools write them, and what they compute by ONNX's definition.

Each case is a model, its feeds, and the share of its multiply-accumulates that must run as integers. `evaluate` computes the
operators between casts in binary64, and QuantizeLinear and DequantizeLinear as ONNX defines them, so that it is independent of
the compiler's arithmetic. Used by compare_quantized_onnx.py.
"""
import numpy as np

for _name, _builtin in dict(bool=bool, object=object, float=float, int=int, complex=complex).items():
    setattr(np, _name, _builtin)  # Debian's onnx 1.12 predates numpy 1.24, which dropped these names.

from onnx import TensorProto, helper, numpy_helper

UINT4, INT4 = 21, 22
RANGES = {TensorProto.UINT8: (0, 255), TensorProto.INT8: (-128, 127), TensorProto.UINT16: (0, 65535),
          TensorProto.INT16: (-32768, 32767), UINT4: (0, 15), INT4: (-8, 7)}
DTYPES = {TensorProto.UINT8: np.uint8, TensorProto.INT8: np.int8, TensorProto.UINT16: np.uint16, TensorProto.INT16: np.int16,
          TensorProto.INT32: np.int32, TensorProto.FLOAT: np.float32, UINT4: np.uint8, INT4: np.int8}


class Builder:
    """A model under construction: every method appends nodes and gives the name of the result."""

    def __init__(self, opset=13, seed=0):
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.values, self.types, self.opset, self.random = {}, {}, opset, np.random.RandomState(seed)
        self.microsoft, self.feeds = False, {}

    def name(self, stem):
        return f"{stem}{len(self.nodes) + len(self.initializers)}"

    def input(self, shape, type=TensorProto.FLOAT, name="x"):
        self.inputs.append(helper.make_tensor_value_info(name, type, shape))
        if type == TensorProto.FLOAT:
            self.feeds[name] = np.float32(self.random.randn(*shape))
        else:
            low, high = RANGES[type]
            self.feeds[name] = self.random.randint(low, high + 1, shape).astype(DTYPES[type])
        return name

    def fit(self, x, type):
        """A scale and a zero point for what `x` is with these feeds."""
        values, (low, high) = evaluate(self, self.feeds)[x], RANGES[type]
        least, most = min(0.0, float(values.min())), max(0.0, float(values.max()))
        scale = np.float32((most - least) / (high - low))
        return scale, int(np.clip(np.rint(low - least / scale), low, high))

    def const(self, array, type=None):
        array, name = np.asarray(array), self.name("c")
        if type in (UINT4, INT4):
            tensor = TensorProto(name=name, data_type=type, dims=array.shape)
            nibbles = np.append(array.ravel(), np.zeros(array.size % 2, array.dtype)).astype(np.uint8) & 15
            tensor.raw_data = (nibbles[0::2] | nibbles[1::2] << 4).tobytes()
        else:
            tensor = numpy_helper.from_array(array, name)
        self.initializers.append(tensor)
        self.values[name], self.types[name] = array, type or tensor.data_type
        return name

    def op(self, op, *inputs, outputs=1, domain="", **attributes):
        names = [self.name("t") + "abc"[i] for i in range(outputs)]
        self.microsoft |= domain != ""
        self.nodes.append(helper.make_node(op, list(inputs), names, name=names[0], domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def scaling(self, scale, zero, type):
        return [self.const(np.asarray(scale, np.float32)), self.const(np.asarray(zero, DTYPES[type]), type)]

    def q(self, x, scale=None, zero=0, type=TensorProto.UINT8, domain="", **attributes):
        if scale is None:
            scale, zero = self.fit(x, type)
        return self.op("QuantizeLinear", x, *self.scaling(scale, zero, type), domain=domain, **attributes)

    def dq(self, x, scale, zero=0, type=TensorProto.UINT8, domain="", **attributes):
        return self.op("DequantizeLinear", x, *self.scaling(scale, zero, type), domain=domain, **attributes)

    def qdq(self, x, scale=None, zero=0, type=TensorProto.UINT8, domain="", **attributes):
        if scale is None:
            scale, zero = self.fit(x, type)
            self.scale = scale
        inputs = self.scaling(scale, zero, type)
        q = self.op("QuantizeLinear", x, *inputs, domain=domain, **attributes)
        return self.op("DequantizeLinear", q, *inputs, domain=domain, **attributes)

    def weight(self, shape, axis=0, type=TensorProto.INT8, zero=False, per_channel=True):
        """Random integers with DequantizeLinear; their scales."""
        low, high = RANGES[type]
        integers = self.random.randint(low + (type == TensorProto.INT8), high + 1, shape).astype(DTYPES[type])
        scales = np.float32(self.random.uniform(0.5, 2, shape[axis] if per_channel else ()) / (high - low) / 4)
        zeros = np.zeros(scales.shape, DTYPES[type])
        if zero:
            zeros = np.asarray(self.random.randint(low + (high - low) // 4, high - (high - low) // 4, scales.shape), DTYPES[type])
        attributes = {"axis": axis} if per_channel else {}
        return self.dq(self.const(integers, type), scales, zeros, type, **attributes), scales

    def bias(self, input_scale, scales, count):
        scale = np.float32(input_scale) * np.asarray(scales, np.float32)
        integers = self.random.randint(-3000, 3000, count).astype(np.int32)
        return self.op("DequantizeLinear", self.const(integers), self.const(scale), **({"axis": 0} if scale.ndim else {}))

    def model(self, *outputs):
        infos = [helper.make_tensor_value_info(name, type, None) for name, type in outputs]
        graph = helper.make_graph(self.nodes, "g", self.inputs, infos, self.initializers)
        imports = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid("com.microsoft", 1)] * self.microsoft
        return helper.make_model(graph, opset_imports=imports, ir_version=8 if self.opset < 21 else 10)


#===--- The definition ---------------------------------------------------===#


def expand(scale, shape, axis, block):
    scale = np.asarray(scale)
    if scale.size == 1 and not block:
        return scale.reshape(())
    if block:
        return np.repeat(scale, block, axis).take(np.arange(shape[axis]), axis)
    target = [1] * len(shape)
    target[axis] = -1
    return scale.reshape(target)


def quantize(x, scale, zero, type, axis=1, block=0):
    low, high = RANGES[type]
    steps = np.rint(x.astype(np.float32) / expand(scale, x.shape, axis, block).astype(np.float32)).astype(np.float64)
    return np.clip(steps + expand(zero, x.shape, axis, block), low, high).astype(DTYPES[type])


def dequantize(q, scale, zero, axis=1, block=0):
    return (q.astype(np.int64) - expand(zero, q.shape, axis, block).astype(np.int64)).astype(np.float32) * \
        expand(scale, q.shape, axis, block).astype(np.float32)


def conv(x, w, bias=None, group=1, strides=(1, 1), pads=(0, 0, 0, 0), **_):
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    kh, kw, per = w.shape[2], w.shape[3], w.shape[0] // group
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), (2, 3))[:, :, ::strides[0], ::strides[1]]
    parts = [np.einsum("nchwij,ocij->nohw", windows[:, g * w.shape[1]:(g + 1) * w.shape[1]], w[g * per:(g + 1) * per].astype(np.float64))
             for g in range(group)]
    y = np.concatenate(parts, 1)
    return y if bias is None else y + bias.astype(np.float64).reshape(1, -1, 1, 1)


def pool(x, kernel_shape, strides, function, **_):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel_shape, (2, 3))
    return function(windows[:, :, ::strides[0], ::strides[1]], (4, 5))


def gemm(a, b, c=None, transA=0, transB=0, alpha=1.0, beta=1.0, **_):
    y = alpha * (a.T if transA else a).astype(np.float64) @ (b.T if transB else b)
    return y if c is None else y + beta * c


def batch_norm(x, scale, offset, mean, variance, epsilon=1e-5, **_):
    shape = [1, -1] + [1] * (x.ndim - 2)
    return (x - mean.reshape(shape)) / np.sqrt(variance.reshape(shape).astype(np.float64) + epsilon) * scale.reshape(shape) + \
        offset.reshape(shape)


def dynamic(x):
    low, high = min(0, x.min()), max(0, x.max())
    scale = np.float32((np.float32(high) - np.float32(low)) / np.float32(255))
    zero = np.uint8(np.clip(np.rint(-np.float32(low) / scale), 0, 255))
    return quantize(x, scale, zero, TensorProto.UINT8), scale, zero


def integers(a, b, za=0, zb=0):
    za, zb = np.asarray(za, np.int64), np.asarray(zb, np.int64)
    return a.astype(np.int64) - (za.reshape(-1, 1) if za.ndim == 1 and za.size > 1 else za), b.astype(np.int64) - zb


FUNCTIONS = {
    "Conv": conv, "Gemm": gemm, "BatchNormalization": batch_norm,
    "MatMul": lambda a, b: a.astype(np.float64) @ b, "Add": lambda a, b: a + b, "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b, "Div": lambda a, b: a / b, "Relu": lambda x: np.maximum(x, 0),
    "Clip": lambda x, low, high: np.clip(x, low, high), "Sigmoid": lambda x: 1 / (1 + np.exp(-x.astype(np.float64))),
    "LeakyRelu": lambda x, alpha: np.where(x < 0, np.float32(alpha) * x, x),
    "MaxPool": lambda x, **a: pool(x, function=np.max, **a), "AveragePool": lambda x, **a: pool(x, function=np.mean, **a),
    "GlobalAveragePool": lambda x, **_: x.astype(np.float64).mean((2, 3), keepdims=True),
    "Reshape": lambda x, shape: x.reshape([x.shape[i] if d == 0 else d for i, d in enumerate(shape)]),
    "Flatten": lambda x: x.reshape(x.shape[0], -1), "Transpose": lambda x, perm: x.transpose(perm),
    "Concat": lambda *x, axis: np.concatenate(x, axis), "Cast": lambda x, to: x.astype(DTYPES[to]),
    "Softmax": lambda x, axis=-1, **_: np.exp(x - x.max(axis, keepdims=True)) / np.exp(x - x.max(axis, keepdims=True)).sum(axis, keepdims=True),
    "ReduceMean": lambda x, axes, keepdims=1: x.astype(np.float64).mean(tuple(axes), keepdims=bool(keepdims)),
    "MatMulInteger": lambda *x: np.matmul(*integers(*x)),
    "ConvInteger": lambda x, w, zx=0, zw=0, **a: np.rint(conv(*[v.astype(np.float64) for v in integers(x, w, zx, zw)], **a)).astype(np.int64),
}


def qlinear(op, x, get, attributes):
    """The operators that are another one between DequantizeLinear and QuantizeLinear."""
    real = lambda i, **a: dequantize(x[i], x[i + 1], x[i + 2], **a)
    if op == "QLinearConv":
        bias = None if len(x) < 9 else x[8] * (np.float64(x[1]) * x[4])
        return conv(real(0), real(3, axis=0), bias, **attributes), 6
    if op == "QLinearMatMul":
        return real(0, axis=-2).astype(np.float64) @ real(3, axis=-1), 6
    if op == "QGemm":
        return gemm(real(0), real(3, axis=0 if attributes.get("transB") else 1), x[6] * (np.float64(x[1]) * x[4]), **attributes), 7
    if op == "QLinearConcat":
        return np.concatenate([real(i) for i in range(2, len(x), 3)], **attributes), 0
    inner = FUNCTIONS[op[len("QLinear"):]]
    count = 2 if op in ("QLinearAdd", "QLinearMul") else 1
    attributes.pop("channels_last", None)
    return inner(*[real(3 * i) for i in range(count)], **attributes), 3 * count


def evaluate(builder, feeds):
    """{name: array} of every tensor of the model."""
    values, types = {**builder.values, **feeds}, dict(builder.types)
    for node in builder.nodes:
        x = [values[name] if name else None for name in node.input]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
        if node.op_type == "QuantizeLinear":
            type = types[node.input[2]] if len(x) > 2 else attributes.get("output_dtype", TensorProto.UINT8)
            y = [quantize(x[0], x[1], x[2] if len(x) > 2 else 0, type, axis, block)]
            types[node.output[0]] = type
        elif node.op_type == "DequantizeLinear":
            y = [dequantize(x[0], x[1], x[2] if len(x) > 2 else np.int32(0), axis, block)]
        elif node.op_type == "DynamicQuantizeLinear":
            y = dynamic(x[0])
        elif node.op_type == "Split":
            y = np.split(x[0], np.cumsum(x[1])[:-1], axis)
        elif node.op_type == "DynamicQuantizeMatMul":
            a, scale, zero = dynamic(x[0])
            y = [np.matmul(*integers(a, x[1], zero, x[3])).astype(np.float32) * (scale * x[2])]
        elif node.op_type.startswith("QLinear") or node.op_type == "QGemm":
            real, at = qlinear(node.op_type, x, None, attributes)
            types[node.output[0]] = types[node.input[at + 1]]
            y = [quantize(real, x[at], x[at + 1], types[node.output[0]])]
        else:
            y = [FUNCTIONS[node.op_type](*x, **attributes)]
            if y[0].dtype == np.float64:
                y[0] = y[0].astype(np.float32)
        values.update(zip(node.output, y))
    return values
