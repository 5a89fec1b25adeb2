"""A part of the labels, drawn class by class: what is left when labels are dear."""

import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core.problem import Problem


def draw_share(labels: Int[Tensor, " n"], share: float, seed: int = 0) -> Int[Tensor, " k"]:
    """Places of `share` (above 0, up to 1) of every class, rounded, at least one of each; in order.

    The same seed gives the same places, and a smaller share is a part of a larger one. Raises Problem.
    """
    if not 0 < share <= 1:
        raise Problem("The share of the labels is {share}; give more than 0, at most 1.", share=share)
    if len(labels) == 0:
        raise Problem("There are no labels to draw from. Choose other pictures.")
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for label in labels.unique():
        places = (labels == label).nonzero().flatten()
        order = torch.randperm(len(places), generator=generator)
        drawn.append(places[order[: max(1, round(share * len(places)))]])
    return torch.cat(drawn).sort().values
