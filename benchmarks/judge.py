"""How good predictions are against labels and against other predictions, with intervals: the statistics of accuracy.py.

A network's outputs are an array [samples, classes, ...] of logits; labels are [samples, ...]. Where there are further dimensions
(pixels), every one is a prediction, and a sample counts as the share of its predictions that are right.
"""

import math

import numpy as np

NORMAL_95 = 1.959964


def correct(logits, labels):
    """[samples] in 0..1: the share of each sample's predictions that are right."""
    hits = logits.argmax(1) == labels
    return hits.reshape(len(hits), -1).mean(1)


def mean_iou(logits, labels):
    """Intersection over union, averaged over the classes that occur."""
    found, ratios = logits.argmax(1), []
    for label in range(logits.shape[1]):
        union = np.logical_or(found == label, labels == label).sum()
        if union:
            ratios.append(np.logical_and(found == label, labels == label).sum() / union)
    return float(np.mean(ratios))


def wilson(share, samples):
    """The 95 % interval of a share of independent samples (Wilson 1927)."""
    square = NORMAL_95**2 / samples
    middle, half = share + square / 2, NORMAL_95 * math.sqrt(share * (1 - share) / samples + square / samples / 4)
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def paired_loss(reference, other):
    """(points lost, lower, upper) of `other` against `reference`, both what correct() says of the same samples.

    The interval is Bonett and Price's (2012) for paired proportions: Wald's after one discordant pair each way was added, which
    keeps it honest where almost all predictions agree. For samples that are shares, as of pixels, a whole pair would weigh too much:
    theirs is the interval of the mean.
    """
    lost = reference - other
    whole = np.isin(lost, (-1.0, 0.0, 1.0)).all()
    seen = np.concatenate([lost, [1.0, -1.0]]) if whole else lost
    middle, half = seen.mean(), NORMAL_95 * seen.std() / math.sqrt(len(seen))
    return tuple(100 * float(x) for x in (lost.mean(), middle - half, middle + half))


def sqnr_db(reference, other):
    """Signal to noise of `other`, in dB, over all outputs of all samples; None without any noise, which JSON can say."""
    noise = np.square(reference - other, dtype=np.float64).sum()
    return float(10 * np.log10(np.square(reference, dtype=np.float64).sum() / noise)) if noise else None
