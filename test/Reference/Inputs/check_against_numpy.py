"""Compares the interpreter with an independent NumPy model of docs/Numerics.md, bit for bit.

usage: check_against_numpy.py exhaustive|random DIRECTORY

`exhaustive` feeds all 256 values of an i8 tensor through requantize and every table op; `random` runs quantized
convolutions, matrix products and pools of random geometry. NumPy evaluates each f32 operation separately, as the
interpreter must. Exits 1 and names the case when a byte differs.
"""

import subprocess
import sys

import numpy as np

f32 = np.float32
directory = sys.argv[2]


def saturate(t, zero, low=-128, high=127):
    t = np.minimum(np.maximum(f32(t), f32(low - zero)), f32(high - zero))
    return (np.rint(t).astype(np.int64) + zero).astype(np.int8)


def uniform(scale, zero):
    return f"!quant.uniform<i8:f32, {float(f32(scale))!r}:{zero}>"


def tensor(shape, element):
    return "tensor<" + "".join(f"{size}x" for size in shape) + element + ">"


def run(name, types, result_type, op, arrays, expected):
    """Runs `op`, whose operands are %x0, %x1, ..., and compares its result."""
    path = f"{directory}/{name}"
    arguments = ", ".join(f"%x{i}: {t}" for i, t in enumerate(types))
    with open(path + ".mlir", "w") as file:
        file.write(f"func.func @main({arguments}) -> {result_type} {{\n  %y = {op}\n  return %y : {result_type}\n}}\n")
    command = ["quant-run", path + ".mlir", "--output-dir=" + path]
    for i, array in enumerate(arrays):
        np.save(f"{path}.{i}.npy", array)
        command.append(f"--input=arg{i}={path}.{i}.npy")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    actual = np.load(path + "/result0.npy")
    if actual.tobytes() != expected.tobytes() or actual.shape != expected.shape:
        at = np.argwhere(actual != expected)[0] if actual.shape == expected.shape else "shape"
        sys.exit(f"{name}: {op}\nfirst difference at {at}: expected {expected[tuple(at)]}, got {actual[tuple(at)]}")


def exhaustive():
    q = np.arange(-128, 128).astype(np.int8)
    shape = [256]
    functions = {
        "relu": ("", lambda x: np.maximum(x, f32(0))),
        "clip": ("{min = -1.3 : f32, max = 2.7 : f32}", lambda x: np.minimum(np.maximum(x, f32(-1.3)), f32(2.7))),
        "leaky_relu": ("{alpha = 0.1 : f32}", lambda x: np.where(x < 0, x * f32(0.1), x)),
        "hard_sigmoid": ("{alpha = 0.2 : f32, beta = 0.5 : f32}",
                         lambda x: np.minimum(np.maximum(x * f32(0.2) + f32(0.5), f32(0)), f32(1))),
        "hard_swish": ("", lambda x: x * np.minimum(np.maximum(x * f32(1 / 6) + f32(0.5), f32(0)), f32(1))),
        "sigmoid": ("", lambda x: 1 / (1 + np.exp(-x.astype(np.float64)))),
        "tanh": ("", lambda x: np.tanh(x.astype(np.float64))),
    }
    for case, (sx, zx, sy, zy) in enumerate([(0.1, 3, 0.07, -20), (0.05, -128, 1 / 256, -128), (0.5, 127, 3.3, 0)]):
        real = (q.astype(np.int32) - zx).astype(f32) * f32(sx)
        types, result = [tensor(shape, uniform(sx, zx))], tensor(shape, uniform(sy, zy))
        factor = f32(float(f32(sx)) / float(f32(sy)))
        expected = saturate((q.astype(np.int32) - zx).astype(f32) * factor, zy)
        run(f"requantize{case}", types, result, f"qnn.requantize %x0 : {types[0]} -> {result}", [q], expected)
        for name, (attributes, function) in functions.items():
            expected = saturate(f32(function(real)) / f32(sy), zy)
            run(f"{name}{case}", types, result, f"qnn.{name} %x0 {attributes} : ({types[0]}) -> {result}", [q], expected)


def attribute(values):
    return "array<i64: " + ", ".join(map(str, values)) + ">"


def windows(x, size, stride, pad, dilation, kernel, fill):
    """[n, oh, ow, kh, kw, c] windows of x [n, h, w, c] padded with `fill`."""
    x = np.pad(x, [(0, 0), (pad[0], pad[2]), (pad[1], pad[3]), (0, 0)], constant_values=fill)
    rows = np.arange(size[0])[:, None] * stride[0] + np.arange(kernel[0]) * dilation[0]
    columns = np.arange(size[1])[:, None] * stride[1] + np.arange(kernel[1]) * dilation[1]
    return x[:, rows[:, None, :, None], columns[None, :, None, :], :]


