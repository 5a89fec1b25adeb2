"""The paired standard error, from counts of pictures and by drawing pictures again."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssl_core.evaluation import gain
from ssl_core.problem import Problem

counts = st.integers(0, 20)


def hits(both: int, won: int, lost: int, neither: int) -> tuple[torch.Tensor, torch.Tensor]:
    after = [1] * both + [1] * won + [0] * lost + [0] * neither
    before = [1] * both + [0] * won + [1] * lost + [0] * neither
    return torch.tensor(after).bool(), torch.tensor(before).bool()


@given(counts, counts, counts, counts)
def test_it_is_what_the_counts_give(both: int, won: int, lost: int, neither: int) -> None:
    n = both + won + lost + neither
    if n < 2:
        return
    found = gain(*hits(both, won, lost, neither))
    squares = won + lost - (won - lost) ** 2 / n  # sum of (d - mean)^2, where d is 1, -1 or 0
    assert found.difference == pytest.approx((won - lost) / n)
    assert found.standard_error == pytest.approx(math.sqrt(squares / (n * (n - 1))), abs=1e-9)


def test_it_is_the_scatter_of_samples_drawn_again(generator: torch.Generator) -> None:
    after, before = hits(60, 50, 20, 70)
    found = gain(after, before)
    again = []
    for _ in range(4000):
        drawn = torch.randint(0, 200, (200,), generator=generator)
        again.append(float((after[drawn].float() - before[drawn].float()).mean()))
    assert torch.tensor(again).std().item() == pytest.approx(found.standard_error, rel=0.05)


def test_pictures_on_which_both_agree_leave_no_doubt() -> None:
    same = torch.tensor([True, False, True, True])
    assert gain(same, same).difference == gain(same, same).standard_error == 0.0
    apart = math.sqrt(2 * 0.5 * 0.5 / 200)  # of two accuracies of .5, measured on other pictures each
    assert gain(*hits(95, 5, 5, 95)).standard_error < apart / 3


def test_one_picture_has_no_scatter() -> None:
    with pytest.raises(Problem, match="two pictures or more"):
        gain(torch.tensor([True]), torch.tensor([False]))
