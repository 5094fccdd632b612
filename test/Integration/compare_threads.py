#!/usr/bin/python3
"""Runs random networks on several numbers of threads, every kernel split into as many units as it has parts: the bytes are always the same.

  compare_threads.py WORKDIR FIRST_SEED COUNT LEVEL [--float] [--bf16] [--kinds=KIND,...]
"""
import argparse
import pathlib
import re
import sys
import numpy as np
import random_network
from compare_random import outputs, run

THREADS = (1, 2, 3, 7)


def split_finely(text):
    """The network with an attribute that makes any work enough for a unit: by themselves these networks are too small."""
    return re.sub(r"(func\.func @main\(.*\)) \{$", r"\1 attributes {microkernel.unit_nanoseconds = 1.0e-3 : f64} {", text, count=1, flags=re.M)


def check_seed(work, seed, args):
    """The mismatches of one seed, as text, and the number of launches in units."""
    work.mkdir(parents=True, exist_ok=True)
    network = random_network.Network(seed, args.float or args.bf16, args.kinds and args.kinds.split(","))
    source, compiled = work / "network.mlir", work / "compiled.mlir"
    source.write_text(network.build(12))
    np.save(work / "x.npy", (np.random.RandomState(seed).randn(*network.types["%x"][0]) * 2).astype(np.float32))
    feed = f"--input=x={work / 'x.npy'}"
    precision = ["--precision=f32"] if args.float or args.bf16 else []
    run("quant-compile", source, "-o", compiled, *(["--precision=bf16"] if args.bf16 else precision))
    compiled.write_text(split_finely(compiled.read_text()))
    launches = run("quant-opt", compiled, f"-convert-qnn-to-microkernel=level={args.level}").count(" units(")
    run("quant-run", compiled, feed, f"--output-dir={work / 'expected'}")
    run("quant-compile", compiled, "-o", work / "network.so", *precision, f"--march={args.level}")
    expected, messages = outputs(work / "expected"), []
    for threads in THREADS:
        run("quant-run", work / "network.so", feed, f"--output-dir={work / 'actual'}", f"--threads={threads}")
        for name, want in expected.items():
            got = outputs(work / "actual")[name]
            # Equal bits, but any NaN equals any NaN.
            same = (got.view(np.int32) == want.view(np.int32)) | (np.isnan(got) & np.isnan(want))
            if not same.all():
                messages.append(f"seed {seed}, {threads} threads: {name} differs from the interpreter")
    return messages, launches


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("level")
    parser.add_argument("--float", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--kinds")
    args = parser.parse_args()
    wrong, launches = 0, 0
    for seed in range(args.first, args.first + args.count):
        messages, units = check_seed(args.work / str(seed), seed, args)
        print("".join(f"{message}\n" for message in messages), end="")
        wrong, launches = wrong + len(messages), launches + units
    print(f"{args.count} networks, {launches} launches in units, {wrong} mismatches")
    return 1 if wrong or launches < args.count else 0


if __name__ == "__main__":
    sys.exit(main())
