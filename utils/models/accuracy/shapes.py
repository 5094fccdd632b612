"""Draws 32x32 colour images of shapes among clutter: the data of the accuracy models, made from a seed and nothing else.

Sixteen shapes are turned by any angle, sized 6 to 12 pixels in radius, placed off centre and textured; behind and before them lie
lines and dots, over everything gradients of light and noise. Some are so dark, small or covered that no network gets all right.
Images are bytes / 255, as a camera would give them.

    image, label = draw_shapes(seed=0, split="test", count=1000)     # [N,3,32,32] f32, [N] int64
    image, label = draw_scenes(seed=0, split="test", count=1000)     # up to three shapes; label [N,32,32]: 0 is background

Samples are drawn in chunks with a generator each, so the first thousand are the same however many are asked for.
"""

import numpy as np

SIZE, CHUNK = 32, 250
SPLITS = {"train": 0, "calibration": 1, "test": 2}
SHAPES = ("disc", "ring", "square", "frame", "triangle", "pentagon", "star", "plus", "ell", "tee", "arrow", "half", "crescent",
          "hourglass", "bars", "wave")
SCENE_SHAPES = ("disc", "ring", "square", "triangle", "star", "plus", "bars")


def regular(r, angle, corners, size):
    """Inside of a regular polygon, positive inside, in units of the radius."""
    sector = 2 * np.pi / corners
    return size * np.cos(sector / 2) - r * np.cos(np.mod(angle, sector) - sector / 2)


def box(u, v, half_width, half_height):
    return np.minimum(half_width - np.abs(u), half_height - np.abs(v))


def inside(name, u, v):
    """How deep the points (u, v) lie inside a shape of radius 1; negative outside."""
    r, angle = np.hypot(u, v), np.arctan2(v, u)
    if name == "disc":
        return 0.85 - r
    if name == "ring":
        return 0.22 - np.abs(r - 0.68)
    if name == "square":
        return box(u, v, 0.72, 0.72)
    if name == "frame":
        return 0.2 - np.abs(np.maximum(np.abs(u), np.abs(v)) - 0.6)
    if name == "triangle":
        return regular(r, angle, 3, 1.1)
    if name == "pentagon":
        return regular(r, angle, 5, 0.95)
    if name == "star":
        return 0.62 + 0.36 * np.cos(5 * angle) - r
    if name == "plus":
        return np.maximum(box(u, v, 0.9, 0.26), box(u, v, 0.26, 0.9))
    if name == "ell":
        return np.maximum(box(u + 0.4, v, 0.25, 0.85), box(u, v - 0.6, 0.65, 0.25))
    if name == "tee":
        return np.maximum(box(u, v + 0.55, 0.85, 0.25), box(u, v - 0.1, 0.25, 0.8))
    if name == "arrow":
        return np.maximum(np.minimum(0.9 - np.abs(u) * 1.2 - v - 0.2, v + 0.2), box(u, v + 0.5, 0.22, 0.4))
    if name == "half":
        return np.minimum(0.95 - r, v + 0.2)
    if name == "crescent":
        return np.minimum(0.9 - r, np.hypot(u - 0.45, v) - 0.6)
    if name == "hourglass":
        return np.minimum(np.abs(v) + 0.12 - np.abs(u), 0.8 - np.abs(v))
    if name == "bars":
        return np.minimum(0.2 - np.abs(np.abs(u) - 0.5), 0.8 - np.abs(v))
    return np.minimum(0.26 - np.abs(v - 0.4 * np.sin(4 * u)), 0.95 - np.abs(u))


def cover(names, which, u, v, radius):
    """[N,H,W] in 0..1: how much of each pixel the shape covers; its edge is one pixel wide."""
    depth = np.empty_like(u)
    for i, name in enumerate(names):
        chosen = which == i
        depth[chosen] = inside(name, u[chosen], v[chosen])
    return np.clip(depth * radius[:, None, None] + 0.5, 0, 1)


def pixels(count):
    y, x = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5, indexing="ij")
    return np.broadcast_to(x, (count, SIZE, SIZE)), np.broadcast_to(y, (count, SIZE, SIZE))


def local(random, count, centre, radius):
    """Pixel coordinates in the frame of a shape that is turned by any angle."""
    x, y = pixels(count)
    turn = random.uniform(0, 2 * np.pi, count)[:, None, None]
    x, y = (x - centre[0][:, None, None]) / radius[:, None, None], (y - centre[1][:, None, None]) / radius[:, None, None]
    return x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)


def paint(image, alpha, colour):
    return image + alpha[:, None] * (colour - image)


def flat(random, count):
    return random.uniform(0, 1, (count, 3, 1, 1))


