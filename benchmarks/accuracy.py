#!/usr/bin/python3
"""Measures what quantization costs the trained networks of utils/models/accuracy, on samples that took part in nothing else.

  benchmarks/accuracy.py [NAME|FILE.onnx ...] [--samples=10000] [--only=PATTERN] [--output-dir=DIR]

Per network: our f32 object, ONNX Runtime on the float model and on its plain recipe (benchmarks/quantize_peer.py), then every way
of quantizing that quant-compile offers. `lost` is how many points of accuracy are lost against our f32, with the paired
95 % interval; the line is marked where the interval excludes zero. docs/Accuracy.md explains how to read the table.
A FILE.onnx takes the data of the network after which it is named. All files are made in build/benchmarks/accuracy.
"""

import argparse
import fnmatch
import json
import re
import sys
import time
from pathlib import Path

import numpy as np

import judge
import onnxruntime
import prepare
import quantize_peer

MODELS = prepare.ROOT / "utils/models/accuracy"
WORK = prepare.WORK / "accuracy"
CALIBRATION_SAMPLES, TIMED_RUNS = 200, 200
sys.path.insert(0, str(MODELS))
import data  # noqa: E402: found in MODELS


def offered(option):
    """The values that `quant-compile --help` lists for an option; none when it has no such option."""
    found = re.search(rf"--{option}=<([^>]*)>", prepare.run(prepare.tool("quant-compile"), "--help"))
    return found.group(1).split("|") if found else []


def lacks_peer():
    """Why ONNX Runtime cannot be measured; None when it can."""
    library = onnxruntime.find_library()
    if library and Path(library).exists():
        return None
    return f"ORT_LIB names {library}, which does not exist" if library else "no libonnxruntime.so.1: set ORT_LIB"


def our_variants():
    """{name: flags of quant-compile}: float, one for each calibrator, and what chooses by itself."""
    variants = {"f32": ["--precision=f32"]}
    variants.update({calibrator: [f"--calibrator={calibrator}"] for calibrator in offered("calibrator")})
    if "auto" in offered("precision"):
        variants["precision=auto"] = ["--precision=auto"]
    return variants


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

    def __init__(self, model, name, flags, calibration):
        self.path = WORK / f"{model.stem}-{name.replace('=', '-')}.so"
        if "--precision=f32" not in flags:
            flags = [*flags, f"--calibration-data={calibration}"]
        prepare.run(prepare.tool("quant-compile"), model, "--emit=shared", "--name=net", *flags, "-o", self.path)
        self.network = prepare.OurNetwork(self.path)

    def measure(self, task, samples):
        feed = np.array(samples[:1])
        step, results = self.network.prepare({task.feeds: feed}, 1)
        (result,) = results.values()
        layers = [self.network.info.layers[i] for i in range(self.network.info.num_layers)]
        macs = {kind: sum(layer.macs for layer in layers if bool(layer.type) == kind) for kind in (True, False)}
        outputs = np.empty((len(samples), *result.shape[1:]), np.float32)
        for sample, output in zip(samples, outputs):
            feed[0] = sample
            step()
            output[...] = result[0]
        return outputs, {
            "measured_us": best_of(step), "predicted_us": sum(layer.predicted_nanoseconds for layer in layers) / 1e3,
            "int8_share": macs[True] / max(sum(macs.values()), 1),
            "constant_bytes": self.network.info.constant_bytes, "arena_bytes": self.network.info.arena_bytes,
        }


class Peer:
    """A network run by ONNX Runtime."""

    def __init__(self, model):
        self.session = onnxruntime.Session(model)

    def measure(self, task, samples):
        (output,) = self.session.outputs
        outputs = np.concatenate([self.session.run([samples[i : i + 1]])[output] for i in range(len(samples))])
        return outputs, {"measured_us": best_of(self.session.prepare([samples[:1]]))}


def contenders(model, calibration, pattern):
    """(name, function that makes it) of everything to measure; our float is always there, the others are compared with it."""
    def peer_int8():
        quantize_peer.quantize(model, WORK / f"{model.stem}-qdq.onnx", dict(np.load(calibration)))
        return Peer(WORK / f"{model.stem}-qdq.onnx")

    makers = {"f32": lambda: Ours(model, "f32", ["--precision=f32"], calibration)}
    if not lacks_peer():
        makers.update({"ORT f32": lambda: Peer(model), "ORT int8": peer_int8})
    for name, flags in our_variants().items():
        makers.setdefault(name, lambda name=name, flags=flags: Ours(model, name, flags, calibration))
    return {name: maker for name, maker in makers.items() if name == "f32" or fnmatch.fnmatch(name, pattern)}


