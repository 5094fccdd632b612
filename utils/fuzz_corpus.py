#!/usr/bin/python3
"""Writes the files that fuzzing starts from: fuzz_corpus.py onnx|tflite FOLDER

ONNX: each of ONNX's backend node tests of at most 8 kB, twice: with its first float input as the model's input and the others as
initializers, and with all of them as initializers, so that the op is folded. Beside them, the models of onnx_op_cases.py and graphs
in the forms of old and new exporters. FOLDER/../data holds external data for them. TFLite: one op each, in the forms of the
importer's tests; a quantized network.
"""
import inspect
import json
import os
import pathlib
import subprocess
import sys
import tempfile
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
    called = model([node("F", ["x", "x"], ["y"], domain="local", slope=0.5)], image, {"y": [1, 3, 8, 8]}, 17)
    called.opset_import.append(helper.make_opsetid("local", 1))
    leaky = node("LeakyRelu", ["a"], ["l"])
    leaky.attribute.add(name="alpha", ref_attr_name="slope", type=1)
    called.functions.append(helper.make_function(
        "local", "F", ["a", "b"], ["c"], [leaky, node("Add", ["l", "b"], ["c"])], [helper.make_opsetid("", 17)], ["slope"]))
    yield "functions", called
    branch = helper.make_graph([node("Relu", ["x"], ["o"])], "b", [], [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)])
    yield "subgraphs", model(
        [node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)], image, {"y": [1, 3, 8, 8]}, c=np.array(True))


def write_onnx(folder):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "test/Integration"))
    import onnx_op_cases
    files = dict(networks())
    files.update((case.name, case.model) for case in onnx_op_cases.make_cases())
    for case in node_tests():
        files[case.name] = bind(case, 1)
        files[case.name + "-folded"] = bind(case, 0)
    for name, made in files.items():
        data = made.SerializeToString()
        if len(data) <= LARGEST:
            (folder / f"{name}.onnx").write_bytes(data)
    (folder.parent / "data").write_bytes(bytes(range(64)))


