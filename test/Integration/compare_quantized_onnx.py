"""Compiles quantized ONNX models in all the styles of quantized_onnx.py and compares with ONNX's definition.

  compare_quantized_onnx.py OUTPUT_DIR [CASE...]

Results of 8 bits may differ by one unit, float ones by one step of the last quantization. Every case says how much of it runs as
integers; with ONNX Runtime at hand (ORT_LIB) its results are held to the same bound.
"""
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

from quantized_onnx import INT4, UINT4, Builder, TensorProto, evaluate
import onnx

U8, S8, U16, S16, F32 = TensorProto.UINT8, TensorProto.INT8, TensorProto.UINT16, TensorProto.INT16, TensorProto.FLOAT
CASES = {}


def case(integers=100.0, units=1):
    """Registers a function that builds a model: per cent of multiply-accumulates in integers, units of difference allowed."""
    def register(function):
        CASES[function.__name__] = (function, integers, units)
        return function
    return register


def image(b, shape=(1, 8, 9, 9), scale=0.02, zero=128, type=U8):
    return b.qdq(b.input(shape), scale, zero, type)


def conv(b, x, scale, shape, relu=True, bias=True, **weight):
    w, scales = b.weight(shape, **weight)
    inputs = [x, w] + ([b.bias(scale, scales, shape[0])] if bias else [])
    y = b.op("Conv", *inputs, pads=[1, 1, 1, 1] if shape[2] == 3 else [0, 0, 0, 0], group=shape[1] == 1 and shape[0] or 1)
    return b.op("Relu", y) if relu else y


@case()
def onnxruntime_static(b):
    """Pairs around everything, u8 activations, s8 weights per channel, i32 biases; an integer result."""
    x = image(b)
    y = b.qdq(conv(b, x, 0.02, (8, 8, 3, 3)))
    z = b.qdq(conv(b, y, b.scale, (8, 1, 3, 3), relu=False))
    s = b.qdq(b.op("Add", z, y))
    p = b.qdq(b.op("MaxPool", s, kernel_shape=[2, 2], strides=[2, 2]))
    f = b.op("Flatten", b.qdq(b.op("GlobalAveragePool", p)))
    w, scales = b.weight((8, 5), axis=1)
    return [(b.q(b.op("Gemm", f, w, b.bias(b.scale, scales, 5))), U8)]


@case()
def per_tensor_weights(b):
    x = image(b, type=S8, zero=-3)
    y = b.qdq(conv(b, x, 0.02, (8, 8, 1, 1), per_channel=False), type=S8)
    return [(b.q(conv(b, y, b.scale, (4, 8, 3, 3), per_channel=False), type=S8), S8)]


@case()
def unsigned_weights(b):
    """Zero points that leave the weights 9 bits: of convolutions, depthwise ones and products."""
    x = image(b)
    y = b.qdq(conv(b, x, 0.02, (8, 8, 3, 3), type=U8, zero=True))
    z = b.qdq(conv(b, y, b.scale, (8, 1, 3, 3), type=U8, zero=True, per_channel=False))
    f = b.op("Flatten", z)
    w, scales = b.weight((648, 5), type=U8, zero=True, per_channel=False)
    return [(b.q(b.op("MatMul", f, w)), U8)]


@case()
def nncf(b):
    """Float weights with Q and DQ, float biases, no casts behind layers but one per tensor that layers read."""
    def layer(x, shape, axis=0):
        w = b.const(np.float32(b.random.randn(*shape) * 0.2))
        scale = np.float32(b.random.uniform(0.003, 0.006, shape[axis]))
        return b.op("Conv", x, b.qdq(w, scale, np.zeros(shape[axis], np.int8), S8, axis=axis),
                    b.const(np.float32(b.random.randn(shape[0]))))
    x = image(b, zero=0, type=S8)
    y = b.op("MaxPool", b.op("Relu", layer(x, (8, 8, 1, 1))), kernel_shape=[2, 2], strides=[2, 2])
    return [(b.q(layer(b.qdq(y), (6, 8, 3, 3))), U8)]


@case()
def tensorrt(b):
    """Casts only before layers; the sum with a residual and the pooling stay float."""
    def layer(x, shape):
        w, _ = b.weight(shape)
        return b.op("Conv", x, w, b.const(np.float32(b.random.randn(shape[0]))))
    x = image(b, zero=0, type=S8)
    y = b.op("Relu", layer(x, (8, 8, 1, 1)))
    z = b.op("Relu", b.op("Add", layer(b.qdq(y, type=S8), (8, 8, 1, 1)), y))
    return [(b.q(b.op("GlobalAveragePool", z), type=S8), S8)]


