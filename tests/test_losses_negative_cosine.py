"""The negative cosine against published answers, one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.negative_cosine import NegativeCosine

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]


def by_hand(predictions: Tensor, targets: Tensor) -> float:
    """Equation 1 of SimSiam, one scalar at a time."""
    pairs = list(zip(predictions.flatten(0, 1).tolist(), targets.flatten(0, 1).tolist(), strict=True))
    total = 0.0
    for p, t in pairs:
        total -= sum(x * y for x, y in zip(p, t, strict=True)) / (math.hypot(*p) * math.hypot(*t))
    return total / len(pairs)


@pytest.mark.parametrize("case", CASES)
def test_published_answers(golden, case: str) -> None:
    sides = [torch.from_numpy(golden[f"{case}/{name}"])[None].requires_grad_() for name in ("z1", "z2")]
    loss = NegativeCosine()(*sides).loss
    assert loss.item() == pytest.approx(float(golden[f"{case}/negative_cosine"]), rel=1e-6)
    for side, gradient in enumerate(torch.autograd.grad(loss, sides)):
        wanted = torch.from_numpy(golden[f"{case}/negative_cosine.grad{side}"])
        torch.testing.assert_close(gradient[0], wanted, rtol=1e-5, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), v=st.integers(1, 8), n=st.integers(1, 8), d=st.integers(1, 8))
def test_equation_1(seed: int, v: int, n: int, d: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    predictions, targets = torch.randn(2, v, n, d, generator=generator, dtype=torch.float64)
    expected = by_hand(predictions, targets)
    assert NegativeCosine()(predictions, targets).loss.item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("factor", "expected"), [(2.0, -1.0), (-0.5, 1.0)])
def test_same_and_opposite(generator: torch.Generator, factor: float, expected: float) -> None:
    views = torch.randn(2, 5, 4, generator=generator)
    assert NegativeCosine()(views, factor * views).loss.item() == pytest.approx(expected)


def test_byol_is_two_and_twice_this(generator: torch.Generator) -> None:
    """The squared distance of unit rows, eq. 2 of BYOL."""
    p, t = torch.randn(2, 2, 5, 4, generator=generator, dtype=torch.float64)
    squared = torch.nn.functional.normalize(p, dim=-1) - torch.nn.functional.normalize(t, dim=-1)
    expected = squared.square().sum(-1).mean()
    torch.testing.assert_close(2 + 2 * NegativeCosine()(p, t).loss, expected)


def test_gradient_is_stopped_by_the_method_and_not_here(generator: torch.Generator) -> None:
    p, t = torch.randn(2, 2, 5, 4, generator=generator).unbind()
    p.requires_grad_(), t.requires_grad_()
    there = torch.autograd.grad(NegativeCosine()(p, t).loss, (p, t))
    assert all(gradient.abs().max() > 0 for gradient in there)
    (alone,) = torch.autograd.grad(NegativeCosine()(p, t.detach()).loss, p)
    assert torch.equal(alone, there[0])


def test_images_do_not_know_each_other(generator: torch.Generator) -> None:
    """The gradient of one prediction hangs on its own target alone."""
    p, t = torch.randn(2, 1, 4, 3, generator=generator).unbind()
    p.requires_grad_()
    (before,) = torch.autograd.grad(NegativeCosine()(p, t).loss, p)
    changed = torch.cat([t[:, :1], -t[:, 1:]], 1)
    (after,) = torch.autograd.grad(NegativeCosine()(p, changed).loss, p)
    assert torch.equal(before[:, 0], after[:, 0])
    torch.testing.assert_close(before[:, 1:], -after[:, 1:])


def test_a_prediction_has_one_target_and_no_negatives(generator: torch.Generator) -> None:
    trace = NegativeCosine()(*torch.randn(2, 2, 3, 4, generator=generator, dtype=torch.float64))
    masks = trace.masks()
    assert torch.equal(masks.positive, torch.eye(6, dtype=torch.bool))
    assert torch.equal(masks.unused, ~masks.positive)
    assert trace.sim[masks.positive].mean().item() == pytest.approx(-trace.loss.item())
    cosine = sum(a * b for a, b in zip(trace.p[4].tolist(), trace.t[1].tolist(), strict=True))
    assert trace.pair(4, 1) == pytest.approx({"sim": cosine})
