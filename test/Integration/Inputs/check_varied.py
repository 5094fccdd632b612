"""Compiles the networks of export_varied.py: float objects equal PyTorch, int8 objects the interpreter bit for bit.

  check_varied.py NAME...      in the folder where they are; prints a line per network
"""
import pathlib
import subprocess
import sys

import numpy as np


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stderr


def execute(network, directory, feeds):
    run("quant-run", network, f"--output-dir={directory}", *feeds)
    return {path.stem: np.load(path) for path in pathlib.Path(directory).glob("*.npy")}


for name in sys.argv[1:]:
    arrays = {path.name.split(".")[1]: path for path in pathlib.Path(".").glob(f"{name}.*.npy")}
    inputs = np.load(f"{name}.npz").files
    feeds = [f"--input={key}={arrays[key]}" for key in inputs]
    run("quant-compile", f"{name}.onnx", "--precision=f32", "-o", f"{name}.f32.so")
    real = execute(f"{name}.f32.so", f"{name}.real", feeds)
    errors = []
    for key, value in real.items():
        want = np.load(arrays[key])
        assert value.dtype == want.dtype and value.shape == want.shape, (key, value.dtype, value.shape, want.dtype, want.shape)
        errors.append(np.abs(value - want).max() / np.abs(want).max())
    options = [f"--calibration-data={name}.npz", f"--calibration-cache={name}.json"]
    log = run("quant-compile", f"{name}.onnx", *options, "-o", f"{name}.so")
    run("quant-compile", f"{name}.onnx", options[1], "-o", f"{name}.mlir")
    integer, reference = execute(f"{name}.so", f"{name}.int8", feeds), execute(f"{name}.mlir", f"{name}.interpreted", feeds)
    equal = all(integer[key].tobytes() == reference[key].tobytes() for key in reference)
    first = min(key for key in real if real[key].dtype == np.float32)
    noise = 10 * np.log10((real[first] ** 2).sum() / ((real[first] - integer[first]) ** 2).sum())
    coverage = [line for line in log.splitlines() if line.startswith("coverage")][0].split(" of ")[0]
    print(f"{name}: float error {'small' if max(errors) < 1e-5 else max(errors)}, interpreter {'equal' if equal else 'differs'}, "
          f"SQNR {'kept' if noise > 20 else noise}, {coverage}")