@case()
def narrow_ranges(b):
    """PyTorch's quant_min and quant_max: Clip on integers, 7 bits."""
    def narrow(x, scale, zero, low, high):
        s = b.scaling(scale, zero, U8)
        q = b.op("Clip", b.op("QuantizeLinear", x, *s), b.const(np.uint8(low)), b.const(np.uint8(high)))
        return b.op("DequantizeLinear", q, *s)
    x = narrow(b.input((1, 8, 9, 9)), 0.04, 64, 0, 127)
    y = narrow(conv(b, x, 0.04, (8, 8, 3, 3)), 0.03, 0, 0, 100)
    return [(b.q(conv(b, y, 0.03, (4, 8, 1, 1))), U8)]


@case()
def batch_norm_behind(b):
    """Training leaves a division by the batch norm's factor, and the batch norm."""
    x = image(b)
    y = conv(b, x, 0.02, (8, 8, 3, 3), relu=False, bias=False)
    factor = np.float32(b.random.uniform(0.5, 2, 8) * np.where(np.arange(8) % 3, 1, -1))
    y = b.op("Div", y, b.const(factor.reshape(1, 8, 1, 1)))
    parameters = [b.const(np.float32(v)) for v in (factor, b.random.randn(8), b.random.randn(8), b.random.uniform(0.9, 1.1, 8))]
    y = b.op("Relu", b.op("BatchNormalization", y, *parameters))
    return [(b.q(y), U8)]


@case()
def two_readers(b):
    """What one reader quantizes, another reads as the float sum it is."""
    y = conv(b, image(b), 0.02, (6, 8, 3, 3), relu=False)
    squares = b.op("Mul", y, y)
    return [(conv(b, b.qdq(y), b.scale, (4, 6, 1, 1), relu=False), F32), (squares, F32)]


@case()
def parts(b):
    """Two parts of a tensor, each between casts; one is used behind a layer on the other."""
    y = conv(b, image(b), 0.02, (8, 8, 1, 1), relu=False)
    scale, zero = b.fit(y, U8)
    y = b.qdq(y, scale, zero)
    first, second = b.op("Split", y, b.const(np.int64([4, 4])), outputs=2, axis=1)
    z = b.qdq(conv(b, b.qdq(first, scale, zero), scale, (4, 4, 3, 3), relu=False))
    return [(b.qdq(b.op("Add", z, b.qdq(second, scale, zero))), F32)]


@case()
def other_biases(b):
    """A bias of another scale than input x weight, one scale of one element, a negative axis, missing zero points."""
    x = b.input((1, 6))
    s = b.const(np.float32([0.05]))
    d = b.op("DequantizeLinear", b.op("QuantizeLinear", x, s), s)
    w = b.op("DequantizeLinear", b.const(b.random.randint(-127, 128, (6, 4)).astype(np.int8)),
             b.const(np.float32([0.01, 0.02, 0.03, 0.01])), axis=-1)
    bias = b.op("DequantizeLinear", b.const(np.int32([70, -12, 3000, 1])), b.const(np.float32(0.0013)))
    return [(b.q(b.op("Gemm", d, w, bias)), U8)]


@case(integers=0.0)
def sixteen_bits(b):
    """Activations of 16 bits run in float between their casts; com.microsoft had them before opset 21."""
    ms = "com.microsoft"
    x = b.qdq(b.input((1, 8, 9, 9)), 0.0001, 30000, U16, domain=ms)
    y = b.qdq(conv(b, x, 0.0001, (8, 8, 3, 3)), type=S16, domain=ms)
    w, _ = b.weight((8, 8, 1, 1))
    return [(b.q(b.op("Conv", y, w)), U8)]


@case(integers=0.0)
def weights_only(b):
    x = b.input((2, 8))
    w, _ = b.weight((8, 6), axis=1)
    return [(b.op("MatMul", x, w), F32)]


@case(integers=0.0)
def blocked_int4(b):
    b.opset = 21
    x = b.input((2, 40))
    low, high = -8, 8
    q = b.const(b.random.randint(low, high, (40, 5)).astype(np.int8), INT4)
    s = b.const(np.float32(b.random.uniform(0.1, 0.2, (3, 5))))
    z = b.const(b.random.randint(-2, 3, (3, 5)).astype(np.int8), INT4)
    return [(b.op("MatMul", x, b.op("DequantizeLinear", q, s, z, axis=0, block_size=16)), F32)]