def background(random, count):
    """A colour with a gradient and coarse spots."""
    x, y = pixels(count)
    slope = random.normal(0, 0.25, (2, count, 3, 1, 1)) / SIZE
    spots = np.kron(random.normal(0, 0.06, (count, 3, 8, 8)), np.ones((4, 4)))
    return flat(random, count) + slope[0] * x[:, None] + slope[1] * y[:, None] + spots


def clutter(random, image, lines, dots):
    """Strokes and dots of any colour, each there half of the time."""
    count = len(image)
    x, y = pixels(count)
    for i in range(lines + dots):
        at, angle = random.uniform(0, SIZE, (2, count, 1, 1)), random.uniform(0, np.pi, (count, 1, 1))
        u = (x - at[0]) * np.cos(angle) + (y - at[1]) * np.sin(angle)
        v = (y - at[1]) * np.cos(angle) - (x - at[0]) * np.sin(angle)
        long = random.uniform(2, 9, (count, 1, 1)) if i < lines else 0
        reach = np.hypot(np.maximum(np.abs(u) - long, 0), v)
        alpha = np.clip(random.uniform(0.6, 1.6, (count, 1, 1)) - reach, 0, 1) * random.integers(0, 2, (count, 1, 1))
        image = paint(image, alpha, flat(random, count))
    return image


def texture(random, count, u, v, contrast_with):
    """The colour of a shape: one that differs from the background a little at least, striped half of the time."""
    colour = flat(random, count)
    away = np.where(contrast_with.mean((1, 2, 3)) > 0.5, -1, 1)[:, None, None, None] * random.uniform(0.1, 0.35, (count, 1, 1, 1))
    colour = colour + np.where(np.abs(colour - contrast_with).mean((1, 2, 3), keepdims=True) < 0.2, away, 0)
    stripes = np.sin(random.uniform(3, 12, (count, 1, 1)) * (u + random.uniform(-1, 1, (count, 1, 1)) * v))
    return colour + random.uniform(0, 0.2, (count, 1, 1, 1)) * random.integers(0, 2, (count, 1, 1, 1)) * stripes[:, None]


def develop(random, image):
    """Light, noise and rounding to bytes."""
    count = len(image)
    image = image * random.uniform(0.6, 1.1, (count, 1, 1, 1)) + random.normal(0, 1, image.shape) * random.uniform(0.01, 0.12, (count, 1, 1, 1))
    return (np.rint(np.clip(image, 0, 1) * 255) / 255).astype(np.float32)


def shapes_chunk(random):
    label = random.integers(0, len(SHAPES), CHUNK)
    radius = random.uniform(6, 12, CHUNK)
    centre = SIZE / 2 + random.uniform(-1, 1, (2, CHUNK)) * np.minimum(SIZE / 2 - radius + 1, 7)
    u, v = local(random, CHUNK, centre, radius)
    image = background(random, CHUNK)
    colour = texture(random, CHUNK, u, v, image.mean((2, 3), keepdims=True))
    image = paint(clutter(random, image, 4, 4), cover(SHAPES, label, u, v, radius), colour)
    return develop(random, clutter(random, image, 2, 3)), label


def scenes_chunk(random):
    image = clutter(random, background(random, CHUNK), 4, 4)
    label = np.zeros((CHUNK, SIZE, SIZE), np.int64)
    for corner in range(3):
        kind, there = random.integers(0, len(SCENE_SHAPES), CHUNK), random.uniform(0, 1, CHUNK) < 0.8
        radius = random.uniform(4.5, 9, CHUNK)
        middle = SIZE * np.array([(0.3, 0.3), (0.7, 0.35), (0.5, 0.72)][corner])[:, None]
        u, v = local(random, CHUNK, middle + random.uniform(-4, 4, (2, CHUNK)), radius)
        alpha = cover(SCENE_SHAPES, kind, u, v, radius) * there[:, None, None]
        image = paint(image, alpha, texture(random, CHUNK, u, v, image.mean((2, 3), keepdims=True)))
        label = np.where(alpha > 0.5, kind[:, None, None] + 1, label)
    return develop(random, clutter(random, image, 1, 2)), label


def draw(chunk, seed, split, count):
    """`count` samples of a split, [(image, label)] of the function `chunk` put together."""
    parts = [chunk(np.random.default_rng([seed, SPLITS[split], i])) for i in range(-(-count // CHUNK))]
    return tuple(np.concatenate(arrays)[:count] for arrays in zip(*parts))


def draw_shapes(seed, split, count):
    return draw(shapes_chunk, seed, split, count)


def draw_scenes(seed, split, count):
    return draw(scenes_chunk, seed, split, count)
