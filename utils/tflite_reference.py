"""Runs a TFLite model in numpy, in the arithmetic of TFLite's reference kernels.

    from tflite_reference import Model
    outputs = Model("model.tflite").run({"input": array})      # arrays have the types of the file

An independent oracle for `--requantize=fixed-point`: nothing here comes from the compiler. 8-bit ops follow the published
definitions: Jacob et al. 2017 (arXiv:1712.05877), gemmlowp's fixed-point documentation, and the TFLite 8-bit quantization
specification, with double rounding (SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT). Float ops are computed in f64.
Files are decoded by the schema in lib/Import/TFLite.
"""

import json
import math
import os
import re
import shutil
import struct
import subprocess
import tempfile

import numpy as np

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "Import", "TFLite", "Schema.fbs")
DTYPES = {"FLOAT32": np.float32, "FLOAT16": np.float16, "INT32": np.int32, "UINT8": np.uint8, "INT64": np.int64, "BOOL": np.bool_,
          "INT16": np.int16, "INT8": np.int8}
INT32 = np.iinfo(np.int32)


SCALARS = {"bool": "?", "byte": "b", "ubyte": "B", "int": "i", "int32": "i", "uint": "I", "long": "q", "ulong": "Q", "float": "f"}


def read_schema():
    """{table: [(field, type, default)]}, {enum: (storage, {value: name})}, {union value: table}."""
    with open(SCHEMA) as file:
        text = re.sub("//.*", "", file.read())
    enums = {}
    for name, storage, body in re.findall(r"enum (\w+) : (\w+) {(.*?)}", text, re.S):
        pairs = [entry.split("=") for entry in body.split(",")]
        enums[name] = storage, {int(value): key.strip() for key, value in pairs}
    union = re.search(r"union BuiltinOptions {(.*?)}", text, re.S).group(1)
    members = {int(value): key.strip() for key, value in (entry.split("=") for entry in union.split(","))}
    tables = {}
    for name, body in re.findall(r"table (\w+) {(.*?)}", text, re.S):
        fields = []
        for field, kind, default in re.findall(r"(\w+):([\w\[\]]+)(?:\s*=\s*(\w+))?", body):
            if kind in ("BuiltinOptions", "SparseIndexVector"):  # a union is two fields
                fields.append((field + "_type", "ubyte", 0))
            fields.append((field, kind, {"true": 1, "false": 0}.get(default) if default in ("true", "false") else int(default or 0)))
        tables[name] = fields
    return tables, enums, members


class Reader:
    """Decodes a FlatBuffer by the schema: tables are dictionaries, enums are their names, absent vectors are absent."""

    def __init__(self, data):
        self.data = data
        self.tables, self.enums, self.members = read_schema()

    def get(self, code, position):
        return struct.unpack_from("<" + code, self.data, position)[0]

    def table(self, name, position):
        vtable = position - self.get("i", position)
        size = self.get("H", vtable)
        result = {}
        for i, (field, kind, default) in enumerate(self.tables[name]):
            offset = self.get("H", vtable + 4 + 2 * i) if 4 + 2 * i < size else 0
            if kind in SCALARS:
                result[field] = self.get(SCALARS[kind], position + offset) if offset else default
            elif kind in self.enums:
                storage, names = self.enums[kind]
                result[field] = names.get(self.get(SCALARS[storage], position + offset) if offset else default)
            elif offset:
                target = position + offset + self.get("I", position + offset)
                result[field] = self.reference(kind, target, result.get(field + "_type"))
        return result

    def reference(self, kind, position, member):
        if kind == "BuiltinOptions":
            return self.table(self.members[member], position) if member in self.members else {}
        if not kind.startswith("[") and kind != "string":
            return self.table(kind, position)
        count = self.get("I", position)
        start = position + 4
        if kind == "string":
            return self.data[start:start + count].decode()
        kind = kind[1:-1]
        if kind in SCALARS:
            return np.frombuffer(self.data, "<" + {"?": "u1", "b": "i1", "B": "u1", "i": "i4", "I": "u4", "q": "i8", "Q": "u8",
                                                   "f": "f4"}[SCALARS[kind]], count, start)
        positions = [start + 4 * i for i in range(count)]
        return [self.reference(kind, p + self.get("I", p), None) for p in positions]