@case()
def int4_weights(b):
    """Per channel, signed and unsigned with a zero point, of the whole range -8 to 7."""
    b.opset = 21
    x = b.qdq(b.input((3, 24)), 0.02, 128, U8)
    w = b.dq(b.const(b.random.randint(-8, 8, (24, 16)).astype(np.int8), INT4),
             np.float32(b.random.uniform(0.1, 0.2, 16)), np.zeros(16, np.int8), INT4, axis=1)
    y = b.qdq(b.op("MatMul", x, w))
    v = b.dq(b.const(b.random.randint(0, 16, (16, 7)).astype(np.uint8), UINT4),
             np.float32(b.random.uniform(0.1, 0.2, 7)), np.full(7, 7, np.uint8), UINT4, axis=1)
    return [(b.q(b.op("MatMul", y, v)), U8)]


@case()
def integer_inputs(b):
    """A u8 image and an s8 one, pooled as integers, in and out."""
    x, y = b.input((1, 4, 8, 8), U8), b.input((1, 4, 4, 4), S8, "y")
    p = b.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    s = b.op("Add", b.dq(p, 0.05, 7), b.dq(y, 0.1, -3, S8))
    w, scales = b.weight((4, 4, 1, 1))
    t = b.q(s, 0.1, -20, S8)
    d = b.op("DequantizeLinear", t, *b.nodes[-1].input[1:])
    return [(p, U8), (t, S8), (b.q(b.op("Conv", d, w, b.bias(0.1, scales, 4))), U8)]