def tflite_ops():
    """(op, further constant operands, options): the first operand is the input, of shape 1x4x6x8."""
    f = lambda *shape: np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    i = lambda *values: np.array(values, np.int32)
    pads = i(0, 0, 1, 2, 3, 0, 0, 1).reshape(4, 2)
    window = dict(stride_w=2, stride_h=1)
    yield "CONV_2D", [f(3, 3, 2, 8), f(3)], ("Conv2DOptions", dict(window, fused_activation_function="RELU6"))
    yield "DEPTHWISE_CONV_2D", [f(1, 3, 3, 16), f(16)], ("DepthwiseConv2DOptions", dict(window, depth_multiplier=2))
    yield "FULLY_CONNECTED", [f(5, 24), f(5)], ("FullyConnectedOptions", {})
    yield "BATCH_MATMUL", [f(8, 3)], ("BatchMatMulOptions", dict(adj_x=False))
    for pool in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        yield pool, [], ("Pool2DOptions", dict(window, filter_width=3, filter_height=2, padding="VALID"))
    for op in ("ADD", "SUB", "MUL", "DIV"):
        yield op, [f(8)], (op.capitalize() + "Options", dict(fused_activation_function="RELU"))
    for op in ("SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM", "PRELU", "POW", "FLOOR_DIV", "LESS", "EQUAL"):
        yield op, [f(8)], None
    for op in ("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LOGISTIC", "TANH", "HARD_SWISH", "SQUARE", "NEG", "SQRT", "RSQRT",
               "ABS", "EXP", "LOG", "FLOOR", "CEIL", "ELU", "SHAPE", "QUANTIZE", "DEQUANTIZE", "LOG_SOFTMAX", "L2_NORMALIZATION"):
        yield op, [], None
    yield "LEAKY_RELU", [], ("LeakyReluOptions", dict(alpha=0.25))
    yield "GELU", [], ("GeluOptions", dict(approximate=True))
    yield "SOFTMAX", [], ("SoftmaxOptions", dict(beta=0.5))
    for op in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        yield op, [i(1, -2)], ("ReducerOptions", dict(keep_dims=True))
    yield "CONCATENATION", [f(1, 4, 6, 2)], ("ConcatenationOptions", dict(axis=-1))
    yield "RESHAPE", [i(2, -1)], None
    yield "RESHAPE", [], ("ReshapeOptions", dict(new_shape=[-1, 8]))
    yield "SQUEEZE", [], ("SqueezeOptions", dict(squeeze_dims=[0]))
    yield "EXPAND_DIMS", [i(-2)], None
    yield "TRANSPOSE", [i(0, 3, 1, 2)], None
    yield "PAD", [pads], None
    yield "PADV2", [pads, f()], None
    yield "MIRROR_PAD", [pads], ("MirrorPadOptions", dict(mode="SYMMETRIC"))
    yield "RESIZE_NEAREST_NEIGHBOR", [i(10, 9)], ("ResizeNearestNeighborOptions", dict(half_pixel_centers=True))
    yield "RESIZE_BILINEAR", [i(10, 9)], ("ResizeBilinearOptions", dict(half_pixel_centers=True))
    yield "PACK", [f(1, 4, 6, 8)], ("PackOptions", dict(values_count=2, axis=1))
    yield "UNPACK", [], ("UnpackOptions", dict(num=1, axis=0))
    yield "SPLIT_V", [i(4), i(1)], None
    yield "SLICE", [i(0, 1, 2, 0), i(1, 3, -1, 2)], None
    yield "STRIDED_SLICE", [i(0, 1, -1, 0), i(1, 4, 0, 9), i(1, 2, -2, 1)], ("StridedSliceOptions", dict(begin_mask=8))
    yield "STRIDED_SLICE", [i(0, 0, -1), i(0, 0, 0), i(1, 1, 1)], (
        "StridedSliceOptions", dict(ellipsis_mask=1, new_axis_mask=2, shrink_axis_mask=4))
    yield "GATHER", [i(3, 0, 1)], ("GatherOptions", dict(axis=3))
    yield "SPACE_TO_DEPTH", [], ("SpaceToDepthOptions", dict(block_size=2))
    yield "DEPTH_TO_SPACE", [], ("DepthToSpaceOptions", dict(block_size=2))
    yield "SPACE_TO_BATCH_ND", [i(2, 2), i(0, 0, 0, 0).reshape(2, 2)], None
    yield "BATCH_TO_SPACE_ND", [i(1, 1), i(0, 0, 0, 0).reshape(2, 2)], None
    yield "GATHER_ND", [i(0, 2, 0, 1).reshape(2, 2)], None
    yield "SCATTER_ND", [f(1, 4), i(2, 4)], None
    yield "TILE", [i(1, 2, 1, 3)], None
    yield "REVERSE_V2", [i(1, 2)], None
    yield "BROADCAST_TO", [i(3, 4, 6, 8)], None
    yield "CUMSUM", [i(2)], ("CumsumOptions", dict(reverse=True))
    yield "LOCAL_RESPONSE_NORMALIZATION", [], ("LocalResponseNormalizationOptions", dict(radius=2, bias=1.0, alpha=0.5, beta=0.75))
    yield "L2_POOL_2D", [], ("Pool2DOptions", dict(window, filter_width=3, filter_height=2))
    for op in ("ZEROS_LIKE", "SIGN", "SIN", "ROUND"):
        yield op, [], None
    for op in ("FLOOR_MOD", "NOT_EQUAL", "GREATER", "ADD_N"):
        yield op, [f(8)], None
    # The result is of integers or bools.
    for op in ("CAST", "RANK"):
        yield op, [], None
    for op in ("ARG_MAX", "ARG_MIN"):
        yield op, [i(3)], None


def integer_network(network):
    """Ops on integers and bools, and shapes that are computed."""
    m = network()
    x, tokens = m.tensor("x", [1, 6, 4]), m.tensor("k", [1, 3], np.int32)
    number = lambda *shape: m.tensor(None, shape, np.int32)
    i = lambda *values: m.constant(np.array(values, np.int32))
    one = lambda value: m.constant(np.array(value, np.int32))
    table = m.constant(np.ones((5, 4), np.float32))
    picked = m.op("GATHER", [table, tokens], [1, 3, 4], "GatherOptions", axis=0)
    batched = m.op("GATHER", [x, tokens], [1, 3, 4], "GatherOptions", axis=1, batch_dims=1)
    best = m.op("ARG_MAX", [x, one(2)], number(1, 6))
    hot = m.op("ONE_HOT", [best, one(4), m.constant(np.float32(1)), m.constant(np.float32(0))], [1, 6, 4], "OneHotOptions", axis=-1)
    top = m.op("TOPK_V2", [x, one(2)], [1, 6, 2])
    m.operators[-1]["outputs"].append(number(1, 6, 2))
    mask = m.op("LESS", [tokens, i(1, 2, 3)], m.tensor(None, [1, 3], np.bool_))
    mask = m.op("LOGICAL_AND", [m.op("LOGICAL_NOT", [mask], m.tensor(None, [1, 3], np.bool_)), mask], m.tensor(None, [1, 3], np.bool_))
    any_of = m.op("REDUCE_ANY", [mask, i(1)], m.tensor(None, [1], np.bool_), "ReducerOptions")
    chosen = m.op("SELECT", [mask, tokens, m.op("FLOOR_DIV", [tokens, one(2)], number(1, 3))], number(1, 3))
    real = m.op("CAST", [m.op("ADD", [chosen, tokens], number(1, 3), "AddOptions")], [1, 3])
    shape = m.op("SHAPE", [x], number(3))
    size = m.op("STRIDED_SLICE", [shape, i(1), i(2), i(1)], number(), "StridedSliceOptions", shrink_axis_mask=1)
    packed = m.op("PACK", [size, m.op("MUL", [one(2), one(2)], number(), "MulOptions")], number(2), "PackOptions", values_count=2)
    flat = m.op("RESHAPE", [m.op("ADD", [x, m.op("FILL", [packed, m.constant(np.float32(2))], [6, 4])], [1, 6, 4], "AddOptions"), packed], [6, 4])
    row = m.op("RANGE", [one(0), one(6), one(2)], number(3))
    looked = m.op("EMBEDDING_LOOKUP", [row, flat], [3, 4])
    return m.as_dictionary([x, tokens], [picked, batched, hot, top, any_of, real, looked])


