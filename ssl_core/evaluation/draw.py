"""A share of the labels, drawn class by class: how good are features where labels are few?"""

import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core.problem import Problem
from ssl_core.trace import checked


@checked
def draw_labels(labels: Int[Tensor, " n"], percent: float, generator: torch.Generator) -> Int[Tensor, " k"]:
    """Places of so many percent of each class, rounded, and at least one picture of each, in order.

    A smaller share is part of a larger one drawn from the same seed. Raises Problem outside of 0 to 100.
    """
    if not 0 < percent <= 100:
        raise Problem(
            "{percent} % of the labels cannot be drawn; give more than 0 and at most 100.", percent=percent
        )
    chosen = []
    for label in labels.unique():
        places = (labels == label).nonzero()[:, 0]
        order = torch.randperm(len(places), generator=generator)  # of all, whatever the share
        chosen.append(places[order[: max(1, round(percent / 100 * len(places)))]])
    return torch.cat(chosen).sort().values if chosen else torch.zeros(0, dtype=torch.long)
