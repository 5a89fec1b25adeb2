"""The assignment's two forms of SimCLR's loss side by side: the same numbers, and how long each takes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.cs231n import simclr_loss_naive, simclr_loss_vectorized
from ssl_core.losses.base import clusters
from ssl_core.problem import Problem

SIZES = (2, 4, 8, 16, 32, 64)
REPEATS, SECONDS = 9, 0.2  # of one form at one N: whichever is reached first, but once in any case
D, TEMPERATURE = 16, 0.5

Form = Callable[[Float[Tensor, "n d"], Float[Tensor, "n d"], float], Tensor]


@dataclass(frozen=True)
class Race:
    """How far it goes. The loop takes 4 N² similarities: some 2 seconds up to 32, and 64 alone takes 4."""

    largest: int = knob(32, 2, 64, "Pairs of the largest batch.")
    seed: int = knob(0, 0, 9999, "The same seed makes the same batch.")


@dataclass(frozen=True)
class Lap:
    """Both forms on one batch of n pairs. Times are of value and gradient, here, the median of k repeats."""

    n: int
    naive: float
    vectorized: float
    difference: float  # the largest, between the two gradients
    naive_seconds: float
    naive_repeats: int
    vectorized_seconds: float
    vectorized_repeats: int

    @property
    def ratio(self) -> float:
        """How many times as long the loop takes."""
        return self.naive_seconds / self.vectorized_seconds


def race(race: Race) -> Iterator[Lap]:
    """Lap after lap, 2, 4, 8 … pairs; stop whenever you like."""
    for n in SIZES:
        if n <= race.largest:
            yield lap(n, race.seed)


def lap(n: int, seed: int = 0) -> Lap:
    """Both forms on n pairs, in float64. Raises Problem where n is not within the range of `Race.largest`."""
    if not SIZES[0] <= n <= SIZES[-1]:
        raise Problem("{n} pairs are raced; give {low} to {high}.", n=n, low=SIZES[0], high=SIZES[-1])
    views = clusters(torch.Generator().manual_seed(seed), 2, n, D, torch.float64).requires_grad_()
    _timed(simclr_loss_vectorized, views)  # the first call of all loads code: not of either form
    fast, fast_slope, fast_times = _timed(simclr_loss_vectorized, views)
    slow, slow_slope, slow_times = _timed(simclr_loss_naive, views)
    return Lap(
        n=n,
        naive=slow,
        vectorized=fast,
        difference=float((slow_slope - fast_slope).abs().max()),
        naive_seconds=median(slow_times),
        naive_repeats=len(slow_times),
        vectorized_seconds=median(fast_times),
        vectorized_repeats=len(fast_times),
    )


def _timed(form: Form, views: Float[Tensor, "2 n d"]) -> tuple[float, Tensor, list[float]]:
    """The value, the gradient, and how long it took each time."""
    times: list[float] = []
    while not times or (len(times) < REPEATS and sum(times) < SECONDS):
        start = time.perf_counter()
        loss = form(views[0], views[1], TEMPERATURE)
        (slope,) = torch.autograd.grad(loss, views)
        times.append(time.perf_counter() - start)
    return float(loss.detach()), slope, times
