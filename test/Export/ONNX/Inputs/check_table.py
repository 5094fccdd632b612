"""check_table.py TABLE CACHE.json MODEL.onnx: prints a TensorRT calibration cache with its scales as quotients, and checks its names against the model."""

import json
import struct
import sys

import onnx

table, cache, model = sys.argv[1:4]
tensors = json.load(open(cache))["tensors"]
graph = onnx.load(model).graph
known = {name for node in graph.node for name in node.output} | {i.name for i in graph.input}
lines = open(table).read().splitlines()
print(lines[0])
for line in lines[1:]:
    name, bits = line.rsplit(": ", 1)
    scale = struct.unpack("!f", bytes.fromhex(bits))[0]
    print(f"{line} = {scale * 127:.6g} / 127")
    assert name in known, f"{name} is no tensor of the model"
    if name in tensors:
        largest = max(abs(tensors[name]["min"]), abs(tensors[name]["max"]))
        assert abs(scale * 127 - largest) < 1e-6 * largest, name
written = {line.rsplit(": ", 1)[0] for line in lines[1:]}
layers = [node.name for node in graph.node if node.op_type in ("Conv", "MaxPool", "GlobalAveragePool")]
print(f"tensors of the model: {sum(name in written for name in layers)} of {len(layers)} layers of convolution and pool")
