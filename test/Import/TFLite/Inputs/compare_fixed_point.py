#!/usr/bin/python3
"""Compares --requantize=fixed-point with the arithmetic of TFLite's reference kernels, bit for bit, on random 8-bit networks.

  compare_fixed_point.py WORKDIR LEVEL[,LEVEL...]

Every tensor of a network is an output, so that each op is compared. The level "interpreter" runs the quantized graph. The AArch64
levels stand in one object, which runs under qemu-aarch64 on a processor of each level.
"""
import pathlib
import subprocess
import sys

import numpy as np

from tflite_model import Network
from tflite_reference import Model

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Integration"))
from shared_object import compile_shared

PROCESSORS = {"armv8-a": "cortex-a53", "dotprod": "neoverse-n1", "i8mm": "max"}
RUN_OBJECT = pathlib.Path(__file__).resolve().parents[4] / "utils" / "run_object.c"
FLAG = "--requantize=fixed-point"


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stdout[-500:], done.stderr[-1500:])


class RandomNetwork(Network):
    """Ops on activations whose scales and zero points are drawn."""

    def __init__(self, seed, dtype=np.int8):
        super().__init__()
        self.rng, self.results, self.dtype, self.info = np.random.default_rng(seed), [], dtype, np.iinfo(dtype)

    def draw(self, shape):
        return self.rng.integers(self.info.min, self.info.max + 1, shape).astype(self.dtype)

    def activation(self, shape, scale=None, zero=None):
        scale = scale or float(np.float32(2.0 ** self.rng.uniform(-6, -2)))
        return self.tensor(None, shape, self.dtype, scale=scale, zero=int(self.draw(1)[0]) if zero is None else zero)

    def shape(self, index):
        return self.tensors[index]["shape"]

    def params(self, index):
        quantization = self.tensors[index]["quantization"]
        return quantization["scale"][0], quantization["zero_point"][0]

    def like(self, index, shape):
        """An activation with the parameters of another one."""
        return self.activation(shape, *self.params(index))

    def add(self, code, inputs, output, *options, **fields):
        self.results.append(output)
        return self.op(code, inputs, output, *options, **fields)

    def layer(self, code, x, weight_shape, output_shape, axis, options, per_channel=True, **fields):
        channels = weight_shape[axis]
        scales = self.rng.uniform(0.002, 0.02, channels if per_channel else 1).astype(np.float32)
        if per_channel:
            scales[0] = 3  # a factor above 1
        if self.dtype == np.uint8:
            weight = self.constant(self.draw(weight_shape), scale=scales, zero=int(self.draw(1)[0]))
        else:
            weight = self.constant(self.rng.integers(-127, 128, weight_shape).astype(np.int8), scale=scales, axis=axis if per_channel else 0)
        bias = self.constant(self.rng.integers(-3000, 3000, channels).astype(np.int32), scale=np.float32(self.params(x)[0]) * scales)
        return self.add(code, [x, weight, bias], self.activation(output_shape, float(np.float32(self.rng.uniform(0.1, 0.3)))), options, **fields)


def layers(seed):
    m = RandomNetwork(seed)
    x = m.activation([1, 9, 10, 3])
    a = m.layer("CONV_2D", x, (20, 3, 3, 3), [1, 5, 5, 20], 0, "Conv2DOptions", padding="SAME", stride_w=2, stride_h=2,
                fused_activation_function="RELU6")
    b = m.layer("DEPTHWISE_CONV_2D", a, (1, 3, 3, 40), [1, 5, 5, 40], 3, "DepthwiseConv2DOptions", padding="SAME", stride_w=1,
                stride_h=1, depth_multiplier=2, fused_activation_function="RELU")
    d = m.layer("DEPTHWISE_CONV_2D", b, (1, 3, 3, 40), [1, 5, 5, 40], 3, "DepthwiseConv2DOptions", padding="SAME", stride_w=1,
                stride_h=1, depth_multiplier=1)
    c = m.layer("CONV_2D", b, (40, 1, 1, 40), [1, 5, 5, 40], 0, "Conv2DOptions", padding="VALID", stride_w=1, stride_h=1)
    d = m.add("ADD", [c, d], m.activation([1, 5, 5, 40]), "AddOptions", fused_activation_function="RELU")
    e = m.add("SUB", [d, b], m.activation([1, 5, 5, 40]), "SubOptions")
    gate = m.constant(m.rng.integers(-128, 128, (1, 1, 1, 40)).astype(np.int8), scale=0.02, zero=5)
    e = m.add("MUL", [e, gate], m.activation([1, 5, 5, 40]), "MulOptions", fused_activation_function="RELU_N1_TO_1")
    pools = dict(padding="SAME", stride_w=2, stride_h=2, filter_width=3, filter_height=3)
    m.add("AVERAGE_POOL_2D", [e], m.like(e, [1, 3, 3, 40]), "Pool2DOptions", **pools)
    g = m.add("MAX_POOL_2D", [d], m.like(d, [1, 3, 3, 40]), "Pool2DOptions", **pools)
    m.add("AVERAGE_POOL_2D", [g], m.like(g, [1, 1, 1, 40]), "Pool2DOptions", padding="VALID", stride_w=3, stride_h=3, filter_width=3,
          filter_height=3, fused_activation_function="RELU")
    h = m.add("MEAN", [g, m.constant(np.array([1, 2], np.int32))], m.activation([1, 40]), "ReducerOptions", keep_dims=False)
    h = m.layer("FULLY_CONNECTED", h, (33, 40), [1, 33], 0, "FullyConnectedOptions", per_channel=False, fused_activation_function="RELU")
    h = m.layer("FULLY_CONNECTED", h, (17, 33), [1, 17], 0, "FullyConnectedOptions")
    m.add("SOFTMAX", [h], m.activation([1, 17], 1 / 256, -128), "SoftmaxOptions", beta=1.0)
    return m, x, m.draw((1, 9, 10, 3))


