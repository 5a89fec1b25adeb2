"""SwAV against its equations one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.base import clusters
from ssl_core.losses.swav import SwAV, sinkhorn
from ssl_core.problem import Problem

Rows = list[list[float]]


def codes_by_hand(scores: Rows, eps: float, iterations: int) -> Rows:
    """Sinkhorn-Knopp as the paper's appendix has it: on e^(s/eps), with totals of 1/K and 1/B."""
    b, k = len(scores), len(scores[0])
    q = [[math.exp(s / eps) for s in row] for row in scores]
    whole = sum(map(sum, q))
    q = [[x / whole for x in row] for row in q]
    for _ in range(iterations):
        columns = [sum(row[j] for row in q) for j in range(k)]
        q = [[x / columns[j] / k for j, x in enumerate(row)] for row in q]
        q = [[x / sum(row) / b for x in row] for row in q]
    return [[x * b for x in row] for row in q]


def by_hand(views: Tensor, prototypes: Tensor, tau: float, eps: float, iterations: int) -> float:
    """Equations 1 and 2, one scalar at a time."""

    def cosine(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))

    rows = prototypes.tolist()
    scores = [[[cosine(h, c) for c in rows] for h in view] for view in views.tolist()]
    codes = [codes_by_hand(view, eps, iterations) for view in scores]
    total = 0.0
    for v in (0, 1):
        for s, q in zip(scores[v], codes[1 - v], strict=True):
            whole = sum(math.exp(x / tau) for x in s)
            total -= sum(y * math.log(math.exp(x / tau) / whole) for x, y in zip(s, q, strict=True))
    return total / (2 * views.shape[1])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    n=st.integers(1, 7),
    d=st.integers(1, 6),
    k=st.integers(1, 6),
    tau=st.floats(0.05, 1),
    eps=st.floats(0.02, 0.5),
    iterations=st.integers(1, 6),
)
def test_the_equations(seed: int, n: int, d: int, k: int, tau: float, eps: float, iterations: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    views = clusters(generator, 2, n, d, torch.float64)
    prototypes = torch.randn(k, d, generator=generator, dtype=torch.float64)
    expected = by_hand(views, prototypes, tau, eps, iterations)
    loss = SwAV(tau, eps, iterations)(views, prototypes=prototypes).loss
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("eps", [0.001, 0.05, 1.0])
def test_codes_spread_over_the_prototypes(generator: torch.Generator, eps: float) -> None:
    """All views lie nearest to prototype 0, and yet no prototype is left out."""
    scores = torch.rand(2, 12, 4, generator=generator, dtype=torch.float64) / 2
    scores[..., 0] += 0.5
    codes = sinkhorn(scores, eps, 2000)
    torch.testing.assert_close(codes.sum(-1), torch.ones(2, 12, dtype=torch.float64))
    torch.testing.assert_close(codes.sum(-2), torch.full((2, 4), 3.0, dtype=torch.float64), rtol=1e-2, atol=0)


def test_views_at_their_prototypes_cost_nothing() -> None:
    rows = torch.eye(4)
    trace = SwAV(0.05)(rows.expand(2, 4, 4), prototypes=rows)
    torch.testing.assert_close(trace.codes, rows.expand(2, 4, 4))
    assert trace.loss < 1e-6


def test_equal_views_have_even_codes_whatever_the_prototypes(generator: torch.Generator) -> None:
    prototypes = torch.randn(6, 4, generator=generator)
    trace = SwAV()(torch.ones(2, 5, 4), prototypes=prototypes)
    torch.testing.assert_close(trace.codes, torch.full((2, 5, 6), 1 / 6))
    assert trace.loss > SwAV().collapsed({"k": 6}), "a collapsed encoder can do no better than ln k"


def test_each_view_foresees_the_code_of_the_other(generator: torch.Generator) -> None:
    trace = SwAV()(**SwAV.example(generator, 2, 5, 4, torch.float64))
    for v in (0, 1):
        for i in range(5):
            surprise = -(trace.codes[1 - v, i] * trace.log_probabilities[v, i]).sum()
            torch.testing.assert_close(trace.per_anchor[v, i], surprise)


def test_no_gradient_reaches_the_codes(generator: torch.Generator) -> None:
    """They can be given: the same codes from outside have the same value and gradient."""
    inputs = {name: value.requires_grad_() for name, value in SwAV.example(generator, 2, 5, 4).items()}
    trace = SwAV()(**inputs)
    assert not trace.codes.requires_grad
    given = SwAV()(**inputs, codes=trace.codes.clone().requires_grad_())
    assert not given.codes.requires_grad
    assert torch.equal(given.loss, trace.loss)
    ours, theirs = (torch.autograd.grad(t.loss, list(inputs.values())) for t in (trace, given))
    assert all(torch.equal(a, b) and a.abs().max() > 0 for a, b in zip(ours, theirs, strict=True))


def test_gather_brings_the_views_of_other_processes(generator: torch.Generator) -> None:
    whole = SwAV.example(generator, 2, 8, 4, torch.float64)
    prototypes, views = whole["prototypes"], whole["views"].requires_grad_()
    (wanted,) = torch.autograd.grad(SwAV()(views, prototypes).loss, views)
    here, there = views.detach()[:, :4].requires_grad_(), views.detach()[:, 4:]
    loss = SwAV()(here, prototypes, gather=lambda part: torch.cat([part, there], dim=1)).loss
    torch.testing.assert_close(loss, SwAV()(views, prototypes).loss)
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], wanted[:, :4])


@pytest.mark.parametrize("name", ["temperature", "eps"])
def test_what_divides_nothing_is_refused(name: str) -> None:
    with pytest.raises(Problem, match=f"{name} is"):
        SwAV(**{name: 0.0})


def test_codes_need_a_round_of_sinkhorn() -> None:
    with pytest.raises(Problem, match="iterations is 0"):
        SwAV(iterations=0)
