"""Prints the calibration cache of one observed tensor.

Usage: make_cache.py HASH NAME VALUE...   How Inputs/cache.json was made:
  make_cache.py $(quant-opt ../qnn-apply-ranges.mlir -qnn-apply-ranges=cache=cache.json 2>&1 | sed -n 's/.*expected \\([0-9a-f]*\\)).*/\\1/p') \\
    x -1 3 0 0.5 > cache.json
(a cache of another network makes the pass tell the hash it expects)
"""

import json
import math
import sys

BINS = 2048


def statistics(values):
    """What TensorStatistics holds after seeing `values`: see include/qnn/Calibration/Cache.h."""
    largest = max(abs(v) for v in values)
    log2_width = max(math.frexp(largest)[1] - 10, -149) if largest else -149
    counts = [0] * BINS
    for v in values:
        counts[math.floor(math.ldexp(v, -log2_width)) + BINS // 2] += 1
    return {"min": min(values), "max": max(values), "histogram": {"log2_width": log2_width, "counts": counts}}


def main(graph, name, *values):
    tensors = {name: statistics([float(v) for v in values])}
    cache = {"version": 1, "graph": graph, "samples": 1, "tensors": tensors}
    print(json.dumps(cache, separators=(",", ":")))


if __name__ == "__main__":
    main(*sys.argv[1:])
