"""Small TFLite models for tests, and what the compiler computes of them.

    m = Network()
    x = m.tensor("x", [1, 4, 4, 2])
    y = m.op("CONV_2D", [x, m.constant(weight)], [1, 4, 4, 3], "Conv2DOptions", stride_w=1, stride_h=1)
    m.write("model.tflite", [x], [y])
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "..", "utils"))
import tflite_reference

TYPES = {np.dtype(v): k for k, v in tflite_reference.DTYPES.items()}


class Network:
    def __init__(self):
        self.tensors, self.buffers, self.codes, self.operators = [], [{}], [], []

    def tensor(self, name, shape, dtype=np.float32, scale=None, zero=0, axis=0, **fields):
        """The index of a new tensor; `scale` is a number or a list."""
        tensor = {"name": name or f"t{len(self.tensors)}", "shape": list(shape), "type": TYPES[np.dtype(dtype)], **fields}
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            tensor["quantization"] = {"scale": [float(s) for s in scales], "zero_point": [int(z) for z in
                                      np.broadcast_to(zero, scales.shape)], "quantized_dimension": axis}
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, array, name=None, **quantization):
        array = np.asarray(array)
        self.buffers.append({"data": list(array.tobytes())})
        return self.tensor(name, array.shape, array.dtype, buffer=len(self.buffers) - 1, **quantization)

    def op(self, code, inputs, output, options=None, **fields):
        """The index of the result, or, for several shapes in `output`, the list of indices. Shape [] of a scalar is ()."""
        several = isinstance(output, list) and output and not isinstance(output[0], int)
        outputs = [o if isinstance(o, int) else self.tensor(None, o) for o in (output if several else [output])]
        if code not in self.codes:
            self.codes.append(code)
        operator = {"opcode_index": self.codes.index(code), "inputs": inputs, "outputs": outputs}
        if options:
            operator.update(builtin_options_type=options, builtin_options=fields)
        self.operators.append(operator)
        return outputs if several else outputs[0]

    def as_dictionary(self, inputs, outputs):
        return {"version": 3, "operator_codes": [{"builtin_code": code} for code in self.codes], "buffers": self.buffers,
                "subgraphs": [{"tensors": self.tensors, "inputs": inputs, "outputs": outputs, "operators": self.operators}]}

    def write(self, path, inputs, outputs):
        tflite_reference.write(self.as_dictionary(inputs, outputs), path)


def run_tool(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def run_network(network, inputs):
    """The outputs of a .mlir or .so file."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for i, (name, array) in enumerate(inputs.items()):
            path = os.path.join(folder, f"in{i}.npy")
            np.save(path, array)
            arguments.append(f"--input={name}={path}")
        run_tool("quant-run", network, *arguments, "--output-dir=" + folder + "/out")
        return {name[:-4]: np.load(os.path.join(folder, "out", name)) for name in os.listdir(folder + "/out")}
