"""compare_integers.py EXPORTED.onnx COMPILED COUNT: ONNX Runtime on the exported model against quant-run on the compiled one.

For models with inputs and outputs of 8-bit integers; random inputs over the whole range. Fails unless all results are equal.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "benchmarks"))
import onnxruntime

exported, compiled, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
TYPES = {TensorProto.INT8: np.int8, TensorProto.UINT8: np.uint8}
graph = onnx.load(exported).graph
session = onnxruntime.Session(exported)
random = np.random.RandomState(0)
values = 0
with tempfile.TemporaryDirectory() as folder:
    for _ in range(count):
        feeds, arguments = [], []
        for i, info in enumerate(graph.input):
            bounds = np.iinfo(TYPES[info.type.tensor_type.elem_type])
            shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
            feeds.append(random.randint(bounds.min, bounds.max + 1, shape).astype(bounds.dtype))
            np.save(f"{folder}/in{i}.npy", feeds[-1])
            arguments.append(f"--input={info.name}={folder}/in{i}.npy")
        subprocess.run(["quant-run", compiled, *arguments, f"--output-dir={folder}"], check=True, stdout=subprocess.DEVNULL)
        for name, theirs in session.run(feeds).items():
            ours = np.load(f"{folder}/{re.sub('[^A-Za-z0-9_.-]', '_', name)}.npy")
            assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs), f"{name}: expected {theirs}, got {ours}"
            values += ours.size
print(f"equal: {values} integers of {count} samples")
