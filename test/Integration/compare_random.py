#!/usr/bin/python3
"""Compares compiled random networks with the reference interpreter, bit for bit, at every level given.

  compare_random.py WORKDIR FIRST_SEED COUNT LEVEL[,LEVEL...] [--ops=N] [--float] [--bf16] [--narrow] [--kinds=KIND,...] [--schedule=LEVEL=SCHEDULE]

--bf16: a float network whose products multiply bf16.
--narrow: half of the quantized weights have 4 bits.
--schedule gives every quantized matrix product a schedule (attribute qnn.schedule).

An object holds a level and the baseline and chooses the better one at run time, so the level itself runs. The AArch64 levels run
under qemu-aarch64.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import numpy as np
import compare_random_onnx
import random_network
from shared_object import compile_shared


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def outputs(directory):
    return {p.name: np.load(p) for p in sorted(directory.glob("*.npy"))}


def execute_compiled(source, flags, level, work, feed, expected):
    """Compiles `source` for `level` and returns the outputs of one run, which resemble `expected`."""
    if level not in compare_random_onnx.PROCESSORS:
        compile_shared(run, source, level, work / "network.so", *flags)
        run("quant-run", work / "network.so", feed, f"--output-dir={work / level}")
        return outputs(work / level)
    values = compare_random_onnx.execute_on_aarch64(source, flags, level, work, [np.load(work / "x.npy")])
    actual = {}
    for i in range(len(expected)):  # out10 comes after out9
        name = f"out{i}.npy"
        actual[name], values = np.split(values, [expected[name].size])
        actual[name] = actual[name].reshape(expected[name].shape)
    return actual


def set_schedules(text, level, schedule):
    """`text` with the attribute qnn.schedule on every quantized matrix product."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        product = re.match(r"( *%\S+ = qnn\.(?:conv2d|fully_connected) .*?)( {.*?})?( : \(.*-> tensor<\S*!quant\.uniform<[iu]8.*)", line)
        if not product or re.search(r"groups.*, tensor<\d+x\d+x\d+x1x", line):  # depthwise
            continue
        override = f'qnn.schedule = {{"{level}" = "{schedule}"}}'
        inside = (product.group(2) or " {}")[2:-1]
        lines[i] = f"{product.group(1)} {{{', '.join(filter(None, [inside, override]))}}}{product.group(3)}"
    return "\n".join(lines) + "\n"


def check_seed(work, seed, levels, args):
    """The mismatches of one seed, as text."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    network = random_network.Network(seed, args.float or args.bf16, args.kinds and args.kinds.split(","), args.narrow)
    source = work / "network.mlir"
    source.write_text(network.build(args.ops))
    shape = network.types["%x"][0]
    np.save(work / "x.npy", (np.random.RandomState(seed).randn(*shape) * 2).astype(np.float32))
    feed = f"--input=x={work / 'x.npy'}"
    # The graph passes round differently (folded batch norms); what is compiled is what --emit=mlir shows.
    compiled = work / "compiled.mlir"
    precision = ["--precision=f32"] if args.float or args.bf16 else []
    run("quant-compile", source, "-o", compiled, *(["--precision=bf16"] if args.bf16 else precision))
    run("quant-run", compiled, feed, f"--output-dir={work / 'expected'}")
    expected = outputs(work / "expected")
    if args.schedule:
        scheduled = set_schedules(compiled.read_text(), *args.schedule.split("="))
        compiled.write_text(scheduled)
    for level in levels:
        actual = execute_compiled(compiled, precision, level, work, feed, expected)
        for name, want in expected.items():
            got = actual[name]
            # Equal bits, but any NaN equals any NaN.
            same = (got.view(np.int32) == want.view(np.int32)) | (np.isnan(got) & np.isnan(want))
            if not same.all():
                yield (f"seed {seed} level {level} {name}: {np.count_nonzero(~same)} of {want.size} differ, "
                       f"first {got[~same].flat[0]!r} for {want[~same].flat[0]!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("levels")
    parser.add_argument("--ops", type=int, default=12)
    parser.add_argument("--float", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--narrow", action="store_true")
    parser.add_argument("--kinds")
    parser.add_argument("--schedule")
    args = parser.parse_args()
    levels = args.levels.split(",")
    wrong = 0
    for seed in range(args.first, args.first + args.count):
        for message in check_seed(args.work / str(seed), seed, levels, args):
            wrong += 1
            print(message)
    print(f"{args.count} networks at {len(levels)} levels, {wrong} mismatches")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
