"""export_nodes.py [EVERY [SUBSTRING]]: exports ONNX's node tests and compares ONNX Runtime on the exports with what ONNX expects.

Takes every EVERY-th (default: each) of the tests that quant-import reads. Fails when one does not export, load, agree or import again.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(ROOT / "utils"), str(ROOT / "benchmarks")]

import numpy as np
import onnx
import onnx_node_tests as nodes
import onnxruntime


def export(case, inputs, ops, folder):
    """What adapt makes of the test, and its feeds; None when quant-import refuses it."""
    names = [info.name for info in case.model.graph.input]
    if case.name in nodes.DIFFERENT or not all(isinstance(array, np.ndarray) or np.isscalar(array) for array in inputs):
        return None
    model, fed = nodes.adapt(case, {name: np.asarray(array) for name, array in zip(names, inputs)}, ops)
    onnx.save(model, folder / "model.onnx")
    shapes = [f"--input-shape={name}:{'x'.join(map(str, array.shape))}" for name, array in fed.items() if array.ndim]
    if nodes.run(["quant-import", folder / "model.onnx", "-o", folder / "model.mlir", *shapes]):
        return None
    return model, fed


def find_error(model, fed, expected, folder):
    error = nodes.compile_model(folder / "model.mlir", folder / "export.onnx")
    if error:
        return error
    feeds = [fed[info.name] for info in onnx.load(folder / "export.onnx").graph.input]
    results = onnxruntime.Session(str(folder / "export.onnx")).run([f.astype(np.float32) if f.dtype.kind == "f" else f for f in feeds])
    for info, want in zip(model.graph.output, map(np.asarray, expected)):
        got = results[info.name]
        if got.shape != want.shape:
            return f"{info.name}: expected shape {want.shape}, got {got.shape}"
        if not np.allclose(got.astype(np.float64), want.astype(np.float64), rtol=nodes.RTOL, atol=1e-5, equal_nan=True):
            return f"{info.name}: expected {want}, got {got}"
    return nodes.compile_model(folder / "export.onnx", folder / "again.mlir")


every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
ops = nodes.supported_ops(nodes.subprocess.run(["quant-import", "--list-ops"], capture_output=True, text=True, check=True).stdout)
chosen = [case for case in nodes.collect_cases(ops) if len(sys.argv) < 3 or sys.argv[2] in case.name][::every]
passed = failed = 0
for case in chosen:
    for inputs, expected in case.data_sets:
        with tempfile.TemporaryDirectory() as name:
            exported = export(case, inputs, ops, Path(name))
            if not exported:
                continue
            try:
                error = find_error(*exported, expected, Path(name))
            except RuntimeError as refusal:
                error = str(refusal)
        if error:
            print(f"{case.name}: {error}")
        passed, failed = passed + (not error), failed + bool(error)
print(f"{passed} node tests exported and agreed, {failed} did not")
sys.exit(failed > 0)
