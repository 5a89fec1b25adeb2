"""How far a figure would move on other test pictures: the bootstrap (Efron 1979), by percentiles.

Pictures are drawn anew from those there are, with replacement, and the figure is worked out again each time.
It tells of the choice of test pictures alone: another seed of the training is another matter. Where every
picture is right (or none) it knows no doubt, and the interval is a point.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ssl_core.problem import Problem
from ssl_core.trace import checked

RESAMPLES = 2000
LEVEL = 0.95
CHUNK = 2**21  # places drawn at a time: 16 MB


@dataclass(frozen=True)
class Interval:
    """From low to high, in the unit of the figure."""

    low: float
    high: float


@checked
def bootstrap(
    hits: Bool[Tensor, " n"],
    generator: torch.Generator,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Interval:
    """The interval of an accuracy, 0 to 1, from each test picture's hit or miss. Raises Problem on none."""
    means = resampled(hits[:, None].double(), generator, resamples)
    return between(means[:, 0], level)


@checked
def bootstrap_of(
    values: Float[Tensor, "n c"],
    figure: Callable[[Tensor], Tensor],
    generator: torch.Generator,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Interval:
    """The interval of a figure that follows from the means (r x c) of what is known of each test picture."""
    return between(figure(resampled(values.double(), generator, resamples)), level)


def resampled(
    values: Float[Tensor, "n c"], generator: torch.Generator, resamples: int
) -> Float[Tensor, "r c"]:
    """The means over n rows drawn with replacement, once for each resample. Raises Problem on no rows."""
    n = len(values)
    if n == 0 or resamples < 1:
        raise Problem("An interval needs test pictures, and there are none.")
    rows = max(1, CHUNK // n)
    means = []
    for start in range(0, resamples, rows):
        places = torch.randint(n, (min(rows, resamples - start), n), generator=generator)
        means.append(torch.stack([column[places].mean(1) for column in values.T], dim=1))
    return torch.cat(means)


def between(figures: Float[Tensor, " r"], level: float) -> Interval:
    """The middle share `level` of the figures."""
    tail = (1 - level) / 2
    low, high = figures.quantile(torch.tensor([tail, 1 - tail], dtype=figures.dtype)).tolist()
    return Interval(low, high)
