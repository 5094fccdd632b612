#!/usr/bin/python3
"""Runs random networks in the reference interpreter before and after each pass.

  check_passes.py WORKDIR FIRST_SEED COUNT

Fusion and annotation keep every bit, of float and of quantized networks. Batch-norm folding and sinking transposes change how
f32 sums are rounded, qnn-fold-qdq makes them exact: there a signal-to-noise ratio is asked for that only rounding reaches.
"""
import pathlib
import subprocess
import sys
import numpy as np
import random_network

# Passes that keep every bit, alone and after one another.
EXACT = ["-qnn-fuse-epilogue", "-qnn-equalize-channels", "-canonicalize", "-cse", "-qnn-assign-precision", "-qnn-insert-observers"]
# Passes that keep all but the rounding of f32 sums.
CLOSE = ["-qnn-fold-batch-norm", "--qnn-graph-pipeline"]
CLOSE_DECIBELS = 100
# One step of 8 bits in a few results of an op; what 8 bits cost themselves is about 40.
FOLD_DECIBELS = 45


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def interpret(source, feed, directory):
    run("quant-run", source, feed, f"--output-dir={directory}")
    return {p.name: np.load(p) for p in sorted(directory.glob("*.npy"))}


def same_bits(a, b):
    """Equal bits, but any NaN equals any NaN."""
    return ((a.view(np.int32) == b.view(np.int32)) | (np.isnan(a) & np.isnan(b))).all()


def noise_ratio(signal, noisy):
    """Signal-to-noise ratio in dB; where a NaN is, the other must have one too."""
    if (np.isnan(signal) != np.isnan(noisy)).any():
        return -np.inf
    signal, noisy = (np.nan_to_num(a.astype(np.float64)) for a in (signal, noisy))
    noise = np.mean((signal - noisy) ** 2)
    return np.inf if noise == 0 else 10 * np.log10(max(np.mean(signal**2), 1e-300) / noise)


def prepare(work, seed, float_only):
    work.mkdir(parents=True, exist_ok=True)
    network = random_network.Network(seed, float_only)
    source = work / "network.mlir"
    source.write_text(network.build(12))
    data = (np.random.RandomState(seed).randn(*network.types["%x"][0]) * 2).astype(np.float32)
    np.save(work / "x.npy", data)
    return source, f"--input=x={work / 'x.npy'}"


def check_exact(work, seed, float_only):
    source, feed = prepare(work, seed, float_only)
    before = interpret(source, feed, work / "before")
    for passes in [[p] for p in EXACT] + [EXACT]:
        run("quant-opt", source, *passes, "-o", work / "after.mlir")
        after = interpret(work / "after.mlir", feed, work / "after")
        for name, want in before.items():
            if not same_bits(after[name], want):
                yield f"seed {seed} {' '.join(passes)}: {name} differs"


def check_close(work, seed):
    source, feed = prepare(work, seed, True)
    before = interpret(source, feed, work / "before")
    for flag in CLOSE:
        run("quant-opt", source, flag, "-o", work / "after.mlir")
        after = interpret(work / "after.mlir", feed, work / "after")
        for name, want in before.items():
            ratio = noise_ratio(want, after[name])
            if ratio < CLOSE_DECIBELS:
                yield f"seed {seed} {flag}: {name} differs, {ratio:.0f} dB"


def check_fold(work, seed):
    """Float network -> QDQ stage -> Quantized stage."""
    source, feed = prepare(work, seed, True)
    cache = work / "cache.json"
    run("quant-compile", source, f"--calibration-data={work / 'x.npy'}", f"--calibration-cache={cache}", "--force", "--emit=mlir",
        "-o", work / "quantized.mlir")
    stages = ["--qnn-graph-pipeline", "--qnn-calibration-pipeline", f"-qnn-apply-ranges=cache={cache}", "-qnn-quantize"]
    run("quant-opt", source, *stages, "-o", work / "qdq.mlir")
    run("quant-opt", work / "qdq.mlir", "-qnn-fold-qdq", "-qnn-fuse-epilogue", "-canonicalize", "-cse", "-o", work / "folded.mlir")
    qdq = interpret(work / "qdq.mlir", feed, work / "qdq")
    folded = interpret(work / "folded.mlir", feed, work / "folded")
    driver = interpret(work / "quantized.mlir", feed, work / "driver")
    for name in qdq:
        ratio = noise_ratio(qdq[name], folded[name])
        if ratio < FOLD_DECIBELS:
            yield f"seed {seed} -qnn-fold-qdq: {name} differs, {ratio:.0f} dB"
        if not same_bits(folded[name], driver[name]):
            yield f"seed {seed}: {name}: quant-compile and the passes differ"


def main(work, first, count):
    checks = {
        "float": lambda d, seed: check_exact(d, seed, True),
        "quantized": lambda d, seed: check_exact(d, seed, False),
        "close": check_close,
        "fold": check_fold,
    }
    wrong = 0
    for seed in range(int(first), int(first) + int(count)):
        for name, check in checks.items():
            for message in check(pathlib.Path(work) / f"{seed}-{name}", seed):
                wrong += 1
                print(message)
    print(f"{count} networks, {wrong} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
