#!/usr/bin/python3
"""Writes a random network in MLIR: a graph of every kind of op, float and quantized, on odd sizes.

A seed determines the network. The function returns every value that nothing else uses, as float, so a comparison of the
outputs of two executions covers every op. Sizes, strides, paddings, groups and scales are drawn to hit remainders:
channel counts 1, 3, 7, 17, 130, batches up to 3, dilations and strides up to 3, asymmetric padding.

  random_network.py SEED [--ops=N] [--float] [--kinds=KIND,...] > network.mlir
"""
import argparse
import numpy as np

INTEGERS = ("i1", "i32", "i64")
CHANNELS = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 32, 33, 40, 64, 130]


class Network:
    """Emits ops and remembers the values they make: name -> (shape, element type)."""

    def __init__(self, seed, float_only, kinds=None, narrow=False):
        self.r = np.random.RandomState(seed)
        self.float_only, self.kinds = float_only, kinds
        self.narrow = narrow  # half of the quantized weights have 4 bits
        self.lines, self.types, self.used = [], {}, set()
        self.spent = set()  # no other op may draw them

    # -- types and names ---------------------------------------------------------------------------------------------
    def pick(self, options):
        return options[self.r.randint(len(options))]

    def chance(self, probability):
        return self.r.rand() < probability

    def quant(self, scale=None, low=0.01, high=0.2):
        """A per-tensor 8-bit type; now and then unsigned or with an extreme zero point."""
        scale = np.float32(self.r.uniform(low, high) if scale is None else scale)
        unsigned = self.chance(0.15)
        zero = int(self.pick([self.r.randint(-128, 128), self.r.randint(-20, 20), 0, -128, 127]))
        return f"!quant.uniform<{'u8' if unsigned else 'i8'}:f32, {float(scale)!r}:{zero + 128 * unsigned}>"

    @staticmethod
    def tensor(shape, element):
        return "tensor<" + "".join(f"{d}x" for d in shape) + element + ">"

    def type_of(self, value):
        return self.tensor(*self.types[value])

    @staticmethod
    def is_quant(element):
        return element.startswith("!quant")

    @staticmethod
    def scale_of(element):
        return float(element.split(", ")[1].split(":")[0].rstrip(">"))

    def emit(self, op, operands, shape, element, attributes="", syntax=None):
        """Appends `op`; returns the name of its result."""
        name = f"%v{len(self.types)}"
        types = ", ".join(self.type_of(o) for o in operands)
        self.used.update(operands)
        self.types[name] = (tuple(int(d) for d in shape), element)
        attributes = f" {{{attributes}}}" if attributes else ""
        arguments = syntax or ", ".join(operands)
        types = types if op == "qnn.requantize" else f"({types})"
        self.lines.append(f"  {name} = {op} {arguments}{attributes} : {types} -> {self.type_of(name)}")
        return name

    def cast(self, value, element):
        """qcast or dcast."""
        op = "qcast" if self.is_quant(element) else "dcast"
        return self.emit(f'"quant.{op}"({value})', [value], self.types[value][0], element, syntax=" ")

    def constant(self, array, element=None):
        """A qnn.constant; `array` holds f32 or the stored integers of `element`."""
        storage = {"float32": "f32", "int8": "i8", "int32": "i32"}[array.dtype.name]
        if element and "uniform<i4" in element:
            storage, array = "i4", array & 15
        name = f"%v{len(self.types)}"
        self.types[name] = (array.shape, element or storage)
        self.used.add(name)
        text = array.tobytes().hex().upper()
        dense = f'dense<"0x{text}">' if array.size > 1 else f"dense<{array.reshape(-1)[0]!r}>"
        self.lines.append(f"  {name} = qnn.constant {dense} : {self.tensor(array.shape, storage)}"
                          + (f" as {self.type_of(name)}" if element else ""))
        return name

    # -- choices -----------------------------------------------------------------------------------------------------
    def value(self, rank=None, quantized=None):
        """Some value so far, the newer the likelier, or None."""
        fits = [v for v, (shape, element) in self.types.items()
                if not v.startswith("%c") and element not in INTEGERS and (rank is None or len(shape) == rank) and v not in self.constants
                and (quantized is None or self.is_quant(element) == quantized)]
        return fits[-1 - min(int(self.r.exponential(2.0)), len(fits) - 1)] if fits else None

    def clamp(self):
        low, high = sorted(self.r.uniform(-2, 3, 2))
        return ", ".join([f"clamp_min = {self.pick([0.0, low])!r} : f32"] * self.chance(0.4)
                         + [f"clamp_max = {high:.3f} : f32"] * self.chance(0.2))

    def result_type(self, element, scale):
        return self.quant(scale) if self.is_quant(element) else "f32"

    # -- ops ---------------------------------------------------------------------------------------------------------
    def weighted(self, op, x, weight_shape, result_shape, attributes, result=None, residual=None):
        """conv2d or fully_connected with random parameters, optional bias, clamp and residual, by chance if none is given."""
        element = self.types[x][1]
        outputs, depth = weight_shape[0], int(np.prod(weight_shape[1:]))
        operands, syntax = [x], x
        if self.is_quant(element):
            scales = self.r.uniform(0.001, 0.02, outputs).astype(np.float32)
            per_axis = self.chance(0.8)
            text = ",".join(repr(float(s)) for s in scales)
            low = self.pick([-128, -127])
            integers, storage = self.r.randint(low, 128, weight_shape).astype(np.int8), "i8"
            if self.narrow and self.chance(0.5):
                integers, storage, scales = integers // 16, self.pick(["i4", "i4<-7:7>"]), scales * np.float32(16)
                integers = np.maximum(integers, -7) if "<" in storage else integers
                text = ",".join(repr(float(s)) for s in scales)
            kind = f"{storage}:f32:0, {{{text}}}" if per_axis else f"{storage}:f32, {float(scales[0])!r}"
            weight = self.constant(integers, f"!quant.uniform<{kind}>")
            s = np.float64(self.scale_of(element)) * (scales.astype(np.float64) if per_axis else np.float64(scales[0]))
            result = result or self.quant(float(np.mean(s)) * 40 * np.sqrt(depth) * self.r.uniform(0.5, 2))
            text = ",".join(repr(float(v)) for v in np.atleast_1d(s))
            kind = f"i32:f32:0, {{{text}}}" if per_axis else f"i32:f32, {float(s)!r}"
            bias = (self.r.randint(-9000, 9000, outputs).astype(np.int32), f"!quant.uniform<{kind}>")
        else:
            weight = self.constant(self.r.randn(*weight_shape).astype(np.float32) / np.float32(np.sqrt(depth)))
            if self.chance(0.2):  # packed at run time
                weight = self.emit("qnn.tanh", [weight], weight_shape, "f32")
            result = "f32"
            bias = (self.r.randn(outputs).astype(np.float32), None)
        operands.append(weight)
        syntax += f", {weight}"
        if self.chance(0.8):
            operands.append(self.constant(*bias))
            if result == "f32" and self.chance(0.2):
                operands[-1] = self.emit("qnn.tanh", operands[-1:], bias[0].shape, "f32")
            syntax += f" bias({operands[-1]})"
        if not residual and self.chance(0.35):
            same = [v for v, (shape, e) in self.types.items()
                    if shape == tuple(result_shape) and self.is_quant(e) == self.is_quant(element)
                    and v not in self.constants and not self.is_i32(e)]
            residual = self.pick(same) if same else None
        if residual:
            operands.append(residual)
            syntax += f" residual({residual})"
        attributes = ", ".join(filter(None, [attributes, self.clamp()]))
        return self.emit(op, operands, result_shape, result, attributes, syntax)

    @staticmethod
    def is_i32(element):
        return element.startswith("!quant.uniform<i32")

    @property
    def constants(self):
        return {line.split(" = ")[0].strip() for line in self.lines if "= qnn.constant" in line} | self.spent

    def window(self, shape, largest, pool):
        """kernel, strides, padding, dilations that fit, and the output size."""
        while True:
            k = self.r.randint(1, largest + 1, 2)
            s, d, p = self.r.randint(1, 4, 2), self.pick([(1, 1), tuple(self.r.randint(1, 4, 2))]), self.r.randint(0, 3, 4)
            if pool:
                p = np.minimum(p, np.tile((k - 1) // 2, 2))
            if self.chance(0.3):
                p = p * 0
            span = [shape[1 + i] + p[i] + p[2 + i] - ((k[i] - 1) * d[i] + 1) for i in range(2)]
            if min(span) >= 0:
                out = [span[i] // s[i] + 1 for i in range(2)]
                text = lambda name, v: f"{name} = array<i64: {', '.join(map(str, v))}>"
                attributes = ", ".join([text("strides", s), text("padding", p), text("dilations", d)])
                return k, attributes, out, text("kernel", k)

    def conv2d(self):
        x = self.value(rank=4)
        n, h, w, c = self.types[x][0]
        kernel, attributes, (oh, ow), _ = self.window((n, h, w, c), 5, pool=False)
        groups = self.pick([1, 1, c] + [g for g in range(1, c + 1) if c % g == 0])
        o = c if groups == c and self.chance(0.7) else groups * max(1, self.pick(CHANNELS) // groups)
        return self.weighted("qnn.conv2d", x, (o, kernel[0], kernel[1], c // groups), (n, oh, ow, o),
                             f"{attributes}, groups = {groups} : i64")

    def dense(self):
        """A dense block: layers of one type, each reading the concat of those before it; then a layer on some of its channels."""
        x = self.value(rank=4)
        shape, element = self.types[x]
        if self.is_i32(element) or shape[3] > 64:
            return None
        common = self.pick([element, self.result_type(element, None)])
        parts, last = [x], x
        for _ in range(self.r.randint(1, 4)):
            parts += [self.same_size(last, self.pick(CHANNELS[:12]), common)]
            parts += [self.pick(parts)] * self.chance(0.2)
            channels = sum(self.types[part][0][3] for part in parts)
            last = self.emit("qnn.concat", parts, shape[:3] + (channels,), self.pick([common] * 3 + [self.result_type(element, None)]),
                             "axis = 3 : i64")
        first, size = self.r.randint(0, channels // 2 + 1), self.r.randint(1, channels // 2 + 1)
        part = self.emit("qnn.slice", [last], shape[:3] + (size,), self.types[last][1],
                         f"starts = array<i64: 0, 0, 0, {first}>, sizes = array<i64: {', '.join(map(str, shape[:3] + (size,)))}>, "
                         "steps = array<i64: 1, 1, 1, 1>")
        return self.same_size(part, self.pick(CHANNELS), common)

    def residual_block(self):
        """A layer whose residual nothing else reads after it, and one that reads its result, with a border or without."""
        x = self.value(rank=4)
        if self.is_i32(self.types[x][1]):
            return None
        channels, common = self.pick(CHANNELS), self.pick([None, self.result_type(self.types[x][1], None)])
        residual = self.same_size(x, channels, common)
        channels = self.types[residual][0][3]
        inner = self.same_size(self.pick([x, residual]), self.pick(CHANNELS), common)
        n, h, w, c = self.types[inner][0]
        kernel = self.pick([1, 3])
        padding = f"padding = array<i64: {', '.join([str(kernel // 2)] * 4)}>"
        self.spent.add(residual)
        last = self.weighted("qnn.conv2d", inner, (channels, kernel, kernel, c), (n, h, w, channels), padding, common, residual)
        return self.same_size(last, self.pick(CHANNELS), common)

    def same_size(self, x, channels, result):
        """A convolution, now and then a depthwise one, that keeps height and width."""
        (n, h, w, c), k = self.types[x][0], self.pick([1, 1, 3])
        groups = c if self.chance(0.2) and c > 1 else 1
        channels = c if groups > 1 else channels
        return self.weighted("qnn.conv2d", x, (channels, k, k, c // groups), (n, h, w, channels),
                             f"padding = array<i64: {', '.join([str(k // 2)] * 4)}>, groups = {groups} : i64", result)

    def depthwise(self):
        """One channel in, one out: windows up to 9x9, more channels than conv2d, kept inside the image by chance."""
        x = self.value(rank=4)
        n, h, w, c = self.types[x][0]
        kernel, attributes, (oh, ow), _ = self.window((n, h, w, c), self.pick([3, 3, 5, 9]), pool=False)
        return self.weighted("qnn.conv2d", x, (c, kernel[0], kernel[1], 1), (n, oh, ow, c),
                             f"{attributes}, groups = {c} : i64") if c > 1 else None

    def fully_connected(self):
        x = self.value()
        shape = self.types[x][0]
        if not shape:
            return None
        o = self.pick(CHANNELS)
        return self.weighted("qnn.fully_connected", x, (o, shape[-1]), shape[:-1] + (o,), "")

    def matmul(self):
        x = self.value(quantized=self.pick([False, True]))
        if x is None or len(self.types[x][0]) < 2:
            return None
        shape, element = self.types[x]
        y = self.emit("qnn.transpose", [x], shape[:-2] + (shape[-1], shape[-2]), element,
                      f"permutation = array<i64: {', '.join(map(str, list(range(len(shape) - 2)) + [len(shape) - 1, len(shape) - 2]))}>")
        scale = self.scale_of(element) ** 2 * 500 if self.is_quant(element) else None
        return self.emit("qnn.matmul", [x, y], shape[:-1] + (shape[-2],), self.result_type(element, scale), self.clamp())

    def binary(self):
        x = self.value()
        shape, element = self.types[x]
        other = self.pick([v for v, (s, e) in self.types.items()
                           if self.is_quant(e) == self.is_quant(element) and v not in self.constants
                           and self.broadcasts(s, shape)])
        op = self.pick(["add", "sub", "mul", "div"])
        if op == "div" and not self.is_quant(element):
            # Keep floats finite: divide by a constant.
            other = self.constant(self.r.uniform(0.5, 2, shape[-1:]).astype(np.float32))
        elif self.chance(0.3):
            small = shape[-1:] if self.chance(0.7) else (1,) * len(shape)
            if self.is_quant(element):
                other = self.constant(self.r.randint(-128, 128, small).astype(np.int8),
                                      f"!quant.uniform<i8:f32, {float(np.float32(self.r.uniform(0.01, 0.1)))!r}:3>")
            else:
                other = self.constant(self.r.randn(*small).astype(np.float32))
        result = [max(a, b) for a, b in zip(shape, (1,) * (len(shape) - len(self.types[other][0])) + self.types[other][0])]
        return self.emit(f"qnn.{op}", [x, other], result, self.result_type(element, None), self.clamp())

    @staticmethod
    def broadcasts(a, b):
        return len(a) <= len(b) and all(p in (1, q) for p, q in zip(a[::-1], b[::-1]))

    def unary(self):
        x = self.value()
        shape, element = self.types[x]
        op, attributes = self.pick([("relu", ""), ("clip", "min = -0.5 : f32, max = 1.25 : f32"), ("sigmoid", ""),
                                    ("leaky_relu", "alpha = 0.1 : f32"), ("tanh", ""), ("hard_swish", ""),
                                    ("hard_sigmoid", "alpha = 0.2 : f32, beta = 0.5 : f32")])
        if not self.is_quant(element) and self.chance(0.3):  # what has no integer form
            op, attributes = self.pick(["erf", "sqrt"]), ""
            x = self.emit("qnn.mul", [x, x], shape, "f32") if op == "sqrt" else x
        result = element if self.chance(0.5) else self.result_type(element, None)
        return self.emit(f"qnn.{op}", [x], shape, result, attributes)

    def softmax(self):
        x = self.value()
        shape, element = self.types[x]
        if not shape:
            return None
        return self.emit("qnn.softmax", [x], shape, self.result_type(element, 1 / 256),
                         f"axis = {self.r.randint(len(shape))} : i64")

    def pool(self):
        x = self.value(rank=4)
        shape, element = self.types[x]
        n, h, w, c = shape
        _, attributes, (oh, ow), kernel = self.window(shape, 4, pool=True)
        if self.chance(0.5):
            return self.emit("qnn.max_pool2d", [x], (n, oh, ow, c), element, f"{kernel}, {attributes}")
        attributes = attributes.split(", dilations")[0]
        _, attributes, (oh, ow), kernel = self.window(shape, 3, pool=True)
        if "dilations = array<i64: 1, 1>" not in attributes:
            return None
        include = ["false", "true"][self.r.randint(2)]
        return self.emit("qnn.avg_pool2d", [x], (n, oh, ow, c), self.result_type(element, None),
                         ", ".join(filter(None, [kernel, attributes, f"count_include_pad = {include}", self.clamp()])))

    def global_pool(self):
        x = self.value(rank=4)
        shape, element = self.types[x]
        if self.chance(0.5):
            return self.emit("qnn.global_max_pool", [x], (shape[0], 1, 1, shape[3]), element)
        return self.emit("qnn.global_avg_pool", [x], (shape[0], 1, 1, shape[3]), self.result_type(element, None), self.clamp())

    def reduce_mean(self):
        x = self.value()
        shape, element = self.types[x]
        axes = [d for d in range(len(shape)) if self.chance(0.5)]
        keep = self.chance(0.5)
        result = [1 if d in axes else s for d, s in enumerate(shape) if keep or d not in axes]
        if not axes or not result:
            return None
        return self.emit("qnn.reduce_mean", [x], result, self.result_type(element, None),
                         f"axes = array<i64: {', '.join(map(str, axes))}>, keep_dims = {'true' if keep else 'false'}")

    def concat(self):
        x = self.value()
        shape, element = self.types[x]
        if not shape:
            return None
        axis = self.r.randint(len(shape))
        others = [v for v, (s, e) in self.types.items()
                  if len(s) == len(shape) and self.is_quant(e) == self.is_quant(element) and v not in self.constants
                  and all(d == axis or s[d] == shape[d] for d in range(len(shape)))]
        inputs = [x] + [self.pick(others) for _ in range(self.r.randint(1, 3))]
        result = list(shape)
        result[axis] = sum(self.types[v][0][axis] for v in inputs)
        if np.prod(result) > 40000:
            return None
        return self.emit("qnn.concat", inputs, result, self.pick([element, self.result_type(element, None)]),
                         f"axis = {axis} : i64")

    def movement(self):
        x = self.value()
        shape, element = self.types[x]
        rank = len(shape)
        if not rank:
            return None
        array = lambda v: f"array<i64: {', '.join(str(int(e)) for e in v)}>"
        kind = self.pick(["reshape", "transpose", "pad", "slice", "resize"])
        if kind == "reshape":
            split = self.r.randint(rank)
            result = (int(np.prod(shape[:split])), int(np.prod(shape[split:]))) if self.chance(0.5) else \
                (shape[0],) + (1, int(np.prod(shape[1:])), 1)
            return self.emit("qnn.reshape", [x], result, element, f"shape = {array(result)}")
        if kind == "transpose":
            p = self.r.permutation(rank)
            return self.emit("qnn.transpose", [x], [shape[i] for i in p], element, f"permutation = {array(p)}")
        if kind == "pad":
            low, high = self.r.randint(0, 3, rank), self.r.randint(0, 3, rank)
            return self.emit("qnn.pad", [x], np.add(np.add(shape, low), high), element,
                             f"low = {array(low)}, high = {array(high)}, value = {self.pick([0.0, -1.5])!r} : f32")
        if kind == "slice":
            starts, sizes, steps = [], [], []
            for d in shape:
                step = self.pick([1, 1, 2, -1])
                size = self.r.randint(1, (d - 1) // abs(step) + 2)
                span = (size - 1) * abs(step)
                start = self.r.randint(0, d - span)
                starts.append(start + span if step < 0 else start)
                sizes.append(size)
                steps.append(step)
            return self.emit("qnn.slice", [x], sizes, element,
                             f"starts = {array(starts)}, sizes = {array(sizes)}, steps = {array(steps)}")
        scales = [self.pick([1.0, 1.0, 2.0, 1.5, 0.5]) for _ in shape]
        result = [max(1, int(s * d)) for s, d in zip(scales, shape)]
        if np.prod(result) > 40000:
            return None
        mode, nearest = self.pick(["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"]), \
            self.pick(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
        modes = ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"].index(mode)
        nearests = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].index(nearest)
        return self.emit("qnn.resize_nearest", [x], result, element,
                         f"shape = {array(result)}, scales = array<f64: {', '.join(map(repr, scales))}>, "
                         f"coordinate_mode = {modes} : i32, nearest_mode = {nearests} : i32")

    def conversion(self):
        x = self.value()
        shape, element = self.types[x]
        if self.float_only:
            return None
        if not self.is_quant(element):
            return self.cast(x, self.quant())
        if self.chance(0.3):
            return self.cast(x, "f32")
        return self.emit("qnn.requantize", [x], shape, self.quant(), syntax=x)

    def batch_norm(self):
        x = self.value(quantized=False)
        if x is None or not self.types[x][0]:
            return None
        c = self.types[x][0][-1]
        parameters = [self.constant(v.astype(np.float32)) for v in
                      (self.r.randn(c), self.r.randn(c), self.r.randn(c), self.r.uniform(0.2, 2, c))]
        if self.chance(0.5):  # computed ones stay a batch norm
            parameters[1] = self.emit("qnn.tanh", [parameters[1]], (c,), "f32")
        return self.emit("qnn.batch_norm", [x] + parameters, self.types[x][0], "f32", "epsilon = 1.0e-05 : f32")

    def general(self):
        """Functions, comparisons, reductions and indices: on floats, through integers and bools and back."""
        x = self.value()
        shape, element = self.types[x]
        array = lambda v: f"array<i64: {', '.join(str(int(e)) for e in v)}>"
        if not shape or self.is_i32(element):
            return None
        axis = self.r.randint(len(shape))
        kind = self.pick(["unary", "take", "binary", "select", "integers", "reduce", "top_k", "gather", "resample"])
        if kind == "unary":
            function = self.pick("elu softplus softsign mish thresholded_relu shrink neg abs sign ceil floor round exp log reciprocal sin cos "
                                 "tan asin acos atan sinh cosh asinh acosh atanh".split())
            return self.emit("qnn.unary", [x], shape, self.result_type(element, None),
                             "alpha = 0.7 : f32, beta = 1.1 : f32, gamma = 0.9 : f32", f"{function} {x}")
        if kind == "take":
            indices = self.r.randint(0, shape[axis], self.r.randint(1, 9))
            result = shape[:axis] + (len(indices),) + shape[axis + 1:]
            return self.emit("qnn.take", [x], result, element, f"axis = {axis} : i64, indices = {array(indices)}")
        if self.is_quant(element):
            return None
        if kind in ("binary", "select"):
            other = [v for v, (s, e) in self.types.items() if e == "f32" and v not in self.constants and
                     all(a == b or 1 in (a, b) for a, b in zip(s[::-1], shape[::-1]))]
            y = self.pick(other)
            result = np.broadcast_shapes(shape, self.types[y][0])
            if np.prod(result) > 40000:
                return None
            if kind == "binary":
                return self.emit("qnn.binary", [x, y], result, "f32", "", f"{self.pick(['max', 'min', 'pow', 'prelu'])} {x}, {y}")
            c = self.emit("qnn.compare", [x, y], result, "i1", "", f"{self.pick(['equal', 'less', 'less_or_equal'])} {x}, {y}")
            d = self.emit("qnn.compare", [y, x], result, "i1", "", f"less {y}, {x}")
            c = self.emit("qnn.binary", [c, d], result, "i1", "", f"{self.pick(['and', 'or', 'xor'])} {c}, {d}")
            return self.emit("qnn.select", [c, x, y], result, "f32")
        if kind == "reduce":
            axes = [d for d in range(len(shape)) if d == axis or self.chance(0.3)]
            keep = self.chance(0.5)
            result = [1 if d in axes else s for d, s in enumerate(shape) if keep or d not in axes]
            function = self.pick(["sum", "prod", "max", "min"])
            return self.emit("qnn.reduce", [x], result, "f32", f"axes = {array(axes)}, keep_dims = {'true' if keep else 'false'}",
                             f"{function} {x}")
        if kind == "resample":
            taps, size = self.r.randint(1, 11), self.r.randint(1, 9)
            numbers = lambda n: f"array<f32: {', '.join(repr(float(np.float32(v))) for v in self.r.randn(n))}>"
            offsets = f", offsets = {numbers(size)}" if self.chance(0.3) else ""
            return self.emit("qnn.resample", [x], shape[:axis] + (size,) + shape[axis + 1:], "f32",
                             f"axis = {axis} : i64, taps = {taps} : i64, indices = {array(self.r.randint(0, shape[axis], taps * size))}, "
                             f"weights = {numbers(taps * size)}{offsets}")
        width = self.pick(["i32", "i64"])
        if kind == "top_k":
            source = x if self.chance(0.5) else self.emit("qnn.cast", [x], shape, width)
            k = self.r.randint(1, min(shape[axis], 6) + 1)
            flags = f"largest = {self.pick(['true', 'false'])}, last = {self.pick(['true', 'false'])}"
            i = self.emit("qnn.top_k", [source], shape[:axis] + (k,) + shape[axis + 1:], "i64",
                          f"axis = {axis} : i64, k = {k} : i64, {flags}")
            return self.emit("qnn.cast", [i], self.types[i][0], "f32")
        i = self.emit("qnn.cast", [x], shape, width)
        if kind == "gather":
            row = self.emit("qnn.reshape", [i], (int(np.prod(shape)),), width, f"shape = array<i64: {int(np.prod(shape))}>")
            few = self.emit("qnn.slice", [row], (min(7, int(np.prod(shape))),), width,
                            f"starts = array<i64: 0>, sizes = array<i64: {min(7, int(np.prod(shape)))}>, steps = array<i64: 1>")
            return self.emit("qnn.gather", [x, few], shape[:axis] + self.types[few][0] + shape[axis + 1:], "f32", f"axis = {axis} : i64")
        j = self.constant(self.r.randint(-3, 4, (shape[-1],)).astype(np.int32))
        j = self.emit("qnn.cast", [j], (shape[-1],), width)
        function = self.pick("max min add sub mul div rem mod and or xor".split())
        i = self.emit("qnn.binary", [i, j], shape, width, "", f"{function} {i}, {j}")
        i = self.emit("qnn.cast", [i], shape, self.pick(["i1", "i32", "i64"]))
        return self.emit("qnn.cast", [i], shape, "f32")

    # -- the network -------------------------------------------------------------------------------------------------
    def build(self, ops):
        channels = CHANNELS + [48, 80, 96, 100, 144] * bool(self.kinds)
        shape = (self.r.randint(1, 4), self.r.randint(5, 15), self.r.randint(5, 15), self.pick(channels))
        self.types["%x"] = (shape, "f32")
        if not self.float_only:
            self.cast("%x", self.quant(0.05))
        kinds = [self.conv2d] * 6 + [self.fully_connected, self.matmul] + [self.binary] * 2 + [
            self.unary, self.softmax, self.pool, self.pool, self.global_pool, self.reduce_mean, self.concat,
            self.movement, self.movement, self.conversion, self.batch_norm]
        if self.kinds:
            kinds = [getattr(self, kind) for kind in self.kinds]
        made = 0
        while made < ops:
            made += self.pick(kinds)() is not None
        sinks = [v for v in self.types if v not in self.used and v not in self.constants]
        results = [self.cast(v, "f32") if self.is_quant(self.types[v][1]) else v for v in sinks]
        signature = ", ".join(self.type_of(v) + f' {{qnn.name = "out{i}"}}' for i, v in enumerate(results))
        types = ", ".join(self.type_of(v) for v in results)
        body = "\n".join(self.lines)
        return (f'func.func @main(%x: {self.type_of("%x")} {{qnn.name = "x"}}) -> ({signature}) {{\n{body}\n'
                f"  return {', '.join(results)} : {types}\n}}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("--ops", type=int, default=12, help="number of ops (default: 12)")
    parser.add_argument("--float", action="store_true", help="no quantized tensors")
    parser.add_argument("--kinds", help="draw only these kinds of op, e.g. depthwise,pool")
    args = parser.parse_args()
    print(Network(args.seed, args.float, args.kinds and args.kinds.split(",")).build(args.ops), end="")


if __name__ == "__main__":
    main()
