#!/usr/bin/python3
"""Measures our f32 and int8 objects against ONNX Runtime's f32 and int8: same models, same data, same threads, in one process.

  benchmarks/compare.py [NAME|FILE.onnx ...]          default: resnet50 resnet18 mobilenet_v2

The contenders take turns, so that what disturbs the machine disturbs all of them alike. Times are medians of all runs; a ratio
is their median over our median, so above 1 we are faster. `limit` is how long the machine needs at least: all
multiply-accumulates at the rate that benchmarks/limits.cpp measured, plus one read of all weights. docs/Performance.md explains
how to read the table. What is needed is installed and made on the first run, in build/benchmarks.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np

import onnxruntime
import prepare
import report

DEFAULT_NETWORKS = ["resnet50", "resnet18", "mobilenet_v2"]
RUNS_PER_TURN = 5
WEIGHT_BYTES = {"f32": 4, "int8": 1}


def measure_in_turns(steps, runs):
    """{name: sorted milliseconds} of `runs` runs of each step; the first run of every turn only warms the caches."""
    times = {name: [] for name in steps}
    while min(map(len, times.values())) < runs:
        for name, step in steps.items():
            step()
            for _ in range(min(RUNS_PER_TURN, runs - len(times[name]))):
                start = time.perf_counter()
                step()
                times[name].append((time.perf_counter() - start) * 1e3)
    return {name: sorted(values) for name, values in times.items()}


def relative_error(got, want):
    return float(max(np.abs(got[name] - want[name]).max() / max(np.abs(want[name]).max(), 1e-30) for name in want))


def signal_to_noise(got, want):
    """In dB, over all outputs."""
    signal = sum((want[name].astype(np.float64) ** 2).sum() for name in want)
    noise = sum(((want[name].astype(np.float64) - got[name]) ** 2).sum() for name in want)
    return float(10 * np.log10(signal / noise)) if noise else float("inf")


def least_ms(row, limits, precision, threads):
    """The least time for a network on its level, or None when no figure of limits.cpp is about it. Cores multiply each for
    itself, but weights come to all of them through what one can read."""
    rate = report.multiply_rate(limits, row["levels"][precision], precision)
    if rate is None:
        return None
    weights, cache = row["weights"] * WEIGHT_BYTES[precision], limits["cache_bytes"]
    place = "l2" if weights < cache["l2"] else "l3" if weights < cache["l3"] else "dram"
    return (row["macs"] / rate / threads + weights / limits["read"][place]["gb_per_s"]) / 1e6


def peer_steps(network, threads):
    """The steps of ONNX Runtime and the outputs of its float session."""
    feed = [network.feed[name] for name in network.input_names]
    real = onnxruntime.Session(network.onnx, threads)
    integer = onnxruntime.Session(network.quantized_peer(), threads)
    steps = {"peer_f32": real.prepare(feed), "peer_int8": integer.prepare(feed)}
    return steps, real.run(feed), integer.run(feed)


def compare(name, args):
    """The measurements of one network, as they are written to the JSON file."""
    network = prepare.Network(name)
    ours = {p: prepare.OurNetwork(network.compile(p, args.march)) for p in WEIGHT_BYTES}
    results, steps = {}, {}
    for precision, our in ours.items():
        steps["our_" + precision], results[precision] = our.prepare(network.feed, args.threads)
        steps["our_" + precision]()
    row = {"network": network.name, **prepare.workload.count(network.model)}
    if args.peer:
        more, want, peer_int8 = peer_steps(network, args.threads)
        steps.update(more)
        row["f32_error"] = relative_error(results["f32"], want)
        row["our_int8_sqnr_db"] = signal_to_noise(results["int8"], want)
        row["peer_int8_sqnr_db"] = signal_to_noise(peer_int8, want)
    else:
        row["our_int8_sqnr_db"] = signal_to_noise(results["int8"], results["f32"])
    times = measure_in_turns(steps, args.runs)
    row["times_ms"] = {key: {"median": statistics.median(values), "min": values[0]} for key, values in times.items()}
    row["levels"] = {precision: our.level for precision, our in ours.items()}
    return row


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NAME|FILE.onnx", default=DEFAULT_NETWORKS,
                        help="networks that utils/models/export_torchvision.py makes, or ONNX files of static shape")
    parser.add_argument("--march", default="native", metavar="LEVEL", help="level of our objects, as for quant-compile")
    parser.add_argument("--threads", type=int, default=1, metavar="K", help="threads of every contender (default 1)")
    parser.add_argument("--runs", type=int, default=50, metavar="N", help="measured runs of every contender (default 50)")
    parser.add_argument("--output-dir", type=Path, metavar="DIR", default=prepare.WORK,
                        help="where results.json and results.svg go (default: build/benchmarks)")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="measure only our objects")
    args = parser.parse_args()
    if args.runs < 1 or args.threads < 1:
        parser.error("--runs and --threads: expected at least 1")
    return args


def main():
    args = parse_arguments()
    peer = {"ONNX Runtime (or set ORT_LIB, or give --no-peer)": prepare.lacks_onnxruntime} if args.peer else {}
    prepare.install(matplotlib=prepare.lacks_matplotlib, **peer)
    prepare.measure_limits()
    rows = [compare(name, args) for name in args.networks]
    limits = prepare.measure_limits()
    for row in rows:
        row["limit_ms"] = {precision: least_ms(row, limits, precision, args.threads) for precision in WEIGHT_BYTES}
    result = {
        "machine": limits["machine"], "system": platform.platform(), "march": args.march, "threads": args.threads,
        "runs": args.runs, "peer": f"ONNX Runtime {onnxruntime.version()}" if args.peer else None,
        "limits": limits, "networks": rows,
    }
    print(report.table(result))
    args.output_dir.mkdir(parents=True, exist_ok=True)
    (args.output_dir / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    report.write_chart(result, args.output_dir / "results.svg")
    print(f"\n{args.output_dir / 'results.json'} and results.svg have the same figures.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (prepare.Failed, ValueError, RuntimeError) as error:
        sys.exit(f"error: {error}")
