"""Retrieval: the pictures whose features point where those of a picture do."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.evaluation.knn import nearest
from ssl_core.problem import Problem
from ssl_core.trace import checked


@dataclass(frozen=True, eq=False)
class Retrieved:
    """The k nearest of each of n pictures, the nearest first: places in the bank, and cosines."""

    index: Int[Tensor, "n k"]
    cosine: Float[Tensor, "n k"]


@checked
def retrieve(
    queries: Float[Tensor, "n d"], bank: Float[Tensor, "m d"], k: int, *, same: bool = False
) -> Retrieved:
    """The k nearest in the bank of each query by cosine: every pair is compared, block by block.

    Among equals the lower place wins. With `same`, queries and bank are the same pictures, and none finds
    itself. Raises Problem if there are not so many.
    """
    there = len(bank) - same
    if not 1 <= k <= there or len(queries) == 0:
        raise Problem(
            "The {k} nearest of {n} pictures were asked for, among {there}. Ask for at least one, and for at "
            "most as many as there are.",
            k=k,
            n=len(queries),
            there=there,
        )
    found = list(nearest(queries, bank, k + same, same=same))
    first = int(same)  # with `same` each comes first among its own
    return Retrieved(
        torch.cat([place for _, place in found])[:, first:].cpu(),
        torch.cat([cosine for cosine, _ in found])[:, first:].cpu(),
    )
