"""Barlow Twins against published answers, against its equations one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.barlow_twins import BarlowTwins
from ssl_core.losses.base import clusters
from ssl_core.problem import Problem

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]


def by_hand(views: Tensor, weight: float) -> float:
    """Equations 1 and 2 of the paper, one scalar at a time."""
    _, n, d = views.shape
    columns = [[[row[j] for row in view] for j in range(d)] for view in views.tolist()]

    def standard(column: list[float]) -> list[float]:
        mean = sum(column) / n
        spread = sum((x - mean) ** 2 for x in column) / n
        return [(x - mean) / math.sqrt(spread + 1e-5) for x in column]

    a, b = ([standard(column) for column in view] for view in columns)
    total = 0.0
    for j in range(d):
        for k in range(d):
            c = sum(x * y for x, y in zip(a[j], b[k], strict=True)) / n
            total += (1 - c) ** 2 if j == k else weight * c**2
    return total


@pytest.mark.parametrize("case", CASES)
def test_published_answers(golden, case: str) -> None:
    views = torch.stack(
        [torch.from_numpy(golden[f"{case}/{name}"]) for name in ("z1", "z2")]
    ).requires_grad_()
    loss = BarlowTwins(5e-3)(views).loss
    assert loss.item() == pytest.approx(float(golden[f"{case}/barlow_twins_lambda5e-3"]), rel=1e-6)
    (gradient,) = torch.autograd.grad(loss, views)
    for side in (0, 1):
        wanted = torch.from_numpy(golden[f"{case}/barlow_twins_lambda5e-3.grad{side}"])
        torch.testing.assert_close(gradient[side], wanted, rtol=1e-5, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(2, 8), d=st.integers(1, 8), weight=st.floats(0, 1))
def test_the_equations(seed: int, n: int, d: int, weight: float) -> None:
    views = clusters(torch.Generator().manual_seed(seed), 2, n, d, torch.float64)
    assert BarlowTwins(weight)(views).loss.item() == pytest.approx(by_hand(views, weight), rel=1e-9, abs=1e-9)


def test_it_standardises_as_batch_norm_does_each_view_alone(generator: torch.Generator) -> None:
    views = 3 * torch.randn(2, 7, 4, generator=generator, dtype=torch.float64) + torch.arange(4)
    norm = torch.nn.BatchNorm1d(4, affine=False, dtype=torch.float64)
    torch.testing.assert_close(BarlowTwins()(views).z, torch.stack([norm(view) for view in views]))


def test_equal_views_of_independent_dimensions_cost_nothing() -> None:
    signs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
    trace = BarlowTwins()(signs.expand(2, 4, 2))
    torch.testing.assert_close(trace.correlation, torch.eye(2, dtype=torch.float64), rtol=0, atol=2e-5)
    assert trace.loss < 1e-9


def test_dimensions_that_repeat_each_other_cost_their_pairs(generator: torch.Generator) -> None:
    """d copies of one dimension: all correlations are 1, and d (d - 1) of them should be 0."""
    views = torch.randn(1, 8, 1, generator=generator, dtype=torch.float64).expand(2, 8, 3)
    assert BarlowTwins(0.5)(views).loss.item() == pytest.approx(0.5 * 3 * 2, rel=1e-4)


def test_views_turned_round_cost_four_a_dimension() -> None:
    signs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
    assert BarlowTwins()(torch.stack([signs, -signs])).loss.item() == pytest.approx(8, rel=1e-4)


@pytest.mark.parametrize("weight", [1e-4, 5e-3, 1.0])
def test_scale_and_place_make_hardly_a_difference(generator: torch.Generator, weight: float) -> None:
    views = torch.randn(2, 8, 4, generator=generator, dtype=torch.float64)
    moved = views * torch.tensor([5.0, 20, 300, 1000]) - 3
    torch.testing.assert_close(
        BarlowTwins(weight)(moved).loss, BarlowTwins(weight)(views).loss, rtol=1e-4, atol=0
    )


def test_gather_brings_the_views_of_other_processes(generator: torch.Generator) -> None:
    whole = clusters(generator, 2, 8, 4, torch.float64).requires_grad_()
    (wanted,) = torch.autograd.grad(BarlowTwins()(whole).loss, whole)
    here, there = whole.detach()[:, :1].requires_grad_(), whole.detach()[:, 1:]
    loss = BarlowTwins()(here, gather=lambda views: torch.cat([views, there], dim=1)).loss
    torch.testing.assert_close(loss, BarlowTwins()(whole).loss)
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], wanted[:, :1])


def test_one_image_alone_is_refused(generator: torch.Generator) -> None:
    with pytest.raises(Problem, match="at least two"):
        BarlowTwins()(torch.randn(2, 1, 4, generator=generator))
    assert BarlowTwins().collapsed({"n": 1, "d": 4}) is None
