"""The race of the two forms: the same numbers, N by N, within bounds."""

import json
from typing import Any

import pytest
import torch

from ssl_core.config import knobs
from ssl_core.lab import race as racing
from ssl_core.lab.race import SIZES, Race, lap, race
from ssl_core.losses.base import clusters
from ssl_core.losses.nt_xent import NTXent
from ssl_core.problem import Problem
from ssl_ui.lab_mistakes import race_answer, took


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "SECONDS", 0.0)


def test_both_forms_agree_lap_after_lap() -> None:
    laps = list(race(Race(largest=8)))
    assert [one.n for one in laps] == [2, 4, 8]
    for one in laps:
        assert one.naive == pytest.approx(one.vectorized, rel=1e-12)
        assert one.difference < 1e-12
        assert one.ratio > 1  # a loop of thousands of products of two short rows
        assert one.naive_repeats == one.vectorized_repeats == 1


def test_the_value_is_that_of_the_loss() -> None:
    views = clusters(torch.Generator().manual_seed(3), 2, 4, racing.D, torch.float64)
    assert lap(4, seed=3).vectorized == pytest.approx(NTXent(racing.TEMPERATURE)(views).loss.item())


def test_it_can_be_stopped_after_any_lap() -> None:
    laps = race(Race(largest=64))
    assert next(laps).n == 2
    laps.close()
    assert list(laps) == []


def test_repeats_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "SECONDS", 60.0)
    monkeypatch.setattr(racing, "REPEATS", 3)
    one = lap(2)
    assert (one.naive_repeats, one.vectorized_repeats) == (3, 3)


def test_the_knob_covers_the_sizes() -> None:
    largest = knobs(Race)["largest"]
    assert (largest.low, largest.high) == (SIZES[0], SIZES[-1])
    assert largest.default == 32


def test_an_answer_is_json_in_words() -> None:
    got = json.loads(json.dumps(race_answer(2), allow_nan=False))
    assert got["values"][0] == got["values"][1]
    assert got["ratio"].endswith(" ×")
    assert got["repeats"] == [1, 1]
    assert len(got["seconds"]) == len(got["times"]) == 2


@pytest.mark.parametrize("n", [0, 1, 65, -4, 10**9, "8", 2.5, None, True, [8]])
def test_bad_input_is_a_problem(n: Any) -> None:
    with pytest.raises(Problem):
        race_answer(n)


def test_times_in_three_digits() -> None:
    assert [took(s) for s in (0.000123, 0.01234, 1.234, 12.3)] == ["0.123 ms", "12.3 ms", "1.23 s", "12.3 s"]
