"""kNN against voting by hand, at its edges, and in bounded memory."""

import math
from collections import defaultdict
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from ssl_core.config import knobs
from ssl_core.evaluation import KNNKnobs, knn, knn_accuracy, nearest, neighbours
from ssl_core.evaluation.geometry import unit
from ssl_core.problem import Problem


def whole_numbers(n: int, d: int, seed: int) -> torch.Tensor:
    """Rows on a coarse grid, so that cosines tie often, and none is zero."""
    x = torch.randint(-1, 2, (n, d), generator=torch.Generator().manual_seed(seed)).float()
    x[x.abs().sum(1) == 0] = 1
    return x


def ranked_by_hand(bank, labels, query, k, temperature, classes):  # type: ignore[no-untyped-def]
    """Classes by the votes of the k nearest; ties to the earlier picture and to the lower class."""

    def cosine(a: list[float], b: list[float]) -> float:
        dot = sum(p * q for p, q in zip(a, b, strict=True))
        return round(dot / math.hypot(*a) / math.hypot(*b), 6)  # so that equal cosines are equal here too

    near = sorted(range(len(bank)), key=lambda i: (-cosine(bank[i], query), i))[:k]
    votes: defaultdict[int, float] = defaultdict(float)
    for i in near:
        votes[labels[i]] += math.exp(cosine(bank[i], query) / temperature)
    return sorted(range(classes), key=lambda c: (-round(votes[c], 6), c)), votes


@settings(deadline=None, max_examples=60)
@given(
    m=st.integers(1, 20),
    n=st.integers(1, 6),
    classes=st.integers(1, 8),
    k=st.integers(1, 30),
    seed=st.integers(0, 999),
)
def test_it_is_voting_by_hand(m: int, n: int, classes: int, k: int, seed: int) -> None:
    # axes of two dimensions: cosines are exactly -1, 0 or 1, so ties are exact in both versions
    axes = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    draw = torch.Generator().manual_seed(seed)
    bank, queries = (axes[torch.randint(4, (size,), generator=draw)] for size in (m, n))
    bank_labels, query_labels = (torch.randint(classes, (size,), generator=draw) for size in (m, n))
    found = knn_accuracy(bank, bank_labels, queries, query_labels, k=k, temperature=0.5, classes=classes)
    top1 = top5 = 0
    for query, label, predicted in zip(
        queries.tolist(), query_labels.tolist(), found.predictions, strict=True
    ):
        best, _ = ranked_by_hand(bank.tolist(), bank_labels.tolist(), query, k, 0.5, classes)
        assert predicted == best[0]
        top1, top5 = top1 + (label == best[0]), top5 + (label in best[:5])
    assert (found.top1, found.top5) == (top1 / n, top5 / n)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(2, 6), st.integers(0, 999))
