#!/usr/bin/python3
"""Writes the ONNX files that fuzzing starts from: fuzz_corpus.py FOLDER

Each of ONNX's backend node tests of at most 8 kB, twice: with its first float input as the model's input and the others as
initializers, and with all of them as initializers, so that the op is folded. Beside them, graphs in the forms of old and new
exporters. FOLDER/../data holds external data for them.
"""
import inspect
import os
import pathlib
import sys
import warnings

import numpy as np

# Debian's onnx 1.12 predates numpy 1.24, which dropped these names.
for name, builtin in dict(bool=bool, object=object, float=float, int=int, complex=complex).items():
    setattr(np, name, builtin)

from onnx import TensorProto, helper, numpy_helper

LARGEST = 8192
node = helper.make_node


def node_tests():
    from onnx.backend.test.case.node import collect_testcases
    with warnings.catch_warnings(), open(os.devnull, "w") as null:
        warnings.simplefilter("ignore")
        out, sys.stdout = sys.stdout, null
        try:
            return collect_testcases(*[None] * len(inspect.signature(collect_testcases).parameters))
        finally:
            sys.stdout = out


def bind(case, keep):
    """The model of a test; the first `keep` float inputs stay inputs, of the shape of their test data."""
    model = type(case.model)()
    model.CopyFrom(case.model)
    graph = model.graph
    for info, array in zip(list(graph.input), case.data_sets[0][0]):
        if isinstance(array, list) or array is None:
            continue  # sequences and optional values
        array = np.asarray(array)
        if keep and array.dtype == np.float32:
            keep -= 1
            info.CopyFrom(helper.make_tensor_value_info(info.name, TensorProto.FLOAT, array.shape))
        elif array.dtype.kind in "fiub":
            graph.initializer.append(numpy_helper.from_array(array, info.name))
            graph.input.remove(info)
    return model


def model(nodes, inputs, outputs, opset=13, **constants):
    def infos(shapes):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]

    tensors = [value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value), name)
               for name, value in constants.items()]
    inputs = infos(inputs)
    if opset < 9:  # IR version 3: initializers are inputs too
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in tensors]
    graph = helper.make_graph(nodes, "g", inputs, infos(outputs), tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 3 if opset < 9 else 8
    return made


def networks():
    """Small networks with more than one op."""
    floats = lambda *shape: np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    external = TensorProto(name="b", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in dict(location="data", offset="16", length="16").items():
        external.external_data.add(key=key, value=value)
    image = {"x": [1, 3, 8, 8]}
    yield "cnn", model(
        [node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
         node("BatchNormalization", ["c", "one", "b", "b", "one"], ["n"]), node("Relu", ["n"], ["r"]),
         node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], ceil_mode=1), node("AveragePool", ["p"], ["a"], kernel_shape=[2, 2]),
         node("Flatten", ["a"], ["f"]), node("Gemm", ["f", "g"], ["y"], transB=1)],
        image, {"y": [1, 5]}, w=floats(4, 3, 3, 3), b=external, one=np.ones(4, np.float32), g=floats(5, 4))
    yield "caffe2", model(
        [node("Conv", ["x", "w", "b"], ["c"], group=1, kernel_shape=[3, 3]), node("LRN", ["c"], ["l"], size=3),
         node("Dropout", ["l"], ["d", "mask"], ratio=0.5), node("Reshape", ["d", "s"], ["f"]), node("Gemm", ["f", "g", "k"], ["z"]),
         node("Softmax", ["z"], ["y"])],
        image, {"y": [1, 5]}, 8, w=floats(4, 3, 3, 3), b=floats(4), s=[1, -1], g=floats(144, 5), k=floats(5))
    yield "opset6", model(
        [node("Add", ["x", "b"], ["s"], axis=1, broadcast=1), node("Sum", ["s", "x"], ["t"]),
         node("GlobalAveragePool", ["t"], ["y"])], image, {"y": [1, 3, 1, 1]}, 6, b=floats(3))
    yield "shapes", model(
        [node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Unsqueeze", ["n", "axis"], ["u"]),
         node("Concat", ["u", "rest"], ["to"], axis=0), node("Reshape", ["x", "to"], ["y"])],
        image, {"y": [1, 192]}, zero=np.int64(0), axis=[0], rest=[-1])
    yield "attention", model(
        [node("MatMul", ["x", "w"], ["q"]), node("Transpose", ["q"], ["t"], perm=[0, 2, 1]), node("MatMul", ["q", "t"], ["a"]),
         node("Softmax", ["a"], ["p"], axis=-1), node("MatMul", ["p", "q"], ["o"]), node("Add", ["o", "x"], ["e"]),
         node("LayerNormalization", ["e", "one", "b"], ["y"])],
        {"x": [1, 4, 6]}, {"y": [1, 4, 6]}, 17, w=floats(6, 6), one=np.ones(6, np.float32), b=floats(6))
    yield "qdq", model(
        [node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["d"]),
         node("DequantizeLinear", ["w", "ws", "wz"], ["dw"], axis=0), node("Conv", ["d", "dw"], ["c"]),
         node("QuantizeLinear", ["c", "s", "z"], ["p"]), node("DequantizeLinear", ["p", "s", "z"], ["y"])],
        image, {"y": [1, 4, 6, 6]}, s=np.float32(0.1), z=np.uint8(128), w=np.arange(108, dtype=np.int8).reshape(4, 3, 3, 3),
        ws=np.full(4, 0.01, np.float32), wz=np.zeros(4, np.int8))
    branch = helper.make_graph([node("Relu", ["x"], ["o"])], "b", [], [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)])
    yield "subgraphs", model(
        [node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)], image, {"y": [1, 3, 8, 8]}, c=np.array(True))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    files = dict(networks())
    for case in node_tests():
        files[case.name] = bind(case, 1)
        files[case.name + "-folded"] = bind(case, 0)
    for name, made in files.items():
        data = made.SerializeToString()
        if len(data) <= LARGEST:
            (folder / f"{name}.onnx").write_bytes(data)
    (folder.parent / "data").write_bytes(bytes(range(64)))
    print(f"{len(list(folder.iterdir()))} files in {folder}")


main(pathlib.Path(sys.argv[1]))
