"""A network made in one of several ways and run over many samples: what accuracy.py and bit_widths.py compare.

    contender = Ours(model, work / "int8.so", [f"--calibration-data={file}"])      # or Peer(model), by ONNX Runtime
    outputs, figures = contender.measure(samples)                                  # one input, one output, batch 1
    row = judged(outputs, reference, labels)                                       # labels may be None
"""

import re
import time
from pathlib import Path

import numpy as np

import judge
import onnxruntime
import prepare

TIMED_RUNS = 200


def lacks_peer():
    """Why ONNX Runtime cannot be measured; None when it can."""
    library = onnxruntime.find_library()
    if library and Path(library).exists():
        return None
    return f"ORT_LIB names {library}, which does not exist" if library else "no libonnxruntime.so.1: set ORT_LIB"


def offered(option, *values):
    """Those of the values that `quant-compile --help` mentions for an option; none when it has no such option."""
    lines = prepare.run(prepare.tool("quant-compile"), "--help").splitlines()
    about = " ".join(line for line in lines if line.strip().startswith(f"--{option}="))
    return [value for value in values if re.search(rf"\b{value}\b", about)]


def best_of(step):
    """Microseconds of the fastest run: what else runs on the machine only makes them slower."""
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


class Ours:
    """A network compiled by us."""

    def __init__(self, model, path, flags):
        prepare.run(prepare.tool("quant-compile"), model, "--emit=shared", "--name=net", *flags, "-o", path)
        self.network = prepare.OurNetwork(path)

    def measure(self, samples):
        (name,) = [tensor.name.decode() for tensor in self.network.tensors("input")]
        feed, info = np.array(samples[:1]), self.network.info
        step, results = self.network.prepare({name: feed}, 1)
        (result,) = results.values()
        outputs = np.empty((len(samples), *result.shape[1:]), np.float32)
        for sample, output in zip(samples, outputs):
            feed[0] = sample
            step()
            output[...] = result[0]
        layers = [info.layers[i] for i in range(info.num_layers)]
        integer = sum(layer.macs for layer in layers if layer.type)
        return outputs, {
            "measured_us": best_of(step), "predicted_us": sum(layer.predicted_nanoseconds for layer in layers) / 1e3,
            "int8_share": integer / max(sum(layer.macs for layer in layers), 1),
            "constant_bytes": info.constant_bytes, "arena_bytes": info.arena_bytes,
        }


class Peer:
    """A network run by ONNX Runtime."""

    def __init__(self, model, optimize=True):
        self.session = onnxruntime.Session(model, optimize=optimize)

    def measure(self, samples):
        (output,) = self.session.outputs
        outputs = np.concatenate([self.session.run([samples[i : i + 1]])[output] for i in range(len(samples))])
        return outputs, {"measured_us": best_of(self.session.prepare([samples[:1]]))}


def judged(outputs, reference, labels):
    """The figures of one contender; `reference` has the outputs of our float network, maybe the very same array."""
    row = {}
    if labels is not None:
        share = judge.correct(outputs, labels)
        row.update(accuracy=float(share.mean()), accuracy_interval=judge.wilson(float(share.mean()), len(share)))
        if labels.ndim > 1:
            row["mean_iou"] = judge.mean_iou(outputs, labels)
    if outputs is not reference:
        row["output_sqnr_db"] = judge.sqnr_db(reference, outputs)
        row["agreement"] = float((outputs.argmax(1) == reference.argmax(1)).mean())
        if labels is not None:
            row["lost"], row["lost_from"], row["lost_to"] = judge.paired_loss(judge.correct(reference, labels), share)
    return row


def shown(row, key, form, factor=1):
    """A figure of a row as text; a dash where it was not measured."""
    return form.format(factor * row[key]) if row.get(key) is not None else "-"


def shown_loss(row):
    """[points lost, with a star where the interval excludes zero; the interval]"""
    if "lost" not in row:
        return ["-", "-"]
    marked = "*" if row["lost_from"] > 0 or row["lost_to"] < 0 else ""
    return [f"{row['lost']:+.2f}{marked}", f"{row['lost_from']:+.2f}..{row['lost_to']:+.2f}"]


def aligned(head, rows):
    """Rows of cells as lines of text; a row shorter than the head is a name and a message."""
    whole = [row for row in [head, *rows] if len(row) == len(head)]
    widths = [max(map(len, column)) for column in zip(*whole)]
    lines = ["  ".join(cell.ljust(w) if i == 0 or len(row) == 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
             for row in [head, *rows]]
    return "\n".join(line.rstrip() for line in lines)