def test_votes_of_any_features(m: int, d: int, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    bank, queries = torch.randn(m, d, generator=draw), torch.randn(5, d, generator=draw)
    labels = torch.randint(4, (m,), generator=draw)
    found = knn_accuracy(bank, labels, queries, torch.zeros(5, dtype=torch.long), k=7, classes=4)
    for query, predicted in zip(queries.tolist(), found.predictions.tolist(), strict=True):
        _, votes = ranked_by_hand(bank.tolist(), labels.tolist(), query, 7, 0.1, 4)
        assert votes[predicted] >= max(votes.values()) * (1 - 1e-3)  # a near tie may go either way


@settings(deadline=None)
@given(m=st.integers(1, 30), d=st.integers(1, 4), k=st.integers(1, 30), seed=st.integers(0, 999))
def test_nearest_is_sorting_and_ties_go_to_the_first(m: int, d: int, k: int, seed: int) -> None:
    bank = torch.eye(d)[torch.randint(d, (m,), generator=torch.Generator().manual_seed(seed))]
    k = min(k, m)
    value, place = (torch.cat(parts) for parts in zip(*nearest(bank, bank, k), strict=True))
    for i in range(m):
        by_hand = sorted(range(m), key=lambda j: (-float(bank[i] @ bank[j]), j))[:k]
        assert place[i].tolist() == by_hand
    assert value.diff(dim=1).le(0).all()


@pytest.mark.parametrize("chunk", [6, 24, 2**22])
def test_of_itself_each_is_its_own_first_neighbour(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knn, "CHUNK", chunk)
    x = torch.ones(6, 3)  # all equal: only `same` tells them apart
    place = torch.cat([places for _, places in nearest(x, x, 3, same=True)])
    assert place[:, 0].tolist() == list(range(6))
    assert all(len(set(row)) == 3 for row in place.tolist())


@pytest.mark.parametrize("block", [4, 7, 2048])
def test_so_it_is_for_neighbours_among_themselves(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    x = torch.ones(9, 3)  # all equal: they are told apart by their places
    _, place = neighbours.neighbours(x, 3)
    assert [row[0] for row in place.tolist()] == list(range(9))
    assert [row[1:] for row in place.tolist()] == [[1, 2], [0, 2], *[[0, 1]] * 7]


@pytest.mark.parametrize("block", [5, 16, 2048])
def test_neighbours_among_themselves_are_the_nearest_of_the_bank(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    x = whole_numbers(40, 12, seed=3).unique(dim=0)
    value, place = neighbours.neighbours(x, 6)
    cosines = (unit(x) @ unit(x).T).fill_diagonal_(2)
    wanted = cosines.sort(dim=1, descending=True, stable=True)
    torch.testing.assert_close(value, wanted.values[:, :6])
    assert torch.allclose(cosines.gather(1, place), value)
    assert all(len(set(row)) == 6 for row in place.tolist())


def test_two_far_blobs_are_told_apart() -> None:
    x = torch.randn(100, 8, generator=torch.Generator().manual_seed(0)) * 0.1
    labels = torch.arange(100) % 2
    x[labels == 1, 0] += 1
    x[labels == 0, 1] += 1
    found = knn_accuracy(x[:80], labels[:80], x[80:], labels[80:], k=10)
    assert (found.top1, found.bank, found.queries) == (1.0, 80, 20)


def test_noise_is_at_chance() -> None:
    draw = torch.Generator().manual_seed(0)
    x, labels = torch.randn(3000, 16, generator=draw), torch.randint(10, (3000,), generator=draw)
    found = knn_accuracy(x[:2000], labels[:2000], x[2000:], labels[2000:])
    assert 0.06 < found.top1 < 0.14
    assert 0.44 < found.top5 < 0.56


def test_k_beyond_the_bank_is_clipped_and_said() -> None:
    x, labels = torch.eye(3), torch.arange(3)
    found = knn_accuracy(x, labels, x, labels, k=200)
    assert (found.k, found.clipped, found.top1) == (3, True, 1.0)
    assert not knn_accuracy(x, labels, x, labels, k=3).clipped


def test_one_class_is_always_right() -> None:
    x, labels = torch.randn(9, 4), torch.zeros(9, dtype=torch.long)
    found = knn_accuracy(x, labels, x, labels)
    assert (found.top1, found.top5) == (1.0, 1.0)


def test_a_label_absent_from_the_bank_is_missed() -> None:
    found = knn_accuracy(torch.eye(6), torch.arange(6), torch.eye(6), torch.full((6,), 9))
    assert (found.top1, found.top5) == (0.0, 0.0)


@pytest.mark.parametrize("temperature", [1e-4, 1e4])
def test_extreme_temperatures_overflow_nothing(temperature: float) -> None:
    x, labels = torch.eye(8), torch.arange(8) % 4
    assert knn_accuracy(x, labels, x, labels, k=8, temperature=temperature).top1 in (1.0, 0.25)


def test_identical_and_zero_rows_give_a_number() -> None:
    labels = torch.tensor([1, 0, 1, 0])
    for x in (torch.ones(4, 3), torch.zeros(4, 3)):
        found = knn_accuracy(x, labels, x, labels, k=2)
        assert found.predictions.tolist() == [0, 0, 0, 0]  # one vote each: the lower class


def test_bfloat16_and_float64() -> None:
    x, labels = whole_numbers(50, 16, 0), torch.arange(50) % 5
    answers = [
        knn_accuracy(x.to(kind), labels, x.to(kind), labels).predictions.tolist()
        for kind in (torch.float32, torch.bfloat16, torch.float64)
    ]
    assert answers[0] == answers[1] == answers[2]


class Largest(TorchDispatchMode):
    """The most numbers that any one tensor had which was made in this context."""

    def __init__(self) -> None:
        super().__init__()
        self.numel = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for made in result if isinstance(result, tuple | list) else [result]:
            if isinstance(made, torch.Tensor):
                self.numel = max(self.numel, made.numel())
        return result


def test_memory_is_bounded_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(0)
    bank, queries = torch.randn(500, 4, generator=draw), torch.randn(300, 4, generator=draw)
    labels, truth = torch.randint(7, (500,), generator=draw), torch.randint(7, (300,), generator=draw)
    whole = knn_accuracy(bank, labels, queries, truth, k=20)
    monkeypatch.setattr(knn, "CHUNK", 10_000)
    with Largest() as largest:
        chunked = knn_accuracy(bank, labels, queries, truth, k=20)
    assert largest.numel <= 10_000 < 300 * 500
    assert chunked.predictions.tolist() == whole.predictions.tolist()
    assert (chunked.top1, chunked.top5) == (whole.top1, whole.top5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"k": 0}, "at least one neighbour"),
        ({"temperature": 0.0}, "above 0"),
        ({"temperature": math.nan}, "above 0"),
        ({"classes": 2}, "between 0 and 1"),
        ({"bank_labels": torch.tensor([0, 1, -1])}, "between 0 and"),
        ({"bank_labels": torch.tensor([0, 1])}, "cannot use this input"),
        ({"queries": torch.ones(3, 5)}, "cannot use this input"),
        ({"queries": torch.full((3, 4), math.nan)}, "not finite"),
        ({"bank": torch.ones(0, 4), "bank_labels": torch.zeros(0, dtype=torch.long)}, "at least one of each"),
    ],
)
def test_what_cannot_work_is_said(change: dict[str, Any], words: str) -> None:
    labels = torch.arange(3)
    given = {
        "bank": torch.eye(3, 4),
        "bank_labels": labels,
        "queries": torch.eye(3, 4),
        "query_labels": labels,
    }
    with pytest.raises(Problem, match=words):
        knn_accuracy(**given | change)


def test_the_defaults_are_the_knobs() -> None:
    x, labels = torch.eye(3), torch.arange(3)
    found = knn_accuracy(x.repeat(100, 1), labels.repeat(100), x, labels)
    assert (found.k, found.temperature) == tuple(knob.default for knob in knobs(KNNKnobs).values())
