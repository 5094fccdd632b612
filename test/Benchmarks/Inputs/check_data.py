"""The drawn data: the same for whoever draws them, splits that share nothing, classes that all occur.

Usage: check_data.py MODELS
"""

import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import data

for name, task in (("shapes", data.SHAPES), ("scenes", data.SCENES), ("tones", data.TONES)):
    samples, labels = task.load("test", 600)
    again, _ = task.load("test", 300)
    assert np.array_equal(samples[:300], again), "expected the same first samples however many are drawn"
    assert samples.dtype == np.float32 and labels.dtype == np.int64 and len(labels) == 600
    assert sorted(np.unique(labels)) == list(range(task.classes)), "expected every class"
    if task.feeds == "image":
        assert np.array_equal(np.rint(samples * 255) / np.float32(255), samples) and samples.min() >= 0 and samples.max() <= 1, "expected bytes"
    others = {sample.tobytes() for split in ("train", "calibration") for sample in task.load(split, 600)[0]}
    assert len(others) == 1200 and not others & {sample.tobytes() for sample in samples}, "expected splits that share nothing"
    print(name, samples.shape[1:])
