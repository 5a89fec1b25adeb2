"""The layout of UMAP, compiled by numba: sampled edges pull their ends together, random others push away.

It is the sampled descent of McInnes et al. 2018, section 4.2, with one liberty that lets several threads
work at one map and still draw the same one each time: a point moves itself only, feels an edge from both of
its ends, and sees the others where they were when the epoch began. Forces are read from a table.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

Array = Any  # numpy arrays; numba reads the types off what it is given
# `no_type_check`: numba reads the types itself, and cannot compile a function that is wrapped to check them
compiled = njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
inlined = njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")

NEGATIVES = 5  # points that push, for each pull of an edge at its head
STEP = 14  # bits of a float32 between two entries of a table: all of its positive numbers are 2^17 entries
WHOLE = 2**32  # what `rates` calls once an epoch: counting in whole numbers takes half the time


def squares() -> Array:
    """The squared distances at which a table of forces has an entry: 512 to each doubling."""
    return (np.arange(2 ** (31 - STEP) + 1, dtype=np.uint32) << np.uint32(STEP)).view(np.float32)


@inlined
@no_type_check
def read(table: Array, square: float) -> float:
    """What the table has nearest to a squared distance, which is within a thousandth of it."""
    return table[(np.float32(square).view(np.int32) + 2 ** (STEP - 1)) >> STEP]


@inlined
@no_type_check
def scattered(state: int) -> int:
    """The next of a stream of 64 bits that look random (xorshift, Marsaglia 2003)."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    return state ^ (state << np.uint64(17))


@inlined
@no_type_check
def due(rate: int, epoch: int) -> int:
    """How often something at this rate happens in this epoch (0, 1, …), evenly spread over all."""
    return (rate * (epoch + 1)) // WHOLE - (rate * epoch) // WHOLE


@compiled
@no_type_check
def move(
    now: Array,
    before: Array,
    starts: Array,
    tails: Array,
    rates: Array,
    pull: Array,
    push: Array,
    first: int,
    last: int,
    epoch: int,
    alpha: float,
    seed: int,
) -> None:
    """One epoch of points first to last. `now` is written; `before` is where all were when it began.

    Point i has the edges starts[i] to starts[i + 1]; each joins it to a tail, and acts `rates` times in
    WHOLE epochs.
    """
    n = np.uint64(len(now))
    for i in range(first, last):
        x, y = before[i, 0], before[i, 1]
        state = np.uint64(seed) + np.uint64(i + 1) * np.uint64(0x9E3779B97F4A7C15)
        state ^= np.uint64(epoch + 1) * np.uint64(0xD1B54A32D192ED03)
        state = scattered(scattered(state | np.uint64(1)))
        for edge in range(starts[i], starts[i + 1]):
            rate = rates[edge]
            j = tails[edge]
            for _ in range(due(2 * rate, epoch)):  # felt from both of its ends
                dx, dy = x - before[j, 0], y - before[j, 1]
                force = read(pull, dx * dx + dy * dy) * alpha
                x += force * dx
                y += force * dy
            for _ in range(due(NEGATIVES * rate, epoch)):
                state = scattered(state)
                j = np.int64((state >> np.uint64(32)) * n >> np.uint64(32))
                if j != i:
                    dx, dy = x - before[j, 0], y - before[j, 1]
                    force = read(push, dx * dx + dy * dy) * alpha
                    x += force * dx
                    y += force * dy
        now[i, 0], now[i, 1] = x, y
