"""Which classes are taken for which."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.problem import Problem
from ssl_core.trace import checked


@checked
def confusion(predictions: Int[Tensor, " n"], labels: Int[Tensor, " n"], classes: int) -> Int[Tensor, "c c"]:
    """How many pictures of class i (row) were said to be of class j (column). Raises Problem."""
    both = torch.cat([predictions, labels])
    if len(both) and not 0 <= int(both.min()) <= int(both.max()) < classes:
        raise Problem("Labels must lie between 0 and {last}.", last=classes - 1)
    return (labels * classes + predictions).bincount(minlength=classes**2).view(classes, classes)


@checked
def recall(matrix: Int[Tensor, "c c"]) -> Float[Tensor, " c"]:
    """The share of each class that was recognised, 0 to 1; NaN where there is no picture of it."""
    return matrix.diagonal() / matrix.sum(1)
