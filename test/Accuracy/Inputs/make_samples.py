"""make_samples.py NETWORK SPLIT COUNT PREFIX: samples of a network of utils/models/accuracy as PREFIX.npz, their classes as PREFIX.npy."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "utils/models/accuracy"))
import data

network, split, count, prefix = sys.argv[1:]
task = data.TASKS[network]
samples, labels = task.load(split, int(count))
np.savez(prefix + ".npz", **{task.feeds: samples})
np.save(prefix + ".npy", np.asarray(labels, dtype=np.int64))
