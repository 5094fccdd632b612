"""Imports ONNX models of one or a few ops, runs them interpreted and compiled, and compares with ONNX Runtime.

  compare_onnx_ops.py OUTPUT_DIR [CASE...]

The object must equal the interpreter bit for bit. Results of 8 bits may differ from ONNX Runtime's by one unit, those of other
integers by nothing, floats by 1e-5 of the largest. Without ONNX Runtime (ORT_LIB) nothing is compared with it, which is said.
"""
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

# Debian's onnx 1.12 predates numpy 1.24, which dropped these names.
for name, builtin in dict(bool=bool, object=object, float=float, int=int, complex=complex).items():
    setattr(np, name, builtin)

import onnx
from onnx import helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))
import onnxruntime
import onnx_op_cases


def run(arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-400:])


def read_outputs(folder, names):
    return [np.load(folder / (re.sub(r"[^A-Za-z0-9_.-]", "_", name) + ".npy")) for name in names]


def difference(got, want, name):
    """What is wrong with `got`, or None."""
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"{name}: {got.dtype} {got.shape}, expected {want.dtype} {want.shape}"
    if got.dtype.kind == "f":
        bound = 1e-5 * max(1e-3, np.nanmax(np.abs(np.where(np.isfinite(want), want, 0)), initial=0))
        same = np.allclose(got, want, rtol=1e-5, atol=bound, equal_nan=True)
    else:
        bound = 1 if got.dtype.itemsize == 1 and got.dtype != np.bool_ else 0
        same = np.abs(got.astype(np.int64) - want.astype(np.int64)).max(initial=0) <= bound
    return None if same else f"{name}: differs by {np.nanmax(np.abs(got.astype(np.float64) - want))}"


def check(case, folder):
    """The first thing that is wrong, or None."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    onnx.save(case.model, path)
    feeds = []
    for name, array in case.inputs.items():
        np.save(folder / f"{name}.npy", array)
        feeds.append(f"--input={name}={folder}/{name}.npy")
    names = [info.name for info in case.model.graph.output]
    precision = ["--precision=f32"]
    try:
        run(["quant-compile", path, *precision, "-o", folder / "model.so"])
    except RuntimeError as error:
        if "is quantized already" not in str(error):
            raise
        precision = []
        run(["quant-compile", path, "-o", folder / "model.so"])
    run(["quant-compile", path, *precision, "--emit=mlir", "-o", folder / "stage.mlir"])
    results = {}
    for what, file in ("stage", "stage.mlir"), ("object", "model.so"):
        run(["quant-run", folder / file, f"--output-dir={folder / what}", *feeds])
        results[what] = read_outputs(folder / what, names)
    for name, a, b in zip(names, results["stage"], results["object"]):
        if a.tobytes() != b.tobytes():
            return f"{name}: object and interpreter differ"
    if not onnxruntime.find_library() or not case.in_onnxruntime:
        return None
    want = onnxruntime.Session(str(path), 1, optimize=False).run(list(case.inputs.values()))
    wrong = (difference(got, np.asarray(want[name]), name) for name, got in zip(names, results["object"]))
    return next(filter(None, wrong), None)


def main():
    output, chosen = pathlib.Path(sys.argv[1]), sys.argv[2:]
    cases = [case for case in onnx_op_cases.make_cases() if not chosen or any(case.name.startswith(name) for name in chosen)]
    failed = 0
    for case in cases:
        try:
            wrong = check(case, output / case.name)
        except RuntimeError as error:
            wrong = str(error)
        if wrong:
            failed += 1
            print(f"{case.name}: {wrong}")
    if not onnxruntime.find_library():
        print("unsupported: ONNX Runtime is not here (ORT_LIB), objects are compared with the interpreter only")
    print(f"{len(cases) - failed} of {len(cases)} cases agree")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
