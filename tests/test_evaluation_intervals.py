"""Intervals cover as they should, on data whose truth is known."""

import math

import pytest
import torch

from ssl_core.evaluation import bootstrap, bootstrap_of
from ssl_core.evaluation.intervals import between, resampled
from ssl_core.problem import Problem


@pytest.mark.parametrize("truth", [0.3, 0.8])
def test_95_percent_of_intervals_hold_the_truth(truth: float, generator: torch.Generator) -> None:
    """400 repeats of 250 pictures: 95 % within what 400 repeats allow (three standard errors, 3.3 points)."""
    repeats, covered = 400, 0
    for _ in range(repeats):
        found = bootstrap(torch.rand(250, generator=generator) < truth, generator, resamples=400)
        covered += found.low <= truth <= found.high
    assert covered / repeats == pytest.approx(0.95, abs=3 * math.sqrt(0.05 * 0.95 / repeats))


def test_half_of_the_intervals_of_half_hold_a_correlation(generator: torch.Generator) -> None:
    """Another level and another figure: R² = .5 of y = x + noise, from three means."""
    repeats, covered = 300, 0
    for _ in range(repeats):
        x, noise = torch.randn(2, 200, generator=generator, dtype=torch.double)
        known = torch.stack([noise.square(), (x + noise).square(), x + noise], dim=1)
        found = bootstrap_of(
            known, lambda m: 1 - m[:, 0] / (m[:, 1] - m[:, 2] ** 2), generator, level=0.5, resamples=200
        )
        covered += found.low <= 0.5 <= found.high
    assert covered / repeats == pytest.approx(0.5, abs=3 * math.sqrt(0.25 / repeats))


def test_it_is_the_slow_loop(generator: torch.Generator) -> None:
    """The same draws, one resample and one picture at a time."""
    values = torch.randn(7, 2, generator=generator).double()
    fast = resampled(values, torch.Generator().manual_seed(3), 5)
    places = torch.randint(7, (5, 7), generator=torch.Generator().manual_seed(3)).tolist()
    for row, drawn in zip(fast, places, strict=True):
        for c in range(2):
            assert row[c].item() == pytest.approx(sum(values[i, c].item() for i in drawn) / 7)


def test_an_accuracy_has_the_width_of_the_binomial(generator: torch.Generator) -> None:
    hits = torch.arange(2000) < 1200
    found = bootstrap(hits, generator)
    half = 1.96 * math.sqrt(0.6 * 0.4 / 2000)
    assert found.low == pytest.approx(0.6 - half, abs=0.002)
    assert found.high == pytest.approx(0.6 + half, abs=0.002)


def test_chunks_change_nothing_but_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    hits = torch.arange(100) % 3 == 0
    whole = bootstrap(hits, torch.Generator().manual_seed(0), resamples=50)
    monkeypatch.setattr("ssl_core.evaluation.intervals.CHUNK", 700)
    assert bootstrap(hits, torch.Generator().manual_seed(0), resamples=50) == whole


def test_the_same_seed_gives_the_same_interval_and_certainty_a_point() -> None:
    hits = torch.arange(500) % 3 == 0
    one, other, third = (bootstrap(hits, torch.Generator().manual_seed(s), resamples=75) for s in (1, 1, 2))
    assert one == other != third
    every = bootstrap(torch.ones(9, dtype=torch.bool), torch.Generator())
    assert (every.low, every.high) == (1.0, 1.0)


def test_the_middle_of_a_hundred_and_one() -> None:
    found = between(torch.arange(101).double(), 0.9)
    assert (found.low, found.high) == (pytest.approx(5), pytest.approx(95))


def test_no_pictures_are_a_problem() -> None:
    with pytest.raises(Problem, match="there are none"):
        bootstrap(torch.zeros(0, dtype=torch.bool), torch.Generator())
