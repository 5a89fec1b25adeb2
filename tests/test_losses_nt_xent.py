"""NT-Xent against published answers, against equation 1 one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.config import build
from ssl_core.losses.base import clusters
from ssl_core.losses.nt_xent import NTXent
from ssl_core.problem import Problem

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]


def by_hand(views: Tensor, tau: float) -> float:
    """Equation 1 of the paper, one scalar at a time."""
    h = views.flatten(0, 1).tolist()
    m = len(h)

    def cosine(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))

    total = 0.0
    for i in range(m):
        others = sum(math.exp(cosine(h[i], h[k]) / tau) for k in range(m) if k != i)
        total -= math.log(math.exp(cosine(h[i], h[(i + m // 2) % m]) / tau) / others)
    return total / m


@pytest.mark.parametrize("case", CASES)
def test_published_answers(golden, case: str) -> None:
    views = torch.stack(
        [torch.from_numpy(golden[f"{case}/{name}"]) for name in ("z1", "z2")]
    ).requires_grad_()
    loss = NTXent(float(golden[f"{case}/temperature"]))(views).loss
    assert loss.item() == pytest.approx(float(golden[f"{case}/nt_xent"]), rel=1e-6)
    loss.backward()
    assert views.grad is not None
    for side in (0, 1):
        wanted = torch.from_numpy(golden[f"{case}/nt_xent.grad{side}"])
        torch.testing.assert_close(views.grad[side], wanted, rtol=1e-5, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 8), d=st.integers(1, 8), tau=st.floats(0.02, 5))
def test_equation_1(seed: int, n: int, d: int, tau: float) -> None:
    views = clusters(torch.Generator().manual_seed(seed), 2, n, d, torch.float64)
    assert NTXent(tau)(views).loss.item() == pytest.approx(by_hand(views, tau), rel=1e-9, abs=1e-9)


def test_perfect_pairs_far_from_the_rest_cost_nothing() -> None:
    assert NTXent(0.01)(torch.eye(4).expand(2, 4, 4)).loss < 1e-6


def test_one_pair_alone_costs_nothing_and_pulls_nothing(generator: torch.Generator) -> None:
    views = torch.randn(2, 1, 8, generator=generator).requires_grad_()
    loss = NTXent()(views).loss
    loss.backward()
    assert loss.item() == 0
    assert views.grad is not None
    assert views.grad.abs().max() < 1e-6


def test_wrong_partners_cost_what_two_over_tau_says() -> None:
    """The two views of each image are opposite, and the twin of each view belongs to the other image."""
    views = torch.tensor([[[1.0, 0.0], [-1.0, 0.0]], [[-1.0, 0.0], [1.0, 0.0]]])
    tau = 0.1
    expected = 1 / tau + math.log(math.exp(1 / tau) + 2 * math.exp(-1 / tau))
    assert NTXent(tau)(views).loss.item() == pytest.approx(expected, rel=1e-6)


def test_a_hot_softmax_cannot_tell_anybody_apart(generator: torch.Generator) -> None:
    assert NTXent(1e6)(torch.randn(2, 16, 8, generator=generator)).loss.item() == pytest.approx(math.log(31))


def test_the_two_views_play_the_same_part(generator: torch.Generator) -> None:
    views = clusters(generator, 2, 9, 5, torch.float64)
    torch.testing.assert_close(NTXent()(views.flip(0)).loss, NTXent()(views).loss)


def test_masks_follow_from_places(generator: torch.Generator) -> None:
    n = 3
    masks = NTXent()(clusters(generator, 2, n, 4)).masks()
    for i in range(2 * n):
        for j in range(2 * n):
            assert masks.itself[i, j] == (i == j)
            assert masks.positive[i, j] == (i != j and i % n == j % n)
            assert masks.negative[i, j] == (i % n != j % n)


def test_a_clicked_pair_shows_cosine_logit_and_share(generator: torch.Generator) -> None:
    trace = NTXent(0.2)(clusters(generator, 2, 3, 3, torch.float64))  # here m = 2 d: axes tell z from sim
    z = trace.z.tolist()
    cosine = sum(a * b for a, b in zip(z[1], z[4], strict=True))
    row = [sum(a * b for a, b in zip(z[1], other, strict=True)) for other in z]
    share = math.exp(cosine / 0.2) / sum(math.exp(c / 0.2) for k, c in enumerate(row) if k != 1)
    assert trace.pair(1, 4) == pytest.approx({"sim": cosine, "logits": cosine / 0.2, "share": share})
    assert trace.pair(2, 2) == pytest.approx({"sim": 1, "logits": -math.inf, "share": 0})


def test_share_is_the_gradient(generator: torch.Generator) -> None:
    trace = NTXent(0.3)(clusters(generator, 2, 4, 6, torch.float64).requires_grad_())
    (gradient,) = torch.autograd.grad(trace.loss, trace.logits)
    torch.testing.assert_close(gradient, (trace.share - trace.masks().positive.double()) / 8)
    torch.testing.assert_close(trace.share.sum(1), torch.ones(8, dtype=torch.float64))
    torch.testing.assert_close(trace.log_denominator.exp(), trace.logits.exp().sum(1))


def test_gather_brings_the_views_of_other_processes(generator: torch.Generator) -> None:
    """Two processes with half a batch each see the loss of the whole, and the gradient of their half."""
    whole = clusters(generator, 2, 8, 4, torch.float64).requires_grad_()
    (wanted,) = torch.autograd.grad(NTXent()(whole).loss, whole)
    here, there = whole.detach()[:, :4].requires_grad_(), whole.detach()[:, 4:]
    loss = NTXent()(here, gather=lambda views: torch.cat([views, there], dim=1)).loss
    torch.testing.assert_close(loss, NTXent()(whole).loss)
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], wanted[:, :4])


def test_huge_and_tiny_embeddings_have_the_same_loss(generator: torch.Generator) -> None:
    views = clusters(generator, 2, 5, 6)
    scales = torch.tensor([1e-8, 1e-3, 1.0, 1e10, 1e36])[:, None]
    torch.testing.assert_close(NTXent()(views * scales).loss, NTXent()(views).loss)


@pytest.mark.parametrize("tau", [0.0, -0.1, math.nan, math.inf])
def test_a_temperature_that_divides_nothing_is_refused(tau: float) -> None:
    with pytest.raises(Problem, match="temperature is"):
        NTXent(tau)
    with pytest.raises(Problem, match="temperature is"):
        build(NTXent, {"temperature": str(tau)})
