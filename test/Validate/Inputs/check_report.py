"""check_report.py X.npy LABELS.npy TOP_K < JSON: what quant-validate found out about the halves, computed again from the definitions.

The last line of standard input is the JSON; NumPy's argmax, sums of squares, exact binomial sums, Wilson's and Newcombe's
formulas (the latter two written from the papers) say what it has to hold.
"""

import json
import math
import sys

import numpy as np

Z = 1.959963984540054


def wilson(right, n):
    p = right / n
    root = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return [(p + Z * Z / (2 * n) + sign * root) / (1 + Z * Z / n) for sign in (-1, 1)]


def newcombe(a, b, c, d):
    n = a + b + c + d
    p, q = (a + b) / n, (a + c) / n
    (l1, u1), (l2, u2) = wilson(a + b, n), wilson(a + c, n)
    cross = a * d - b * c
    cross = max(cross - n / 2, 0) if cross > 0 else cross
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    phi = cross / math.sqrt(margins) if margins else 0
    low = math.sqrt((p - l1) ** 2 - 2 * phi * (p - l1) * (u2 - q) + (u2 - q) ** 2)
    high = math.sqrt((u1 - p) ** 2 - 2 * phi * (u1 - p) * (q - l2) + (q - l2) ** 2)
    return [100 * (p - q - low), 100 * (p - q + high)]


def close(what, got, expected):
    if not np.allclose(got, expected, rtol=1e-9, atol=1e-9):
        sys.exit(f"{what}: expected {expected}, got {got}")


samples, labels, k = np.load(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[3])
report = json.loads(sys.stdin.read().splitlines()[-1])
first, second = samples[:, :4].astype("f8"), samples[:, 4:].astype("f8")
noise = (second - first) ** 2
output = report["outputs"][0]
close("SQNR", output["sqnr_db"], 10 * math.log10((first**2).sum() / noise.sum()))
close("cosine", output["cosine"], (first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))
close("max error", output["max_error"], np.abs(second - first).max())
per_sample = 10 * np.log10((first**2).sum(1) / noise.sum(1))
close("worst samples", [w["sample"] for w in report["worst"]], np.argsort(per_sample)[: len(report["worst"])])

one, other = first.argmax(1), second.argmax(1)
right, kept = one == labels, other == labels
table = [(right & kept).sum(), (right & ~kept).sum(), (~right & kept).sum(), (~right & ~kept).sum()]
top = report["top1"]
close("top-1 counts", [top[x + "_right"] for x in ("both", "only_reference", "only_candidate", "neither")], table)
close("drop", top["drop_points"], 100 * (right.mean() - kept.mean()))
discordant = int(table[1] + table[2])
tail = sum(math.comb(discordant, i) for i in range(min(table[1], table[2]) + 1))
close("p", top["p_value"], min(1, 2 * tail / 2**discordant))
close("interval of the drop", top["drop_interval_95"], newcombe(*map(int, table)))
agreeing = int((one == other).sum())
close("agreement", report["agreement"]["interval_95"], [100 * x for x in wilson(agreeing, len(one))])
flips = np.flatnonzero(one != other)
close("flipped samples", report["flipped_samples"], len(flips))
for entry, i in zip(report["flipped"], flips):
    margins = [np.sort(half[i])[-1] - np.sort(half[i])[-2] for half in (first, second)]
    close("flipped", [entry[x] for x in ("sample", "label", "reference", "candidate")], [i, labels[i], one[i], other[i]])
    if not np.allclose([entry["reference_margin"], entry["candidate_margin"]], margins, rtol=1e-5):
        sys.exit(f"margins of sample {i}: expected {margins}, got {entry}")
for name, half in (("reference", first), ("candidate", second)):
    among = [label in np.argsort(-row, kind="stable")[:k] for row, label in zip(half, labels)]
    close(f"top-{k} of the {name}", report["topk"][name + "_percent"], 100 * np.mean(among))
print("as defined")
