"""Products in bf16 on numbers where definitions part, at the levels given, against the definition of docs/Numerics.md in Python.

  check_bf16.py WORKDIR LEVEL[,LEVEL...]

Factors: halves between bf16 numbers, subnormal numbers, both sides of 2^-56, the largest numbers, infinities, NaN, zeros of both
signs; biases on both sides of 2^-103; sums that overflow and cancel. "interpreter" is a level too.
"""
import ctypes
import itertools
import pathlib
import sys
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Integration"))
import compare_random
from compare_random import run

FMA = ctypes.CDLL("libm.so.6").fmaf
FMA.restype, FMA.argtypes = ctypes.c_float, [ctypes.c_float] * 3


def rounded(x):
    """The nearest bf16, ties to even; zero below 2^-56."""
    x = np.where(np.abs(x) < np.float32(2.0**-56), np.float32(0), x).astype(np.float32)
    bits = x.view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return np.where(np.isnan(x), np.float32(np.nan), bits.astype(np.uint32).view(np.float32))


def product(x, weight, bias):
    """Sums of pairs of products, the second of a pair first, of x [depth] and weight [outputs, depth]."""
    x, weight = (np.pad(a, [(0, 0)] * (a.ndim - 1) + [(0, a.shape[-1] % 2)]) for a in (rounded(x), rounded(weight)))
    sums = []
    for row, start in zip(weight, bias):
        total = 0.0 if abs(start) < 2.0**-103 else float(start)
        for k in range(0, len(x), 2):
            total = FMA(x[k], row[k], FMA(x[k + 1], row[k + 1], total))
        sums.append(total)
    return np.array(sums, np.float32)


def special_numbers():
    """f32 numbers, by their bits."""
    bits = [0x00000000, 0x80000000, 0x00000001, 0x807FFFFF, 0x00800000, 0x23800000, 0x237FFFFF, 0xA3808000, 0x23008000, 0x3F808000, 0x3F818000,
            0x3F808001, 0x3F807FFF, 0xBF80C000, 0x7F7F7FFF, 0x7F7F8000, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00001, 0x7F800001, 0x40490FDB]
    return np.array(bits, np.uint32).view(np.float32)


def constant(array):
    return f'dense<"0x{array.astype(np.float32).tobytes().hex().upper()}"> : tensor<{"x".join(map(str, array.shape))}xf32>'


def network(rows, depth, weight, bias):
    """A fully connected layer, and the same as 1x1 convolutions and as a product of two activations."""
    n = len(bias)
    x, y = f"tensor<{rows}x{depth}xf32>", f"tensor<{rows}x{n}xf32>"
    image, result = f"tensor<1x{rows}x1x{depth}xf32>", f"tensor<1x{rows}x1x{n}xf32>"
    return f"""func.func @main(%x: {x} {{qnn.name = "x"}}) -> ({y} {{qnn.name = "out0"}}, {result} {{qnn.name = "out1"}}, {y} {{qnn.name = "out2"}}) {{
  %w = qnn.constant {constant(weight)}
  %b = qnn.constant {constant(bias)}
  %0 = qnn.fully_connected %x, %w bias(%b) : ({x}, tensor<{n}x{depth}xf32>, tensor<{n}xf32>) -> {y}
  %i = qnn.reshape %x {{shape = array<i64: 1, {rows}, 1, {depth}>}} : ({x}) -> {image}
  %k = qnn.constant {constant(weight.reshape(n, 1, 1, depth))}
  %1 = qnn.conv2d %i, %k bias(%b) : ({image}, tensor<{n}x1x1x{depth}xf32>, tensor<{n}xf32>) -> {result}
  %t = qnn.constant {constant(np.ascontiguousarray(weight.T))}
  %2 = qnn.matmul %x, %t : ({x}, tensor<{depth}x{n}xf32>) -> {y}
  return %0, %1, %2 : {y}, {result}, {y}
}}
"""


def check(work, levels, seed, depth):
    """Compares all levels on one network of random choices among the special numbers."""
    random = np.random.RandomState(seed)
    special = special_numbers()
    near = (2.0 ** random.randint(-60, 4, 64) * random.choice([-1, 1], 64) * random.uniform(1, 2, 64)).astype(np.float32)
    # Few infinities: most sums would be NaN.
    ordinary = np.concatenate([near, special[:16], special[-1:]])
    rows, outputs = 24, 19
    x, weight = random.choice(ordinary, (rows, depth)), random.choice(ordinary, (outputs, depth))
    for row, number in zip(x, special):
        row[random.randint(depth)] = number
    bias = random.choice(np.concatenate([special[:3], (2.0 ** np.array([-104.0, -103.0, -102.9, -60, 127])).astype(np.float32)]), outputs)
    # Sums that nearly cancel: the bias is the product of the first factors.
    with np.errstate(all="ignore"):
        bias[:8] = -(rounded(x[0, :1]) * rounded(weight[:8, 0]))
    bias = np.where(np.isfinite(bias), bias, np.float32(1))
    work.mkdir(parents=True, exist_ok=True)
    (work / "float.mlir").write_text(network(rows, depth, weight, bias))
    np.save(work / "x.npy", x)
    run("quant-compile", work / "float.mlir", "--precision=bf16", "-o", work / "bf16.mlir")
    with np.errstate(all="ignore"):
        sums, plain = (np.stack([product(row, weight, b) for row in x]) for b in (bias, np.zeros(outputs)))
    expected = {"out0.npy": sums, "out1.npy": sums.reshape(1, rows, 1, outputs), "out2.npy": plain}
    for level in levels:
        if level == "interpreter":
            run("quant-run", work / "bf16.mlir", f"--input=x={work / 'x.npy'}", f"--output-dir={work / level}")
            actual = compare_random.outputs(work / level)
        else:
            actual = compare_random.execute_compiled(work / "bf16.mlir", ["--precision=f32"], level, work, f"--input=x={work / 'x.npy'}", expected)
        for name, want in expected.items():
            got = actual[name]
            same = (got.view(np.int32) == want.view(np.int32)) | (np.isnan(got) & np.isnan(want))
            assert same.all(), f"seed {seed} {level} {name}: {np.count_nonzero(~same)} of {want.size}, {got[~same][0]!r} for {want[~same][0]!r}"
    return np.isfinite(sums).mean()


work, levels = pathlib.Path(sys.argv[1]), sys.argv[2].split(",")
finite = [check(work / str(seed), levels, seed, depth) for seed, depth in itertools.product(range(2), (1, 2, 37))]
assert max(finite) > 0.3, finite
print(f"{len(finite)} networks at {len(levels)} levels agree")
