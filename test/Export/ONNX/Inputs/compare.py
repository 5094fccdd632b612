"""compare.py SAMPLES.npz EXPORTED.onnx COMPILED [COUNT [STEPS]]: ONNX Runtime on the exported model against quant-run on the compiled one.

An output that was dequantized may be off by one unit, any other by 1e-5 of its largest value, or by STEPS 255ths of it.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "benchmarks"))
import onnxruntime

samples, exported, compiled = sys.argv[1:4]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 4
steps = float(sys.argv[5]) if len(sys.argv) > 5 else 0


def get_units(graph):
    """The scale of each output that was dequantized to float."""
    scales = {t.name: np.frombuffer(t.raw_data, np.float32) for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT}
    return {n.output[0]: scales[n.input[1]].max() for n in graph.node if n.op_type == "DequantizeLinear" and n.input[1] in scales}


def run_compiled(feed, folder):
    arguments = []
    for i, (name, value) in enumerate(feed.items()):
        np.save(f"{folder}/in{i}.npy", value)
        arguments.append(f"--input={name}={folder}/in{i}.npy")
    subprocess.run(["quant-run", compiled, *arguments, f"--output-dir={folder}"], check=True, stdout=subprocess.DEVNULL)
    return lambda name: np.load(f"{folder}/{re.sub('[^A-Za-z0-9_.-]', '_', name)}.npy")


graph = onnx.load(exported).graph
units = get_units(graph)
session = onnxruntime.Session(exported)
names = [i.name for i in graph.input]
data = np.load(samples)
differing = 0
with tempfile.TemporaryDirectory() as folder:
    for i in range(count):
        # Samples along axis 0: of each batch as many as the model takes.
        feed = {}
        for info in graph.input:
            batch = info.type.tensor_type.shape.dim[0].dim_value
            feed[info.name] = np.ascontiguousarray(data[info.name][i * batch:(i + 1) * batch], np.float32)
        theirs = session.run([feed[name] for name in names])
        ours = run_compiled(feed, folder)
        for info, value in zip(graph.output, theirs.values() if isinstance(theirs, dict) else theirs):
            mine = ours(info.name)
            assert value.shape == mine.shape, f"{info.name}: {value.shape} and {mine.shape}"
            difference = np.abs(value - mine).max()
            largest = np.abs(mine).max()
            limit = units.get(info.name, 0) * 1.001 + 1e-5 * largest
            differing += difference > 1e-5 * largest
            limit = max(limit, steps * largest / 255)
            assert difference <= limit, f"{info.name}: difference {difference}, expected at most {limit}"
print(f"agree: {count} samples, {differing} of {count * len(graph.output)} outputs not the same")
