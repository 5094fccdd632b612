"""networks.py OUT: writes OUT/float.mlir and OUT/quantized.mlir, small tosa networks with random weights, each as @main, and an input of each as .npy.

OUT/<name>_run.mlir has the network and a @run that prints its output on that input, for mlir-cpu-runner.
"""

import sys
from pathlib import Path

import numpy as np

out = Path(sys.argv[1])
random = np.random.RandomState(0)


def constant(name, values, kind):
    shape = "x".join(map(str, values.shape))
    text = np.array2string(values, separator=", ", threshold=10**9, max_line_width=10**9, formatter={"float": lambda v: f"{v:.9e}"})
    return f'  %{name} = "tosa.const"() {{value = dense<{text}> : tensor<{shape}x{kind}>}} : () -> tensor<{shape}x{kind}>\n'


def normal(*shape):
    return (random.randn(*shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)


def integers(low, high, *shape):
    return random.randint(low, high + 1, shape)


def make_float():
    text = "func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x5xf32> {\n"
    for name, values in {"w0": normal(6, 3, 3, 3), "b0": normal(6), "wd": normal(3, 3, 6, 2), "bd": normal(12), "c": normal(1, 1, 1, 12),
                         "w1": normal(5, 192), "b1": normal(5)}.items():
        text += constant(name, values, "f32")
    text += constant("perm", np.array([0, 3, 1, 2]), "i32") + constant("pads", np.array([[0, 0], [1, 0], [0, 1], [0, 0]]), "i32")
    return text + """
  %0 = tosa.conv2d %x, %w0, %b0 {pad = array<i64: 1, 1, 0, 2>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x3xf32>, tensor<6x3x3x3xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  %1 = tosa.clamp %0 {min_fp = 0.0 : f32, max_fp = 6.0 : f32, min_int = 0 : i64, max_int = 6 : i64} : (tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
  %2 = tosa.depthwise_conv2d %1, %wd, %bd {pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x6xf32>, tensor<3x3x6x2xf32>, tensor<12xf32>) -> tensor<1x4x4x12xf32>
  %3 = tosa.sigmoid %2 : (tensor<1x4x4x12xf32>) -> tensor<1x4x4x12xf32>
  %4 = tosa.mul %3, %c {shift = 0 : i8} : (tensor<1x4x4x12xf32>, tensor<1x1x1x12xf32>) -> tensor<1x4x4x12xf32>
  %5 = tosa.max_pool2d %4 {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, pad = array<i64: 0, 1, 1, 0>} : (tensor<1x4x4x12xf32>) -> tensor<1x4x4x12xf32>
  %6 = tosa.avg_pool2d %4 {kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, acc_type = f32} : (tensor<1x4x4x12xf32>) -> tensor<1x4x4x12xf32>
  %7 = tosa.sub %5, %6 : (tensor<1x4x4x12xf32>, tensor<1x4x4x12xf32>) -> tensor<1x4x4x12xf32>
  %8 = tosa.reverse %7 {axis = 2 : i32} : (tensor<1x4x4x12xf32>) -> tensor<1x4x4x12xf32>
  %9 = tosa.pad %8, %pads : (tensor<1x4x4x12xf32>, tensor<4x2xi32>) -> tensor<1x5x5x12xf32>
  %10 = tosa.slice %9 {start = array<i64: 0, 0, 1, 0>, size = array<i64: 1, 4, 4, 12>} : (tensor<1x5x5x12xf32>) -> tensor<1x4x4x12xf32>
  %11 = tosa.transpose %10, %perm : (tensor<1x4x4x12xf32>, tensor<4xi32>) -> tensor<1x12x4x4xf32>
  %12 = tosa.reshape %11 {new_shape = array<i64: 1, -1>} : (tensor<1x12x4x4xf32>) -> tensor<1x192xf32>
  %13 = tosa.tanh %12 : (tensor<1x192xf32>) -> tensor<1x192xf32>
  %14 = tosa.fully_connected %13, %w1, %b1 : (tensor<1x192xf32>, tensor<5x192xf32>, tensor<5xf32>) -> tensor<1x5xf32>
  return %14 : tensor<1x5xf32>
}
"""


def make_general():
    """One of every op that has no layer of its own, on 1x4x4x3 floats, all results beside each other."""
    image, lines, parts = "1x4x4x3", [], []

    def op(text, *types, result=image, kind="f32", keep=True):
        name = f"v{len(lines)}"
        lines.append(f"  %{name} = {text} : ({', '.join(f'tensor<{t}>' for t in types)}) -> tensor<{result}x{kind}>\n")
        if keep:
            parts.append((name, result, kind))
        return "%" + name

    one, two = image + "xf32", (image + "xf32",) * 2
    positive = op("tosa.exp %x", one)
    for function in ("log", "reciprocal", "rsqrt"):
        op(f"tosa.{function} {positive}", one)
    for function in ("abs", "ceil", "floor", "negate", "sin", "cos", "sigmoid", "erf"):
        op(f"tosa.{function} %x", one)
    other = op("tosa.reverse %x {axis = 1 : i32}", one)
    op(f"tosa.pow {positive}, %x", *two)
    op(f"tosa.maximum %x, {other}", *two)
    op(f"tosa.minimum %x, {other}", *two)
    less = op(f"tosa.greater %x, {other}", *two, kind="i1")
    same = op("tosa.equal %x, %x", *two, kind="i1")
    above = op(f"tosa.greater_equal {other}, %x", *two, kind="i1")
    for function in ("and", "or", "xor"):
        op(f"tosa.logical_{function} {less}, {same}", *(image + "xi1",) * 2, kind="i1")
    op(f"tosa.logical_not {above}", image + "xi1", kind="i1")
    op(f"tosa.select {less}, %x, {positive}", image + "xi1", *two)
    whole = op("tosa.cast %x", one, kind="i32")
    divisor = op(f"tosa.cast {positive}", one, kind="i32", keep=False)
    for function in ("add", "sub", "maximum", "minimum"):
        op(f"tosa.{function} {whole}, {divisor}", *(image + "xi32",) * 2, kind="i32")
    for function in ("sum", "max", "min", "prod"):
        op(f"tosa.reduce_{function} %x {{axis = 2 : i32}}", one, result="1x4x1x3")
    for function in ("all", "any"):
        op(f"tosa.reduce_{function} {less} {{axis = 3 : i32}}", image + "xi1", result="1x4x4x1", kind="i1")
    op("tosa.argmax %x {axis = 3 : i32}", one, result="1x4x4", kind="i32")
    rows = op("tosa.reshape %x {new_shape = array<i64: 2, 8, 3>}", one, result="2x8x3", keep=False)
    op(f"tosa.gather {rows}, %rows", "2x8x3xf32", "2x3xi32", result="2x3x3")
    op("tosa.tile %x {multiples = array<i64: 1, 2, 1, 3>}", one, result="1x8x4x9")
    resize = "tosa.resize %x {{scale = array<i64: {}>, offset = array<i64: {}>, border = array<i64: {}>, mode = \"{}\"}}"
    for mode in ("NEAREST_NEIGHBOR", "BILINEAR"):
        op(resize.format("4, 2, 4, 2", "-1, -1", "1, 1", mode), one, result="1x8x8x3")
        op(resize.format("14, 6, 2, 1", "0, 0", "0, 0", mode), one, result="1x8x7x3")
    op("tosa.transpose_conv2d %x, %filter, %bias {out_pad = array<i64: -1, 0, 1, -2>, stride = array<i64: 2, 3>, out_shape = array<i64: 1, 8, 11, 2>}",
       one, "2x3x3x3xf32", "2xf32", result="1x8x11x2")
    text = "func.func @main(%x: tensor<1x4x4x3xf32>) -> tensor<1xLENGTHxf32> {\n" + constant("filter", normal(2, 3, 3, 3), "f32") + constant("bias", normal(2), "f32")
    text += constant("rows", np.array([[7, 0, 3], [1, 1, 6]]), "i32")
    text += "".join(lines)
    flat, length = [], 0
    for name, shape, kind in parts:
        size = int(np.prod([int(d) for d in shape.split("x")]))
        length += size
        if kind != "f32":
            if kind == "i1":
                text += f"  %{name}_i = tosa.cast %{name} : (tensor<{shape}xi1>) -> tensor<{shape}xi32>\n"
                name += "_i"
            text += f"  %{name}_f = tosa.cast %{name} : (tensor<{shape}xi32>) -> tensor<{shape}xf32>\n"
            name += "_f"
        text += f"  %{name}_flat = tosa.reshape %{name} {{new_shape = array<i64: 1, {size}>}} : (tensor<{shape}xf32>) -> tensor<1x{size}xf32>\n"
        flat.append((f"%{name}_flat", f"tensor<1x{size}xf32>"))
    text += f"  %all = tosa.concat {', '.join(f[0] for f in flat)} {{axis = 1 : i32}} : ({', '.join(f[1] for f in flat)}) -> tensor<1x{length}xf32>\n"
    return text.replace("LENGTH", str(length)) + f"  return %all : tensor<1x{length}xf32>\n}}\n", length


def rescale(result, operand, shape, source, target, zero_points, multipliers, shifts):
    per_channel = "true" if len(multipliers) > 1 else "false"
    return (f"  %{result} = tosa.rescale %{operand} {{double_round = false, scale32 = true, per_channel = {per_channel}, "
            f"input_zp = {zero_points[0]} : i32, output_zp = {zero_points[1]} : i32, multiplier = array<i32: {', '.join(map(str, multipliers))}>, "
            f"shift = array<i8: {', '.join(map(str, shifts))}>}} : (tensor<{shape}x{source}>) -> tensor<{shape}x{target}>\n")


def make_quantized():
    """Two convolutions, a residual sum in i32 at 2^20 times the scale, pools, and a fully connected layer; no type has a scale."""
    text = "func.func @main(%x: tensor<1x8x8x4xi8>) -> tensor<1x5xi8> {\n"
    for name, values, kind in (("w0", integers(-127, 127, 4, 3, 3, 4), "i8"), ("b0", integers(-9999, 9999, 4), "i32"),
                               ("wd", integers(-127, 127, 3, 3, 4, 1), "i8"), ("bd", integers(-9999, 9999, 4), "i32"),
                               ("w1", integers(-127, 127, 5, 64), "i8"), ("b1", integers(-9999, 9999, 5), "i32")):
        text += constant(name, values, kind)
    image, quant = "1x8x8x4", "quantization_info = #tosa.conv_quant<input_zp = {}, weight_zp = 0>"
    conv = "pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, "
    channels = lambda low, high, n=4: [int(v) for v in integers(low, high, n)]
    text += f"  %0 = tosa.conv2d %x, %w0, %b0 {{{conv}{quant.format(-3)}}} : (tensor<{image}xi8>, tensor<4x3x3x4xi8>, tensor<4xi32>) -> tensor<{image}xi32>\n"
    text += rescale("1", "0", image, "i32", "i8", (0, 7), channels(1 << 30, (1 << 31) - 1), [40, 41, 40, 42])
    text += f"  %2 = tosa.clamp %1 {{min_int = 7 : i64, max_int = 120 : i64, min_fp = 0.0 : f32, max_fp = 6.0 : f32}} : (tensor<{image}xi8>) -> tensor<{image}xi8>\n"
    text += f"  %3 = tosa.depthwise_conv2d %2, %wd, %bd {{{conv}{quant.format(7)}}} : (tensor<{image}xi8>, tensor<3x3x4x1xi8>, tensor<4xi32>) -> tensor<{image}xi32>\n"
    text += rescale("4", "3", image, "i32", "i8", (0, -20), channels(1 << 30, (1 << 31) - 1), [39, 39, 38, 40])
    text += rescale("5", "4", image, "i8", "i32", (-20, 0), [1 << 30], [11]) + rescale("6", "2", image, "i8", "i32", (7, 0), [1288490188], [11])
    text += f"  %7 = tosa.add %5, %6 : (tensor<{image}xi32>, tensor<{image}xi32>) -> tensor<{image}xi32>\n"
    text += rescale("8", "7", image, "i32", "i8", (0, 3), [1503238553], [51])
    text += f"  %9 = tosa.max_pool2d %8 {{kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>}} : (tensor<{image}xi8>) -> tensor<1x4x4x4xi8>\n"
    text += "  %10 = tosa.reshape %9 {new_shape = array<i64: 1, 64>} : (tensor<1x4x4x4xi8>) -> tensor<1x64xi8>\n"
    text += f"  %11 = tosa.fully_connected %10, %w1, %b1 {{{quant.format(3)}}} : (tensor<1x64xi8>, tensor<5x64xi8>, tensor<5xi32>) -> tensor<1x5xi32>\n"
    return text + rescale("12", "11", "1x5", "i32", "i8", (0, -1), [1879048192], [40]) + "  return %12 : tensor<1x5xi8>\n}\n"


def make_run(network, values, kind, length=5):
    """@run: the network on `values`; integers are printed as floats."""
    shape = "x".join(map(str, values.shape))
    text = network + f"\nfunc.func private @printMemrefF32(%ptr: tensor<*xf32>)\nfunc.func @run() {{\n{constant('x', values, kind)}"
    text += f"  %y = call @main(%x) : (tensor<{shape}x{kind}>) -> tensor<1x{length}x{kind}>\n"
    if kind != "f32":
        text += f"  %f = arith.sitofp %y : tensor<1x{length}x{kind}> to tensor<1x{length}xf32>\n"
    name = "%y" if kind == "f32" else "%f"
    return text + f"  %u = tensor.cast {name} : tensor<1x{length}xf32> to tensor<*xf32>\n  call @printMemrefF32(%u) : (tensor<*xf32>) -> ()\n  return\n}}\n"


general, length = make_general()
image = normal(1, 8, 8, 3) * 8
for name, network, values, kind, length in (("float", make_float(), image, "f32", 5), ("general", general, image[:, :4, :4] * 2, "f32", length),
                                            ("quantized", make_quantized(), integers(-128, 127, 1, 8, 8, 4).astype(np.int8), "i8", 5)):
    (out / f"{name}.mlir").write_text(network)
    (out / f"{name}_run.mlir").write_text(make_run(network, values, kind, length))
    np.save(out / f"{name}.npy", values)
