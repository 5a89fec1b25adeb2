"""compare: methods from the same start, trained once, as a table."""

import json
from pathlib import Path

import pytest

from ssl_core import runs
from ssl_core.__main__ import main
from ssl_core.compare import COMPARED, HEAD, Row, compare, settings_of
from ssl_core.events import Step
from ssl_core.methods import METHODS
from ssl_core.problem import Problem
from ssl_core.settings import Settings

BASE = Settings(encoder="convnet", dataset="digits").with_knobs("encoder", width=8)
SECONDS = 0.2  # one step at least


def test_all_methods_begin_with_the_same_encoder_pictures_and_seconds() -> None:
    assert set(COMPARED) == set(METHODS) - {"linear"}
    for method in COMPARED:
        settings = settings_of(method, BASE, 600.0).known().check()
        assert (settings.encoder, settings.dataset) == ("convnet", "digits")
        assert settings.make("encoder").width == 8
        assert (settings.training.budget, settings.training.unit) == (600.0, "seconds")
        assert settings.method == method


def test_each_is_trained_once_and_told_in_a_row(tmp_path: Path) -> None:
    first = list(compare(["simclr", "cross_entropy"], BASE, SECONDS, tmp_path))
    rows = [news for news in first if isinstance(news, Row)]
    assert [row.method for row in rows] == ["simclr", "cross_entropy"]
    again = list(compare(["cross_entropy", "simclr"], BASE, SECONDS, tmp_path))
    assert again == rows[::-1]  # nothing is trained a second time, and the figures are the same
    assert len(runs.list_runs(tmp_path)) == 2
    for row in rows:
        steps = [event for event in runs.find(row.run, tmp_path).events() if isinstance(event, Step)]
        batch = settings_of(row.method, BASE, SECONDS).training.batch_size
        assert row.steps == len(steps)
        assert row.images_per_second == pytest.approx(len(steps) * batch / steps[-1].seconds)
        assert 0 < row.untrained < 1
        assert 0 < row.error < 0.1
        assert row.trained_interval[0] < row.trained < row.trained_interval[1]
        assert row.transform == "the whole picture"
        assert str(row).count("|") == HEAD.count("|")


def test_the_command_prints_rows_and_names_a_method_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_EXPLORER_RUNS", str(tmp_path))
    monkeypatch.setattr("ssl_core.command_compare.default_source", lambda path: ("digits", object()))
    flags = ["compare", "--encoder", "convnet", "--seconds", str(SECONDS), "--methods"]
    assert main([*flags, "simclr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "simclr"
    assert main([*flags, "simclr,nonesuch"]) == 2
    assert "no method named 'nonesuch'" in capsys.readouterr().err


def test_a_run_that_was_stopped_is_said(tmp_path: Path) -> None:
    found = compare(["simclr"], BASE, 60.0, tmp_path)
    for event in found:
        if isinstance(event, Step):
            (runs.list_runs(tmp_path)[0].folder / "stop").touch()
            break
    with pytest.raises(Problem, match="was stopped"):
        list(found)