def quantized_network(network):
    """Most of what 8-bit files hold."""
    m = network()
    x = m.tensor("x", [1, 6, 6, 2], np.int8, scale=0.5, zero=3)
    w = m.constant(np.ones((4, 3, 3, 2), np.int8), scale=[0.5, 1, 2, 4])
    b = m.constant(np.arange(4, dtype=np.int32), scale=[0.25, 0.5, 1, 2])
    conv = m.op("CONV_2D", [x, w, b], m.tensor("c", [1, 3, 3, 4], np.int8, scale=2), "Conv2DOptions", stride_w=2, stride_h=2)
    add = m.op("ADD", [conv, conv], m.tensor("a", [1, 3, 3, 4], np.int8, scale=4), "AddOptions")
    pool = m.op("AVERAGE_POOL_2D", [add], m.tensor("p", [1, 1, 1, 4], np.int8, scale=4), "Pool2DOptions", stride_w=3, stride_h=3,
                filter_width=3, filter_height=3)
    flat = m.op("RESHAPE", [pool, m.constant(np.array([1, -1], np.int32))], m.tensor("f", [1, 4], np.int8, scale=4))
    fc = m.op("FULLY_CONNECTED", [flat, m.constant(np.ones((5, 4), np.int8), scale=1)], m.tensor("fc", [1, 5], np.int8, scale=4),
              "FullyConnectedOptions")
    y = m.op("SOFTMAX", [fc], m.tensor("y", [1, 5], np.int8, scale=1 / 256, zero=-128), "SoftmaxOptions", beta=1.0)
    return m.as_dictionary([x], [y])


def sparse_network(network):
    """A weight without its zeros, in blocks."""
    m = network()
    m.buffers.append({"data": list(np.ones(12, np.float32).tobytes())})
    rows = {"format": "SPARSE_CSR", "array_segments_type": "Uint8Vector", "array_segments": {"values": [0, 1, 3]},
            "array_indices_type": "Int32Vector", "array_indices": {"values": [1, 0, 2]}}
    dense = lambda size: {"format": "DENSE", "dense_size": size}
    weight = m.tensor("w", [2, 12], buffer=1, sparsity={"traversal_order": [0, 1, 2], "block_map": [1], "dim_metadata": [dense(2), rows, dense(4)]})
    x = m.tensor("x", [1, 12])
    y = m.op("FULLY_CONNECTED", [x, m.op("DENSIFY", [weight], [2, 12])], [1, 2], "FullyConnectedOptions")
    return m.as_dictionary([x], [y])


def write_tflite(folder):
    root = pathlib.Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(root / "test/Import/TFLite/Inputs"), str(root / "utils")]
    import tflite_model
    import tflite_reference
    models = {"quantized": quantized_network(tflite_model.Network), "integers": integer_network(tflite_model.Network),
              "sparse": sparse_network(tflite_model.Network)}
    types = {"SHAPE": np.int32, "CAST": np.int32, "RANK": np.int32, "ARG_MAX": np.int32, "ARG_MIN": np.int64, **dict.fromkeys(
        ("LESS", "EQUAL", "NOT_EQUAL", "GREATER"), np.bool_)}
    for k, (op, constants, options) in enumerate(tflite_ops()):
        m = tflite_model.Network()
        x = m.tensor("x", [1, 4, 6, 8])
        name, fields = options or (None, {})
        y = m.op(op, [x, *map(m.constant, constants)], m.tensor(None, [1], types.get(op, np.float32)), name, **fields)
        models[f"{op}-{k}".lower()] = m.as_dictionary([x], [y])
    with tempfile.TemporaryDirectory() as sources:
        paths = [os.path.join(sources, name + ".json") for name in models]
        for path, made in zip(paths, models.values()):
            with open(path, "w") as file:
                json.dump(made, file)
        subprocess.run(["flatc", "-b", "-o", folder, tflite_reference.SCHEMA, *paths], check=True)


def main(kind, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    {"onnx": write_onnx, "tflite": write_tflite}[kind](folder)
    print(f"{len(list(folder.iterdir()))} files in {folder}")


main(*sys.argv[1:])
