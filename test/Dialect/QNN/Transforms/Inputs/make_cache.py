"""Prints the calibration cache of one observed tensor that saw one sample.

Usage: make_cache.py HASH NAME VALUE...   How Inputs/cache.json was made:
  make_cache.py $(quant-opt ../qnn-apply-ranges.mlir -qnn-apply-ranges=cache=cache.json 2>&1 | sed -n 's/.*expected \\([0-9a-f]*\\)).*/\\1/p') \\
    x -1 3 0 0.5 > cache.json
(a cache of another network makes the pass tell the hash it expects)
"""

import json
import math
import sys


def exact(value):
    """A float as an odd integer in hexadecimal times a power of two."""
    numerator, denominator = float(value).as_integer_ratio()
    exponent = -(denominator.bit_length() - 1)
    while numerator and numerator % 2 == 0:
        numerator, exponent = numerator // 2, exponent + 1
    return f"{numerator:#x}p{exponent:+d}"


def statistics(values):
    """What TensorStatistics holds after seeing `values`: see include/qnn/Calibration/TensorStatistics.h."""
    largest = max(abs(v) for v in values)
    log2_width = max(math.frexp(largest)[1] - 10, -149) if largest else -149
    bins = [math.floor(math.ldexp(v, -log2_width)) for v in values]
    counts = [bins.count(b) for b in range(min(bins), max(bins) + 1)]
    sums = {"samples": 1, "sum_of_mins": exact(min(values)), "sum_of_maxs": exact(max(values))}
    histogram = {"log2_width": log2_width, "first_bin": min(bins), "counts": counts}
    return {"min": min(values), "max": max(values), **sums, **histogram}


def main(graph, name, *values):
    tensors = {name: statistics([float(v) for v in values])}
    source = {"path": "values", "samples": 1, "data": "0"}
    cache = {"version": 2, "numerics_version": 1, "graph": graph, "sources": [source], "tensors": tensors}
    print(json.dumps(cache))


if __name__ == "__main__":
    main(*sys.argv[1:])
