"""VICReg against published answers, against its equations one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.base import clusters
from ssl_core.losses.vicreg import VICReg
from ssl_core.problem import Problem

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]
signs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)


def by_hand(views: Tensor, weights: tuple[float, float, float]) -> float:
    """Equations 1 to 6 of the paper, one scalar at a time; the spreads of the views are averaged."""
    _, n, d = views.shape
    a, b = views.tolist()
    invariance = sum((a[i][j] - b[i][j]) ** 2 for i in range(n) for j in range(d)) / (n * d)
    variance = covariance = 0.0
    for view in (a, b):
        mean = [sum(row[j] for row in view) / n for j in range(d)]
        for j in range(d):
            for k in range(d):
                c = sum((row[j] - mean[j]) * (row[k] - mean[k]) for row in view) / (n - 1)
                if j == k:
                    variance += max(0.0, 1 - math.sqrt(c + 1e-4)) / (2 * d)
                else:
                    covariance += c**2 / d
    return weights[0] * invariance + weights[1] * variance + weights[2] * covariance


@pytest.mark.parametrize("case", CASES)
def test_published_answers(golden, case: str) -> None:
    views = torch.stack(
        [torch.from_numpy(golden[f"{case}/{name}"]) for name in ("z1", "z2")]
    ).requires_grad_()
    loss = VICReg(25.0, 25.0, 1.0)(views).loss
    assert loss.item() == pytest.approx(float(golden[f"{case}/vicreg_25_25_1"]), rel=1e-6)
    (gradient,) = torch.autograd.grad(loss, views)
    for side in (0, 1):
        wanted = torch.from_numpy(golden[f"{case}/vicreg_25_25_1.grad{side}"])
        torch.testing.assert_close(gradient[side], wanted, rtol=1e-5, atol=1e-12)


weight = st.floats(0, 50)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    n=st.integers(2, 8),
    d=st.integers(1, 8),
    scale=st.floats(0.01, 3),
    weights=st.tuples(weight, weight, weight),
)
def test_the_equations(seed: int, n: int, d: int, scale: float, weights: tuple[float, float, float]) -> None:
    views = scale * clusters(torch.Generator().manual_seed(seed), 2, n, d, torch.float64)
    assert VICReg(*weights)(views).loss.item() == pytest.approx(by_hand(views, weights), rel=1e-9, abs=1e-9)


def test_equal_views_with_spread_and_without_repetition_cost_nothing() -> None:
    assert VICReg()(signs.expand(2, 4, 2)).loss < 1e-12


def test_collapse_costs_the_variance_term_alone(generator: torch.Generator) -> None:
    trace = VICReg()(torch.randn(4, generator=generator, dtype=torch.float64).expand(2, 6, 4))
    assert trace.scalars() == pytest.approx(
        {"invariance": 0, "variance": 0.99, "covariance": 0, "loss": 24.75}, abs=1e-12
    )


def test_each_view_lacks_its_own_spread() -> None:
    """One view spread and one collapsed: half of what two collapsed views lack."""
    trace = VICReg()(torch.stack([signs, torch.zeros_like(signs)]))
    assert trace.variance.item() == pytest.approx(0.99 / 2)
    assert trace.invariance.item() == pytest.approx(1)


def test_a_dimension_that_repeats_another_is_covariance() -> None:
    """Both dimensions the same, variance 4/3: 2 views x 2 entries off the diagonal, over d = 2."""
    trace = VICReg()(signs[:, :1].expand(2, 4, 2))
    assert trace.covariance.item() == pytest.approx(2 * (4 / 3) ** 2)
    assert trace.variance == 0


def test_the_place_of_the_batch_makes_no_difference(generator: torch.Generator) -> None:
    views = clusters(generator, 2, 6, 5, torch.float64)
    torch.testing.assert_close(VICReg()(views + 100).loss, VICReg()(views).loss)


def test_gather_brings_the_views_of_other_processes(generator: torch.Generator) -> None:
    whole = clusters(generator, 2, 8, 4, torch.float64).requires_grad_()
    (wanted,) = torch.autograd.grad(VICReg()(whole).loss, whole)
    here, there = whole.detach()[:, :1].requires_grad_(), whole.detach()[:, 1:]
    loss = VICReg()(here, gather=lambda views: torch.cat([views, there], dim=1)).loss
    torch.testing.assert_close(loss, VICReg()(whole).loss)
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], wanted[:, :1])


def test_one_image_alone_is_refused(generator: torch.Generator) -> None:
    with pytest.raises(Problem, match="at least two"):
        VICReg()(torch.randn(2, 1, 4, generator=generator))
    assert VICReg().collapsed({"n": 1, "d": 4}) is None
