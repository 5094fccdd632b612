"""samples.py MODEL OUT.npz [COUNT]: normally distributed samples for a model; prints --input-shape for inputs without a batch size.

MODEL is .onnx, or NAME=SHAPE,... such as x=1x3x4x4,s=2x8.
"""

import sys

import numpy as np
import onnx


def get_inputs(model):
    if not model.endswith(".onnx"):
        return {name: [int(d) for d in shape.split("x")] for name, shape in (part.split("=") for part in model.split(","))}
    graph = onnx.load(model).graph
    constants = {tensor.name for tensor in graph.initializer}
    return {i.name: [d.dim_value or 1 for d in i.type.tensor_type.shape.dim] for i in graph.input if i.name not in constants}


count = int(sys.argv[3]) if len(sys.argv) > 3 else 8
random = np.random.RandomState(0)
samples = {}
for name, shape in get_inputs(sys.argv[1]).items():
    samples[name] = random.randn(count * shape[0], *shape[1:]).astype(np.float32)
    print(f"--input-shape={name}:{'x'.join(map(str, shape))}", end=" ")
np.savez(sys.argv[2], **samples)
