"""Alignment, uniformity, effective rank, spread: against their equations one scalar at a time, and limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssl_core.evaluation import alignment, effective_rank, spread, uniformity
from ssl_core.problem import Problem

ALL = {
    "alignment": lambda x: alignment(x, x.flip(0)),
    "uniformity": uniformity,
    "effective_rank": effective_rank,
    "spread": spread,
}
every = pytest.mark.parametrize("measure", ALL.values(), ids=ALL)


@st.composite
def clouds(draw: st.DrawFn) -> torch.Tensor:
    """Two to twelve rows; some equal to others, some zero, of any scale."""
    n, d = draw(st.integers(2, 12)), draw(st.integers(1, 8))
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(draw(st.integers(0, 999))))
    x[: draw(st.integers(0, n))] = x[0].clone()
    x[draw(st.integers(0, n)) :] = 0
    return x * 10.0 ** draw(st.integers(-30, 30))


def by_hand(x: torch.Tensor) -> list[list[float]]:
    rows = x.double().tolist()
    lengths = [math.hypot(*row) for row in rows]
    return [[v / length if length else 0.0 for v in row] for row, length in zip(rows, lengths, strict=True)]


def squared(a: list[float], b: list[float]) -> float:
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True))


@settings(deadline=None)
@given(clouds())
def test_alignment_is_its_equation(x: torch.Tensor) -> None:
    a, b = by_hand(x), by_hand(x.flip(0))
    expected = sum(map(squared, a, b)) / len(a)
    assert alignment(x, x.flip(0)) == pytest.approx(expected, abs=1e-5)


@settings(deadline=None)
@given(clouds())
def test_uniformity_is_its_equation(x: torch.Tensor) -> None:
    z = by_hand(x)
    pairs = [(i, j) for i in range(len(z)) for j in range(i)]
    expected = math.log(sum(math.exp(-2 * squared(z[i], z[j])) for i, j in pairs) / len(pairs))
    assert uniformity(x) == pytest.approx(expected, abs=1e-5)


@settings(deadline=None)
@given(clouds())
def test_effective_rank_is_its_definition(x: torch.Tensor) -> None:
    singular = torch.linalg.svdvals(x.double()).tolist()
    total = sum(singular)
    share = [s / total for s in singular if s > 0] if total else []
    expected = math.exp(-sum(p * math.log(p) for p in share)) if share else 0.0
    assert effective_rank(x) == pytest.approx(expected, rel=1e-4)


@settings(deadline=None)
@given(clouds())
def test_spread_is_its_definition(x: torch.Tensor) -> None:
    columns = list(zip(*by_hand(x), strict=True))
    deviations = [math.sqrt(sum((v - sum(c) / len(c)) ** 2 for v in c) / len(c)) for c in columns]
    assert spread(x) == pytest.approx(sum(deviations) / len(deviations), abs=1e-5)


@every
@settings(deadline=None)
@given(x=clouds())
def test_every_number_is_finite(measure, x: torch.Tensor) -> None:  # type: ignore[no-untyped-def]
    assert math.isfinite(measure(x))
    assert math.isfinite(measure(x.to(torch.bfloat16)))


def test_collapse_to_one_point() -> None:
    x = torch.randn(1, 128, generator=torch.Generator().manual_seed(0)).expand(512, 128)
    assert alignment(x, x) == 0
    assert uniformity(x) == pytest.approx(0, abs=1e-5)
    assert effective_rank(x) == pytest.approx(1, abs=1e-3)
    assert spread(x) == pytest.approx(0, abs=1e-6)


def test_even_directions() -> None:
    x = torch.randn(4096, 64, generator=torch.Generator().manual_seed(0))
    assert spread(x) == pytest.approx(1 / math.sqrt(64), rel=0.01)
    assert uniformity(x) == pytest.approx(-4, abs=0.2)
    assert effective_rank(x) > 60


def test_opposite_pairs_and_axes() -> None:
    x = torch.eye(5)
    assert alignment(x, -x) == pytest.approx(4)
    assert uniformity(x) == pytest.approx(-4)  # every pair at distance² 2
    assert effective_rank(x) == pytest.approx(5)
    assert effective_rank(torch.diag(torch.tensor([1.0, 1.0, 0.0]))) == pytest.approx(2)


def test_effective_rank_of_a_zero_matrix_is_zero() -> None:
    assert effective_rank(torch.zeros(4, 3)) == 0


def test_bfloat16_is_raised_before_it_is_used() -> None:
    x = torch.randn(64, 16, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    for measure in ALL.values():
        assert measure(x) == measure(x.float())


@every
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_a_problem(measure, bad: float) -> None:  # type: ignore[no-untyped-def]
    x = torch.ones(4, 3)
    x[2, 1] = bad
    with pytest.raises(Problem, match="not finite"):
        measure(x)


@every
@pytest.mark.parametrize("shape", [(0, 3), (4, 0)])
def test_nothing_is_a_problem(measure, shape: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Problem, match="give at least"):
        measure(torch.zeros(shape))


def test_uniformity_of_one_is_a_problem() -> None:
    with pytest.raises(Problem, match="give at least 2"):
        uniformity(torch.ones(1, 3))


def test_pairs_of_different_shape_are_a_problem() -> None:
    with pytest.raises(Problem, match="alignment"):  # and no silent broadcast
        alignment(torch.ones(4, 3), torch.ones(1, 3))


def test_gradients_are_left_alone() -> None:
    x = torch.randn(8, 4, requires_grad=True)
    for measure in ALL.values():
        measure(x)
    assert x.grad is None
