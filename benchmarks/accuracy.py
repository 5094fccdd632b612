#!/usr/bin/python3
"""Measures what quantization costs the trained networks of utils/models/accuracy, on samples that took part in nothing else.

  benchmarks/accuracy.py [NAME|FILE.onnx ...] [--samples=10000] [--only=PATTERN] [--variant=NAME=FLAGS ...] [--output-dir=DIR]

Per network: our f32 object, ONNX Runtime on the float model and on its plain recipe (benchmarks/quantize_peer.py), then every way
of quantizing that quant-compile offers, and min/max after qnn-equalize-channels. `lost` is how many points of accuracy are lost against our f32, with the paired
95 % interval; a star stands where the interval excludes zero. docs/Accuracy.md explains how to read the table.
A FILE.onnx takes the data of the network after which it is named. All files are made in build/benchmarks/accuracy.
"""

import argparse
import fnmatch
import json
import sys
from pathlib import Path

import numpy as np

import contenders
import prepare
import quantize_peer

MODELS = prepare.ROOT / "utils/models/accuracy"
WORK = prepare.WORK / "accuracy"
CALIBRATION_SAMPLES = 200
CALIBRATORS = ("minmax", "average", "percentile", "entropy", "mse", "auto")
sys.path.insert(0, str(MODELS))
import data  # found in MODELS


def our_variants(calibration, more):
    """{name: flags of quant-compile}: one for each calibrator, what chooses by itself, and what the command line adds."""
    variants = {calibrator: [f"--calibrator={calibrator}"] for calibrator in contenders.offered("calibrator", *CALIBRATORS)}
    if contenders.offered("precision", "auto"):
        variants["precision=auto"] = ["--precision=auto"]
    variants.update({name: flags.split() for name, _, flags in (variant.partition("=") for variant in more)})
    return {name: [*flags, f"--calibration-data={calibration}"] for name, flags in variants.items()}


def equalized(model):
    """The imported network after qnn-equalize-channels, as a file: the same function with channels of like ranges."""
    imported, path = WORK / f"{model.stem}-imported.mlir", WORK / f"{model.stem}-equalized.mlir"
    prepare.run(prepare.tool("quant-import"), model, "-o", imported)
    prepare.run(prepare.tool("quant-opt"), imported, "-qnn-graph-pipeline", "-qnn-equalize-channels", "--mlir-print-debuginfo", "-o", path)
    return path


def all_contenders(model, calibration, args):
    """{name: function that makes it}; our float comes first and is always there, the others are compared with it."""
    def ours(name, flags):
        return lambda: contenders.Ours(model, WORK / f"{model.stem}-{name.replace('=', '-')}.so", flags)

    def peer_int8():
        quantize_peer.quantize(model, WORK / f"{model.stem}-qdq.onnx", dict(np.load(calibration)))
        return contenders.Peer(WORK / f"{model.stem}-qdq.onnx")

    makers = {"f32": ours("f32", ["--precision=f32"])}
    if not contenders.lacks_peer():
        makers.update({"ORT f32": lambda: contenders.Peer(model), "ORT int8": peer_int8})
    makers.update({name: ours(name, flags) for name, flags in our_variants(calibration, args.variant).items()})
    makers["minmax equalized"] = lambda: contenders.Ours(equalized(model), WORK / f"{model.stem}-equalized.so", [f"--calibration-data={calibration}"])
    return {name: maker for name, maker in makers.items() if name == "f32" or fnmatch.fnmatch(name, args.only)}


def measure(model, args):
    """All rows of one network."""
    task = data.TASKS[model.stem]
    calibration = WORK / f"{model.stem}-calibration.npz"
    np.savez(calibration, **{task.feeds: task.load("calibration", CALIBRATION_SAMPLES)[0]})
    samples, labels = task.load("test", args.samples)
    rows, reference = [], None
    for name, maker in all_contenders(model, calibration, args).items():
        try:
            outputs, figures = maker().measure(samples)
        except (prepare.Failed, RuntimeError) as error:
            rows.append({"name": name, "failed": str(error)})
            if reference is None:  # without our float there is nothing to compare with
                break
            continue
        reference = outputs if reference is None else reference
        rows.append({"name": name, **contenders.judged(outputs, reference, labels), **figures})
    return {"network": model.stem, "samples": len(samples), "rows": rows}


def cells(row):
    if "failed" in row:
        return [row["name"], "failed: " + row["failed"].splitlines()[-1]]
    shown = contenders.shown
    iou = [shown(row, "mean_iou", "{:.2f}", 100)] if "mean_iou" in row else []
    return [row["name"], shown(row, "accuracy", "{:.2f}", 100), *contenders.shown_loss(row), shown(row, "output_sqnr_db", "{:.1f}"),
            shown(row, "int8_share", "{:.0f} %", 100), shown(row, "measured_us", "{:.0f}"), shown(row, "predicted_us", "{:.0f}"), *iou]


def table(result):
    """The rows of one network as aligned text."""
    head = ["", "accuracy", "lost", "95 % interval", "SQNR dB", "int8 MACs", "us", "predicted"]
    head += ["mIoU"] if any("mean_iou" in row for row in result["rows"]) else []
    return f"{result['network']}, {result['samples']} test samples\n" + contenders.aligned(head, [cells(row) for row in result["rows"]])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NAME|FILE.onnx", help="default: all of utils/models/accuracy")
    parser.add_argument("--samples", type=int, default=10000, metavar="N", help="test samples (default 10000)")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="measure f32 and the rows whose name matches")
    parser.add_argument("--variant", action="append", default=[], metavar="NAME=FLAGS",
                        help="one more row: what quant-compile makes with these flags beside its calibration data")
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
    if contenders.lacks_peer():
        print(f"ONNX Runtime is not measured: {contenders.lacks_peer()}", file=sys.stderr)
    results = []
    for model in args.models:
        results.append(measure(model, args))
        print(table(results[-1]), flush=True)
        (args.output_dir / "accuracy.json").write_text(json.dumps({"machine": prepare.machine_name(), "networks": results}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
