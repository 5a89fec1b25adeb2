"""The benchmarks run by name; how long they take is not tested."""

import json
import sys

import pytest

from bench import __main__ as bench
from bench import lab
from bench.compare import Row, compare
from bench.timing import Timing


def test_both_ways_take_turns() -> None:
    order: list[str] = []
    row = compare(
        "counting", lambda: order.append("ours"), lambda: order.append("peer"), target=1e9, rounds=3
    )
    assert order == ["ours", "peer"] * 4, "the first turn warms up"
    assert row.ok
    assert row.ratio == pytest.approx(row.ours / row.peer)


@pytest.mark.parametrize("ok", [True, False])
def test_one_line_of_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ok: bool
) -> None:
    row = Row("made up", 1.0, 2.0, 0.5, 0.6 if ok else 0.4, ok)
    monkeypatch.setattr(bench, "BENCHMARKS", {"one": lambda: [row], "two": lambda: pytest.fail("not asked")})
    monkeypatch.setattr(sys, "argv", ["bench", "one", "--json"])
    assert bench.main() == (0 if ok else 1)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == [
        {"name": "made up", "ours": 1.0, "peer": 2.0, "ratio": 0.5, "target": row.target, "ok": ok}
    ]


def test_an_unknown_name_lists_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "coding_rat"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "coding_rat; there is coding_rate" in capsys.readouterr().err


def test_a_timing_is_judged_by_all_but_the_slowest_twentieth() -> None:
    took = [10.0] * 57 + [90.0] * 3
    row = Timing.of("made up", took, 50)
    assert (row.times, row.median, row.p95, row.ok) == (60, 10, 10, True)
    missed = Timing.of("made up", [*took, 90.0], 50)
    assert (missed.p95, missed.ok) == (90, False)
    assert "95 % of 61 within 90 ms, target 50 ms: MISSED" in missed.line()


def test_what_cannot_be_measured_is_said_and_the_others_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = Row("made up", 1.0, 2.0, 0.5, 0.6, True)
    monkeypatch.setenv(lab.browsers.CHOSEN, "/no/such/browser")
    monkeypatch.setattr(bench, "BENCHMARKS", {"lab": lab.run, "one": lambda: [row]})
    monkeypatch.setattr(sys, "argv", ["bench"])
    assert bench.main() == 1
    said = capsys.readouterr()
    assert "lab: There is no browser to measure in. Install" in said.err
    assert "made up" in said.out