@case()
def q_operators(b):
    """QLinearConv and its relatives of com.microsoft."""
    ms, x = "com.microsoft", b.input((1, 4, 8, 8), U8)
    s = lambda scale, zero: b.scaling(scale, zero, U8)
    xs, cs, ds, es, gs = s(0.0213, 110), s(0.0517, 90), s(0.0631, 100), s(1 / 256, 0), s(0.0479, 128)
    w = [b.const(b.random.randint(-127, 128, (4, 4, 3, 3)).astype(np.int8)), b.const(np.float32([0.01, 0.02, 0.005, 0.03])),
         b.const(np.zeros(4, np.int8))]
    v = [b.const(b.random.randint(0, 256, (8, 5)).astype(np.uint8)), *s(0.02, 120)]
    u = [b.const(b.random.randint(-127, 128, (6, 8)).astype(np.int8)), *b.scaling(0.01, 0, S8)]
    y, r = b.input((1, 4, 8, 8), U8, "y"), b.input((3, 8), U8, "r")
    results = [
        b.op("QLinearConv", x, *xs, *w, *cs, b.const(np.int32([5, -700, 800, 2000])), pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        b.op("QLinearAdd", y, *cs, x, *xs, *ds, domain=ms), b.op("QLinearMul", x, *xs, y, *cs, *ds, domain=ms),
        b.op("QLinearLeakyRelu", y, *cs, *ds, domain=ms, alpha=0.1), b.op("QLinearSigmoid", y, *cs, *es, domain=ms),
        b.op("QLinearConcat", *ds, x, *xs, y, *cs, domain=ms, axis=1),
        b.op("QLinearAveragePool", y, *cs, *ds, domain=ms, kernel_shape=[2, 2], strides=[2, 2]),
        b.op("QLinearGlobalAveragePool", y, *cs, *gs, domain=ms, channels_last=0),
        b.op("QLinearSoftmax", r, *gs, *es, domain=ms, axis=1, opset=13),
        b.op("QLinearMatMul", r, *gs, *v, *s(0.3, 100)),
        b.op("QGemm", r, *gs, *u, b.const(np.int32([1, 2, 3, 4, 500, -600])), *s(0.2, 90), domain=ms, transB=1)]
    return [(result, U8) for result in results]


@case()
def dynamic(b):
    """What ONNX Runtime's quantize_dynamic writes, with small sums and large ones, signed and unsigned weights."""
    x = b.input((3, 40))
    for depth, width, type in ((40, 600, S8), (600, 1500, U8), (1500, 10, S8)):
        q, scale, zero = b.op("DynamicQuantizeLinear", x, outputs=3)
        low = -128 if type == S8 else 0
        w = b.const(b.random.randint(low, low + 256, (depth, width)).astype(np.int8 if type == S8 else np.uint8))
        z = b.const(np.int8(3) if type == S8 else np.uint8(130))
        factor = b.op("Mul", scale, b.const(np.float32(0.005)))
        product = b.op("Cast", b.op("MatMulInteger", q, w, zero, z), to=F32)
        x = b.op("Add", b.op("Mul", product, factor), b.const(np.float32(b.random.randn(width))))
    return [(x, F32)]


@case()
def dynamic_convolution(b):
    """Dense, depthwise, and dense with sums that f32 does not hold exactly."""
    y = b.input((1, 4, 8, 8))
    for shape, group, stride in (((120, 4, 3, 3), 1, 1), ((120, 1, 3, 3), 120, 2), ((6, 120, 3, 3), 1, 1)):
        q, scale, zero = b.op("DynamicQuantizeLinear", y, outputs=3)
        w = b.const(b.random.randint(-128, 128, shape).astype(np.int8))
        c = b.op("ConvInteger", q, w, zero, b.const(np.int8(0)), pads=[1, 1, 1, 1], strides=[stride, stride], kernel_shape=[3, 3], group=group)
        y = b.op("Mul", b.op("Cast", c, to=F32), b.op("Mul", scale, b.const(np.float32(0.01))))
    m = b.op("DynamicQuantizeMatMul", b.op("Flatten", y), b.const(b.random.randint(-128, 128, (96, 5)).astype(np.int8)),
             b.const(np.float32(0.01)), b.const(np.int8(0)), domain="com.microsoft")
    return [(y, F32), (m, F32)]


def run(arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr[:500]}")
    return done.stdout + done.stderr


def compare(name, what, outputs, got, want, units):
    share = worst = 0
    for tensor, type in outputs:
        x, y = got[tensor], np.asarray(want[tensor])
        if x.shape != y.shape or x.dtype != y.dtype:
            sys.exit(f"{name}: {what}: expected {y.dtype} {y.shape}, got {x.dtype} {x.shape}")
        difference = np.abs(x.astype(np.float64) - y.astype(np.float64)).max()
        bound = units if x.dtype.kind in "ui" else 2e-6 * np.abs(y).max() * units
        if difference > bound:
            sys.exit(f"{name}: {what}: {tensor} differs by {difference}, allowed {bound}")
        if len(np.unique(y)) < min(y.size, 5) // 2:
            sys.exit(f"{name}: {tensor} is constant: it tests nothing")
        share, worst = max(share, np.mean(x != y)), max(worst, difference if x.dtype.kind in "ui" else difference / np.abs(y).max())
    return f"{what}: {share:.4f} differ, at most by {worst:.3g}"


def check(name, folder):
    function, integers, units = CASES[name]
    builder = Builder()
    outputs = function(builder)
    model = builder.model(*outputs)
    feeds = builder.feeds
    folder = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    arguments = []
    for key, value in feeds.items():
        np.save(folder / f"{key}.npy", value)
        arguments.append(f"--input={key}={folder}/{key}.npy")
    want, share = evaluate(builder, feeds), None
    results = {}
    for kind in ("mlir", "so"):
        log = run(["quant-compile", folder / "model.onnx", "-o", folder / f"model.{kind}"])
        run(["quant-run", folder / f"model.{kind}", f"--output-dir={folder}/{kind}", *arguments])
        results[kind] = {tensor: np.load(folder / kind / (re.sub(r"[^A-Za-z0-9_.-]", "_", tensor) + ".npy")) for tensor, _ in outputs}
        share = float(re.search(r"coverage: ([\d.]+) %", log)[1]) if "coverage:" in log else 0.0
    for tensor, _ in outputs:
        if results["mlir"][tensor].tobytes() != results["so"][tensor].tobytes():
            sys.exit(f"{name}: {tensor}: the object differs from the interpreter")
    differing = compare(name, "definition", outputs, results["so"], want, units)
    if share != integers:
        sys.exit(f"{name}: expected {integers} % in integers, got {share} %")
    peer = ""
    if os.environ.get("ORT_LIB"):
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))
        from onnxruntime import Session
        found = Session(str(folder / "model.onnx"), 1).run(list(feeds.values()))
        peer = f", {compare(name, 'ONNX Runtime', outputs, results['so'], found, 1e9)}"
    print(f"{name}: {share} % integers, {differing}{peer}")


def main():
    folder = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or CASES:
        check(name, folder)
    print(f"{len(sys.argv[2:] or CASES)} cases agree")


if __name__ == "__main__":
    main()
