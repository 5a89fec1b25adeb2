"""Is one encoder better than another, or was it luck? Both are asked about the same pictures.

A picture that both classify right, or both wrong, tells nothing of the difference, so its standard error is
smaller than that of two accuracies measured apart.
"""

import math
from dataclasses import dataclass

from jaxtyping import Bool
from torch import Tensor

from ssl_core.problem import Problem
from ssl_core.trace import checked


@dataclass(frozen=True)
class Gain:
    """A difference of two accuracies, and its standard error, both as shares: .01 is one point."""

    difference: float
    standard_error: float


@checked
def gain(after: Bool[Tensor, " n"], before: Bool[Tensor, " n"]) -> Gain:
    """How much oftener `after` is right than `before` on the same n pictures, with its paired standard error.

    With differences d (1, 0 or -1 a picture): mean(d) and sqrt(sum (d - mean(d))^2 / (n (n - 1))), the
    standard error of a mean of n independent differences. Raises Problem on fewer than two pictures.
    """
    if len(after) < 2:
        raise Problem("A paired comparison needs two pictures or more, and there are {n}.", n=len(after))
    d = after.double() - before.double()
    return Gain(float(d.mean()), float(d.std(correction=1)) / math.sqrt(len(d)))