def read(path):
    """The file as dictionaries, with the names of our schema."""
    with open(path, "rb") as file:
        data = file.read()
    reader = Reader(data)
    return reader.table("Model", reader.get("I", 0))


def to_json(value):
    """What JSON can hold: arrays as lists, without what is absent or the default of an enum with no name."""
    if isinstance(value, dict):
        return {key: to_json(entry) for key, entry in value.items() if entry is not None and not key.startswith("unread")}
    if isinstance(value, list):
        return [to_json(entry) for entry in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def with_all_outputs(source, target):
    """Writes the model `source` with every computed tensor as an output, tensor 7 with the name t7."""
    model = read(source)
    graph = model["subgraphs"][0]
    graph["outputs"] = [int(output) for op in graph["operators"] for output in op["outputs"]]
    for index in graph["outputs"]:
        graph["tensors"][index]["name"] = f"t{index}"
    for op in graph["operators"]:
        options = Reader(b"").members.get(op.pop("builtin_options_type"))
        if options and "builtin_options" in op:
            op["builtin_options_type"] = options
        else:
            op.pop("builtin_options", None)
    write(to_json(model), target)


def write(model, path):
    """A file from dictionaries, by flatc."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "model.json")
        with open(source, "w") as file:
            json.dump(model, file)
        subprocess.run(["flatc", "-b", "-o", folder, SCHEMA, source], check=True)
        shutil.move(os.path.join(folder, "model.tflite"), path)


# Fixed-point arithmetic. Arrays of int64 hold numbers of 32 bits, or, between operations, exact products.


def quantize_multiplier(real):
    """real = multiplier / 2^31 * 2^shift with multiplier in [2^30, 2^31)."""
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def high_multiply(a, b):
    """round(a * b / 2^31), halves up; the one overflow saturates."""
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    assert np.all((a >= INT32.min) & (a <= INT32.max)) and np.all((b >= INT32.min) & (b <= INT32.max))
    return np.minimum((a * b + (1 << 30)) >> 31, INT32.max)


def divide_by_power(x, exponent):
    """round(x / 2^exponent), halves away from zero."""
    x, exponent = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + ((x & mask) > threshold)


def multiply(x, multiplier, shift):
    """x times a quantized multiplier."""
    shift = np.asarray(shift, np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    return divide_by_power(high_multiply(np.asarray(x, np.int64) << left, multiplier), right)


def round_away(x):
    """Halves away from zero, as C's round()."""
    return np.sign(x) * np.floor(np.abs(x) + x.dtype.type(0.5))


def shift_saturating(x, bits):
    return np.clip(np.asarray(x, np.int64) << bits, INT32.min, INT32.max)


def exp_on_negative(a):
    """e^a: a in Q5.26, not positive; the result in Q0.31 (gemmlowp exp_on_negative_values)."""
    quarter = 1 << 24
    remainder_of_quarter = (a & (quarter - 1)) - quarter
    x = shift_saturating(remainder_of_quarter, 5) + (1 << 28)
    x2 = high_multiply(x, x)
    x3, x4 = high_multiply(x2, x), high_multiply(x2, x2)
    series = divide_by_power(high_multiply(divide_by_power(x4, 2) + x3, 715827883) + x2, 1)
    result = 1895147668 + high_multiply(1895147668, x + series)
    remainder = remainder_of_quarter - a
    for exponent, factor in ((-2, 1672461947), (-1, 1302514674), (0, 790015084), (1, 290630308), (2, 39332535), (3, 720401), (4, 242)):
        result = np.where(remainder & (1 << (26 + exponent)), high_multiply(result, factor), result)
    return np.where(a == 0, INT32.max, result)


def reciprocal(x, integer_bits):
    """1 / x for x in Q(integer_bits): Q0.31, to be shifted by the second result."""
    leading = 32 - int(x).bit_length()
    half_denominator_minus = (int(x) << leading) - (1 << 31)
    total = half_denominator_minus + INT32.max
    half = int(math.trunc((total + (1 if total >= 0 else -1)) / 2))
    estimate = 1515870810 + int(high_multiply(half, -1010580540))  # Q2.29: 48/17 - 32/17 d
    for _ in range(3):
        error = (1 << 29) - int(high_multiply(half, estimate))
        estimate += int(shift_saturating(high_multiply(estimate, error), 2))
    return int(shift_saturating(estimate, 1)), integer_bits - leading


def softmax_row(q, scale, beta):
    multiplier, shift = quantize_multiplier(min(float(beta) * scale * (1 << 26), float((1 << 31) - 1)))
    least = -math.floor(31.0 * (1 << 26) / (1 << shift))
    difference = q.astype(np.int64) - int(q.max())
    counts = difference >= least
    exponential = exp_on_negative(high_multiply(np.where(counts, difference, 0) << shift, multiplier))
    total = int(np.sum(divide_by_power(exponential, 12)[counts]))
    factor, bits = reciprocal(total, 12)
    result = divide_by_power(high_multiply(factor, exponential), bits + 31 - 8) - 128
    return np.where(counts, np.clip(result, -128, 127), -128)


class Model:
    """The first subgraph of a file."""

    def __init__(self, path):
        model = read(path)
        graph = model["subgraphs"][0]
        self.tensors = graph["tensors"]
        self.inputs, self.outputs = graph["inputs"], graph["outputs"]
        self.operators = graph["operators"]
        buffers = [bytes(buffer.get("data", b"")) for buffer in model["buffers"]]
        names = read_schema()[1]["BuiltinOperator"][1]
        numbers = {name: number for number, name in names.items()}
        self.codes = [names[max(c["deprecated_builtin_code"], numbers[c["builtin_code"]])] for c in model["operator_codes"]]
        self.constants = {}
        for index, tensor in enumerate(self.tensors):
            data = buffers[tensor["buffer"]] if tensor["buffer"] else b""
            if data:
                self.constants[index] = np.frombuffer(data, DTYPES[tensor["type"]]).reshape(tensor.get("shape", []))

    def name(self, index):
        return self.tensors[index]["name"]

    def scales(self, index):
        return np.array(self.tensors[index].get("quantization", {}).get("scale", []), np.float32)

    def params(self, index):
        """Scale (f32 as double) and zero point of an activation."""
        quantization = self.tensors[index]["quantization"]
        zero = quantization.get("zero_point", [0])
        return float(np.float32(quantization["scale"][0])), int(zero[0])

    def is_quantized(self, index):
        return self.tensors[index]["type"] in ("INT8", "UINT8") and len(self.scales(index)) > 0

    def run(self, inputs, record=None):
        """`record(index, array)` sees every computed tensor; what it returns, if anything, replaces it."""
        values = dict(self.constants)
        for index in self.inputs:
            values[index] = np.asarray(inputs[self.name(index)], DTYPES[self.tensors[index]["type"]])
        for op in self.operators:
            name = self.codes[op["opcode_index"]]
            results = getattr(self, name.lower())(op, values)
            for index, result in zip(op["outputs"], results if isinstance(results, list) else [results]):
                values[index] = np.asarray(result).astype(DTYPES[self.tensors[index]["type"]])
                if record:
                    replaced = record(index, values[index])
                    values[index] = values[index] if replaced is None else replaced
        return {self.name(index): values[index] for index in self.outputs}

    # What many ops share.

    def bounds(self, op, output):
        """The range of the type, narrowed by the fused activation."""
        activation = op.get("builtin_options", {}).get("fused_activation_function", "NONE")
        low, high = {"NONE": (None, None), "RELU": (0, None), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}[activation]
        if not self.is_quantized(output):
            return -np.inf if low is None else low, np.inf if high is None else high
        scale, zero = self.params(output)
        info = np.iinfo(DTYPES[self.tensors[output]["type"]])

        def quantized(x):
            return zero + int(round_away(np.float32(x) / np.float32(scale)))

        return (info.min if low is None else max(info.min, quantized(low)),
                info.max if high is None else min(info.max, quantized(high)))

    def centered(self, index, values):
        return values[index].astype(np.int64) - self.params(index)[1]

    def requantize(self, accumulator, multiplier, shift, op):
        output = op["outputs"][0]
        return np.clip(multiply(accumulator, multiplier, shift) + self.params(output)[1], *self.bounds(op, output))

    def weights(self, index, values):
        """Real numbers, or integers minus their zero points."""
        data = values[index]
        if data.dtype == np.float32:
            return data.astype(np.float64)
        zero = self.tensors[index].get("quantization", {}).get("zero_point", [0])
        return data.astype(np.int64) - int(zero[0])

    def real_weights(self, index, values):
        """For an op on floats: what the file quantizes, dequantized."""
        weights = self.weights(index, values)
        scales = self.scales(index)
        if values[index].dtype == np.float32 or not len(scales):
            return weights
        shape = [1] * weights.ndim
        if len(scales) > 1:
            shape[self.tensors[index]["quantization"].get("quantized_dimension", 0)] = len(scales)
        return (weights.astype(np.float32) * scales.reshape(shape)).astype(np.float64)

    def finish(self, op, accumulator, weight, per_tensor_product_in_f32):
        """Accumulators of a layer, channels last, to its output type."""
        output = op["outputs"][0]
        if not self.is_quantized(output):
            return np.clip(accumulator, *self.bounds(op, output))
        x, y = self.params(op["inputs"][0])[0], self.params(output)[0]
        scales = self.scales(weight)
        if len(scales) == 1 and (per_tensor_product_in_f32 or self.tensors[output]["type"] == "UINT8"):
            reals = [float(np.float32(x) * scales[0]) / y]
        else:
            reals = [x * float(s) / y for s in scales]
        multiplier, shift = np.array([quantize_multiplier(r) for r in reals], np.int64).T
        return self.requantize(accumulator, multiplier, shift, op)

    # Layers.

    def window(self, op, size, kernel):
        """Padded input sizes and output sizes along height and width."""
        o = op["builtin_options"]
        result = []
        for axis, letter in enumerate("hw"):
            stride, dilation = o["stride_" + letter], o.get(f"dilation_{letter}_factor", 1)
            span = (kernel[axis] - 1) * dilation + 1
            if o["padding"] == "SAME":
                out = -(-size[axis] // stride)
                total = max((out - 1) * stride + span - size[axis], 0)
            else:
                out, total = (size[axis] - span) // stride + 1, 0
            result.append((stride, dilation, out, total // 2, total - total // 2))
        return result

    def convolve(self, op, values, depthwise):
        x_index, w_index = op["inputs"][:2]
        integer = self.is_quantized(op["outputs"][0])
        x = self.centered(x_index, values) if integer else values[x_index].astype(np.float64)
        w = self.weights(w_index, values) if integer else self.real_weights(w_index, values)
        if depthwise:
            w = w.transpose(3, 1, 2, 0)
        outputs, kh, kw, depth = w.shape
        (sh, dh, oh, top, bottom), (sw, dw, ow, left, right) = self.window(op, x.shape[1:3], (kh, kw))
        x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
        groups = x.shape[3] // depth
        result = np.zeros((x.shape[0], oh, ow, outputs), x.dtype)
        for i in range(kh):
            for j in range(kw):
                part = x[:, i * dh:i * dh + (oh - 1) * sh + 1:sh, j * dw:j * dw + (ow - 1) * sw + 1:sw]
                part = part.reshape(*part.shape[:3], groups, depth)
                kernel = w[:, i, j].reshape(groups, outputs // groups, depth)
                result += np.einsum("nhwgc,goc->nhwgo", part, kernel).reshape(result.shape)
        if len(op["inputs"]) > 2 and op["inputs"][2] >= 0:
            result += values[op["inputs"][2]].astype(x.dtype)
        return self.finish(op, result, w_index, False)

    def conv_2d(self, op, values):
        return self.convolve(op, values, False)

    def depthwise_conv_2d(self, op, values):
        return self.convolve(op, values, True)

    def fully_connected(self, op, values):
        x_index, w_index = op["inputs"][:2]
        integer = self.is_quantized(op["outputs"][0])
        x = self.centered(x_index, values) if integer else values[x_index].astype(np.float64)
        w = self.weights(w_index, values) if integer else self.real_weights(w_index, values)
        shape = x.shape[:-1] if op["builtin_options"].get("keep_num_dims") else (x.size // w.shape[1],)
        result = x.reshape(-1, w.shape[1]) @ w.T
        if len(op["inputs"]) > 2 and op["inputs"][2] >= 0:
            result = result + values[op["inputs"][2]]
        return self.finish(op, result, w_index, True).reshape(*shape, w.shape[0])

    def pool(self, op, values, combine):
        o = op["builtin_options"]
        x = values[op["inputs"][0]]
        x = x.astype(np.int64 if x.dtype != np.float32 else np.float64)
        kernel = (o["filter_height"], o["filter_width"])
        (sh, _, oh, top, _), (sw, _, ow, left, _) = self.window(op, x.shape[1:3], kernel)
        result = np.zeros((x.shape[0], oh, ow, x.shape[3]), x.dtype)
        for i in range(oh):
            for j in range(ow):
                y0, x0 = i * sh - top, j * sw - left
                part = x[:, max(y0, 0):y0 + kernel[0], max(x0, 0):x0 + kernel[1]]
                result[:, i, j] = combine(part)
        return np.clip(result, *self.bounds(op, op["outputs"][0]))

    def average_pool_2d(self, op, values):
        def mean(part):
            total, count = part.sum((1, 2)), part.shape[1] * part.shape[2]
            if total.dtype == np.float64:
                return total / count
            # Stored integers, divided as integers: halves away from zero.
            return np.sign(total) * ((np.abs(total) + count // 2) // count)
        return self.pool(op, values, mean)

    def max_pool_2d(self, op, values):
        return self.pool(op, values, lambda part: part.max((1, 2)))

    def mean(self, op, values):
        index, output = op["inputs"][0], op["outputs"][0]
        axes = tuple(int(a) for a in np.atleast_1d(values[op["inputs"][1]]))
        keep = op["builtin_options"]["keep_dims"]
        if not self.is_quantized(output):
            return values[index].astype(np.float64).mean(axes, keepdims=keep)
        total = self.centered(index, values).sum(axes, keepdims=keep)
        count = int(np.prod([values[index].shape[a] for a in axes]))
        multiplier, shift = quantize_multiplier(self.params(index)[0] / self.params(output)[0])
        bits = min(count.bit_length() - 1, 32, 31 + shift)
        return self.requantize(total, (multiplier << bits) // count, shift - bits, op)

    # Element by element.

    def add_or_sub(self, op, values, sign):
        a, b = op["inputs"]
        output = op["outputs"][0]
        if not self.is_quantized(output):
            return np.clip(values[a].astype(np.float64) + sign * values[b].astype(np.float64), *self.bounds(op, output))
        twice = 2.0 * max(self.params(a)[0], self.params(b)[0])
        terms = [multiply(self.centered(i, values) << 20, *quantize_multiplier(self.params(i)[0] / twice)) for i in (a, b)]
        return self.requantize(terms[0] + sign * terms[1],
                               *quantize_multiplier(twice / ((1 << 20) * self.params(output)[0])), op)

    def add(self, op, values):
        return self.add_or_sub(op, values, 1)

    def sub(self, op, values):
        return self.add_or_sub(op, values, -1)

    def mul(self, op, values):
        a, b = op["inputs"]
        output = op["outputs"][0]
        if not self.is_quantized(output):
            return np.clip(values[a].astype(np.float64) * values[b].astype(np.float64), *self.bounds(op, output))
        real = float(self.scales(a)[0] * self.scales(b)[0] / self.scales(output)[0])
        return self.requantize(self.centered(a, values) * self.centered(b, values), *quantize_multiplier(real), op)

    def rescale(self, op, values, low=None, high=None, in_f32=True):
        """Another scale, clamped to real bounds."""
        index, output = op["inputs"][0], op["outputs"][0]
        x, y = self.scales(index)[0], self.scales(output)[0]
        real = float(x / y) if in_f32 else float(x) / float(y)
        result = self.requantize(self.centered(index, values), *quantize_multiplier(real), op)
        zero = self.params(output)[1]
        bounds = [None if b is None else zero + int(round_away(np.float32(b) / y)) for b in (low, high)]
        return result if low is None else np.clip(result, bounds[0], 255 if high is None else bounds[1])

    def relu(self, op, values):
        index = op["inputs"][0]
        return self.rescale(op, values, 0) if self.is_quantized(index) else np.maximum(values[index], 0)

    def relu6(self, op, values):
        index = op["inputs"][0]
        return self.rescale(op, values, 0, 6) if self.is_quantized(index) else np.clip(values[index], 0, 6)

    def relu_n1_to_1(self, op, values):
        index = op["inputs"][0]
        return self.rescale(op, values, -1, 1) if self.is_quantized(index) else np.clip(values[index], -1, 1)

    def leaky_relu(self, op, values):
        index, output = op["inputs"][0], op["outputs"][0]
        alpha = np.float32(op["builtin_options"]["alpha"])
        if not self.is_quantized(output):
            x = values[index].astype(np.float64)
            return np.where(x < 0, x * alpha, x)
        x, s, y = self.centered(index, values), self.scales(index)[0], self.scales(output)[0]
        positive = multiply(x, *quantize_multiplier(float(s / y)))
        negative = multiply(x, *quantize_multiplier(float(s * alpha / y)))
        return np.clip(np.where(x >= 0, positive, negative) + self.params(output)[1], -128, 127)

    def table(self, op, values, function):
        """A function of 256 real numbers, rounded to the nearest."""
        index, output = op["inputs"][0], op["outputs"][0]
        if not self.is_quantized(output):
            return function(values[index].astype(np.float64))
        real = self.scales(index)[0] * self.centered(index, values).astype(np.float32)
        result = function(real.astype(np.float64)).astype(np.float32) * (np.float32(1) / self.scales(output)[0])
        return np.clip(round_away(result) + self.params(output)[1], -128, 127)

    def logistic(self, op, values):
        return self.table(op, values, lambda x: 1 / (1 + np.exp(-x)))

    def tanh(self, op, values):
        return self.table(op, values, np.tanh)

    def hard_swish(self, op, values):
        index, output = op["inputs"][0], op["outputs"][0]
        if not self.is_quantized(output):
            x = values[index].astype(np.float64)
            return x * np.clip(x + 3, 0, 6) / 6
        hires = np.float32(1 / 128) * self.scales(index)[0]

        def narrow(real):
            multiplier, shift = quantize_multiplier(float(real))
            return min((multiplier + (1 << 15)) >> 16, 32767), shift

        def high16(a, b):
            return np.minimum((a * b + (1 << 14)) >> 15, 32767)

        def left16(x, bits):
            return np.clip(x << bits, -32768, 32767)

        out_multiplier, out_shift = narrow(hires / self.scales(output)[0])
        relu_multiplier, relu_shift = narrow(hires / np.float32(3 / 32768))
        x = self.centered(index, values) << 7
        preshift = high16(x, out_multiplier)
        gate = left16(x, relu_shift - 1) if relu_shift > 0 else x
        gate = high16(gate, relu_multiplier)
        gate = left16(gate, 1) if relu_shift > 0 else divide_by_power(gate, -relu_shift)
        gate = (gate + (1 << 15)) >> 1
        product = gate * preshift
        product = np.sign(product) * (np.abs(product) >> 15)
        return np.clip(divide_by_power(product, -out_shift) + self.params(output)[1], -128, 127)

    def softmax(self, op, values):
        index, output = op["inputs"][0], op["outputs"][0]
        beta = np.float32(op["builtin_options"]["beta"])
        x = values[index]
        if not self.is_quantized(output):
            e = np.exp(beta * (x.astype(np.float64) - x.max(-1, keepdims=True)))
            return e / e.sum(-1, keepdims=True)
        rows = [softmax_row(row, self.params(index)[0], beta) for row in x.reshape(-1, x.shape[-1])]
        return np.array(rows).reshape(x.shape) + (128 if x.dtype == np.uint8 else 0)

    def exp(self, op, values):
        return self.table(op, values, np.exp)

    def elu(self, op, values):
        return self.table(op, values, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))))

    def log(self, op, values):
        """What has no logarithm gives the least value of the type."""
        return self.table(op, values, lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1)), -1e30))

    def abs(self, op, values):
        index, output = op["inputs"][0], op["outputs"][0]
        if not self.is_quantized(output):
            return np.abs(values[index])
        real = float(self.scales(index)[0] / self.scales(output)[0])
        return self.requantize(np.abs(self.centered(index, values)), *quantize_multiplier(real), op)

    # Interpolation.

    def resize_bilinear(self, op, values):
        index, o = op["inputs"][0], op.get("builtin_options", {})
        x = values[index]
        integer, one = x.dtype == np.int8, 1 << 10
        x = x.astype(np.int64 if integer else np.float64)
        for axis, out in zip((1, 2), (int(size) for size in values[op["inputs"][1]])):
            size = x.shape[axis]
            spans = (size - 1, out - 1) if o.get("align_corners") and out > 1 else (size, out)
            position = np.arange(out)
            if integer:  # in units of 1/1024
                scale = (one * spans[0] + spans[1] // 2) // spans[1]
                position = position * scale + (scale // 2 - one // 2 if o.get("half_pixel_centers") else 0)
                low = np.maximum(np.trunc(position / one).astype(np.int64), 0)
                high = np.minimum(np.trunc((position + one - 1) / one).astype(np.int64), size - 1)
                weight = position - one * low
            else:
                scale, one = spans[0] / spans[1], 1
                position = (position + 0.5) * scale - 0.5 if o.get("half_pixel_centers") else position * scale
                low = np.maximum(np.floor(position).astype(np.int64), 0)
                high = np.minimum(np.ceil(position).astype(np.int64), size - 1)
                weight = position - low
            weight = weight.reshape([-1 if d == axis else 1 for d in range(4)])
            x = x.take(np.minimum(low, size - 1), axis) * (one - weight) + x.take(high, axis) * weight
        return np.sign(x) * ((np.abs(x) + (1 << 19)) >> 20) if integer else x

    # What compares values of one scale.

    def maximum(self, op, values):
        return np.maximum(*(values[i] for i in op["inputs"]))

    def minimum(self, op, values):
        return np.minimum(*(values[i] for i in op["inputs"]))

    def reduce(self, op, values, function):
        axes = tuple(int(a) for a in np.atleast_1d(values[op["inputs"][1]]))
        return function(values[op["inputs"][0]], axes, keepdims=op["builtin_options"]["keep_dims"])

    def reduce_max(self, op, values):
        return self.reduce(op, values, np.max)

    def reduce_min(self, op, values):
        return self.reduce(op, values, np.min)

    def arg_max(self, op, values):
        return np.argmax(values[op["inputs"][0]], int(values[op["inputs"][1]]))

    def arg_min(self, op, values):
        return np.argmin(values[op["inputs"][0]], int(values[op["inputs"][1]]))

    # Moves and casts.

    def gather(self, op, values):
        return values[op["inputs"][0]].take(values[op["inputs"][1]], op["builtin_options"]["axis"])

    def slice(self, op, values):
        starts, sizes = values[op["inputs"][1]], values[op["inputs"][2]]
        return values[op["inputs"][0]][tuple(np.s_[s:s + n] for s, n in zip(starts, sizes))]

    def tile(self, op, values):
        return np.tile(values[op["inputs"][0]], values[op["inputs"][1]])

    def reshape(self, op, values):
        return values[op["inputs"][0]].reshape([int(d) for d in values[op["inputs"][1]]])

    def pad(self, op, values):
        index = op["inputs"][0]
        fill = self.params(index)[1] if self.is_quantized(index) else 0
        return np.pad(values[index], [tuple(p) for p in values[op["inputs"][1]]], constant_values=fill)

    def concatenation(self, op, values):
        return np.concatenate([values[i] for i in op["inputs"]], op["builtin_options"]["axis"])

    def quantize(self, op, values):
        index, output = op["inputs"][0], op["outputs"][0]
        if self.is_quantized(index):
            return self.rescale(op, values, in_f32=False)
        scale, zero = self.scales(output)[0], self.params(output)[1]
        return np.clip(round_away(values[index] / scale) + zero, *self.bounds(op, output))

    def dequantize(self, op, values):
        index = op["inputs"][0]
        return self.centered(index, values).astype(np.float32) * self.scales(index)[0]
