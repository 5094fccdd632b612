"""The models of compare_onnx_ops.py: ops on integers, and the forms that ONNX's own node tests leave out."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

TYPES = {np.dtype(t): e for t, e in ((np.float32, TensorProto.FLOAT), (np.uint8, TensorProto.UINT8), (np.int8, TensorProto.INT8),
                                     (np.int32, TensorProto.INT32), (np.int64, TensorProto.INT64), (np.bool_, TensorProto.BOOL))}
RANDOM = np.random.RandomState(5)


def rand(*shape, low=-2.0, high=2.0):
    return np.float32(RANDOM.uniform(low, high, shape))


def integers(dtype, *shape, low=None, high=None):
    info = np.iinfo(dtype)
    return RANDOM.randint(info.min if low is None else low, (info.max if high is None else high) + 1, shape).astype(dtype)


class Case:
    """A model: nodes as (op, inputs, outputs, attributes), inputs and constants as arrays, outputs as {name: dtype}."""

    def __init__(self, name, nodes, inputs, constants, outputs, opset=17, domain="", in_onnxruntime=True):
        self.name, self.inputs, self.in_onnxruntime = name, inputs, in_onnxruntime
        made = []
        for op, ins, outs, attributes in nodes:
            attributes = dict(attributes)
            made.append(helper.make_node(op, ins, outs, domain=attributes.pop("domain", domain), **attributes))
        graph = helper.make_graph(
            made, name, [helper.make_tensor_value_info(n, TYPES[a.dtype], a.shape) for n, a in inputs.items()],
            [helper.make_tensor_value_info(n, TYPES[np.dtype(t)], None) for n, t in outputs.items()],
            [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()])
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)])
        self.model.ir_version = 8


def scaling(*names):
    """Scales and zero points u8 of tensors: constants NAME_s and NAME_z."""
    result = {}
    for i, name in enumerate(names):
        result[name + "_s"] = np.float32(0.02 + 0.01 * i)
        result[name + "_z"] = np.uint8(120 + 7 * i)
    return result


def integer_ops():
    """Tensors of 8 bits through ops that move, select or compute."""
    u, s = integers(np.uint8, 2, 4, 6, 6), integers(np.int8, 2, 4, 6, 6)
    v = integers(np.uint8, 4, 1, 6, low=1)
    one = lambda op, x, constants={}, outputs={"y": None}, opset=17, **attributes: Case(
        f"int-{op.lower()}-{x.dtype}", [(op, ["x", *constants], list(outputs), attributes)], {"x": x}, constants,
        {n: t or x.dtype for n, t in outputs.items()}, opset)
    yield one("MaxPool", u, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2])
    yield one("Clip", s, {"low": np.int8(-100), "high": np.int8(90)})
    yield one("Concat", u, {"w": integers(np.uint8, 2, 4, 1, 6)}, axis=2)
    yield one("Transpose", s, perm=[0, 2, 3, 1])
    yield one("Gather", u, {"i": np.int64([[3, 0], [1, 1]])}, axis=1)
    yield one("Pad", u, {"p": np.int64([0, 0, 1, 2, 0, 0, 3, 1]), "c": np.uint8(7)})
    yield one("Slice", s, {"a": np.int64([1, 5]), "b": np.int64([4, 0]), "c": np.int64([1, 3]), "d": np.int64([2, -2])})
    yield one("Expand", integers(np.uint8, 1, 4), {"s": np.int64([3, 4])})
    yield one("ArgMax", u, outputs={"y": np.int64}, axis=1)
    yield one("Cast", u, outputs={"y": np.float32}, to=TensorProto.FLOAT)
    yield one("Cast", s, outputs={"y": np.int64}, to=TensorProto.INT64)
    for op in "Max", "Min":
        yield Case(f"int-{op.lower()}", [(op, ["x", "v"], ["y"], {})], {"x": u, "v": v}, {}, {"y": np.uint8})
    for op in "Equal", "Greater":
        yield Case(f"int-{op.lower()}", [(op, ["x", "v"], ["y"], {})], {"x": integers(np.int32, 3, 4, high=9), "v": integers(np.int32, 4, high=9)}, {},
                   {"y": np.bool_})
    x = rand(3, 5, low=0, high=255)
    for kind, dtype in (TensorProto.UINT8, np.uint8), (TensorProto.INT8, np.int8):
        yield Case(f"int-cast-to-{np.dtype(dtype)}", [("Cast", ["x"], ["y"], {"to": kind})], {"x": x / 2}, {}, {"y": dtype})
        yield Case(f"int-cast-from-int32-to-{np.dtype(dtype)}", [("Cast", ["x"], ["y"], {"to": kind})],
                   {"x": integers(np.int32, 9)}, {}, {"y": dtype})
    yield Case("int-dequantize-int32", [("DequantizeLinear", ["x", "s"], ["y"], {})], {"x": integers(np.int32, 4, 4, low=-9999, high=9999)},
               {"s": np.float32(0.01)}, {"y": np.float32})
    yield Case("int-dynamic-scale", [("QuantizeLinear", ["x", "s", "z"], ["q"], {"axis": 1}), ("DequantizeLinear", ["q", "s", "z"], ["y"], {"axis": 1})],
               {"x": rand(2, 3, 4), "s": rand(3, low=0.01, high=0.02), "z": integers(np.uint8, 3)}, {}, {"q": np.uint8, "y": np.float32})
    yield Case("int-conv-sum", [("ConvInteger", ["x", "w", "z"], ["y"], {"pads": [1, 1, 1, 1]})], {"x": u},
               {"w": integers(np.int8, 5, 4, 3, 3), "z": np.uint8(100)}, {"y": np.int32})
    yield Case("int-matmul-sum", [("MatMulInteger", ["x", "w", "z"], ["y"], {})], {"x": integers(np.uint8, 3, 40)},
               {"w": integers(np.int8, 40, 7), "z": np.uint8(3)}, {"y": np.int32})
    yield Case("int-matmul-two-inputs", [("MatMulInteger", ["x", "w"], ["s"], {}), ("Add", ["s", "b"], ["y"], {})],
               {"x": integers(np.uint8, 3, 40), "w": integers(np.int8, 40, 7)}, {"b": integers(np.int32, 7, low=-99, high=99)}, {"y": np.int32})
    yield Case("int-embedding", [("Gather", ["t", "i"], ["g"], {}), ("DequantizeLinear", ["g", "s", "z"], ["y"], {})],
               {"i": np.int64([[1, 4, 2]])}, {"t": integers(np.uint8, 6, 8), "s": np.float32(0.1), "z": np.uint8(128)}, {"y": np.float32})


def qlinear_ops():
    """com.microsoft's relatives of QLinearConv, as ONNX Runtime's quantizer writes them."""
    ms = "com.microsoft"
    a, b = integers(np.uint8, 2, 4, 5, 5), integers(np.uint8, 2, 4, 5, 5)
    ports = lambda name: [name, name + "_s", name + "_z"]
    for op in "QLinearAdd", "QLinearMul":
        yield Case(op.lower(), [(op, ports("a") + ports("b") + ports("y")[1:], ["y"], {})], {"a": a, "b": b}, scaling("a", "b", "y"),
                   {"y": np.uint8}, domain=ms)
    for op, attributes in (("QLinearSigmoid", {}), ("QLinearLeakyRelu", {"alpha": 0.1}), ("QLinearSoftmax", {"axis": -1, "opset": 13}),
                           ("QLinearGlobalAveragePool", {"channels_last": 0}), ("QLinearGlobalAveragePool", {"channels_last": 1}),
                           ("QLinearAveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
                           ("QLinearAveragePool", {"kernel_shape": [3, 2], "pads": [1, 0, 1, 0], "strides": [2, 1], "count_include_pad": 1, "channels_last": 1}),
                           ("QLinearReduceMean", {"axes": [2, 3], "keepdims": 0})):
        last = "-last" if attributes.get("channels_last") else ""
        yield Case(op.lower() + last, [(op, ports("a") + ports("y")[1:], ["y"], attributes)], {"a": a},
                   {**scaling("a", "y"), **({"y_s": np.float32(1 / 256), "y_z": np.uint8(0)} if op in ("QLinearSigmoid", "QLinearSoftmax") else {})},
                   {"y": np.uint8}, domain=ms, in_onnxruntime=op != "QLinearReduceMean")
    yield Case("qlinearconcat", [("QLinearConcat", ports("y")[1:] + ports("a") + ports("b"), ["y"], {"axis": 1})], {"a": a, "b": b},
               scaling("y", "a", "b"), {"y": np.uint8}, domain=ms)
    yield Case("qlinearwhere", [("QLinearWhere", ["c"] + ports("a") + ports("b") + ports("y")[1:], ["y"], {})],
               {"c": RANDOM.rand(2, 4, 5, 5) > 0.5, "a": a, "b": b}, scaling("a", "b", "y"), {"y": np.uint8}, domain=ms)
    x, w = integers(np.uint8, 3, 16), integers(np.int8, 16, 6)
    small = {"w": w, "w_s": np.float32(0.004), "w_z": np.int8(0)}
    yield Case("qgemm", [("QGemm", ports("x") + ports("w") + ["c"] + ports("y")[1:], ["y"], {"transB": 0})], {"x": x},
               {**scaling("x", "y"), **small, "c": integers(np.int32, 6, low=-900, high=900)}, {"y": np.uint8}, domain=ms)
    yield Case("qgemm-float", [("QGemm", ports("x") + ["w", "w_s", "w_z", "c"], ["y"], {"transB": 1, "alpha": 0.5})], {"x": x},
               {**scaling("x"), "w": integers(np.int8, 6, 16), "w_s": rand(6, low=0.001, high=0.01), "w_z": np.zeros(6, np.int8),
                "c": integers(np.int32, 6, low=-900, high=900)}, {"y": np.float32}, domain=ms)
    yield Case("matmulintegertofloat", [("MatMulIntegerToFloat", ["x", "w", "x_s", "w_s", "x_z", "w_z", "b"], ["y"], {})], {"x": x},
               {**scaling("x"), **small, "b": rand(6)}, {"y": np.float32}, domain=ms)
    yield Case("dynamicquantizematmul", [("DynamicQuantizeMatMul", ["f", "w", "w_s", "w_z", "b"], ["y"], {})], {"f": rand(3, 16)},
               {**small, "b": rand(6)}, {"y": np.float32}, domain=ms)
    nhwc = integers(np.uint8, 1, 8, 7, 4)
    yield Case("nhwcmaxpool", [("NhwcMaxPool", ["x"], ["y"], {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]})],
               {"x": nhwc}, {}, {"y": np.uint8}, domain=ms)
    yield Case("qlinearconv-last", [("QLinearConv", ports("x") + ports("w") + ports("y")[1:], ["y"], {"channels_last": 1, "pads": [1, 1, 1, 1]})],
               {"x": nhwc}, {**scaling("x", "y"), **{**small, "w": integers(np.int8, 6, 4, 3, 3)}}, {"y": np.uint8}, domain=ms)


def fused_ops():
    """com.microsoft's float ops, as ONNX Runtime's optimizer and exporters of transformers write them."""
    ms = "com.microsoft"
    x = rand(2, 5, 8)
    image = rand(1, 3, 8, 8)
    w, b = rand(4, 3, 3, 3), rand(4)
    for activation, parameters in ("Relu", {}), ("LeakyRelu", {"activation_params": [0.2]}), ("Clip", {"activation_params": [-0.5, 3.0]}), \
            ("HardSigmoid", {"activation_params": [0.2, 0.4]}), ("Sigmoid", {}), ("Tanh", {}):
        yield Case(f"fusedconv-{activation.lower()}", [("FusedConv", ["x", "w", "b"], ["y"], {"activation": activation, "pads": [1, 1, 1, 1], **parameters})],
                   {"x": image}, {"w": w, "b": b}, {"y": np.float32}, domain=ms)
    yield Case("fusedconv-residual", [("FusedConv", ["x", "w", "b", "z"], ["y"], {"activation": "Relu", "pads": [1, 1, 1, 1]})],
               {"x": image, "z": rand(1, 4, 8, 8)}, {"w": w, "b": b}, {"y": np.float32}, domain=ms)
    yield Case("fusedmatmul", [("FusedMatMul", ["x", "w"], ["y"], {"transA": 1, "alpha": 0.3})], {"x": x, "w": rand(2, 5, 4)}, {}, {"y": np.float32}, domain=ms)
    yield Case("fusedmatmul-b", [("FusedMatMul", ["x", "w"], ["y"], {"transB": 1, "alpha": 2.0})], {"x": x}, {"w": rand(4, 8)}, {"y": np.float32}, domain=ms)
    yield Case("fusedgemm", [("FusedGemm", ["x", "w", "b"], ["y"], {"activation": "Relu", "transB": 1, "beta": 0.5})], {"x": rand(5, 8)},
               {"w": rand(4, 8), "b": b}, {"y": np.float32}, domain=ms)
    yield Case("ms-gelu", [("Gelu", ["x"], ["y"], {})], {"x": x}, {}, {"y": np.float32}, domain=ms)
    yield Case("quickgelu", [("QuickGelu", ["x"], ["y"], {"alpha": 1.702})], {"x": x}, {}, {"y": np.float32}, domain=ms)
    yield Case("fastgelu", [("FastGelu", ["x", "b"], ["y"], {})], {"x": x}, {"b": rand(8)}, {"y": np.float32}, domain=ms)
    yield Case("biasgelu", [("BiasGelu", ["x", "b"], ["y"], {})], {"x": x}, {"b": rand(8)}, {"y": np.float32}, domain=ms)
    yield Case("skiplayernorm", [("SkipLayerNormalization", ["x", "s", "g", "o", "b"], ["y", "", "", "t"], {"epsilon": 1e-6})],
               {"x": x, "s": rand(2, 5, 8)}, {"g": rand(8), "o": rand(8), "b": rand(8)}, {"y": np.float32, "t": np.float32}, domain=ms)
    yield Case("simplifiedlayernorm", [("SimplifiedLayerNormalization", ["x", "g"], ["y"], {"epsilon": 1e-6, "axis": -1})],
               {"x": x}, {"g": rand(8)}, {"y": np.float32})
    yield Case("skipsimplifiedlayernorm", [("SkipSimplifiedLayerNormalization", ["x", "s", "g"], ["y"], {"epsilon": 1e-6})],
               {"x": x, "s": rand(2, 5, 8)}, {"g": rand(8)}, {"y": np.float32}, domain=ms)


def windows():
    """Three spatial dimensions, ceil_mode, indices."""
    def one(name, op, x, constants=(), **attributes):
        names = [f"c{i}" for i in range(len(constants))]
        return Case(f"window-{name}", [(op, ["x", *names], ["y"], attributes)], {"x": x}, dict(zip(names, constants)), {"y": np.float32}, opset=19)
    v = rand(2, 4, 6, 7, 5)
    yield one("conv3d", "Conv", v, [rand(6, 4, 3, 2, 3), rand(6)], pads=[1, 0, 1, 1, 1, 1], strides=[2, 1, 2])
    yield one("conv3d-groups", "Conv", v, [rand(6, 2, 2, 3, 2)], group=2, dilations=[2, 1, 3])
    yield one("conv3d-depthwise", "Conv", v, [rand(4, 1, 3, 3, 3)], group=4, auto_pad="SAME_LOWER", strides=[2, 2, 2])
    yield one("convtranspose3d", "ConvTranspose", v, [rand(4, 3, 3, 2, 3), rand(3)], strides=[2, 1, 3], pads=[1, 0, 1, 0, 1, 1], output_padding=[1, 0, 2])
    yield one("convtranspose3d-groups", "ConvTranspose", v, [rand(4, 3, 2, 3, 2)], group=2, strides=[2, 2, 2], dilations=[1, 2, 1])
    for op, extra in ("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1}), ("LpPool", {"p": 3}):
        for ceil in 0, 1:
            if op == "LpPool" and ceil:
                continue  # ONNX Runtime knows it from opset 18 on, and computes less
            name = f"{op.lower()}3d{'-pad' if 'count_include_pad' in extra else ''}{'-ceil' if ceil else ''}"
            yield one(name, op, v, kernel_shape=[3, 2, 3], strides=[2, 3, 2], pads=[1, 1, 0, 1, 0, 1], **({"ceil_mode": 1} if ceil else {}), **extra)
    yield one("maxpool3d-dilated", "MaxPool", v, kernel_shape=[2, 3, 2], dilations=[2, 1, 3], auto_pad="VALID")
    yield Case("window-convinteger3d", [("ConvInteger", ["x", "w", "z"], ["y"], {})], {"x": integers(np.uint8, 1, 3, 4, 5, 5)},
               {"w": integers(np.int8, 2, 3, 2, 3, 3), "z": np.uint8(9)}, {"y": np.int32}, in_onnxruntime=False)


def indexed():
    """Indices of pools, scatters with reductions, Einsum, samples of images."""
    def one(name, op, inputs, constants=(), outputs=None, opset=18, **attributes):
        names, consts = [f"x{i}" for i in range(len(inputs))], [f"c{i}" for i in range(len(constants))]
        return Case(f"indexed-{name}", [(op, names + consts, list(outputs or ["y"]), attributes)], dict(zip(names, inputs)),
                    dict(zip(consts, constants)), outputs or {"y": inputs[0].dtype}, opset=opset)
    both = {"y": np.float32, "i": np.int64}
    x = rand(2, 3, 6, 7)
    yield one("maxpool", "MaxPool", [x], outputs=both, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], ceil_mode=1)
    yield one("maxpool-columns", "MaxPool", [x], outputs=both, kernel_shape=[2, 3], dilations=[2, 1], storage_order=1)
    yield one("maxpool-1d", "MaxPool", [rand(2, 3, 9)], outputs=both, kernel_shape=[3], strides=[2], auto_pad="SAME_UPPER")
    yield one("maxpool-3d", "MaxPool", [rand(1, 2, 4, 5, 6)], outputs=both, kernel_shape=[2, 2, 3], strides=[2, 1, 2])
    data, updates, at = rand(4, 5), rand(3, 4), integers(np.int64, 3, 4, low=-4, high=3)
    for reduction in "add", "mul", "max", "min":
        yield Case(f"indexed-scatter-{reduction}", [("ScatterElements", ["x", "i", "u"], ["y"], {"axis": 0, "reduction": reduction})],
                   {"x": data, "u": updates}, {"i": at}, {"y": np.float32}, opset=18)
        yield Case(f"indexed-scatternd-{reduction}", [("ScatterND", ["x", "i", "u"], ["y"], {"reduction": reduction})],
                   {"x": data, "u": rand(4, 5)}, {"i": np.int64([[0], [2], [0], [-1]])}, {"y": np.float32}, opset=18)
    for equation, *shapes in (("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)), ("ij->ji", (3, 4)),
                              ("...ij,...jk->...ik", (2, 3, 3, 4), (2, 3, 4, 5)), ("bii,i->bi", (2, 3, 3), (3,)), ("i,j->ij", (3,), (4,)), ("ijk,k->j", (2, 3, 4), (4,)),
                              ("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)), ("bnc,hc->bhn", (2, 3, 4), (5, 4)), ("ij", (4, 3)), ("ba,cb", (2, 3), (4, 2)),
                              ("nkctv,kvw->nctw", (1, 2, 3, 4, 5), (2, 5, 5))):
        yield one("einsum-" + equation.replace("->", "-to-").replace(",", "-").replace(".", ""), "Einsum", [rand(*s) for s in shapes],
                  opset=17, equation=equation)
    yield one("einsum-weight", "Einsum", [rand(2, 3, 4)], [rand(4, 5)], equation="bij,jk->bik", opset=17)
    image, grid = rand(2, 3, 5, 6), rand(2, 4, 3, 2, low=-1.6, high=1.6)
    for mode in "bilinear", "nearest", "bicubic":
        for padding in "zeros", "border", "reflection":
            for align in 0, 1:
                yield one(f"grid-{mode}-{padding}-{align}", "GridSample", [image, grid], mode=mode, padding_mode=padding, align_corners=align, opset=16)
    rois = np.float32([[0, 0, 9, 9], [3, 2, 14, 11], [-4, 1, 5, 30], [2, 2, 2.3, 2.4]])
    for half in "half_pixel", "output_half_pixel":
        yield Case(f"indexed-roialign-{half}", [("RoiAlign", ["x", "r", "b"], ["y"], dict(
            output_height=3, output_width=2, sampling_ratio=2, spatial_scale=0.5, coordinate_transformation_mode=half))],
            {"x": rand(2, 3, 8, 7), "r": rois}, {"b": np.int64([0, 1, 1, 0])}, {"y": np.float32}, opset=16)
    yield one("fmod", "Mod", [rand(40, low=-30, high=30), rand(40)], fmod=1)
    yield one("pow-integers", "Pow", [integers(np.int32, 5, 9, low=-9, high=9), integers(np.int32, 9, low=0, high=7)])
    yield one("pow-int-float", "Pow", [integers(np.int64, 9, low=1, high=12), np.float32([4, 5, 0.5, 1, 2, 3, 2.5, 0, 1])])
    yield one("reverse", "ReverseSequence", [rand(4, 3, 2)], [np.int64([4, 1, 3])], time_axis=0, batch_axis=1)
    yield one("col2im", "Col2Im", [rand(2, 18, 15)], [np.int64([5, 6]), np.int64([3, 3])], strides=[2, 1], pads=[1, 0, 2, 1])
    yield one("cropandpad", "CenterCropPad", [rand(4, 7, 5)], [np.int64([6, 4])], axes=[0, 1])


def make_cases():
    for group in integer_ops, qlinear_ops, fused_ops, windows, indexed:
        yield from group()
