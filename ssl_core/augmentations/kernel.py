"""What happens to one view, compiled by numba: every operation on pixels that are still in the cache.

The batched torch form passes over all pictures once an operation, and memory is what it waits for. Here a
view is cut, coloured and normalised before the next is begun. The formulas are those of the operations' own
files, which are the ones to read; `tests/test_augmentations_fused.py` holds the two together.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

CROP, FLIP, JITTER, GRAY, INVERT, SOLARIZE, BLUR = range(7)
RED, GREEN, BLUE = np.float32(0.2989), np.float32(0.587), np.float32(0.114)
Array = Any  # numpy arrays; numba reads the types off what it is given
# `no_type_check`: numba reads the types itself, and cannot compile a function that is wrapped to check them
compiled = njit(cache=True, nogil=True, error_model="numpy")
inlined = njit(cache=True, nogil=True, error_model="numpy", inline="always")


@compiled
@no_type_check
def taps(start: int, length: int, size: int, first: Array, weights: Array) -> None:
    """For each of `size` new pixels: its first source pixel, counted from `start`, and the weights.

    A triangle, as `crop.interpolation` has it.
    """
    step = length / size
    reach = max(1.0, step)
    for new in range(size):
        centre = (new + 0.5) * step
        low = max(0, int(np.floor(centre - reach + 0.5)))
        first[new] = low
        total = 0.0
        for k in range(weights.shape[1]):
            weight = 1.0 - abs(low + k + 0.5 - centre) / reach
            weight = max(0.0, weight) if low + k < length else 0.0
            weights[new, k] = weight
            total += weight
        for k in range(weights.shape[1]):
            weights[new, k] /= total


@compiled
@no_type_check
def cut(image: Array, box: Array, view: Array, rows: Array) -> None:
    """The box of a picture of bytes, resized to the view, in 0 to 1. `rows` is room for (3, size, width)."""
    top, left, tall, wide = box[0], box[1], box[2], box[3]
    size = view.shape[1]
    most = int(np.ceil(2 * max(1.0, max(tall, wide) / size))) + 1
    down, across = np.empty(size, np.int64), np.empty(size, np.int64)
    by_row, by_column = np.empty((size, most), np.float32), np.empty((size, most), np.float32)
    taps(top, tall, size, down, by_row)
    taps(left, wide, size, across, by_column)
    # a tap after the other over a whole line of pixels: what the processor does many of at once
    by_tap, at_tap = np.empty((most, size), np.float32), np.empty((most, size), np.int32)
    for x in range(size):
        for k in range(most):
            by_tap[k, x] = by_column[x, k]
            at_tap[k, x] = min(across[x] + k, wide - 1)
    scale = np.float32(1.0 / 255.0)
    for c in range(3):
        for y in range(size):
            for x in range(wide):
                rows[c, y, x] = 0.0
            for k in range(most):
                weight = by_row[y, k] * scale
                if weight > 0:
                    line = top + down[y] + k
                    for x in range(wide):
                        rows[c, y, x] += weight * np.float32(image[c, line, left + x])
            row, new = rows[c, y], view[c, y]
            for x in range(size):
                new[x] = by_tap[0, x] * row[at_tap[0, x]]
            for k in range(1, most):
                for x in range(size):
                    new[x] += by_tap[k, x] * row[at_tap[k, x]]


@inlined
@no_type_check
def clamp(x: Any) -> Any:
    """Held to 0 … 1."""
    return min(max(x, np.float32(0.0)), np.float32(1.0))


@inlined
@no_type_check
def ring(place: Any, chroma: Any, low: Any) -> Any:
    """A channel from its place on the colour circle: 1 over a third of it, 0 over another."""
    return clamp(place) * chroma + low


@compiled
@no_type_check
def contrast(planes: Array, factor: float) -> None:
    """As `jitter.adjust_contrast`; planes are (3, pixels)."""
    n = planes.shape[1]
    mean = np.float32(0.0)
    for c, luma in ((0, RED), (1, GREEN), (2, BLUE)):
        total = np.float32(0.0)
        for i in range(n):
            total += planes[c, i]
        mean += luma * total / n
    for c in range(3):
        for i in range(n):
            planes[c, i] = clamp(mean + factor * (planes[c, i] - mean))


@compiled
@no_type_check
def saturation(planes: Array, factor: float) -> None:
    """As `jitter.adjust_saturation`."""
    for i in range(planes.shape[1]):
        r, g, b = planes[0, i], planes[1, i], planes[2, i]
        gray = RED * r + GREEN * g + BLUE * b
        planes[0, i] = clamp(gray + factor * (r - gray))
        planes[1, i] = clamp(gray + factor * (g - gray))
        planes[2, i] = clamp(gray + factor * (b - gray))


@compiled
@no_type_check
def hue(planes: Array, turn: float) -> None:
    """As `jitter.adjust_hue`: the place on the circle in sixths of a turn, moved, and back to channels."""
    one, two, three, four = np.float32(1), np.float32(2), np.float32(3), np.float32(4)
    for i in range(planes.shape[1]):
        r, g, b = planes[0, i], planes[1, i], planes[2, i]
        value, low = max(max(r, g), b), min(min(r, g), b)
        chroma = value - low
        by_red, by_green, by_blue = g - b, (b - r) + two * chroma, (r - g) + four * chroma
        place = by_red if value == r else (by_green if value == g else by_blue)
        place = place / max(chroma, np.float32(1e-12)) / np.float32(6) + turn + one
        place = (place - np.floor(place)) * np.float32(6)
        planes[0, i] = ring(abs(place - three) - one, chroma, low)
        planes[1, i] = ring(two - abs(place - two), chroma, low)
        planes[2, i] = ring(two - abs(place - four), chroma, low)


@compiled
@no_type_check
def jitter(planes: Array, order: Array, factors: Array) -> None:
    """The four steps in their order: brightness, contrast, saturation, hue."""
    for due in order:
        if due == 0:
            for c in range(3):
                for i in range(planes.shape[1]):
                    planes[c, i] = clamp(planes[c, i] * factors[0])
        elif due == 1:
            contrast(planes, factors[1])
        elif due == 2:
            saturation(planes, factors[2])
        else:
            hue(planes, factors[3])


@compiled
@no_type_check
def blur(view: Array, weights: Array, room: Array) -> None:
    """As `blur.Blur.change`: across, then down, mirrored at the edges. `room` is as large as the view."""
    reach, size = len(weights) // 2, view.shape[1]
    period = max(1, 2 * (size - 1))
    for c in range(3):
        for y in range(size):
            for x in range(size):
                total = np.float32(0.0)
                for k in range(len(weights)):
                    at = (x + k - reach) % period
                    total += weights[k] * view[c, y, at if at < size else period - at]
                room[c, y, x] = total
        for y in range(size):
            view[c, y, :] = 0
            for k in range(len(weights)):
                at = (y + k - reach) % period
                line = at if at < size else period - at
                for x in range(size):
                    view[c, y, x] += weights[k] * room[c, line, x]


@compiled
@no_type_check
def make(
    images: Array,
    boxes: Array,
    program: Array,
    applied: Array,
    factors: Array,
    order: Array,
    threshold: Array,
    kernels: Array,
    mean: Array,
    scale: Array,
    views: Array,
    begin: int,
    end: int,
) -> None:
    """Views `begin` to `end`: the program's operations after the crop, each where it applies; normalised."""
    size = views.shape[2]
    rows = np.empty((3, size, images.shape[3]), np.float32)
    room = np.empty((3, size, size), np.float32)
    for n in range(begin, end):
        view = views[n]
        planes = view.reshape(3, size * size)
        cut(images[n], boxes[n], view, rows)
        for at in range(len(program)):
            if not applied[n, at]:
                continue
            what = program[at]
            if what == FLIP:
                for c in range(3):
                    for y in range(size):
                        for x in range(size // 2):
                            kept = view[c, y, x]
                            view[c, y, x] = view[c, y, size - 1 - x]
                            view[c, y, size - 1 - x] = kept
            elif what == JITTER:
                jitter(planes, order[n], factors[n])
            elif what == GRAY:
                for i in range(planes.shape[1]):
                    gray = RED * planes[0, i] + GREEN * planes[1, i] + BLUE * planes[2, i]
                    planes[0, i] = planes[1, i] = planes[2, i] = gray
            elif what == INVERT:
                for c in range(3):
                    for i in range(planes.shape[1]):
                        planes[c, i] = np.float32(1) - planes[c, i]
            elif what == SOLARIZE:
                for c in range(3):
                    for i in range(planes.shape[1]):
                        if planes[c, i] >= threshold[n]:
                            planes[c, i] = np.float32(1) - planes[c, i]
            elif what == BLUR:
                blur(view, kernels[n], room)
        for c in range(3):
            for i in range(planes.shape[1]):
                planes[c, i] = (planes[c, i] - mean[c]) * scale[c]
