"""check_calibrators.py MODEL: compares the range of the model's input x, by each calibrator, with NumPy's answer for the same data."""

import re
import subprocess
import sys
from fractions import Fraction

import numpy as np

METHODS = ("minmax", "average", "percentile", "entropy", "mse")


def find_ranges(model, data):
    """{method: (low, high)} of the input x."""
    np.save("x.npy", data)
    command = ["quant-compile", model, "--calibration-data=x.npy", "--calibration-cache=c.json", "-o", "x.mlir"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    ranges = {}
    for method in METHODS:
        passes = ["-qnn-graph-pipeline", "-qnn-calibration-pipeline", f"-qnn-apply-ranges=cache=c.json method={method}"]
        text = subprocess.run(["quant-opt", model, *passes], check=True, capture_output=True, text=True).stdout
        ranges[method] = tuple(float(np.float32(v)) for v in re.search(r'as "x" range \[(\S+), (\S+)\]', text).groups())
    return ranges


def measure_error(data, low, high):
    """The mean squared error of the s8 activation that quantize() of Numerics.h gives."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max((high - low) / 255, 2.0**-40)
    zero = np.clip(np.round(-128 - low / scale), -128, 127)
    q = np.clip(np.round(data.astype("f8") / scale) + zero, -128, 127)
    return np.mean(((q - zero) * scale - data) ** 2)


def find_best_error(data):
    """The least error over a grid of ranges."""
    steps = np.linspace(0, 1, 21)
    lows = sorted({min(float(data.min()), 0.0) * t for t in steps})
    highs = sorted({max(float(data.max()), 0.0) * t for t in steps})
    return min(measure_error(data, low, high) for low in lows for high in highs)


def mean(values):
    return float(np.float32(float(sum(Fraction(float(v)) for v in values) / len(values))))


def check(name, model, data):
    ranges = find_ranges(model, data)
    low, high = float(data.min()), float(data.max())
    assert ranges["minmax"] == (low, high), ranges
    assert np.allclose(ranges["average"], (mean(data.min(1)), mean(data.max(1))), rtol=1e-6), ranges
    for method, (a, b) in ranges.items():
        assert low <= a <= b <= high, (method, a, b)
    a, b = ranges["percentile"]
    cut = np.floor(data.size * 0.0001 / 2)
    assert np.sum(data < a) <= cut and np.sum(data > b) <= cut, (a, b)
    errors = {method: measure_error(data, *ranges[method]) for method in METHODS}
    best = min(find_best_error(data), *errors.values())
    assert errors["mse"] <= best * 1.05, (errors, best, ranges)
    print(f"{name}: ranges as stated, mse is best")
    return ranges


def main(model):
    random = np.random.default_rng(1)
    normal = random.standard_normal((32, 4096)).astype("f4")
    check("normal", model, normal)
    check("rectified", model, np.maximum(normal, 0))
    check("positive", model, np.abs(normal) + 3)
    check("negative", model, -np.exp(normal))
    check("uniform", model, random.random((32, 4096), "f4") - np.float32(0.25))
    check("bounded", model, np.clip(normal * 4, 0, 6))
    check("zeros", model, np.zeros((2, 4096), "f4"))
    check("tiny", model, normal * np.float32(1e-30))
    normal = np.tile(normal, (32, 1))
    outlier = normal.copy()
    outlier[5, 17] = 20 * np.abs(normal).max()
    ranges, power = find_ranges(model, outlier), np.mean(normal**2)
    ratios = {m: 10 * np.log10(power / measure_error(normal, *r)) for m, r in ranges.items()}
    assert ratios["minmax"] < 20 and ratios["percentile"] > 40 and ratios["mse"] > 35, ratios
    # All of the values without the outlier are in 72 of the 128 bins it keeps at least.
    assert ratios["entropy"] > 28, ratios
    print("outlier at 20 times the range: minmax is ruined, percentile, entropy and mse are not")
    # Sums that binary64 rounds: 2^60 and -2^60 leave the small ones.
    spread = np.zeros((4, 4096), "f4")
    spread[:, 0] = (2.0**60, 2.0**-20, 0, 2.0**60)
    spread[:, 1] = (-(2.0**60), 0, -(2.0**-20), -(2.0**60))
    a, b = find_ranges(model, spread)["average"]
    assert (a, b) == (mean(spread.min(1)), mean(spread.max(1)))
    print("exact averages: float64 loses the small values, average does not")


if __name__ == "__main__":
    main(sys.argv[1])
