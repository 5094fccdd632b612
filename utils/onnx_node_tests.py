#!/usr/bin/python3
"""Runs ONNX's own backend node tests of all ops quant-import supports, through quant-import and quant-run, interpreted and
compiled, and writes docs/SupportedOps.md: the ops, their limits, how many tests pass, and why the others are skipped.

  onnx_node_tests.py [--check] [-j N] [--only SUBSTRING]

A test is skipped only where quant-import says that a form or a type is unsupported. Graphs here are compiled for constant
shapes, so operands that ONNX's tests feed at run time but models hold as constants become initializers: the inputs named in
CONSTANT_OPERANDS and, of ops on integers, in QUANTIZED_OPS, and all inputs of ops that work on constants only. So do integers
of types that graphs do not have; such results are read through a Cast. Half and double are fed and read as float. Tolerances
are those of ONNX's runner.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np

# Debian's onnx 1.12 predates numpy 1.24, which dropped these names.
for name, builtin in dict(bool=bool, object=object, float=float, int=int, complex=complex).items():
    setattr(np, name, builtin)

import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/SupportedOps.md"
RTOL, ATOL = 1e-3, 1e-7

# Operands that models hold as constants: op -> input indices.
CONSTANT_OPERANDS = {
    "Clip": (1, 2), "Compress": (1,), "CumSum": (1,), "Dropout": (1, 2), "Expand": (1,), "GRU": (4,), "LSTM": (4,), "OneHot": (1,),
    "Pad": (1, 2, 3), "RNN": (4,), "ReduceSum": (1,), "Reshape": (1,), "Resize": (1, 2, 3), "ReverseSequence": (1,), "Scatter": (1,),
    "ScatterElements": (1,),
    "ScatterND": (1,), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,), "Tile": (1,), "TopK": (1,), "Trilu": (1,),
    "Unsqueeze": (1,), "Upsample": (1,)}
# Ops on integers, compiled as they are: those inputs of theirs that models hold as constants.
QUANTIZED_OPS = {"QuantizeLinear": (1, 2), "DequantizeLinear": (1, 2), "DynamicQuantizeLinear": (),
                 "QLinearConv": (1, 2, 3, 4, 5, 6, 7, 8), "QLinearMatMul": (1, 2, 4, 5, 6, 7),
                 "ConvInteger": (1, 2, 3), "MatMulInteger": (1, 2, 3)}
# Tests that are right to differ: name -> reason.
BFLOAT16 = "the result is not rounded to bfloat16: it is computed as float"
ALIGN_CORNERS = "divides by the size before it is rounded down; PyTorch and ONNX Runtime, which we follow, by the size"
DIFFERENT = {
    "test_cast_FLOAT_to_BFLOAT16": BFLOAT16,
    "test_castlike_FLOAT_to_BFLOAT16": BFLOAT16,
    "test_castlike_FLOAT_to_BFLOAT16_expanded": BFLOAT16,
    "test_castlike_BFLOAT16_to_FLOAT": "the data do not have the declared shape",
    "test_resize_downsample_scales_cubic_align_corners": ALIGN_CORNERS,
    "test_resize_downsample_scales_linear_align_corners": ALIGN_CORNERS,
}
GRAPH_TYPES = (np.float32, np.bool_, np.int32, np.int64)
BYTES = (np.int8, np.uint8)
REFUSAL = re.compile(r"unsupported ops?: (.*)|expected a (?:model input|model output|tensor) of (?:type [a-z0-9, ]+|numbers), got (\w+)")


def supported_ops(table):
    """{op: (works on, forms)} from the Markdown table that quant-import prints."""
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {row[0]: (row[1], row[2].rstrip(" |") if len(row) > 2 else "") for row in rows}


def collect_cases(ops):
    """ONNX's node tests whose nodes are all supported ops."""
    from onnx.backend.test.case.node import collect_testcases
    import inspect
    with warnings.catch_warnings(), open(os.devnull, "w") as null:
        warnings.simplefilter("ignore")
        out, sys.stdout = sys.stdout, null
        try:
            cases = collect_testcases(*[None] * len(inspect.signature(collect_testcases).parameters))
        finally:
            sys.stdout = out
    chosen = {}
    for case in cases:
        nodes = case.model.graph.node
        if all(node.op_type in ops and node.domain == "" for node in nodes):
            chosen.setdefault(case.name, case)
    return [chosen[name] for name in sorted(chosen)]