def old_layers(seed):
    """UINT8 with one scale and a zero point of the weights, as tools wrote it in 2018."""
    m = RandomNetwork(seed, np.uint8)
    x = m.activation([1, 9, 10, 3])
    window = dict(padding="SAME", stride_w=1, stride_h=1)
    a = m.layer("CONV_2D", x, (20, 3, 3, 3), [1, 9, 10, 20], 0, "Conv2DOptions", False, **window, fused_activation_function="RELU6")
    b = m.layer("DEPTHWISE_CONV_2D", a, (1, 3, 3, 20), [1, 9, 10, 20], 3, "DepthwiseConv2DOptions", False, **window, depth_multiplier=1)
    b = m.layer("CONV_2D", b, (20, 1, 1, 20), [1, 9, 10, 20], 0, "Conv2DOptions", False, **window)
    b = m.add("ADD", [a, b], m.activation([1, 9, 10, 20]), "AddOptions")
    b = m.add("AVERAGE_POOL_2D", [b], m.like(b, [1, 1, 1, 20]), "Pool2DOptions", padding="VALID", stride_w=9, stride_h=9, filter_width=5,
              filter_height=9)
    b = m.layer("FULLY_CONNECTED", b, (17, 20), [1, 17], 0, "FullyConnectedOptions", False)
    m.add("SOFTMAX", [b], m.activation([1, 17], 1 / 256, 0), "SoftmaxOptions", beta=1.0)
    return m, x, m.draw((1, 9, 10, 3))


def functions(seed):
    m = RandomNetwork(seed)
    shape = [2, 5, 51]
    x = m.activation(shape, float(np.float32(m.rng.uniform(0.02, 0.1))))
    m.add("LOGISTIC", [x], m.activation(shape, 1 / 256, -128))
    m.add("TANH", [x], m.activation(shape, 1 / 128, 0))
    m.add("RELU", [x], m.activation(shape))
    m.add("RELU6", [x], m.activation(shape))
    m.add("RELU_N1_TO_1", [x], m.activation(shape))
    m.add("LEAKY_RELU", [x], m.activation(shape), "LeakyReluOptions", alpha=0.1)
    m.add("HARD_SWISH", [x], m.activation(shape))
    finer, coarser = (m.params(x)[0] * float(f) for f in (np.float32(0.37), np.float32(2.9)))
    fine = m.add("QUANTIZE", [x], m.activation(shape, finer))
    coarse = m.add("QUANTIZE", [x], m.activation(shape, coarser))
    m.add("ADD", [fine, coarse], m.activation(shape), "AddOptions")
    joined = m.add("CONCATENATION", [x, x], m.like(x, [2, 5, 102]), "ConcatenationOptions", axis=2)
    m.add("PAD", [joined, m.constant(np.array([[0, 0], [1, 0], [0, 3]], np.int32))], m.like(x, [2, 6, 105]))
    m.add("SOFTMAX", [x], m.activation(shape, 1 / 256, -128), "SoftmaxOptions", beta=1.0)
    m.add("SOFTMAX", [coarse], m.activation(shape, 1 / 256, -128), "SoftmaxOptions", beta=1.0)
    return m, x, m.draw(shape)


