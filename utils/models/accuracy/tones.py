"""Draws filter-bank frames of sounds, the data of the keyword model: 24 log energies over 64 frames, made from a seed.

Twelve sounds differ in how their pitch and loudness move: each has any pitch, length, start, number of harmonics and loudness,
and lies in coloured noise, often with a second voice. Energies are logarithms, shifted and scaled to about -1..3.

    frames, label = draw_tones(seed=0, split="test", count=1000)     # [N,24,64] f32, [N] int64
"""

import numpy as np

import shapes

BANDS, FRAMES = 24, 64
TONES = ("flat", "rise", "fall", "hump", "dip", "trill", "pulses", "slow pulses", "step up", "step down", "chord", "hiss")


def voice(random, kind, count):
    """Energy [N,BANDS,FRAMES] of a sound of each kind."""
    t, band = np.arange(FRAMES)[None, :], np.arange(BANDS)[None, :, None]
    start, length = random.uniform(0, 22, (count, 1)), random.uniform(26, 40, (count, 1))
    s = (t - start) / length
    swing, pitch = random.uniform(2, 5, (count, 1)), random.uniform(5, 12, (count, 1))
    cycles = random.uniform(3, 5, (count, 1))
    bend = np.select([kind[:, None] == i for i in (1, 2, 3, 4, 5, 8, 9)],
                     [s - 0.5, 0.5 - s, 4 * s * (1 - s) - 0.5, 0.5 - 4 * s * (1 - s), 0.35 * np.sin(2 * np.pi * cycles * s),
                      0.5 * np.sign(s - 0.5), 0.5 * np.sign(0.5 - s)], 0)
    loud = np.select([kind[:, None] == i for i in (6, 7)],
                     [np.sin(2 * np.pi * (cycles + 3) * s) > 0, np.sin(2 * np.pi * (cycles - 1.5) * s) > 0], 1)
    loud = loud * np.clip(4 * np.minimum(s, 1 - s) + 0.3, 0, 1) * (s > 0) * (s < 1)
    track = (pitch + swing * bend)[:, None, :]
    width = np.where(kind == 11, 6.0, 0.8)[:, None, None]
    energy = np.exp(-(((band - track) / width) ** 2))
    for harmonic in (1, 2):
        there = np.where(kind == 10, 1.0, random.uniform(0, 0.25, count))[:, None, None]
        energy += there * 0.8**harmonic * np.exp(-(((band - track - 4.5 * harmonic) / width) ** 2))
    return energy * loud[:, None, :] * random.uniform(0.2, 1, (count, 1, 1))


def tones_chunk(random):
    count = shapes.CHUNK
    label = random.integers(0, len(TONES), count)
    energy = voice(random, label, count)
    energy += 0.5 * random.uniform(0, 1, (count, 1, 1)) * voice(random, random.integers(0, len(TONES), count), count)
    slope = np.exp(random.normal(0, 0.06, (count, 1, 1)) * np.arange(BANDS)[None, :, None])
    noise = random.uniform(0.03, 0.3, (count, 1, 1)) * slope * random.gamma(2, 0.5, energy.shape)
    return (np.log(energy + noise + 1e-3) / 2 + 1.5).astype(np.float32), label


def draw_tones(seed, split, count):
    return shapes.draw(tones_chunk, seed, split, count)
