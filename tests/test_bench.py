"""The benchmarks run by name; how long they take is not tested."""

import json
import sys

import pytest

from bench import __main__ as bench
from bench import browser, coding_rate
from bench.compare import compare
from bench.row import Row, show
from bench.timing import Timing


def test_both_ways_take_turns() -> None:
    order: list[str] = []
    row = compare("counting", lambda: order.append("ours"), lambda: order.append("peer"), target=0, rounds=3)
    assert order == ["ours", "peer"] * 4, "the first turn warms up"
    assert row.ok
    assert row.low is not None
    assert row.high is not None
    assert row.low <= row.ratio <= row.high


@pytest.mark.parametrize("ok", [True, False])
def test_one_line_of_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ok: bool
) -> None:
    row = Row("made up", 1.0, 2.0, 2.0, 1.5 if ok else 2.5, ok)
    monkeypatch.setattr(bench, "BENCHMARKS", ("one", "two"))
    monkeypatch.setattr(bench, "rows_of", {"one": [row]}.__getitem__)
    monkeypatch.setattr(sys, "argv", ["bench", "one", "--json"])
    assert bench.main() == (0 if ok else 1)
    (line,) = capsys.readouterr().out.splitlines()
    (read,) = json.loads(line)
    assert list(read)[:6] == ["name", "ours", "peer", "ratio", "target", "ok"]
    assert list(read.values())[:6] == ["made up", 1.0, 2.0, 2.0, row.target, ok]


def test_the_ratio_is_how_many_times_better_ours_is_in_the_same_round() -> None:
    quick = Row.of("time", [1, 2, 4], [10, 20, 80], 11, "peer")
    assert (quick.ours, quick.peer, quick.ratio, quick.ok) == (2, 20, 10, False)
    many = Row.of("speed", [30, 60], [10, 10], 4, "peer", "pictures/s", more_is_better=True)
    assert (many.ratio, many.low, many.high, many.ok) == (4.5, 3.75, 5.25, True)


@pytest.mark.parametrize(("ours", "ok"), [(90.0, True), (110.0, False)])
def test_a_limit_is_kept_or_not(ours: float, ok: bool) -> None:
    row = Row.limit("bytes", ours, 99.0, "MB")
    assert (row.ratio, row.ok) == (pytest.approx(99 / ours), ok)


def test_an_unknown_name_lists_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "coding_rat"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "coding_rat; there is coding_rate" in capsys.readouterr().err


def test_a_table_is_of_a_whole_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "coding_rate", "--write"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "with no names" in capsys.readouterr().err


def test_a_race_that_was_not_won_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    show([Row.of("race", [float("inf")], [300.0], 4.0, "the peer", "s")], as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["ours"] is None


def test_a_timing_is_judged_by_all_but_the_slowest_twentieth() -> None:
    took = [10.0] * 57 + [90.0] * 3
    row = Timing.taken("made up", took, 50)
    assert (row.times, row.median, row.ours, row.ok) == (60, 10, 10, True)
    missed = Timing.taken("made up", [*took, 90.0], 50)
    assert (missed.ours, missed.ok) == (90, False)
    assert "95 % of 61 within 90 ms, target 50 ms: MISSED" in missed.line()


def test_what_cannot_be_measured_is_said_and_the_others_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(browser.browsers.CHOSEN, "/no/such/browser")
    monkeypatch.setattr(bench, "BENCHMARKS", ("lab", "coding_rate"))
    monkeypatch.setattr(sys, "argv", ["bench"])
    monkeypatch.setattr(coding_rate, "run", lambda: [Row("made up", 1.0, 2.0, 2.0, 1.5, True)])
    assert bench.main() == 1
    said = capsys.readouterr()
    assert "lab: There is no browser to measure in. Install" in said.err
    assert "made up" in said.out
