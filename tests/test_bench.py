"""The benchmarks run by name; how long they take is not tested."""

import json
import sys

import pytest

from bench import __main__ as bench
from bench.compare import Row, compare


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
