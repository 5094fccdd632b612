#!/usr/bin/python3
"""Writes a random ONNX network with inputs to run and to calibrate it with.

A seed determines the network. It has branches, residual adds, concatenations and every kind of op the importer reads, in the
forms of the opset drawn (7 to 17); odd channel counts (1, 3, 7, 17, 130), batches 1 to 8, strides and dilations up to 3,
asymmetric padding, groups that divide oddly, symbolic dimensions, shape arithmetic, constants as nodes and as initializers.
Writes DIR/model.onnx, DIR/x.npz (one sample), DIR/samples.npz (for calibration) and DIR/shapes.txt (--input-shape options).

  random_onnx.py SEED DIR [--ops=N]
"""
import argparse
import pathlib
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto

CHANNELS = [1, 2, 3, 3, 4, 6, 7, 7, 9, 16, 17, 17, 24, 33, 64, 130]
LIMIT = 40000  # elements of a tensor: keeps a network fast enough for the interpreter


class Network:
    """Emits nodes and remembers the shape of every value they make."""

    def __init__(self, seed, ops):
        self.r = np.random.RandomState(seed)
        self.opset = int(self.r.randint(7, 18))
        self.batch = int(self.pick([1, 1, 1, 2, 3, 5, 8]))
        self.nodes, self.initializers, self.shapes, self.used, self.inputs = [], [], {}, set(), {}
        self.symbolic = self.chance(0.3)
        for i in range(2 if self.chance(0.2) else 1):
            shape = (self.batch, self.pick(CHANNELS[:12])) + tuple(int(v) for v in self.r.randint(5, 15, 2))
            name = ["input", "x:1", "data.0", "in put"][self.r.randint(4)] + ("" if i == 0 else "_b")
            self.inputs[name] = self.shapes[name] = shape
        kinds = [self.conv] * 7 + [self.batch_norm, self.activation, self.activation, self.pool, self.pool, self.binary,
                                   self.binary, self.residual, self.residual, self.concat, self.concat, self.gemm,
                                   self.global_pool, self.reshape, self.reduce_mean, self.movement, self.movement,
                                   self.resize, self.split, self.softmax, self.matmul, self.layer_norm, self.gelu]
        made = 0
        while made < ops:
            made += self.pick(kinds)() is not None

    # -- helpers -----------------------------------------------------------------------------------------------------
    def pick(self, options):
        return options[self.r.randint(len(options))]

    def chance(self, probability):
        return self.r.rand() < probability

    def node(self, op, inputs, shape, outputs=1, **attributes):
        """Appends a node; returns the name of its (first) output, whose shape is `shape`."""
        number = len(self.nodes)
        names = [f"{self.pick(['t', 'v/', 'blk.', 'a b:'])}{number}{'_%d' % i if i else ''}" for i in range(outputs)]
        title = self.pick(["", f"{op}_{number}", f"/layer.{number}/{op}", f"{op}:{number} é"])
        self.nodes.append(helper.make_node(op, inputs, names, name=title, **attributes))
        self.used.update(inputs)
        self.shapes[names[0]] = tuple(int(d) for d in shape)
        return names if outputs > 1 else names[0]

    def constant(self, array, dtype=np.float32):
        """An initializer or a Constant node."""
        array = np.asarray(array, dtype)
        name = f"c{len(self.nodes)}_{len(self.initializers)}"
        tensor = numpy_helper.from_array(array, name)
        if self.chance(0.7):
            self.initializers.append(tensor)
        else:
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        return name

    def ints(self, values):
        return self.constant(values, np.int64)

    def value(self, rank=None):
        """Some value so far, the newer the likelier, or None."""
        fits = [v for v, s in self.shapes.items() if rank is None or len(s) == rank]
        return fits[-1 - min(int(self.r.exponential(2.0)), len(fits) - 1)] if fits else None

    def other(self, test):
        fits = [v for v, s in self.shapes.items() if test(s)]
        return self.pick(fits) if fits else None

    # -- windows -----------------------------------------------------------------------------------------------------
    def window(self, size, pool):
        """Attributes of a window that fits an image of `size`, and the output size."""
        while True:
            k = self.r.randint(1, 6, 2)
            if self.chance(0.05):
                k = np.array(size)  # the whole image
            s = self.r.randint(1, 4, 2) if self.chance(0.4) else np.array([1, 1])
            d = self.r.randint(1, 4, 2) if self.chance(0.3) and (not pool) else np.array([1, 1])
            span = (k - 1) * d + 1
            attributes = {"kernel_shape": k.tolist(), "strides": s.tolist()}
            if not pool or (d != 1).any():
                attributes["dilations"] = d.tolist()
            mode = self.pick(["pads"] * 6 + ["none", "SAME_UPPER", "SAME_LOWER", "VALID"])
            if mode.startswith("SAME"):
                if (d != 1).any():
                    continue
                out = -(-np.array(size) // s)
                attributes["auto_pad"] = mode
            else:
                p = self.r.randint(0, 4, 4) if mode == "pads" else np.zeros(4, int)
                if pool:
                    p = np.minimum(p, np.tile(k - 1, 2) // (1 + self.r.randint(2)))
                room = np.array(size) + p[:2] + p[2:] - span
                if min(room) < 0:
                    continue
                out = room // s + 1
                if mode == "pads":
                    attributes["pads"] = p.tolist()
                elif mode == "VALID":
                    attributes["auto_pad"] = mode
            if np.prod(k) <= 49:
                return k, attributes, out

    def conv(self):
        x = self.value(rank=4)
        if x is None:
            return None
        n, c, h, w = self.shapes[x]
        k, attributes, out = self.window((h, w), pool=False)
        groups = self.pick([1, 1, 1, c] + [g for g in range(1, c + 1) if c % g == 0])
        o = groups * self.pick([1, 1, 2]) if groups == c else groups * max(1, self.pick(CHANNELS) // groups)
        if n * o * out[0] * out[1] > LIMIT or n * o * out[0] * out[1] * (c // groups) * k[0] * k[1] > 2e7:
            return None
        weight = self.r.randn(o, c // groups, *k) / np.sqrt(c // groups * np.prod(k))
        if self.chance(0.1):
            weight[self.r.randint(o)] = 0  # a dead channel
        if self.chance(0.03):
            weight[:] = 0
        inputs = [x, self.constant(weight)]
        if self.chance(0.7):
            inputs.append(self.constant(self.r.randn(o) * 0.3))
        if groups > 1 or self.chance(0.5):
            attributes["group"] = groups
        if self.chance(0.3):
            del attributes["kernel_shape"]
        y = self.node("Conv", inputs, (n, o, *out), **attributes)
        if self.chance(0.25):
            y = self.batch_norm(y)
        return self.activation(y, ["Relu", "Relu", "Clip", "HardSwish", "LeakyRelu"]) if self.chance(0.6) else y

    def pool(self):
        x = self.value(rank=4)
        if x is None:
            return None
        n, c, h, w = self.shapes[x]
        k, attributes, out = self.window((h, w), pool=True)
        op = self.pick(["MaxPool", "AveragePool"])
        if op == "AveragePool" and self.chance(0.5):
            attributes["count_include_pad"] = 1
        return self.node(op, [x], (n, c, *out), **attributes)

    def global_pool(self):
        x = self.value(rank=4)
        return x and self.node(self.pick(["GlobalAveragePool", "GlobalAveragePool", "GlobalMaxPool"]), [x],
                               self.shapes[x][:2] + (1, 1))

    # -- element-wise ------------------------------------------------------------------------------------------------
    def batch_norm(self, x=None):
        x = x or self.value(rank=4)
        if x is None:
            return None
        c = self.shapes[x][1]
        parameters = [self.constant(v) for v in (self.r.randn(c), self.r.randn(c) * 0.3, self.r.randn(c) * 0.3,
                                                 self.r.uniform(0.3, 2, c))]
        return self.node("BatchNormalization", [x] + parameters, self.shapes[x], epsilon=1e-3)

    def activation(self, x=None, kinds=None):
        x = x or self.value()
        shape = self.shapes[x]
        op = self.pick(kinds or ["Relu", "Clip", "LeakyRelu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Dropout",
                                 "Identity"])
        if op == "HardSwish" and self.opset < 14:
            # As exporters spell it before opset 14: x * clip(x + 3, 0, 6) / 6.
            shifted = self.node("Add", [x, self.constant(3.0)], shape)
            product = self.node("Mul", [x, self.clip(shifted, 0.0, 6.0)], shape)
            return self.node("Div", [product, self.constant(6.0)], shape)
        if op == "Clip":
            return self.clip(x, *self.pick([(0.0, 6.0), (0.0, 1.0), (-0.7, 0.9), (None, 0.5), (-0.2, None)]))
        attributes = {"LeakyRelu": {"alpha": float(self.pick([0.01, 0.1, 0.3]))},
                      "HardSigmoid": self.pick([{}, {"alpha": 1.0 / 6.0, "beta": 0.5}])}.get(op, {})
        return self.node(op, [x], shape, **attributes)

    def clip(self, x, low, high):
        if self.opset < 11:
            bounds = {k: v for k, v in (("min", low), ("max", high)) if v is not None}
            return self.node("Clip", [x], self.shapes[x], **bounds)
        inputs = [x, "" if low is None else self.constant(low)] + ([self.constant(high)] if high is not None else [])
        return self.node("Clip", inputs, self.shapes[x])

    def binary(self):
        x = self.value()
        shape = self.shapes[x]
        op = self.pick(["Add", "Sub", "Mul", "Div"])
        small = self.pick([(), shape, shape[:1] + (1,) * (len(shape) - 1), shape[-1:],
                           (shape[1],) + (1,) * (len(shape) - 2) if len(shape) > 1 else ()])
        if np.prod(shape) > LIMIT:
            return None
        constant = self.r.uniform(0.5, 2, small) if op == "Div" else self.r.randn(*small)
        inputs = [x, self.constant(constant)]
        return self.node(op, inputs[::-1] if op != "Div" and self.chance(0.3) else inputs, shape)

    def residual(self):
        """Two computed operands: equal shapes, or one that broadcasts."""
        x = self.value()
        shape = self.shapes[x]
        y = self.other(lambda s: len(s) == len(shape) and all(a in (1, b) for a, b in zip(s, shape)))
        op = self.pick(["Add", "Add", "Add", "Sub", "Mul", "Sum"])
        result = self.node(op, [x, y] if self.chance(0.5) else [y, x], shape)
        return self.activation(result, ["Relu", "Clip"]) if self.chance(0.4) else result

    def softmax(self):
        x = self.value()
        axis = int(self.r.randint(len(self.shapes[x])))
        return self.node("Softmax", [x], self.shapes[x], axis=axis) if np.prod(self.shapes[x]) > 1 else None

    def layer_norm(self):
        """As the op that opset 17 has, or spelled out as exporters do before."""
        x = self.value()
        shape = self.shapes[x]
        if shape[-1] < 2 or np.prod(shape) > LIMIT:
            return None
        scale, offset = self.constant(self.r.uniform(0.5, 2, shape[-1])), self.constant(self.r.randn(shape[-1]) * 0.3)
        if self.opset >= 17 and self.chance(0.7):
            return self.node("LayerNormalization", [x, scale, offset], shape, axis=-1, epsilon=1e-3)
        one = shape[:-1] + (1,)
        centered = self.node("Sub", [x, self.node("ReduceMean", [x], one, axes=[-1])], shape)
        square = self.node("Pow", [centered, self.constant(2.0)], shape)
        variance = self.node("Add", [self.node("ReduceMean", [square], one, axes=[-1]), self.constant(1e-3)], one)
        quotient = self.node("Div", [centered, self.node("Sqrt", [variance], one)], shape)
        return self.node("Add", [self.node("Mul", [quotient, scale], shape), offset], shape)

    def gelu(self):
        x = self.value()
        shape = self.shapes[x]
        if self.opset < 9:  # without Erf
            return None
        error = self.node("Erf", [self.node("Div", [x, self.constant(np.sqrt(2))], shape)], shape)
        product = self.node("Mul", [x, self.node("Add", [error, self.constant(1.0)], shape)], shape)
        return self.node("Mul", [product, self.constant(0.5)], shape)

    # -- matrices ----------------------------------------------------------------------------------------------------
    def gemm(self):
        x = self.value()
        shape = self.shapes[x]
        if len(shape) != 2:
            x = self.node("Flatten", [x], (shape[0], np.prod(shape[1:])), axis=1)
            shape = self.shapes[x]
        if shape[1] > 2000:
            return None
        o = self.pick(CHANNELS)
        weight = self.r.randn(shape[1], o) / np.sqrt(shape[1])
        trans = int(self.chance(0.6))
        inputs = [x, self.constant(weight.T if trans else weight)]
        form = self.pick([(o,), (o,), (1, o), (shape[0], 1), (shape[0], o), (1,), None if self.opset >= 11 else (o,)])
        if form is not None:
            inputs.append(self.constant(self.r.randn(*form) * 0.3))
        attributes = {"alpha": 0.5} if self.chance(0.2) else {}
        return self.node("Gemm", inputs, (shape[0], o), transB=trans, **attributes)

    def matmul(self):
        x = self.value()
        shape = self.shapes[x]
        if len(shape) < 2:
            return None
        if self.chance(0.6):
            o = self.pick(CHANNELS)
            if np.prod(shape[:-1]) * o > LIMIT:
                return None
            y = self.node("MatMul", [x, self.constant(self.r.randn(shape[-1], o) / np.sqrt(shape[-1]))], shape[:-1] + (o,))
            return self.node("Add", [y, self.constant(self.r.randn(o) * 0.3)], shape[:-1] + (o,)) if self.chance(0.6) else y
        order = list(range(len(shape) - 2)) + [len(shape) - 1, len(shape) - 2]
        if np.prod(shape[:-1]) * shape[-2] > LIMIT:
            return None
        y = self.node("Transpose", [x], [shape[i] for i in order], perm=order)
        y = self.node("MatMul", [x, y], shape[:-1] + (shape[-2],))
        return self.node("Mul", [y, self.constant(1 / np.sqrt(shape[-1]))], self.shapes[y])

    # -- movement ----------------------------------------------------------------------------------------------------
    def concat(self):
        x = self.value()
        shape = self.shapes[x]
        axis = int(self.pick([1, self.r.randint(len(shape))])) if len(shape) > 1 else 0
        fits = [v for v, s in self.shapes.items() if len(s) == len(shape)
                and all(i == axis or a == b for i, (a, b) in enumerate(zip(s, shape)))]
        inputs = [x] + [self.pick(fits) for _ in range(self.r.randint(1, 3))]
        result = list(shape)
        result[axis] = sum(self.shapes[v][axis] for v in inputs)
        return self.node("Concat", inputs, result, axis=axis) if np.prod(result) <= LIMIT else None

    def reshape(self):
        x = self.value()
        shape = self.shapes[x]
        size = int(np.prod(shape))
        kind = self.pick(["flat", "view", "split", "squeeze"])
        if kind == "view":  # x.view(x.size(0), -1), as PyTorch exports it
            first = self.node("Gather", [self.node("Shape", [x], (len(shape),)), self.constant(0, np.int64)], (), axis=0)
            for hidden in list(self.shapes)[-2:]:
                del self.shapes[hidden]
            parts = [self.unsqueeze(first, [0]), self.ints([-1])]
            target = self.node("Concat", parts, (2,), axis=0)
            del self.shapes[target]
            return self.node("Reshape", [x, target], (shape[0], size // shape[0]))
        if kind == "split" and len(shape) == 4:
            return self.node("Reshape", [x, self.ints([0, shape[1], -1])], (shape[0], shape[1], shape[2] * shape[3]))
        if kind == "squeeze" and shape[2:] == (1, 1):
            return self.node("Squeeze", [x, self.ints([2, 3])], shape[:2]) if self.opset >= 13 else \
                self.node("Squeeze", [x], shape[:2], axes=[2, 3])
        return self.node("Reshape", [x, self.ints([-1, shape[-1]])], (size // shape[-1], shape[-1]))

    def unsqueeze(self, x, axes):
        name = self.node("Unsqueeze", [x, self.ints(axes)], (1,)) if self.opset >= 13 else \
            self.node("Unsqueeze", [x], (1,), axes=axes)
        del self.shapes[name]
        return name

    def reduce_mean(self):
        x = self.value()
        shape = self.shapes[x]
        axes = self.pick([[2, 3], [-1], [1], [0, len(shape) - 1]])
        if max(axes) >= len(shape) or len(shape) < 2:
            return None
        keep = self.chance(0.5)
        gone = {a % len(shape) for a in axes}
        result = [1 if i in gone else d for i, d in enumerate(shape) if keep or i not in gone]
        return self.node("ReduceMean", [x], result, axes=sorted(gone), keepdims=int(keep)) if result else None

    def movement(self):
        x = self.value()
        shape = self.shapes[x]
        rank = len(shape)
        kind = self.pick(["transpose", "pad", "slice"])
        if kind == "transpose":
            order = [int(i) for i in self.r.permutation(rank)]
            return self.node("Transpose", [x], [shape[i] for i in order], perm=order)
        if kind == "pad":
            low, high = ([0] * min(2, rank - 1) + self.r.randint(0, 3, rank - min(2, rank - 1)).tolist() for _ in range(2))
            result, value = np.add(np.add(shape, low), high), float(self.pick([0.0, 0.0, -1.5]))
            if np.prod(result) > LIMIT:
                return None
            return self.node("Pad", [x, self.ints(low + high), self.constant(value)], result) if self.opset >= 11 else \
                self.node("Pad", [x], result, pads=low + high, value=value)
        axis = int(self.r.randint(1, rank)) if rank > 1 else 0
        start, end = sorted(self.r.randint(0, shape[axis] + 1, 2).tolist())
        step = int(self.pick([1, 1, 2])) if self.opset >= 10 else 1
        result = list(shape)
        result[axis] = len(range(start, end, step))
        if end == start:
            return None
        if self.opset < 10:
            return self.node("Slice", [x], result, starts=[start], ends=[end], axes=[axis])
        return self.node("Slice", [x] + [self.ints(v) for v in ([start], [end], [axis], [step])], result)

    def resize(self):
        x = self.value(rank=4)
        if x is None:
            return None
        n, c, h, w = self.shapes[x]
        fy, fx = self.pick([(2, 2), (2, 1), (3, 2)])
        result = (n, c, h * fy, w * fx)
        if np.prod(result) > LIMIT:
            return None
        scales = [1.0, 1.0, float(fy), float(fx)]
        if self.opset < 9:
            return self.node("Upsample", [x], result, mode="nearest", scales=scales)
        if self.opset < 11:
            return self.node(["Upsample", "Resize"][self.opset - 9], [x, self.constant(scales)], result, mode="nearest")
        mode, nearest = self.pick([("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("asymmetric", "ceil"),
                                   ("pytorch_half_pixel", "floor"), ("align_corners", "round_prefer_ceil")])
        attributes = {"mode": "nearest", "coordinate_transformation_mode": mode, "nearest_mode": nearest}
        if self.opset >= 13 and self.chance(0.5):
            return self.node("Resize", [x, "", "", self.ints(result)], result, **attributes)
        return self.node("Resize", [x, self.constant(np.zeros(0)), self.constant(scales)], result, **attributes)

    def split(self):
        x = self.value()
        shape = self.shapes[x]
        if len(shape) < 2 or shape[1] < 2:
            return None
        first = int(self.r.randint(1, shape[1]))
        sizes = [first, shape[1] - first]
        parts = [shape[:1] + (s,) + shape[2:] for s in sizes]
        names = self.node("Split", [x, self.ints(sizes)], parts[0], 2, axis=1) if self.opset >= 13 else \
            self.node("Split", [x], parts[0], 2, axis=1, split=sizes)
        self.shapes[names[1]] = tuple(parts[1])
        return names

    # -- the files ---------------------------------------------------------------------------------------------------
    def outputs(self):
        """Every computed value that nothing uses, and now and then one that is used too."""
        computed = [v for v in self.shapes if v not in self.inputs]
        sinks = [v for v in computed if v not in self.used]
        inner = [v for v in computed if v in self.used]
        return sinks + ([self.pick(inner)] if inner and self.chance(0.3) else [])

    def model(self):
        info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        inputs = [info(n, (("N",) + s[1:]) if self.symbolic else s) for n, s in self.inputs.items()]
        graph = helper.make_graph(self.nodes, self.pick(["net", "main_graph", "torch-jit-export", "a b"]), inputs,
                                  [info(n, None if self.symbolic else self.shapes[n]) for n in self.outputs()],
                                  initializer=self.initializers)
        versions = {7: 3, 8: 3, 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8}
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)],
                                 ir_version=max(4, versions[self.opset]))

    def shape_options(self):
        return [f"--input-shape={n}:{'x'.join(map(str, s))}" for n, s in self.inputs.items()] if self.symbolic else []

    def feed(self, seed, samples=1):
        """Random inputs; `samples` of them along axis 0."""
        r = np.random.RandomState(seed)
        return {n: r.randn(s[0] * samples, *s[1:]).astype(np.float32) for n, s in self.inputs.items()}


def write(directory, seed, ops):
    """Writes all files; returns the network."""
    network = Network(seed, ops)
    directory.mkdir(parents=True, exist_ok=True)
    onnx.save(network.model(), str(directory / "model.onnx"))
    one, more = network.feed(seed + 1), network.feed(seed + 2, samples=7)
    np.savez(directory / "x.npz", **one)
    # The sample that is run is among them: what saturates is not random.
    np.savez(directory / "samples.npz", **{n: np.concatenate([x, more[n]]) for n, x in one.items()})
    (directory / "shapes.txt").write_text("\n".join(network.shape_options()))
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--ops", type=int, default=12, help="number of ops (default: 12)")
    args = parser.parse_args()
    write(args.directory, args.seed, args.ops)


if __name__ == "__main__":
    main()
