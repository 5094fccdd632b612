#!/usr/bin/python3
"""Compiles random ONNX networks, as float and as int8, and compares the objects with the reference interpreter, bit for bit.

  compare_random_onnx.py WORKDIR FIRST_SEED COUNT LEVEL[,LEVEL...] [--ops=N]

Every seed also draws one way to quantize (calibrator, mixed precision, quantized inputs and outputs). A second compilation from
the calibration cache must give the same graph, and the int8 result must resemble the float result. The AArch64 levels
(armv8-a, dotprod, i8mm, bf16) and the baseline stand in one object, which runs under qemu-aarch64 on a processor of each level.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import numpy as np
import onnx
import random_onnx
from shared_object import compile_shared

VARIANTS = [[], ["--calibrator=percentile", "--percentile=99.9"], ["--precision-rule=op:conv2d=float"],
            ["--precision-rule=*=float", "--precision-rule=op:conv2d=int8"], ["--precision-rule=/layer.*=float"],
            ["--precision-rule=*=int4"], ["--precision-rule=*=int16"], ["--precision-rule=*[13579]=int16", "--precision-rule=*[048]=int4"],
            ["--precision-rule=*=bf16"], ["--precision-rule=*[13579]=bf16"]]
PROCESSORS = {"armv8-a": "cortex-a53", "dotprod": "neoverse-n1", "i8mm": "max", "bf16": "max"}  # what qemu-aarch64 pretends to be
RUN_OBJECT = pathlib.Path(__file__).resolve().parents[2] / "utils" / "run_object.c"


class Failure(Exception):
    pass


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"exit {done.returncode}: {' '.join(map(str, command))}\n{done.stdout[-500:]}{done.stderr[-1500:]}")
    return done.stdout


def execute(program, work, network, directory):
    """The outputs of one run of `program`, by file name."""
    feeds = [f"--input={name}={work / 'x.npz'}" for name in network.inputs]
    run("quant-run", program, *feeds, f"--output-dir={directory}")
    return {p.name: np.load(p) for p in sorted(directory.glob("*.npy"))}


def execute_on_aarch64(source, flags, level, work, inputs):
    """Compiles `source` for AArch64 and returns all outputs of one run at `level`, one behind the other."""
    run("quant-compile", source, "-o", work / "net.o", "--target=aarch64-linux-gnu", f"--march={level}", *flags)
    run("aarch64-linux-gnu-gcc", "-static", "-DMODEL=net", "-include", work / "net.h", RUN_OBJECT, work / "net.o", "-lm",
        "-o", work / "net")
    (work / "in.raw").write_bytes(b"".join(array.tobytes() for array in inputs))
    run("qemu-aarch64", "-cpu", PROCESSORS[level], work / "net", work / "in.raw", work / "out.raw")
    return np.fromfile(work / "out.raw", np.float32)


def execute_compiled(source, flags, level, work, network, directory):
    """Compiles `source` for `level` and returns the outputs of one run."""
    if level not in PROCESSORS:
        compile_shared(run, source, level, work / "net.so", *flags)
        return execute(work / "net.so", work, network, directory)
    feed = np.load(work / "x.npz")
    values = execute_on_aarch64(source, flags, level, work, [feed[name] for name in network.inputs])
    outputs = {}
    for output in onnx.load(str(work / "model.onnx")).graph.output:
        name = re.sub("[^A-Za-z0-9_.-]", "_", output.name.encode().decode("latin-1")) + ".npy"
        shape = np.load(work / "float" / name).shape
        outputs[name], values = values[: np.prod(shape, dtype=int)].reshape(shape), values[np.prod(shape, dtype=int):]
    return outputs


def differences(got, want):
    """One line per output that is not equal in every bit; any NaN equals any NaN."""
    if got.keys() != want.keys():
        yield f"outputs {sorted(got)} for {sorted(want)}"
        return
    for name, expected in want.items():
        actual = got[name]
        if actual.shape != expected.shape or actual.dtype != expected.dtype:
            yield f"{name}: {actual.dtype}{actual.shape} for {expected.dtype}{expected.shape}"
            continue
        same = actual == expected
        if expected.dtype.kind == "f":
            same = (actual.view(np.int32) == expected.view(np.int32)) | (np.isnan(actual) & np.isnan(expected))
        if not same.all():
            yield (f"{name}: {np.count_nonzero(~same)} of {expected.size} differ, "
                   f"first {actual[~same].flat[0]!r} for {expected[~same].flat[0]!r}")


def signal_to_noise(got, want):
    """The least SQNR of all outputs, in dB; exact zeros have none."""
    power = lambda x: max(np.sum(np.square(x, dtype=float)), 1e-30)
    return min(10 * np.log10(power(w) / power(got[n] - w)) if w.any() or got[n].any() else np.inf for n, w in want.items())


def check_float(work, network, options, levels):
    """Float: object against interpreter on the graph that --emit=mlir shows. Returns the outputs."""
    model, graph = work / "model.onnx", work / "float.mlir"
    run("quant-import", model, "-o", work / "imported.mlir", *options)
    imported = execute(work / "imported.mlir", work, network, work / "imported")
    run("quant-compile", model, "--precision=f32", "-o", graph, *options)
    expected = execute(graph, work, network, work / "float")
    for name, want in imported.items():
        if not np.allclose(expected[name], want, rtol=1e-4, atol=1e-4 * (np.abs(want).max() + 1e-30)):
            raise Failure(f"float {name}: the clean-up passes change values, by {np.abs(expected[name] - want).max()}")
    for level in levels:
        got = execute_compiled(model, ["--precision=f32"] + options, level, work, network, work / f"float-{level}")
        for line in differences(got, expected):
            raise Failure(f"float at {level}: {line}")
    return expected


def check_int8(work, network, options, levels, quantization):
    """int8: object against interpreter on the graph that --emit=mlir shows. Returns the outputs."""
    model, graph, cache = work / "model.onnx", work / "int8.mlir", work / "cache.json"
    cache.unlink(missing_ok=True)
    # Which layers are faster in float depends on the level; all levels must compute one graph.
    plain = options + [f"--calibration-cache={cache}", "--force"]
    options = plain + quantization
    try:
        run("quant-compile", model, "-o", graph, f"--calibration-data={work / 'samples.npz'}", *options)
    except Failure as failure:
        if "matches no layer" not in str(failure):
            raise
        options = plain
        run("quant-compile", model, "-o", graph, f"--calibration-data={work / 'samples.npz'}", *options)
    run("quant-compile", model, "-o", work / "cached.mlir", *options)
    if graph.read_bytes() != (work / "cached.mlir").read_bytes():
        raise Failure("int8: the calibration cache gives another graph")
    expected = execute(graph, work, network, work / "int8")
    for i, level in enumerate(levels):
        # The first level compiles the graph (float where nothing is quantized), the others the model.
        graph_flags = [] if b"!quant.uniform" in graph.read_bytes() else ["--precision=f32"]
        source, flags = (graph, graph_flags) if i == 0 else (model, options)
        got = execute_compiled(source, flags, level, work, network, work / f"int8-{level}")
        for line in differences(got, expected):
            raise Failure(f"int8 {quantization} at {level} from {source.name}: {line}")
    return expected


def check_seed(work, seed, levels, ops):
    """Raises Failure; else returns the SQNR."""
    network = random_onnx.write(work, seed, ops)
    options = network.shape_options()
    expected = check_float(work, network, options, levels)
    got = check_int8(work, network, options, levels, VARIANTS[seed % len(VARIANTS)])
    return signal_to_noise(got, expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("levels")
    parser.add_argument("--ops", type=int, default=12)
    parser.add_argument("--least-sqnr", type=float, default=-1000.0, help="dB; less is a failure")
    args = parser.parse_args()
    wrong = 0
    for seed in range(args.first, args.first + args.count):
        try:
            ratio = check_seed(args.work / str(seed), seed, args.levels.split(","), args.ops)
            if ratio < args.least_sqnr:
                raise Failure(f"SQNR is {ratio:.1f} dB")
        except Failure as failure:
            wrong += 1
            print(f"seed {seed}: {failure}", flush=True)
    print(f"{args.count} networks at {args.levels}: {wrong} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
