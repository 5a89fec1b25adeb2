"""A live run and a recorded one are the same stream."""

import json
import math
from pathlib import Path

import pytest

from ssl_core.events import KINDS, Failed, Finished, Preparing, Saved, Step, Waiting, record, replay


def a_step(step: int, loss: float = 1.0) -> Step:
    return Step(step, 0.5, 0.1, 3.0, loss, {"a": 2.0}, 0.1, 1.0, 0.2, -1.0, 3.0, 0.08, 500.0, 3.0)


def test_what_is_recorded_is_replayed(tmp_path: Path) -> None:
    events = [
        Waiting(1, "cpu"),
        Preparing("x", 0.5),
        a_step(1),
        Saved(1),
        Failed(1, "{a}", {"a": 1}),
        Finished(1, "done"),
    ]
    assert list(record(iter(events), tmp_path / "e.jsonl")) == events
    assert list(replay(tmp_path / "e.jsonl")) == events


def test_every_event_is_on_disk_before_the_next_is_made(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    for made, _ in enumerate(record((a_step(i) for i in range(3)), path), start=1):
        assert len(path.read_text().splitlines()) == made


def test_a_torn_line_and_unknown_things_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    list(record([a_step(1)], path))
    later = json.loads(path.read_text()) | {"invented_later": 1, "step": 2}
    with path.open("a") as out:
        out.write(json.dumps(later) + '\n{"kind": "FromTheFuture"}\n[]\n{"kind": "Step", "st')
    assert [e.step for e in replay(path)] == [1, 2]


def test_no_file_is_no_events(tmp_path: Path) -> None:
    assert list(replay(tmp_path / "none.jsonl")) == []


def test_a_nan_is_never_recorded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        list(record([a_step(1, math.nan)], tmp_path / "e.jsonl"))


def test_every_kind_is_listed() -> None:
    from ssl_core import events

    kinds = {n for n, v in vars(events).items() if isinstance(v, type) and issubclass(v, events.Event)}
    assert kinds - {"Event"} == set(KINDS)
