#!/usr/bin/python3
"""Compiles networks at the edges of what ONNX allows and compares the objects with the reference interpreter, bit for bit.

  compare_edge_cases.py WORKDIR LEVEL[,LEVEL...] [CASE...]

Every case runs as float and as int8, and the int8 result must be close to the float one, by SQNR.
"""
import pathlib
import sys
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import compare_random_onnx as compare

R = np.random.RandomState(0)


class Case:
    """A network given by nodes (op, inputs, outputs, attributes); arrays among the inputs become initializers."""

    def __init__(self, inputs, nodes, outputs, opset=13, named=True, scale=1.0):
        self.inputs, self.scale = inputs, scale
        initializers, made = [], []
        for number, (op, operands, results, attributes) in enumerate(nodes):
            names = []
            for operand in operands:
                if isinstance(operand, np.ndarray):
                    initializers.append(numpy_helper.from_array(operand, f"c{len(initializers)}"))
                    operand = initializers[-1].name
                names.append(operand)
            made.append(helper.make_node(op, names, results, name=f"{op}{number}" if named else "", **attributes))
        info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(made, "g", [info(n, s) for n, s in inputs.items()], [info(n, None) for n in outputs],
                                  initializer=initializers)
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)

    def feed(self, samples):
        return {n: (R.randn(s[0] * samples, *s[1:]) * self.scale).astype(np.float32) for n, s in self.inputs.items()}


def weight(*shape, scale=None):
    return (R.randn(*shape) * (np.prod(shape[1:]) ** -0.5 if scale is None else scale)).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def dead(*shape):
    """Weights whose second output channel is 0."""
    array = weight(*shape)
    array[1] = 0
    return array


