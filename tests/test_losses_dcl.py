"""DCL against published answers, against the paper's formula one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.base import clusters
from ssl_core.losses.dcl import DCL
from ssl_core.losses.nt_xent import NTXent
from ssl_core.problem import Problem

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]


def by_hand(views: Tensor, tau: float) -> float:
    """Minus the positive, plus the logarithm of the sum over the views of all other images."""
    n = views.shape[1]
    h = views.flatten(0, 1).tolist()

    def cosine(i: int, k: int) -> float:
        dot = sum(x * y for x, y in zip(h[i], h[k], strict=True))
        return dot / (math.hypot(*h[i]) * math.hypot(*h[k]))

    total = 0.0
    for i in range(2 * n):
        negatives = sum(math.exp(cosine(i, k) / tau) for k in range(2 * n) if k % n != i % n)
        total += math.log(negatives) - cosine(i, (i + n) % (2 * n)) / tau
    return total / (2 * n)


@pytest.mark.parametrize("case", CASES)
def test_published_answers(golden, case: str) -> None:
    views = torch.stack(
        [torch.from_numpy(golden[f"{case}/{name}"]) for name in ("z1", "z2")]
    ).requires_grad_()
    loss = DCL(float(golden[f"{case}/temperature"]))(views).loss
    assert loss.item() == pytest.approx(float(golden[f"{case}/dcl"]), rel=1e-6)
    loss.backward()
    assert views.grad is not None
    for side in (0, 1):
        wanted = torch.from_numpy(golden[f"{case}/dcl.grad{side}"])
        torch.testing.assert_close(views.grad[side], wanted, rtol=1e-5, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(2, 8), d=st.integers(1, 8), tau=st.floats(0.02, 5))
def test_the_papers_formula(seed: int, n: int, d: int, tau: float) -> None:
    views = clusters(torch.Generator().manual_seed(seed), 2, n, d, torch.float64)
    assert DCL(tau)(views).loss.item() == pytest.approx(by_hand(views, tau), rel=1e-9, abs=1e-9)


def test_nt_xent_is_dcl_with_the_positive_in_the_sum(generator: torch.Generator) -> None:
    """log(e^p + e^D) - p = softplus(D - p), anchor by anchor: NT-Xent is never below DCL, nor below 0."""
    views = clusters(generator, 2, 6, 5, torch.float64)
    dcl, nt_xent = DCL(0.3)(views).per_anchor, NTXent(0.3)(views).per_anchor
    torch.testing.assert_close(nt_xent, torch.nn.functional.softplus(dcl))


def test_perfect_pairs_far_from_the_rest_go_below_zero() -> None:
    """n orthogonal pairs: D = ln(2n - 2), and the positive's cosine is 1."""
    tau = 0.25
    loss = DCL(tau)(torch.eye(4).expand(2, 4, 4)).loss.item()
    assert loss == pytest.approx(math.log(6) - 1 / tau)


def test_share_is_the_gradient_of_the_push(generator: torch.Generator) -> None:
    trace = DCL(0.3)(clusters(generator, 2, 4, 6, torch.float64).requires_grad_())
    (gradient,) = torch.autograd.grad(trace.loss, trace.logits)
    torch.testing.assert_close(gradient, trace.share / 8)
    assert not trace.share[trace.masks().positive].any()


def test_masks_follow_from_places(generator: torch.Generator) -> None:
    n = 3
    masks = DCL()(clusters(generator, 2, n, 4)).masks()
    for i in range(2 * n):
        for j in range(2 * n):
            assert masks.itself[i, j] == (i == j)
            assert masks.positive[i, j] == (i != j and i % n == j % n)
            assert masks.negative[i, j] == (i % n != j % n)


def test_gather_brings_the_views_of_other_processes(generator: torch.Generator) -> None:
    whole = clusters(generator, 2, 8, 4, torch.float64).requires_grad_()
    (wanted,) = torch.autograd.grad(DCL()(whole).loss, whole)
    here, there = whole.detach()[:, :1].requires_grad_(), whole.detach()[:, 1:]
    loss = DCL()(here, gather=lambda views: torch.cat([views, there], dim=1)).loss
    torch.testing.assert_close(loss, DCL()(whole).loss)
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], wanted[:, :1])


def test_one_image_alone_has_no_negatives(generator: torch.Generator) -> None:
    with pytest.raises(Problem, match=r"no negatives.*at least two"):
        DCL()(clusters(generator, 2, 1, 4))
    assert DCL().collapsed({"n": 1, "d": 4}) is None
    assert DCL().collapsed({"n": 2, "d": 4}) == pytest.approx(math.log(2))


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 64), rows=st.sampled_from(["clusters", "identical", "zero", "one zero row"]))
def test_always_a_number_from_two_images_on(n: int, rows: str) -> None:
    views = clusters(torch.Generator().manual_seed(n), 2, n, 4)
    views = {"identical": views[:1, :1].expand(2, n, 4), "zero": torch.zeros(2, n, 4)}.get(
        rows, views
    ).clone()
    views[0, 0] *= rows != "one zero row"
    loss = DCL(0.07)(views.requires_grad_()).loss
    assert loss.isfinite()
    assert torch.autograd.grad(loss, views)[0].isfinite().all()


def test_a_temperature_that_divides_nothing_is_refused() -> None:
    with pytest.raises(Problem, match="temperature is 0"):
        DCL(0.0)
