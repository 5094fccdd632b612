"""The grids of benchmarks/fake_quantize.py: formats against their definition, integers against the bounds they promise.

Usage: check_fake_quantize.py BENCHMARKS
"""

import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import fake_quantize

# bf16 has seven bits behind the point: neighbours of 1, ties to even in both directions, and signs.
eps = 2.0**-7
given = np.float32([1 + eps / 2, 1 + 3 * eps / 2, 1 + eps * 0.6, -1 - eps * 0.6, 3e38, 1e-30, 0])
want = np.float32([1, 1 + 2 * eps, 1 + eps, -1 - eps])
assert np.array_equal(fake_quantize.to_bfloat16(given)[:4], want), fake_quantize.to_bfloat16(given)
assert np.all(np.abs(fake_quantize.to_bfloat16(given) - given) <= np.abs(given) * eps / 2)

weights = np.random.default_rng(0).standard_normal((8, 5, 3, 3)).astype(np.float32) * np.logspace(-3, 2, 8, dtype=np.float32)[:, None, None, None]
for bits in (2, 4, 8):
    for axis in (0, 1):
        grid, levels = fake_quantize.rounded(weights, axis, f"int{bits}"), 2 ** (bits - 1) - 1
        assert grid.shape == weights.shape
        for channel, before in zip(np.moveaxis(grid, axis, 0), np.moveaxis(weights, axis, 0)):
            assert len(np.unique(np.abs(channel))) <= levels + 1, "expected no more values than levels"
            step = np.abs(before).max() / levels
            plain = step * np.rint(before / step)
            assert np.square(channel - before).sum() <= np.square(plain - before).sum() * 1.0001, "expected no more error than plain rounding"
            if bits == 8:
                assert np.abs(channel - before).max() <= step / 2 * 1.0001, "expected at most half a step"
print("the grids are right")
