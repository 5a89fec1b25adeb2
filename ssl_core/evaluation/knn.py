"""Weighted nearest neighbours: does a picture lie next to pictures of its own class?

It trains nothing, so it says what the features themselves know. Neighbours are found by chunks of queries
(some 100 MB; beyond 250,000 pictures less than the bank itself), and ties go to the picture that comes first
in the bank.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.evaluation.geometry import unit
from ssl_core.problem import Problem
from ssl_core.trace import checked

CHUNK = 2**22  # similarities at a time: 16 MB, and a few masks of the same shape
FEWEST = 16  # queries at a time: the whole bank is read for each few of them


@dataclass(frozen=True)
class KNNKnobs:
    """What a figure of kNN accuracy must name to be comparable, besides the features."""

    k: int = knob(200, 1, 1000, "How many neighbours vote", log=True)
    temperature: float = knob(0.1, 0.01, 1, "The smaller, the more the nearest outweigh the rest", log=True)


@dataclass(frozen=True, eq=False)
class KNN:
    """What the neighbours said. Accuracies are 0 to 1; top5 counts the label among the 5 best classes."""

    top1: float
    top5: float
    k: int  # that voted: what was asked for, or the whole bank where that is smaller
    clipped: bool  # whether the bank is smaller than the k that was asked for
    temperature: float
    bank: int
    queries: int
    predictions: Int[Tensor, " n"]


@checked
def knn_accuracy(
    bank: Float[Tensor, "m d"],
    bank_labels: Int[Tensor, " m"],
    queries: Float[Tensor, "n d"],
    query_labels: Int[Tensor, " n"],
    k: int = KNNKnobs.k,
    temperature: float = KNNKnobs.temperature,
    classes: int | None = None,
) -> KNN:
    """Classify each query by its k nearest in the bank by cosine, each voting with weight exp(cosine / T).

    Wu et al. 2018, https://arxiv.org/abs/1805.01978, section 3.4. Equal scores go to the lower class.
    `classes` is found from the labels where it is not given. Raises Problem on empty or non-finite features.
    """
    _refuse_undefined(len(bank), len(queries), k, temperature)
    labels = torch.cat([bank_labels, query_labels.to(bank_labels.device)])
    classes = int(labels.max()) + 1 if classes is None else classes
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise Problem("Labels must lie between 0 and {last}.", last=classes - 1)
    used = min(k, len(bank))
    ranked = []
    for similarity, place in nearest(queries, bank, used):
        weight = ((similarity - similarity[:, :1]) / temperature).exp()  # of the nearest 1: no overflow
        votes = weight.new_zeros(len(weight), classes)
        votes.scatter_add_(1, bank_labels.to(place.device)[place].long(), weight)
        ranked.append(votes.sort(dim=1, descending=True, stable=True).indices[:, :5])
    best = torch.cat(ranked)  # n x 5
    hit = best == query_labels.to(best.device)[:, None]
    return KNN(
        top1=int(hit[:, 0].sum()) / len(hit),
        top5=int(hit.any(1).sum()) / len(hit),
        k=used,
        clipped=used < k,
        temperature=temperature,
        bank=len(bank),
        queries=len(queries),
        predictions=best[:, 0].cpu(),
    )


def nearest(
    queries: Float[Tensor, "n d"], bank: Float[Tensor, "m d"], k: int, *, same: bool = False
) -> Iterator[tuple[Float[Tensor, "b k"], Int[Tensor, "b k"]]]:
    """Cosines and places in the bank of the k nearest, the nearest first, a chunk of queries at a time.

    Exact. Among equal cosines the lower place wins. With `same`, queries and bank are the same pictures and
    each comes first among its own neighbours, its duplicates after it.
    """
    bank = unit(bank)
    rows = min(1024, max(FEWEST, CHUNK // len(bank)))
    for start in range(0, len(queries), rows):
        similarity = unit(queries[start : start + rows]).to(bank.device) @ bank.T
        if same:
            similarity.diagonal(start).fill_(2)  # above every cosine
        place = first_k(similarity, k)
        value, order = similarity.gather(1, place).sort(dim=1, descending=True, stable=True)
        yield value, place.gather(1, order)


def first_k(similarity: Float[Tensor, "b m"], k: int) -> Int[Tensor, "b k"]:
    """Places of the k largest of each row, in the bank's order. topk alone leaves ties to chance."""
    value, place = similarity.topk(min(k + 1, similarity.shape[1]), dim=1)
    place = place[:, :k].sort(dim=1).values
    if value.shape[1] == k:
        return place
    tied = value[:, k - 1] == value[:, k]  # the last that is in and the first that is out: rare
    if tied.any():
        place[tied] = _first_of_equals(similarity[tied], value[tied, k - 1 : k], k)
    return place


def _first_of_equals(
    similarity: Float[Tensor, "t m"], least: Float[Tensor, "t 1"], k: int
) -> Int[Tensor, "t k"]:
    """All that is above the least, then of those that equal it the first, until there are k."""
    above, equal = similarity > least, similarity == least
    room = k - above.sum(1, keepdim=True)
    chosen = above | (equal & (equal.cumsum(1, dtype=torch.int32) <= room))
    return chosen.nonzero()[:, 1].view(-1, k)  # exactly k in each row


def _refuse_undefined(bank: int, queries: int, k: int, temperature: float) -> None:
    if bank == 0 or queries == 0:
        raise Problem(
            "kNN compares {queries} pictures with {bank}; give at least one of each.",
            queries=queries,
            bank=bank,
        )
    if k < 1:
        raise Problem("k is {k}; at least one neighbour must vote.", k=k)
    if not temperature > 0:
        raise Problem("The temperature is {temperature}; give a number above 0.", temperature=temperature)
