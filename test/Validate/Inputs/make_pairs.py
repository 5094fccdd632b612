"""make_pairs.py DIRECTORY BOTH FIRST SECOND NEITHER: samples on which both halves, only one, or neither predict the label.

Writes x.npy (float32 [N, 8], two times four scores) and labels.npy. The scores are shuffled normal values with the winner raised.
"""

import sys

import numpy as np

directory, *counts = sys.argv[1:]
rng = np.random.default_rng(1)
wins = [(first, second) for (first, second), n in zip([(1, 1), (1, 0), (0, 1), (0, 0)], map(int, counts)) for _ in range(n)]
rng.shuffle(wins)
labels = rng.integers(0, 4, len(wins))
scores = rng.standard_normal((len(wins), 2, 4)).astype("f4")
for sample, label, rights in zip(scores, labels, wins):
    for half, right in zip(sample, rights):
        half[label if right else (label + 1) % 4] = 5 + rng.random()
np.save(directory + "/x.npy", scores.reshape(-1, 8))
np.save(directory + "/labels.npy", labels.astype("int32"))
