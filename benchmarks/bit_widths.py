#!/usr/bin/python3
"""Measures one network at many widths: f32, bf16, f16, 16-bit activations with 8-bit weights, and 8, 4 and 2 bits.

  benchmarks/bit_widths.py NAME                                    a network of utils/models/accuracy, with its data and labels
  benchmarks/bit_widths.py FILE.onnx --calibration-data=C.npz --data=D.npz [--labels=L.npy]

Per width: points of accuracy lost against f32 with the paired 95 % interval, signal to noise of the outputs, bytes of constants, arena
and microseconds. The column `executed` says what was run. "native": quant-compile computes at that width. "int8": weights were rounded
to the narrower grid first, then ran as int8, so sizes and times are those of int8. "simulated in f32": weights and activations were
rounded in the float model and run by ONNX Runtime; no size, arena or time is given, for none was measured. Table, JSON and an SVG chart.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

import contenders
import fake_quantize
import prepare
import quantize_peer
import workload

MODELS = prepare.ROOT / "utils/models/accuracy"
WORK = prepare.WORK / "bit-widths"


@dataclass(frozen=True)
class Width:
    """Formats of weights and activations; `precision` is the one of quant-compile that executes them, where there is one."""

    name: str
    weights: str
    activations: str
    precision: str


WIDTHS = [
    Width("f32", "f32", "f32", "f32"), Width("bf16", "bf16", "bf16", "bf16"), Width("f16", "f16", "f16", "f16"),
    Width("16x8", "int8", "int16", "int16"), Width("8x8", "int8", "int8", "int8"), Width("8 bits, weights 4", "int4", "int8", "int4"),
    Width("8 bits, weights 2", "int2", "int8", "int2"), Width("4x4", "int4", "int4", ""), Width("4 bits, weights 2", "int2", "int4", ""),
]


def rounded_model(model, width, feeds, activations):
    """The file of the float model whose weights, and if wanted activations, are rounded to a width."""
    rounded = quantize_peer.normalize(onnx.load(str(model)))
    fake_quantize.round_weights(rounded, width.weights)
    if activations:
        fake_quantize.round_activations(rounded, width.activations, feeds)
    path = WORK / f"{model.stem}-{width.weights}-{width.activations if activations else 'f32'}.onnx"
    onnx.save(rounded, str(path))
    return path


def contender(model, width, calibration):
    """(what is executed, the network that executes a width)"""
    target = WORK / f"{model.stem}-{width.weights}-{width.activations}.so"
    ranges = [f"--calibration-data={calibration}"]
    if width.precision and contenders.offered("precision", width.precision):
        flags = [f"--precision={width.precision}", *(ranges if width.precision not in ("f32", "bf16") else [])]
        return "native", contenders.Ours(model, target, flags)
    if width.precision and contenders.offered("precision-rule", width.precision):
        return "native", contenders.Ours(model, target, [f"--precision-rule=*={width.precision}", *ranges])
    if width.activations == "int8":
        return "int8", contenders.Ours(rounded_model(model, width, None, False), target, ranges)
    if contenders.lacks_peer():
        raise prepare.Failed(f"not executed by quant-compile, and simulating needs ONNX Runtime: {contenders.lacks_peer()}")
    # Optimizations would take some of the casts for superfluous.
    return "simulated in f32", contenders.Peer(rounded_model(model, width, dict(np.load(calibration)), True), optimize=False)


def measure(model, calibration, samples, labels):
    rows, reference = [], None
    for width in WIDTHS:
        row = {"name": width.name, "weights": width.weights, "activations": width.activations}
        rows.append(row)
        try:
            row["executed"], network = contender(model, width, calibration)
            outputs, figures = network.measure(samples)
        except (prepare.Failed, RuntimeError) as error:
            row["failed"] = str(error)
            continue
        reference = outputs if reference is None else reference
        row.update(contenders.judged(outputs, reference, labels))
        if row["executed"] != "simulated in f32":
            row.update(figures, object_bytes=(WORK / f"{model.stem}-{width.weights}-{width.activations}.so").stat().st_size)
    return rows


def cells(row):
    if "failed" in row:
        return [row["name"], "not measured: " + row["failed"].splitlines()[-1]]
    shown = contenders.shown
    return [row["name"], row["weights"], row["activations"], row["executed"], shown(row, "accuracy", "{:.2f}", 100), *contenders.shown_loss(row),
            shown(row, "output_sqnr_db", "{:.1f}"), shown(row, "constant_bytes", "{}"), shown(row, "arena_bytes", "{}"),
            shown(row, "measured_us", "{:.1f}")]


def table(result):
    head = ["", "weights", "activations", "executed", "accuracy", "lost", "95 % interval", "SQNR dB", "constants B", "arena B", "us"]
    title = f"{result['network']}, {result['samples']} samples, {result['machine']}"
    return f"{title}\n{contenders.aligned(head, [cells(row) for row in result['rows']])}"


def write_chart(result, path):
    """Signal to noise, and where there are labels the accuracy, of each width; pale bars were not executed at their width."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9})
    from matplotlib import pyplot

    rows = [row for row in result["rows"] if "failed" not in row]
    panels = [("output_sqnr_db", 1, "output signal to noise, dB")]
    panels += [("accuracy", 100, "accuracy, %")] if "accuracy" in rows[0] else []
    figure, axes = pyplot.subplots(1, len(panels), figsize=(1.2 + 4.4 * len(panels), 3.4), sharey=True, squeeze=False)
    for (key, factor, label), panel in zip(panels, axes[0]):
        for i, row in enumerate(rows):
            if row.get(key) is None:
                continue
            value = factor * row[key]
            spread = None
            if key == "accuracy":
                spread = [[value - factor * row["accuracy_interval"][0]], [factor * row["accuracy_interval"][1] - value]]
            panel.barh(i, value, 0.75, xerr=spread, color="#1f5f99" if row["executed"] == "native" else "#8fb8de", ecolor="#7a7a7a")
            panel.annotate(f"{value:.1f}", (value, i), xytext=(8, 0), textcoords="offset points", va="center", fontsize=7)
        panel.set_xlabel(label)
        panel.spines[["top", "right"]].set_visible(False)
        panel.margins(x=0.15)
    axes[0][0].set_yticks(range(len(rows)), [f"{row['name']} ({row['executed']})" for row in rows])
    axes[0][0].invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def load(args):
    """(model, file of calibration samples, samples, labels or None)"""
    if not args.network.endswith(".onnx"):
        sys.path.insert(0, str(MODELS))
        import data  # found in MODELS

        if args.network not in data.TASKS:
            raise prepare.Failed(f"expected one of {', '.join(data.TASKS)}, or an ONNX file, got '{args.network}'")
        task, calibration = data.TASKS[args.network], WORK / f"{args.network}-calibration.npz"
        np.savez(calibration, **{task.feeds: task.load("calibration", 200)[0]})
        return MODELS / f"{args.network}.onnx", calibration, *task.load("test", args.samples)
    if not args.calibration_data or not args.data:
        raise prepare.Failed("expected --calibration-data and --data for an ONNX file, got none")
    (tensor,) = workload.fed_inputs(workload.load(args.network).graph)
    samples = np.load(args.data)[tensor.name].astype(np.float32)[: args.samples]
    return Path(args.network), args.calibration_data, samples, np.load(args.labels)[: args.samples] if args.labels else None


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", metavar="NAME|FILE.onnx")
    parser.add_argument("--samples", type=int, default=10000, metavar="N", help="samples to judge by, at most (default 10000)")
    parser.add_argument("--calibration-data", type=Path, metavar="FILE.npz", help="samples of the input, by its name")
    parser.add_argument("--data", type=Path, metavar="FILE.npz", help="samples to judge by")
    parser.add_argument("--labels", type=Path, metavar="FILE.npy", help="their classes")
    parser.add_argument("--output-dir", type=Path, default=WORK, metavar="DIR", help="where bit-widths.json and .svg go (default: build/benchmarks/bit-widths)")
    return parser.parse_args()


def main():
    args = parse_arguments()
    for directory in (WORK, args.output_dir):
        directory.mkdir(parents=True, exist_ok=True)
    model, calibration, samples, labels = load(args)
    result = {"network": model.stem, "samples": len(samples), "machine": prepare.machine_name()}
    result["rows"] = measure(model, calibration, samples, labels)
    print(table(result))
    (args.output_dir / "bit-widths.json").write_text(json.dumps(result, indent=1) + "\n")
    write_chart(result, args.output_dir / "bit-widths.svg")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (prepare.Failed, ValueError) as error:
        sys.exit(f"error: {error}")
