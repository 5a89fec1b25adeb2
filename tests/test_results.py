"""Figures kept beside a run: what was written is read, and what is torn is neither read nor written over."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ssl_core.problem import Problem
from ssl_core.results import FILE, Result, Results, keep, load_results

FIGURE = Result(
    name="knn_h",
    value=0.75,
    interval=(0.5, 1.0),
    top5=1.0,
    setting={"dataset": "made", "k": 2},
    command="python -m ssl_core table run",
    confusion=[[1, 1], [0, 2]],
    classes=["a", "b"],
)


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    assert load_results(tmp_path) == Results()
    keep(tmp_path, "trained", FIGURE)
    keep(tmp_path, "trained", replace(FIGURE, name="knn_z"))
    keep(tmp_path, "untrained", FIGURE)
    keep(tmp_path, "trained", replace(FIGURE, value=0.8))
    found = load_results(tmp_path)
    assert found.trained == {"knn_h": replace(FIGURE, value=0.8), "knn_z": replace(FIGURE, name="knn_z")}
    assert found.untrained == {"knn_h": FIGURE}
    assert [path.name for path in tmp_path.iterdir()] == [FILE]  # nothing half-written beside it


def test_what_a_newer_minor_version_wrote_is_ignored_and_kept(tmp_path: Path) -> None:
    keep(tmp_path, "trained", FIGURE)
    known = json.loads((tmp_path / FILE).read_text())
    known["trained"]["knn_h"]["mood"], known["weather"] = "good", "rain"
    (tmp_path / FILE).write_text(json.dumps(known))
    assert load_results(tmp_path).trained == {"knn_h": FIGURE}
    keep(tmp_path, "untrained", FIGURE)
    known = json.loads((tmp_path / FILE).read_text())
    assert (known["weather"], known["trained"]["knn_h"]["mood"]) == ("rain", "good")


def damaged(**changes: Any) -> str:
    return json.dumps({"format": 1, "trained": {"knn_h": {**asdict(FIGURE), **changes}}})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (damaged()[:-40], "torn"),
        ("", "torn"),
        ("[]", "no format number"),
        ('{"trained": {}}', "no format number"),
        ('{"format": 1, "trained": []}', "torn"),
        ('{"format": 1, "trained": {"knn_h": {"name": "knn_h"}}}', "torn"),
        ('{"format": 99}', "newer version"),
        (damaged(value=75), "knn_h is 75"),
        (damaged(interval=[0.5]), "torn"),
        (damaged(setting=7), "torn"),
    ],
)
def test_a_torn_file_is_said_and_left_as_it_is(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(Problem, match=says):
        load_results(tmp_path)
    with pytest.raises(Problem, match=says):
        keep(tmp_path, "trained", FIGURE)
    assert (tmp_path / FILE).read_text() == text


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\x80\x04\x95code")
    with pytest.raises(Problem, match="torn"):
        load_results(tmp_path)


def test_there_are_two_sides(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no side named"):
        keep(tmp_path, "left", FIGURE)
