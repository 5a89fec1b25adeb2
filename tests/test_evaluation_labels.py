"""A part of the labels: of every class, from a seed, the smaller part within the larger one."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssl_core.evaluation.labels import draw_share
from ssl_core.problem import Problem

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(torch.tensor)


@given(LABELS, st.floats(0.01, 1.0), st.integers(0, 9))
def test_every_class_gives_its_share(labels: torch.Tensor, share: float, seed: int) -> None:
    places = draw_share(labels, share, seed).tolist()
    assert places == sorted(set(places))
    for name in set(labels.tolist()):
        there = sum(1 for label in labels.tolist() if label == name)
        got = sum(1 for place in places if labels[place] == name)
        assert got == max(1, round(share * there))


@given(LABELS, st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_smaller_share_is_a_part_of_a_larger_one(labels: torch.Tensor, a: float, b: float) -> None:
    small, large = (set(draw_share(labels, share, 3).tolist()) for share in sorted((a, b)))
    assert small <= large


def test_the_seed_decides_and_all_is_all() -> None:
    labels = torch.arange(400) % 4
    assert draw_share(labels, 1.0, 5).tolist() == list(range(400))
    one, same, other = (draw_share(labels, 0.1, seed).tolist() for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_no_share_at_all(share: float) -> None:
    with pytest.raises(Problem, match="more than 0, at most 1"):
        draw_share(torch.arange(3), share, 0)
    with pytest.raises(Problem, match="no labels"):
        draw_share(torch.zeros(0, dtype=torch.int64), 1.0, 0)
