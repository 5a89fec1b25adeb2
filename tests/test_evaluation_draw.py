"""Labels drawn class by class."""

import pytest
import torch

from ssl_core.evaluation import draw_labels
from ssl_core.problem import Problem

LABELS = torch.tensor([0] * 500 + [2] * 100 + [5] * 30 + [6])[torch.randperm(631)]


def drawn(percent: float, seed: int = 0) -> list[int]:
    return draw_labels(LABELS, percent, torch.Generator().manual_seed(seed)).tolist()


@pytest.mark.parametrize(
    ("percent", "counts"), [(1, [5, 1, 1, 1]), (10, [50, 10, 3, 1]), (100, [500, 100, 30, 1])]
)
def test_each_class_has_its_share_and_at_least_one(percent: float, counts: list[int]) -> None:
    labels = LABELS[drawn(percent)]
    assert [int((labels == c).sum()) for c in (0, 2, 5, 6)] == counts


def test_places_are_in_order_and_once_each_and_follow_from_the_seed() -> None:
    places = drawn(10)
    assert places == sorted(set(places)) == drawn(10)
    assert places != drawn(10, seed=1)
    assert drawn(100) == list(range(631))


def test_a_smaller_share_is_part_of_a_larger_one() -> None:
    assert set(drawn(1)) < set(drawn(10)) < set(drawn(50))


@pytest.mark.parametrize("percent", [0.0, -1.0, 100.5, float("nan")])
def test_no_share_is_a_problem(percent: float) -> None:
    with pytest.raises(Problem, match="more than 0"):
        drawn(percent)
