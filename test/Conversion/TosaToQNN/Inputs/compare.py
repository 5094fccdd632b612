"""compare.py PRINTED OURS.npy: holds an output against what printMemrefF32 printed."""

import re
import sys

import numpy as np

printed = open(sys.argv[1]).read().split("data =")[1]
theirs = np.array([float(v) for v in re.findall(r"[-+0-9.e]+", printed)])
ours = np.load(sys.argv[2])
difference = np.abs(theirs - ours.ravel().astype(np.float64)).max()
limit = 1 if ours.dtype == np.int8 else 1e-5 * np.abs(ours).max()
assert difference <= limit, f"expected a difference of at most {limit}, got {difference}: {theirs} and {ours}"
print(f"agree: {ours.size} values of {ours.dtype}")
