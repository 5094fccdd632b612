#!/usr/bin/python3
"""Writes samples of the data on which the networks here were trained or are judged.

  data.py NAME OUT.npz [--split=calibration|test|train] [--count=200] [--labels=OUT.npy]

OUT.npz has the network's input by its name, in f32; --labels writes the classes, int64, one for each sample (for `segmenter` one for
each pixel), in the same order. Calibration samples are drawn like all others but are neither training nor test samples.
"""

import argparse
from pathlib import Path

import numpy as np

import shapes
import tones

SEED = 0


class Task:
    """How samples are drawn, the input they feed, how many classes they have, and whether turning them over keeps the class."""

    def __init__(self, draw, feeds, classes, turns):
        self.draw, self.feeds, self.classes, self.turns = draw, feeds, classes, turns

    def load(self, split, count):
        return self.draw(SEED, split, count)


SHAPES = Task(shapes.draw_shapes, "image", len(shapes.SHAPES), True)
SCENES = Task(shapes.draw_scenes, "image", len(shapes.SCENE_SHAPES) + 1, True)
TONES = Task(tones.draw_tones, "frames", len(tones.TONES), False)
TASKS = {"residual": SHAPES, "mobile": SHAPES, "squeeze": SHAPES, "segmenter": SCENES, "attention": SHAPES,
         "keyword": TONES}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=TASKS, metavar="NAME", help=", ".join(TASKS))
    parser.add_argument("out", type=Path, metavar="OUT.npz")
    parser.add_argument("--split", choices=shapes.SPLITS, default="calibration")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--labels", type=Path, metavar="OUT.npy")
    args = parser.parse_args()
    task = TASKS[args.name]
    samples, labels = task.load(args.split, args.count)
    np.savez(args.out, **{task.feeds: samples})
    if args.labels:
        np.save(args.labels, labels)


if __name__ == "__main__":
    main()