def is_constant(model, name, array, ops):
    """Whether a model would hold this test input as a constant."""
    quantized = [node for node in model.graph.node if node.op_type in QUANTIZED_OPS]
    if quantized:
        return any(used == name and i in QUANTIZED_OPS[node.op_type] for node in quantized for i, used in enumerate(node.input))
    if array.dtype.kind in "iu" and array.dtype not in GRAPH_TYPES + BYTES:
        return True
    # The size of a window function, from which Range is computed.
    if array.ndim == 0 and any(node.op_type == "Range" for node in model.graph.node):
        return True
    for node in model.graph.node:
        for i, used in enumerate(node.input):
            if used == name and (i in CONSTANT_OPERANDS.get(node.op_type, ()) or ops[node.op_type][0] == "constants"):
                return True
    return False


def adapt(case, inputs, ops):
    """The model as described above, and what remains to be fed."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph, fed = model.graph, {}
    # Tests of ops that have not changed since say so with the opset that brought them.
    for opset in model.opset_import:
        if opset.version < 7 and all(onnx.defs.get_schema(node.op_type, 7).since_version <= opset.version for node in graph.node):
            opset.version = 7
    used = {name for node in graph.node for name in node.input}
    for info in list(graph.input):
        array = inputs.get(info.name)
        if array is None or info.name not in used:
            graph.input.remove(info)
        elif is_constant(model, info.name, array, ops):
            tensor = numpy_helper.from_array(array, info.name)
            if info.type.tensor_type.elem_type == TensorProto.BFLOAT16:  # bits in an array of uint16
                tensor.data_type = TensorProto.BFLOAT16
            graph.initializer.append(tensor)
            graph.input.remove(info)
        else:
            fed[info.name] = array
    cast = {TensorProto.UINT16, TensorProto.INT16, TensorProto.UINT32, TensorProto.UINT64}
    for info in graph.output:
        if info.type.tensor_type.elem_type in cast:
            source = info.name
            info.name = source + "_as_float"
            info.type.tensor_type.elem_type = TensorProto.FLOAT
            graph.node.append(helper.make_node("Cast", [source], [info.name], to=TensorProto.FLOAT))
    return model, fed


def run(arguments):
    """None, or the error the tool printed; anything but one error line is a crash."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    if done.returncode != 1 or len(lines) != 1 or not lines[0].startswith("error: "):
        return f"error: exit {done.returncode}: {done.stderr[-300:]}"
    return lines[0]


def compile_model(model, output):
    """As float what is not quantized already."""
    error = run(["quant-compile", model, "--precision=f32", "-o", output])
    return run(["quant-compile", model, "-o", output]) if error and "is quantized already" in error else error


def compare(case, outputs, expected, folder):
    for info, want in zip(outputs, expected):
        got = np.load(folder / (re.sub(r"[^A-Za-z0-9_.-]", "_", info.name) + ".npy"))
        want = np.asarray(want)
        if got.shape != want.shape:
            return f"{info.name}: expected shape {want.shape}, got {got.shape}"
        if want.dtype in GRAPH_TYPES + BYTES and not info.name.endswith("_as_float") and got.dtype != want.dtype:
            return f"{info.name}: expected type {want.dtype}, got {got.dtype}"
        if not np.allclose(got, want.astype(np.float32), rtol=RTOL, atol=ATOL, equal_nan=True):
            return f"{info.name}: differs by {np.nanmax(np.abs(got - want.astype(np.float32)))}"
    return None


