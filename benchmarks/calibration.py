#!/usr/bin/python3
"""Measures quant-calibrate: its memory for few and for many samples, its speed beside ONNX Runtime's f32 inference on the same core.

  benchmarks/calibration.py [NAME|FILE.onnx] [--samples=50,500] [--turns=5]          default: resnet50

Both take turns on one core. Seconds are of CPU time, so other programs on the core count for neither; wall-clock time stands beside
it. The speed of calibration is that of the samples the longer run has more than the shorter: starting, importing and compiling, which
a run of any length needs once, are in the column `all`. ONNX Runtime runs the network only, on one sample again and again; calibration
also reads every sample from its file, checks, hashes and observes it.
"""

import argparse
import os
import resource
import subprocess
import sys
import time

import numpy as np

import onnxruntime
import prepare
import workload

MIB = 1024  # ru_maxrss counts KiB


def calibrate(network, samples, core):
    """(CPU seconds, wall-clock seconds, peak MiB) of one run of quant-calibrate."""
    command = [prepare.tool("quant-calibrate"), network.onnx, f"--calibration-data={samples}", "-o", network.file("-calibration.json")]
    start = time.perf_counter()
    child = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True,
                             preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    message = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise prepare.Failed(message.strip())
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / MIB


def infer(step, runs):
    """(CPU seconds, wall-clock seconds) of `runs` runs of ONNX Runtime in this process."""
    step()
    usage, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    for _ in range(runs):
        step()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - usage.ru_utime + after.ru_stime - usage.ru_stime, wall


def write_samples(network, counts):
    """{count: file}; the samples are normally distributed."""
    files = {}
    for count in counts:
        files[count] = network.file(f"-{count}-samples.npz")
        if prepare.is_stale(files[count], network.onnx):
            np.savez(files[count], **workload.sample_inputs(network.model, count))
    return files


def measure(network, counts, turns):
    core = max(os.sched_getaffinity(0))
    files = write_samples(network, counts)
    os.sched_setaffinity(0, {core})
    peer = None
    if onnxruntime.find_library():
        session = onnxruntime.Session(str(network.onnx), threads=1)
        peer = session.prepare([network.feed[name] for name in session.inputs])
    few, many = counts
    ours, theirs = {few: [], many: []}, []
    for _ in range(turns):
        for count in counts:
            ours[count].append(calibrate(network, files[count], core))
        if peer:
            theirs.append(infer(peer, many - few))
    return ours, theirs


def show(network, counts, ours, theirs):
    few, many = counts

    def least(runs, column):
        return min(run[column] for run in runs)

    print(f"{network.name}: samples/s, the best of {len(ours[few])} turns")
    print(f"{'':22}{'CPU':>9}{'wall':>9}{'all, CPU':>10}")
    rates = [(many - few) / (least(ours[many], column) - least(ours[few], column)) for column in (0, 1)]
    print(f"{'quant-calibrate':22}{rates[0]:9.1f}{rates[1]:9.1f}{many / least(ours[many], 0):10.1f}")
    if theirs:
        peer = [(many - few) / least(theirs, column) for column in (0, 1)]
        print(f"{'ONNX Runtime f32':22}{peer[0]:9.1f}{peer[1]:9.1f}")
        print(f"{'ratio':22}{rates[0] / peer[0]:9.2f}{rates[1] / peer[1]:9.2f}")
    peaks = {count: max(run[2] for run in ours[count]) for count in counts}
    print(f"peak memory: {peaks[few]:.1f} MiB for {few} samples, {peaks[many]:.1f} MiB for {many}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="?", default="resnet50")
    parser.add_argument("--samples", default="50,500")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    counts = [int(part) for part in options.samples.split(",") if part.isdigit()]
    if len(counts) != 2 or not 0 < counts[0] < counts[1]:
        sys.exit(f"error: --samples: expected two growing numbers, got '{options.samples}'")
    try:
        network = prepare.Network(options.network)
        show(network, counts, *measure(network, counts, max(1, options.turns)))
    except (prepare.Failed, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
