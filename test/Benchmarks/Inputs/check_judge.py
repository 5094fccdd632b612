"""The statistics of benchmarks/judge.py against figures that were worked out by hand or published, and coverage by simulation.

Usage: check_judge.py BENCHMARKS
"""

import math
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import judge


def close(got, want, tolerance):
    assert abs(got - want) <= tolerance, f"expected {want}, got {got}"


low, high = judge.wilson(0.5, 100)
close(low, 0.4038, 1e-4), close(high, 0.5962, 1e-4)
low, high = judge.wilson(0.0, 10)  # where the usual interval would be a point
close(low, 0.0, 1e-12), close(high, 0.2775, 1e-4)

# 20 of 100 pairs are discordant, 15 against 5: (15 - 5) / 102 +- 1.96 sqrt((16 + 6) / 102 - (10 / 102)^2) / sqrt(102)
reference, other = np.zeros(100), np.zeros(100)
reference[:15], other[15:20] = 1, 1
lost, low, high = judge.paired_loss(reference, other)
half = 1.959964 * math.sqrt(22 / 102 - (10 / 102) ** 2) / math.sqrt(102)
close(lost, 10.0, 1e-9), close(low, 100 * (10 / 102 - half), 1e-9), close(high, 100 * (10 / 102 + half), 1e-9)
lost, low, high = judge.paired_loss(np.ones(1000), np.ones(1000))
assert lost == 0 and low < 0 < high, "expected an interval also where nothing differs"

lost, low, high = judge.paired_loss(np.full(100, 0.75), np.tile([0.5, 0.75], 50))  # shares: 12.5 +- 1.96 * 12.5 / 10
close(lost, 12.5, 1e-9), close(high - lost, 1.959964 * 12.5 / 10, 1e-9), close(lost - low, high - lost, 1e-9)

# The interval holds the true difference in about 95 of 100 experiments, also where losses are rare.
random, held = np.random.default_rng(0), 0
for _ in range(2000):
    draw = random.uniform(size=1000)
    one, two = (draw > 0.1).astype(float), ((draw > 0.1) & (draw < 0.996) | (draw < 0.002)).astype(float)
    _, low, high = judge.paired_loss(one, two)
    held += low <= 100 * (0.004 - 0.002) <= high
assert 0.93 <= held / 2000 <= 0.98, f"expected to hold in 95 % of experiments, got {held / 2000}"

logits, labels = np.zeros((2, 3, 2, 2)), np.zeros((2, 2, 2), int)
logits[:, 1, 0, 0] = 1  # one pixel of four is called class 1
close(judge.correct(logits, labels).mean(), 0.75, 0), close(judge.mean_iou(logits, labels), (6 / 8 + 0) / 2, 1e-12)
close(judge.sqnr_db(np.full(100, 10.0), np.full(100, 9.0)), 20.0, 1e-9)
assert judge.sqnr_db(np.ones(3), np.ones(3)) is None
print("the statistics are right")