def judged(outputs, labels, reference):
    """The figures of one contender; `reference` has the outputs of our float network."""
    share, wanted = judge.correct(outputs, labels), judge.correct(reference, labels)
    row = {"accuracy": float(share.mean()), "accuracy_interval": judge.wilson(float(share.mean()), len(share))}
    if outputs is not reference:
        row["lost"], row["lost_from"], row["lost_to"] = judge.paired_loss(wanted, share)
        row["agreement"] = float((outputs.argmax(1) == reference.argmax(1)).mean())
        row["output_sqnr_db"] = judge.sqnr_db(reference, outputs)
    if labels.ndim > 1:
        row["mean_iou"] = judge.mean_iou(outputs, labels)
    return row


def measure(model, args):
    """All rows of one network."""
    task = data.TASKS[model.stem]
    calibration = WORK / f"{model.stem}-calibration.npz"
    np.savez(calibration, **{task.feeds: task.load("calibration", CALIBRATION_SAMPLES)[0]})
    samples, labels = task.load("test", args.samples)
    rows, reference = [], None
    for name, maker in contenders(model, calibration, args.only).items():
        try:
            outputs, figures = maker().measure(task, samples)
        except (prepare.Failed, RuntimeError) as error:
            rows.append({"name": name, "failed": str(error)})
            continue
        reference = outputs if reference is None else reference
        rows.append({"name": name, **judged(outputs, labels, reference), **figures})
    return {"network": model.stem, "samples": len(samples), "rows": rows}


def cells(row):
    if "failed" in row:
        return [row["name"], "failed: " + row["failed"].splitlines()[-1]]

    def shown(key, form, factor=1):
        return form.format(factor * row[key]) if row.get(key) is not None else "-"

    marked = "*" if "lost" in row and (row["lost_from"] > 0 or row["lost_to"] < 0) else ""
    interval = f"{row['lost_from']:+.2f}..{row['lost_to']:+.2f}" if "lost" in row else "-"
    iou = [shown("mean_iou", "{:.2f}", 100)] if "mean_iou" in row else []
    return [row["name"], shown("accuracy", "{:.2f}", 100), shown("lost", "{:+.2f}") + marked, interval, shown("output_sqnr_db", "{:.1f}"),
            shown("int8_share", "{:.0f} %", 100), shown("measured_us", "{:.0f}"), shown("predicted_us", "{:.0f}"), *iou]


def table(result):
    """The rows of one network as aligned text."""
    head = ["", "accuracy", "lost", "95 % interval", "SQNR dB", "int8 MACs", "us", "predicted"]
    rows = [cells(row) for row in result["rows"]]
    head += ["mIoU"] if any(len(row) > len(head) for row in rows) else []
    whole = [row for row in [head, *rows] if len(row) == len(head)]
    widths = [max(map(len, column)) for column in zip(*whole)]
    lines = [f"{result['network']}, {result['samples']} test samples"]
    for row in [head, *rows]:
        lines.append("  ".join(cell.ljust(w) if i == 0 or len(row) == 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))
    return "\n".join(line.rstrip() for line in lines)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NAME|FILE.onnx", help="default: all of utils/models/accuracy")
    parser.add_argument("--samples", type=int, default=10000, metavar="N", help="test samples (default 10000)")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="measure f32 and the rows whose name matches")
    parser.add_argument("--output-dir", type=Path, default=WORK, metavar="DIR", help="where accuracy.json goes (default: build/benchmarks/accuracy)")
    args = parser.parse_args()
    names = args.networks or [path.stem for path in sorted(MODELS.glob("*.onnx"))]
    args.models = [Path(name).resolve() if name.endswith(".onnx") else MODELS / f"{name}.onnx" for name in names]
    for model in args.models:
        if not model.exists() or model.stem not in data.TASKS:
            parser.error(f"expected one of {', '.join(data.TASKS)}, or an ONNX file named so, got '{model}'")
    return args


def main():
    args = parse_arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    args.output_dir.mkdir(parents=True, exist_ok=True)
    if lacks_peer():
        print(f"ONNX Runtime is not measured: {lacks_peer()}", file=sys.stderr)
    results = []
    for model in args.models:
        results.append(measure(model, args))
        print(table(results[-1]), flush=True)
        (args.output_dir / "accuracy.json").write_text(json.dumps({"machine": prepare.machine_name(), "networks": results}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
