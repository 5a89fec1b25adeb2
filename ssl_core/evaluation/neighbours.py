"""The nearest of a set among themselves: each cosine is worked out once and used from both of its ends."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.evaluation.geometry import unit
from ssl_core.threads import in_portions

BLOCK = 2048  # rows: 16 MB of cosines at a time
PORTION = 1024  # rows or columns that a thread looks through at a time


def neighbours(z: Float[Tensor, "n d"], k: int) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:
    """Cosines and places of the k nearest of each row, which itself comes first, then the nearest.

    Exact. Among equal cosines the lower place wins. k is at most n. A row's cosine with itself is given as 2.
    """
    from ssl_core.evaluation.neighbours_kernel import keep_of_columns, keep_of_rows

    blocks = unit(z).float().cpu().split(BLOCK)
    values = torch.full((len(z), k), -torch.inf).split(BLOCK)
    places = torch.zeros(len(z), k, dtype=torch.int64).split(BLOCK)

    def keep(way: Callable[..., None], cosines: Tensor, of: int, begin: int) -> None:
        given = [tensor.numpy() for tensor in (cosines, values[of], places[of])]
        in_portions(partial(way, *given, begin), len(blocks[of]), PORTION)

    for i, rows in enumerate(blocks):  # every row meets the others in the order of their places
        for j, columns in enumerate(blocks[i:], i):
            cosines = rows @ columns.T
            if i == j:
                cosines.fill_diagonal_(2)  # above every cosine
            else:
                keep(keep_of_columns, cosines, j, i * BLOCK)
            keep(keep_of_rows, cosines, i, j * BLOCK)
    return torch.cat(values), torch.cat(places)