def random_convolution(random, case):
    groups = int(random.choice([1, 1, 2, 3]))
    depth, outputs = int(random.integers(1, 8)), groups * int(random.integers(1, 6))
    kernel, stride, dilation = (random.integers(1, 4, 2) for _ in range(3))
    pad = random.integers(0, 3, 4)
    image = random.integers(7, 12, 2)
    size = [(image[d] + pad[d] + pad[2 + d] - (kernel[d] - 1) * dilation[d] - 1) // stride[d] + 1 for d in range(2)]
    batch = int(random.integers(1, 4))
    x = random.integers(-128, 128, [batch, *image, groups * depth]).astype(np.int8)
    w = random.integers(-127, 128, [outputs, *kernel, depth]).astype(np.int8)
    b = random.integers(-5000, 5000, outputs).astype(np.int32)
    r = random.integers(-128, 128, [batch, *size, outputs]).astype(np.int8)
    sx, sr, sy = (float(f32(s)) for s in random.uniform(0.01, 0.1, 3))
    sy *= 32
    sw = [float(f32(s)) for s in random.uniform(0.001, 0.01, outputs)]
    zx, zr, zy = (int(z) for z in random.integers(-100, 100, 3))
    taps = windows(x.astype(np.int64) - zx, size, stride, pad, dilation, kernel, 0)
    taps = taps.reshape(*taps.shape[:5], groups, depth)
    filters = w.astype(np.int64).reshape(groups, outputs // groups, *kernel, depth)
    acc = np.einsum("nhwijgc,goijc->nhwgo", taps, filters).reshape(batch, *size, outputs) + b
    t = acc.astype(f32) * np.array([f32(sx * s / float(f32(sy))) for s in sw])
    t = t + (r.astype(np.int32) - zr).astype(f32) * f32(sr / float(f32(sy)))
    scales = "{" + ", ".join(map(repr, sw)) + "}"
    biases = "{" + ", ".join(repr(sx * s) for s in sw) + "}"
    types = [tensor(x.shape, uniform(sx, zx)), tensor(w.shape, f"!quant.uniform<i8<-127:127>:f32:0, {scales}>"),
             tensor(b.shape, f"!quant.uniform<i32:f32:0, {biases}>"), tensor(r.shape, uniform(sr, zr))]
    result = tensor(r.shape, uniform(sy, zy))
    op = (f"qnn.conv2d %x0, %x1 bias(%x2) residual(%x3) {{strides = {attribute(stride)}, padding = {attribute(pad)}, "
          f"dilations = {attribute(dilation)}, groups = {groups} : i64}} : ({', '.join(types)}) -> {result}")
    run(f"conv2d{case}", types, result, op, [x, w, b, r], saturate(t, zy))


def random_pool(random, case):
    kernel, stride = random.integers(1, 4, 2), random.integers(1, 4, 2)
    pad = [int(random.integers(0, kernel[d % 2])) for d in range(4)]
    image = random.integers(5, 9, 2)
    size = [(image[d] + pad[d] + pad[2 + d] - kernel[d]) // stride[d] + 1 for d in range(2)]
    x = random.integers(-128, 128, [2, *image, 3]).astype(np.int8)
    sx, sy = (float(f32(s)) for s in random.uniform(0.01, 0.1, 2))
    zx, zy = (int(z) for z in random.integers(-100, 100, 2))
    one = [1, 1]
    sums = windows(x.astype(np.int64) - zx, size, stride, pad, one, kernel, 0).sum(axis=(3, 4))
    counts = windows(np.ones_like(x, np.int64), size, stride, pad, one, kernel, 0).sum(axis=(3, 4))
    factors = (sx / (sy * counts.astype(np.float64))).astype(f32)
    types, result = [tensor(x.shape, uniform(sx, zx))], tensor(sums.shape, uniform(sy, zy))
    geometry = f"kernel = {attribute(kernel)}, strides = {attribute(stride)}, padding = {attribute(pad)}"
    run(f"avg_pool{case}", types, result, f"qnn.avg_pool2d %x0 {{{geometry}}} : ({types[0]}) -> {result}", [x],
        saturate(sums.astype(f32) * factors, zy))
    best = windows(x, size, stride, pad, one, kernel, -128).max(axis=(3, 4))
    result = tensor(best.shape, uniform(sx, zx))
    run(f"max_pool{case}", types, result, f"qnn.max_pool2d %x0 {{{geometry}}} : ({types[0]}) -> {result}", [x], best)


def random_cases():
    random = np.random.default_rng(0)
    for case in range(20):
        random_convolution(random, case)
        random_pool(random, case)


{"exhaustive": exhaustive, "random": random_cases}[sys.argv[1]]()
print("bit-equal to NumPy")
