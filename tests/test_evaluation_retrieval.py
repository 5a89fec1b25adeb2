"""The nearest pictures, against a loop over every pair; and which classes are taken for which."""

import math

import pytest
import torch

from ssl_core.evaluation import confusion, knn, recall, retrieve
from ssl_core.problem import Problem


def by_hand(queries: torch.Tensor, bank: torch.Tensor, k: int, same: bool) -> list[list[int]]:
    """One pair at a time."""
    found = []
    for i, q in enumerate(queries.tolist()):
        cosines = [
            (-sum(a * b for a, b in zip(q, x, strict=True)) / (math.hypot(*q) * math.hypot(*x)), j)
            for j, x in enumerate(bank.tolist())
            if not (same and i == j)
        ]
        found.append([j for _, j in sorted(cosines)[:k]])
    return found


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("chunk", [50, 2**22])
def test_it_is_the_loop_over_every_pair(
    same: bool, chunk: int, generator: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knn, "CHUNK", chunk)
    bank = torch.randn(25, 6, generator=generator)
    queries = bank if same else torch.randn(9, 6, generator=generator)
    found = retrieve(queries, bank, 4, same=same)
    assert found.index.tolist() == by_hand(queries, bank, 4, same)
    unit = torch.nn.functional.normalize
    cosine = (unit(queries)[:, None] * unit(bank)[found.index]).sum(2)
    assert torch.allclose(found.cosine, cosine, atol=1e-6)


def test_length_does_not_matter_and_a_twin_comes_first() -> None:
    x = torch.eye(5)
    found = retrieve(torch.cat([x, 3 * x]), torch.cat([x, 3 * x]), 1, same=True)
    assert found.index[:, 0].tolist() == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]
    assert found.cosine.min() == 1


@pytest.mark.parametrize(("k", "same"), [(0, False), (6, False), (5, True)])
def test_more_than_there_are_is_a_problem(k: int, same: bool) -> None:
    with pytest.raises(Problem, match=f"The {k} nearest of 5 pictures"):
        retrieve(torch.eye(5), torch.eye(5), k, same=same)
    assert retrieve(torch.eye(5), torch.eye(5), 4, same=True).index.shape == (5, 4)


def test_confusion_counts_pairs_and_recall_is_its_diagonal() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 3])
    said = torch.tensor([0, 1, 1, 1, 1, 0])
    matrix = confusion(said, labels, 4)
    for i in range(4):
        for j in range(4):
            assert matrix[i, j] == sum(a == i and b == j for a, b in zip(labels, said, strict=True))
    found = recall(matrix).tolist()
    assert found[0] == pytest.approx(1 / 3)
    assert (found[1], found[3]) == (1, 0)
    assert math.isnan(found[2])


def test_recall_weighted_by_class_is_the_accuracy(generator: torch.Generator) -> None:
    labels, said = torch.randint(7, (2, 300), generator=generator)
    matrix = confusion(said, labels, 7)
    whole = (recall(matrix) * matrix.sum(1) / 300).sum()
    assert float(whole) == pytest.approx(float((labels == said).double().mean()))


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_is_a_problem(label: int) -> None:
    with pytest.raises(Problem, match="between 0 and 2"):
        confusion(torch.tensor([label]), torch.tensor([0]), 3)
