"""The nearest of a set among themselves: each cosine is worked out once and used from both of its ends."""

from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.evaluation.geometry import unit
from ssl_core.evaluation.knn import first_k

BLOCK = 2048  # rows: 16 MB of cosines at a time


def neighbours(z: Float[Tensor, "n d"], k: int) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:
    """Cosines and places of the k nearest of each row, which itself comes first, then the nearest.

    Exact. Among equal cosines the lower place wins. k is at most n.
    """
    blocks = unit(z).split(BLOCK)
    found: list[list[tuple[Tensor, Tensor]]] = [
        [] for _ in blocks
    ]  # of each block, in the order of the others
    for i, rows in enumerate(blocks):
        for j, columns in enumerate(blocks[i:], i):
            cosines = rows @ columns.T
            if i == j:
                cosines.fill_diagonal_(2)  # above every cosine
            else:
                found[j].append(_best(cosines.T.contiguous(), i * BLOCK, k))
            found[i].append(_best(cosines, j * BLOCK, k))
    values, places = zip(*map(partial(_first, k=k), found), strict=True)
    return torch.cat(values), torch.cat(places)


def _best(cosines: Float[Tensor, "b m"], begin: int, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of each row, if there are as many, in the order of their places from `begin` on."""
    place = first_k(cosines, min(k, cosines.shape[1]))
    return cosines.gather(1, place), place + begin


def _first(found: list[tuple[Tensor, Tensor]], k: int) -> tuple[Tensor, Tensor]:
    """Of what every block offers to the rows of one, the k largest, the largest first."""
    value, place = (torch.cat(parts, 1) for parts in zip(*found, strict=True))
    value, order = value.sort(dim=1, descending=True, stable=True)
    return value[:, :k], place.gather(1, order[:, :k])
