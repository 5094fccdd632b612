"""make_samples.py FILE NAME SHAPE COUNT: COUNT standard normal samples of SHAPE (4x4x3) as FILE.npz with an array NAME, or FILE.npy."""

import sys

import numpy as np

path, name, shape, count = sys.argv[1:]
data = np.random.default_rng(0).standard_normal((int(count), *map(int, shape.split("x")))).astype("f4")
np.savez(path, **{name: data}) if path.endswith(".npz") else np.save(path, data)
