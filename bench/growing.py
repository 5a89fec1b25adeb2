"""How something grows: measured at larger and larger sizes, as long as the next is worth its while."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bench.compare import seconds
from bench.peak import peak

ENOUGH, TIMES = 0.3, 7  # seconds that a size is measured for, and how often at most
PATIENCE = 6.0  # seconds that one call may be expected to take; larger sizes are left out


@dataclass(frozen=True)
class Growth:
    """What grows with what, and the exponents of its time and memory that are still in order."""

    name: str
    of: str  # what is counted: "pairs"
    sizes: Sequence[int]
    start: Callable[[int], Callable[[], object]]  # makes what is to be called at a size
    most: float
    memory: float | None = None  # None where tensors are not what takes it


@dataclass(frozen=True)
class Curve:
    """What was measured: sizes, seconds, and bytes where they were counted."""

    name: str
    of: str
    sizes: list[int]
    seconds: list[float]
    bytes: list[int]


def measure(growth: Growth) -> Curve:
    """The quickest of a few calls at each size: what disturbs a machine only ever slows it."""
    sizes: list[int] = []
    times: list[float] = []
    memory: list[int] = []
    growth.start(growth.sizes[0])()  # what is made ready once, such as compiled code, is not of this size
    for size in growth.sizes:
        if len(times) > 1 and expected(sizes, times, size) > PATIENCE:
            break
        way = growth.start(size)
        times.append(quickest(way))
        sizes.append(size)
        if growth.memory is not None:
            memory.append(peak(way))
    return Curve(growth.name, growth.of, sizes, times, memory)


def quickest(way: Callable[[], object]) -> float:
    """Seconds: of several calls, unless one is long."""
    found = [seconds(way)]
    while sum(found) < ENOUGH and len(found) < TIMES:
        found.append(seconds(way))
    return min(found)


def expected(sizes: Sequence[int], times: Sequence[float], size: int) -> float:
    """Seconds that the next size will take, if it goes on as between the last two, or linearly at least."""
    steepness = max(1.0, exponent(sizes[-2:], times[-2:]))
    return times[-1] * (size / sizes[-1]) ** steepness


def exponent(sizes: Sequence[int], values: Sequence[float], last: int = 3) -> float:
    """a of values ∝ sizes^a by least squares on the logarithms, over the largest few: the smallest pay what
    every call costs.
    """
    x, y = (list(map(math.log, part[-last:])) for part in (sizes, values))
    middle, level = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - middle) * (b - level) for a, b in zip(x, y, strict=True))
    return above / sum((a - middle) ** 2 for a in x)


def at_size(
    way: Callable[..., object], make: Callable[[int], object]
) -> Callable[[int], Callable[[], object]]:
    """`start` of a Growth: `way` of what `make` makes at a size."""
    return lambda size: partial(way, make(size))