IMAGE = {"x": (2, 3, 9, 7)}
CASES = {
    "zero-weights": Case(IMAGE, [("Conv", ["x", np.zeros((4, 3, 3, 3), "f4"), weight(4, scale=1)], ["y"], {})], ["y"], scale=50),
    "zero-channel": Case(IMAGE, [("Conv", ["x", dead(4, 3, 3, 3), weight(4, scale=1)], ["y"], {})], ["y"]),
    "zero-input": Case(IMAGE, [("Conv", ["x", weight(4, 3, 3, 3), weight(4, scale=1)], ["y"], {})], ["y"], scale=0),
    "dead-relu": Case(IMAGE, [("Conv", ["x", weight(4, 3, 1, 1), np.full(4, -99, "f4")], ["a"], {}), ("Relu", ["a"], ["b"], {}),
                              ("Conv", ["b", weight(5, 4, 1, 1), weight(5, scale=1)], ["y"], {})], ["y"]),
    "folds-to-a-constant": Case({"x": (1, 4)}, [("Add", [weight(1, 4), weight(4)], ["a"], {}), ("Relu", ["a"], ["b"], {}),
                                                ("Mul", ["x", "b"], ["y"], {})], ["y"]),
    "only-a-constant": Case({"x": (1, 4)}, [("Add", [weight(1, 4), weight(4)], ["y"], {}), ("Relu", ["x"], ["z"], {})], ["y", "z"]),
    "output-is-input": Case(IMAGE, [("Identity", ["x"], ["y"], {}), ("Relu", ["x"], ["z"], {})], ["y", "z"]),
    "same-value-twice": Case(IMAGE, [("Relu", ["x"], ["y"], {}), ("Identity", ["y"], ["z"], {})], ["y", "z"]),
    "output-used-inside": Case(IMAGE, [("Conv", ["x", weight(4, 3, 3, 3)], ["y"], {}), ("Relu", ["y"], ["z"], {})], ["y", "z"]),
    "scalar": Case({"x": (5,)}, [("ReduceMean", ["x"], ["m"], {"keepdims": 0}), ("Mul", ["m", np.array(3, "f4")], ["y"], {})],
                   ["y"]),
    "one-pixel": Case({"x": (1, 7, 1, 1)}, [("Conv", ["x", weight(17, 7, 3, 3)], ["a"], {"pads": [1, 1, 1, 1]}),
                                            ("MaxPool", ["a"], ["y"], {"kernel_shape": [1, 1]})], ["y"]),
    "kernel-is-the-image": Case(IMAGE, [("Conv", ["x", weight(5, 3, 9, 7), weight(5)], ["y"], {})], ["y"]),
    "stride-beyond-kernel": Case(IMAGE, [("Conv", ["x", weight(5, 3, 1, 2)], ["a"], {"strides": [3, 3]}),
                                         ("AveragePool", ["x"], ["z"], {"kernel_shape": [1, 1], "strides": [3, 2]})], ["a", "z"]),
    "padding-beyond-kernel": Case(IMAGE, [("Conv", ["x", weight(5, 3, 2, 2)], ["y"], {"pads": [3, 4, 5, 2]})], ["y"]),
    "three-groups": Case({"x": (1, 9, 6, 5)}, [("Conv", ["x", weight(6, 3, 3, 3), weight(6)], ["y"], {"group": 3})], ["y"]),
    "depthwise-multiplier": Case({"x": (3, 7, 6, 5)}, [("Conv", ["x", weight(21, 1, 3, 3), weight(21)], ["y"],
                                                        {"group": 7, "dilations": [2, 1]})], ["y"]),
    "gemm-broadcasts-rows": Case({"x": (3, 5)}, [("Gemm", ["x", weight(5, 4), weight(3, 1, scale=1)], ["y"], {})], ["y"]),
    "gemm-scalar-c": Case({"x": (3, 5)}, [("Gemm", ["x", weight(4, 5), weight(1)], ["y"], {"transB": 1, "beta": 2.0})], ["y"]),
    "residual-of-two-convolutions": Case(IMAGE, [("Conv", ["x", weight(4, 3, 3, 3)], ["a"], {}), ("Conv", ["x", weight(4, 3, 3, 3)], ["b"], {}),
                                                 ("Add", ["a", "b"], ["s"], {}), ("Relu", ["s"], ["y"], {})], ["y"]),
    "residual-of-one-twice": Case(IMAGE, [("Conv", ["x", weight(4, 3, 3, 3)], ["a"], {}), ("Add", ["a", "a"], ["y"], {})], ["y"]),
    "concat-twice": Case(IMAGE, [("Relu", ["x"], ["a"], {}), ("Concat", ["a", "a", "x"], ["y"], {"axis": 1})], ["y"]),
    "relu-only": Case(IMAGE, [("Relu", ["x"], ["y"], {})], ["y"]),
    "reshape-only": Case(IMAGE, [("Reshape", ["x", ints(0, -1)], ["y"], {})], ["y"]),
    "unnamed-nodes": Case(IMAGE, [("Conv", ["x", weight(4, 3, 3, 3)], ["a"], {}), ("Relu", ["a"], ["b"], {}),
                                  ("Conv", ["b", weight(4, 4, 3, 3)], ["y"], {})], ["y"], named=False),
    "odd-names": Case({"a/b:c d": (1, 3, 5, 5)}, [("Conv", ["a/b:c d", weight(4, 3, 3, 3)], ['out "é" %1'], {})], ['out "é" %1']),
    "two-inputs": Case({"x": (1, 3, 5, 5), "z": (1, 3, 5, 5)}, [("Sub", ["x", "z"], ["a"], {}),
                                                                ("Conv", ["a", weight(4, 3, 3, 3)], ["y"], {})], ["y"]),
    "constant-batch-norm": Case(IMAGE, [("BatchNormalization", ["x", np.zeros(3, "f4"), weight(3), weight(3), np.ones(3, "f4")], ["y"],
                                         {})], ["y"]),
    "everything-padding": Case({"x": (1, 1, 1, 1)}, [("Pad", ["x", ints(0, 0, 3, 3, 0, 0, 3, 3)], ["a"], {}),
                                                     ("Conv", ["a", weight(2, 1, 3, 3), weight(2)], ["y"], {"dilations": [3, 3]})], ["y"]),
}


def check_case(work, case, levels):
    work.mkdir(parents=True, exist_ok=True)
    onnx.save(case.model, str(work / "model.onnx"))
    one, more = case.feed(1), case.feed(7)
    np.savez(work / "x.npz", **one)
    np.savez(work / "samples.npz", **{n: np.concatenate([x, more[n]]) for n, x in one.items()})
    expected = compare.check_float(work, case, [], levels)
    ratio = compare.signal_to_noise(compare.check_int8(work, case, [], levels, []), expected)
    if ratio < 25:
        raise compare.Failure(f"SQNR is {ratio:.1f} dB")


def main():
    work, levels = pathlib.Path(sys.argv[1]), sys.argv[2].split(",")
    names = sys.argv[3:] or list(CASES)
    wrong = 0
    for name in names:
        try:
            check_case(work / name, CASES[name], levels)
        except compare.Failure as failure:
            wrong += 1
            print(f"{name}: {failure}", flush=True)
    print(f"{len(names)} cases at {sys.argv[2]}: {wrong} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