def run_case(case, ops):
    """("passed" | "skipped" | "failed", reason)."""
    if case.name in DIFFERENT:
        return "skipped", DIFFERENT[case.name]
    for inputs, expected in case.data_sets:
        names = [info.name for info in case.model.graph.input]
        if any(not isinstance(array, np.ndarray) and not np.isscalar(array) for array in inputs):
            return "skipped", "sequence or optional inputs"
        arrays = {name: np.asarray(array) for name, array in zip(names, inputs)}
        model, fed = adapt(case, arrays, ops)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            onnx.save(model, folder / "model.onnx")
            shapes = [f"--input-shape={key}:{'x'.join(map(str, array.shape))}" for key, array in fed.items() if array.ndim]
            error = run(["quant-import", folder / "model.onnx", "-o", folder / "model.mlir", *shapes])
            if error:
                refusal = REFUSAL.search(error)
                reason = refusal and (refusal.group(1) or f"input of type {refusal.group(2)}")
                return ("skipped", reason) if reason else ("failed", error)
            feeds = []
            for i, (key, array) in enumerate(fed.items()):
                np.save(folder / f"input{i}.npy", array.astype(np.float32) if array.dtype.kind == "f" else array)
                feeds.append(f"--input={key}={folder}/input{i}.npy")
            error = run(["quant-run", folder / "model.mlir", f"--output-dir={folder}", *feeds])
            error = error or compare(case, model.graph.output, expected, folder)
            # The same through an object for this machine.
            native = folder / "native"
            error = error or compile_model(folder / "model.mlir", folder / "model.so")
            error = error or run(["quant-run", folder / "model.so", f"--output-dir={native}", *feeds])
            error = error or compare(case, model.graph.output, expected, native)
            if error:
                return "failed", error
    return "passed", ""


def shorten(reason):
    """Without node names, which say nothing in a list of tests."""
    return re.sub(r"(\w+) '[^']*' \((.*?)\)(?=;|$)", r"\1: \2", reason)


def page(ops, cases, results):
    passed, total = collections.Counter(), collections.Counter()
    for case in cases:
        for op in {node.op_type for node in case.model.graph.node}:
            total[op] += 1
            passed[op] += results[case.name][0] == "passed"
    count = sum(status == "passed" for status, _ in results.values())
    skipped = {name: shorten(reason) for name, (status, reason) in results.items() if status == "skipped"}
    lines = [
        "<!-- Written by utils/onnx_node_tests.py. Do not edit. -->", "# Supported ONNX ops", "",
        "`quant-import` reads opset 1 to 23, with static shapes (`--input-shape` binds what a file leaves open) and inputs and outputs",
        "of float, bool, int8, uint8, int32 and int64; half, bfloat16 and double are computed and exchanged as float. An op on constants",
        "only is computed at import; so is every op that moves values when its operands are constant. Ops that move or select values,",
        "and those on integers, work on integers of 8 and 16 bits inside a network.", "",
        f"Of ONNX {onnx.__version__}'s {len(cases)} backend node tests of these ops, {count} pass and {len(skipped)} are skipped, none fails;",
        "`utils/onnx_node_tests.py` runs them and says how. A test of several ops counts for each.", "",
        "| ONNX op | works on | forms and limits | node tests passed |", "| --- | --- | --- | --- |",
    ]
    for op, (works, forms) in ops.items():
        lines.append(f"| {op} | {works} | {forms} | {passed[op]} of {total[op]} |")
    lines += ["", "## Skipped node tests", "", "| test | reason |", "| --- | --- |"]
    lines += [f"| {name} | {reason} |" for name, reason in sorted(skipped.items())]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when docs/SupportedOps.md is stale")
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="tests at a time (default: one for each CPU)")
    parser.add_argument("--only", default="", help="run the tests whose name holds this, and write nothing")
    args = parser.parse_args()

    table = subprocess.run(["quant-import", "--list-ops"], capture_output=True, text=True, check=True).stdout
    ops = supported_ops(table)
    cases = [case for case in collect_cases(ops) if args.only in case.name]
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        results = dict(zip((case.name for case in cases), pool.map(lambda case: run_case(case, ops), cases)))
    failures = [(name, reason) for name, (status, reason) in results.items() if status == "failed"]
    for name, reason in failures:
        print(f"{name}: {reason}")
    counts = collections.Counter(status for status, _ in results.values())
    print(f"{len(cases)} node tests: {counts['passed']} passed, {counts['skipped']} skipped, {counts['failed']} failed")
    if failures:
        return 1
    if args.only:
        return 0
    text = page(ops, cases, results)
    if not args.check:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print("error: docs/SupportedOps.md is stale, run: PATH=build/bin:$PATH /usr/bin/python3 utils/onnx_node_tests.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