def general(seed):
    """Interpolation, order, gathers, functions by table."""
    m = RandomNetwork(seed)
    shape = [1, 7, 9, 20]
    x = m.activation(shape, float(np.float32(m.rng.uniform(0.02, 0.1))))
    ints = lambda *values: m.constant(np.array(values, np.int32))
    for i, size in enumerate(([14, 18], [13, 9], [33, 20], [3, 4])):
        modes = {} if (i + seed) % 3 == 0 else {("align_corners", "half_pixel_centers")[(i + seed) % 3 - 1]: True}
        m.add("RESIZE_BILINEAR", [x, ints(*size)], m.like(x, [1, *size, 20]), "ResizeBilinearOptions", **modes)
    for code in ("ABS", "EXP", "LOG", "ELU"):
        y = m.add(code, [x], m.activation(shape))
    y = m.add("QUANTIZE", [y], m.like(x, shape))
    row = m.constant(m.draw([20]), scale=m.params(x)[0], zero=m.params(x)[1])
    y = m.add("MAXIMUM", [x, y], m.like(x, shape))
    y = m.add("MINIMUM", [y, row], m.like(x, shape))
    m.add("REDUCE_MAX", [x, ints(1, 2)], m.like(x, [1, 20]), "ReducerOptions", keep_dims=False)
    m.add("REDUCE_MIN", [y, ints(3)], m.like(x, [1, 7, 9, 1]), "ReducerOptions", keep_dims=True)
    m.add("ARG_MAX", [x, m.constant(np.array(3, np.int32))], m.tensor(None, [1, 7, 9], np.int64))
    m.add("ARG_MIN", [y, m.constant(np.array(1, np.int32))], m.tensor(None, [1, 9, 20], np.int32))
    picked = m.add("ARG_MAX", [m.op("SLICE", [x, ints(0, 0, 0, 0), ints(1, 7, 9, 7)], m.like(x, [1, 7, 9, 7])), m.constant(np.array(3, np.int32))],
                m.tensor(None, [1, 7, 9], np.int64))
    m.add("GATHER", [x, picked], m.like(x, [1, 1, 7, 9, 9, 20]), "GatherOptions", axis=1)
    m.add("TILE", [y, ints(1, 2, 1, 3)], m.like(x, [1, 14, 9, 60]))
    return m, x, m.draw(shape)


def float_ends(seed):
    """Halves are rounded away from zero when floats become integers."""
    m = RandomNetwork(seed)
    x = m.tensor("x", [1, 300])
    a = m.add("QUANTIZE", [x], m.activation([1, 300], 0.5))
    m.add("DEQUANTIZE", [a], m.tensor(None, [1, 300]))
    return m, x, (m.rng.integers(-300, 300, (1, 300)) / 4).astype(np.float32)


def execute(source, level, work, name, feed, wanted):
    if level in PROCESSORS:
        run("quant-compile", source, "-o", work / "net.o", "--target=aarch64-linux-gnu", FLAG)
        run("aarch64-linux-gnu-gcc", "-static", "-DMODEL=net", "-include", work / "net.h", RUN_OBJECT, work / "net.o", "-lm", "-o",
            work / "net")
        (work / "in.raw").write_bytes(feed.tobytes())
        run("qemu-aarch64", "-cpu", PROCESSORS[level], work / "net", work / "in.raw", work / "out.raw")
        data, outputs = (work / "out.raw").read_bytes(), {}
        for key, value in wanted.items():
            outputs[key], data = np.frombuffer(data[:value.nbytes], value.dtype).reshape(value.shape), data[value.nbytes:]
        return outputs
    np.save(work / "in.npy", feed)
    if level == "interpreter":
        run("quant-compile", source, "-o", work / "net.mlir", "--emit=mlir", FLAG)
    else:
        compile_shared(run, source, level, work / "net.so", FLAG)
    run("quant-run", work / ("net.mlir" if level == "interpreter" else "net.so"), f"--input={name}={work / 'in.npy'}", f"--output-dir={work}/out")
    return {key: np.load(work / "out" / f"{key}.npy") for key in wanted}


def main(folder, levels):
    work = pathlib.Path(folder)
    work.mkdir(parents=True, exist_ok=True)
    tensors = 0
    for build in (layers, old_layers, functions, general, float_ends):
        for seed in range(1 if levels.split(",")[0] in PROCESSORS else 2):  # emulation is slow
            m, x, feed = build(seed)
            source = work / "net.tflite"
            m.write(source, [x], m.results)
            name = m.tensors[x]["name"]
            wanted = Model(source).run({name: feed})
            for level in levels.split(","):
                got = execute(source, level, work, name, feed, wanted)
                for key, value in wanted.items():
                    code = next(o for o in m.operators if m.tensors[o["outputs"][0]]["name"] == key)["opcode_index"]
                    bad = np.flatnonzero(got[key] != value)
                    assert bad.size == 0, (build.__name__, seed, level, m.codes[code], key, bad.size, value.ravel()[bad[:5]],
                                           got[key].ravel()[bad[:5]])
                    tensors += 1
    print(tensors, "tensors equal in every bit")


main(*sys.argv[1:])
