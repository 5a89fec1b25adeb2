"""Evaluate, without a browser: what is measured and told is the core's own; `/evaluate` keeps its promise."""

import json
import shutil
from pathlib import Path
from typing import Any

import endless
import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from ssl_core import fresh
from ssl_core.evaluation import KNNKnobs
from ssl_core.jobs import Progress
from ssl_core.measure import Evaluation, evaluate
from ssl_core.problem import Problem
from ssl_core.results import Result, Results, keep
from ssl_core.runs import Run
from ssl_ui import eval_figures, eval_measure, eval_words, scores
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.eval_data import columns, judged, setting_of, title_of
from ssl_ui.eval_measure import Asked, Clock, hindrance, measure, standing
from ssl_ui.eval_pictures import behind, inside
from ssl_ui.eval_show import FRESH, look
from ssl_ui.progress import result

pytest_plugins = ["trained"]
FEW = Evaluation(bank=300, queries=120)
VOTE = KNNKnobs(k=20)


@pytest.fixture(scope="module")
def site(trained_site: str) -> str:
    return trained_site


@pytest.fixture(scope="module")
def keys(context: Context, trained: Run) -> dict[str, list[str]]:
    """kNN and a probe of the trained run, measured."""
    return result(measure(context, Asked((trained.name,), True, (50.0,), FEW, VOTE)))


def made(value: float, name: str = "knn_h", **setting: Any) -> Result:
    return Result(name, value, (value - 0.1, value + 0.1), 1.0, setting, "", [[3, 1], [2, 2]], ["a", "b"])


# what is measured


def test_a_fresh_measurement_is_that_of_evaluate(
    context: Context, trained: Run, keys: dict[str, list[str]]
) -> None:
    results, predicted = standing(keys[trained.name])
    for side, folder in (("trained", trained.folder), ("untrained", None)):
        amount = Evaluation(bank=300, queries=120, probe=True, labels=50)
        direct = evaluate(trained.settings, folder, amount, VOTE)
        found = getattr(results, side)
        assert list(found) == ["knn_h", "linear_50"]
        for name, kind in (("knn_h", "knn"), ("linear_50", "probe")):
            assert found[name].value == pytest.approx(direct[f"{kind}_top1"], abs=0.03)
            assert found[name].top5 == pytest.approx(direct[f"{kind}_top5"], abs=0.03)
            assert list(found[name].interval) == pytest.approx(direct[f"{kind}_top1_interval"], abs=0.04)
            assert np.trace(found[name].confusion) / 120 == pytest.approx(found[name].value)
            assert found[name].setting["split"] == direct["split"]
    test = pick(context, "").pictures(context).test
    for name, said in predicted.items():
        matrix = np.zeros((10, 10), int)
        np.add.at(matrix, (test.labels[said.index].numpy(), np.asarray(said.predictions)), 1)
        assert matrix.tolist() == results.trained[name].confusion
    assert "--labels 50" in results.trained["linear_50"].command
    assert "--labels" not in results.trained["knn_h"].command


def test_what_was_measured_is_not_measured_again(
    context: Context, trained: Run, keys: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh, "measured", endless.measured)
    again = measure(context, Asked((trained.name,), True, (50.0,), FEW, VOTE))
    assert result(again) == keys


def test_stop_ends_the_measurement(context: Context, trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "measured", endless.measured)
    job = measure(context, Asked((trained.name,), amount=Evaluation(bank=200, queries=100)))
    for news in job:
        if "Encoding" in news.what:
            break
    process = context.worker._process
    assert process is not None
    job.close()
    with pytest.raises(ValueError, match="closed"):
        process.is_alive()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(()), "at least one run"),
        (Asked(("x",), knn=False), "what to measure"),
        (Asked(("x",)), "no run"),
    ],
)
def test_nothing_to_measure_is_said(context: Context, asked: Asked, said: str) -> None:
    with pytest.raises(Problem, match=said):
        result(measure(context, asked))


def test_the_clock_tells_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(eval_measure.time, "monotonic", lambda: now[0])
    clock = Clock(2, Asked(("a",), amount=Evaluation(bank=300, queries=100)))
    assert clock.at(0, Progress("Starting the worker", 0.0)) == (0, "")
    assert clock.at(0, Progress(eval_measure.ENCODING, 0.0))[1] == ""
    now[0] = 3.0
    done, left = clock.at(0, Progress(eval_measure.ENCODING, 0.5))
    assert (done, left) == (pytest.approx(0.75 * 0.5 / 2), "about 13 s left")
    now[0] = 8.0
    done, left = clock.at(0, Progress(eval_measure.ENCODING, 0.0))  # the test pictures begin
    assert done == pytest.approx(0.75 / 2)
    done, _ = clock.at(1, Progress(eval_measure.ENCODING, 0.2))
    assert done == pytest.approx((1 + 0.75 * 0.2) / 2)


# what is told


def test_columns_and_their_titles() -> None:
    known = {name: made(0.5) for name in ("linear_10", "cs231n_letter", "knn_z", "knn_h_bag16", "knn_h")}
    order = columns([Results(trained=known)])
    assert order == ["knn_h", "knn_h_bag16", "knn_z", "linear_10", "cs231n_letter"]
    assert [title_of(name) for name in order[:4]] == [
        "kNN, h",
        "kNN, h, 16 patches",
        "kNN, z",
        "Linear, 10 %",
    ]


def test_a_setting_names_all(context: Context, trained: Run, keys: dict[str, list[str]]) -> None:
    figure = standing(keys[trained.name])[0].trained["linear_50"]
    words = setting_of(figure)
    for part in (
        "Digits",
        "convnet",
        "layer h",
        "the whole picture",
        "300 of",
        "evaluation mode",
        "labels, C=",
    ):
        assert part in words


def test_a_row_of_what_was_measured_now(context: Context, trained: Run, keys: dict[str, list[str]]) -> None:
    found = look(context, [trained.name, "gone"], keys)
    assert [each.name for each in found.runs] == [trained.name]
    words = eval_words.table(found)
    figure = found.fresh[trained.name].trained["knn_h"]
    assert "measured now" in words
    assert f"<b>{100 * figure.value:.1f}</b>" in words
    assert found.figures(trained.name)[0] == ("kNN, h (measured now)", FRESH + "knn_h")
    assert "<b>" not in eval_words.table(look(context, [trained.name], {})).split("</thead>")[0]


def test_recall_bars_and_a_class_without_pictures() -> None:
    empty = Result("knn_h", 0.5, (0.4, 0.6), 1.0, {}, "", [[3, 1], [0, 0]], ["a", "b"])
    figure = eval_figures.recall_bars(empty, None)
    assert figure["data"][0]["x"] == [75.0, None]
    assert len(figure["data"]) == 1
    both = eval_figures.recall_bars(made(0.6), made(0.5))["data"]
    assert [bar["x"] for bar in both] == [[75.0, 50.0]] * 2
    assert both[0]["marker"]["color"] == both[1]["marker"]["color"]
    assert both[0]["marker"]["opacity"] > both[1]["marker"]["opacity"]


def test_a_cell_shows_its_pictures(context: Context, trained: Run, keys: dict[str, list[str]]) -> None:
    results, predicted = standing(keys[trained.name])
    figure, said = results.trained["knn_h"], predicted["knn_h"]
    counts = np.asarray(figure.confusion)
    true, other = np.unravel_index(counts.argmax(), counts.shape)
    places = inside(context, trained.name, said, int(true), int(other))
    assert len(places) == counts.max()
    words = behind(context, trained.name, figure, said, int(true), int(other))
    assert words.count("<img") == min(60, counts.max())
    assert f"{counts.max()} of {counts[true].sum()} pictures of {true}" in words
    assert "<img" not in behind(context, trained.name, figure, None, int(true), int(other))
    assert "Measure it anew" in behind(context, trained.name, figure, None, int(true), int(other))


def test_torn_files_are_said_and_the_rest_stays(trained: Run, tmp_path: Path) -> None:
    shutil.copytree(trained.folder, tmp_path / "torn")
    keep(tmp_path / "torn", "trained", made(0.5))
    (tmp_path / "torn" / "results.json").write_text("{")
    (last := sorted((tmp_path / "torn" / "snapshots").iterdir())[-1]).write_bytes(b"torn")
    found = judged(Context(runs_folder=tmp_path), "torn")
    assert len(found.problems) == 2
    assert len(found.moments) == 1
    assert last.name in eval_words.card(found)


def test_missing_pictures_are_said_before_pressing(trained: Run, tmp_path: Path) -> None:
    shutil.copytree(trained.folder, tmp_path / "away")
    config = json.loads((tmp_path / "away" / "config.json").read_text())
    config["settings"]["dataset"] = "cifar10"
    (tmp_path / "away" / "config.json").write_text(json.dumps(config))
    context = Context(runs_folder=tmp_path)
    assert "cannot be measured anew here" in hindrance(context, ["away"])
    assert hindrance(context, []) == ""


# the endpoint


def test_scores_are_the_cores(context: Context, trained: Run) -> None:
    amount = Evaluation(bank=300, queries=120, probe=True)
    found = result(scores.measure(context, scores.ScoreState("", "", amount, VOTE)))
    for name, folder in (("trained", trained.folder), ("untrained", None)):
        direct = evaluate(trained.settings, folder, amount, VOTE)
        hits = direct.pop("knn_hits")
        assert sum(hits) / 120 == direct["knn_top1"]
        assert found[name].keys() == direct.keys()  # type: ignore[union-attr]
        for key, value in direct.items():
            numbers = isinstance(value, float) or key.endswith("_interval")
            close = pytest.approx(value, abs=0.03) if numbers else value
            assert found[name][key] == close  # type: ignore[index]
    gain = found["trained"]["knn_top1"] - found["untrained"]["knn_top1"]  # type: ignore[index]
    assert found["gained"]["difference"] == pytest.approx(gain)  # type: ignore[index]
    assert 0 < found["gained"]["standard_error"] < 0.1  # type: ignore[index]


def test_evaluate_through_the_endpoint(client: Client, trained: Run) -> None:
    answer = client.predict(run=trained.name, k=20, bank=300, queries=120, api_name="/evaluate")
    assert answer["run"] == trained.name
    for which in ("trained", "untrained"):
        assert 0 < answer[which]["knn_top1"] <= answer[which]["knn_top5"] <= 1
        assert answer[which]["k"] == 20
    given = {"run": "untrained/convnet", "dataset": "digits", "bank": 200, "queries": 100}
    untrained = client.predict(**given, api_name="/evaluate")
    assert untrained["trained"] is None
    assert untrained["gained"] is None
    few = {"run": trained.name, "k": 20, "bank": 300, "queries": 120}
    patches = client.predict(**few, patches="2", api_name="/evaluate")
    assert patches["trained"]["transform"] == "mean over 2 patches drawn by simclr"
    assert patches["trained"]["knn_top1"] != answer["trained"]["knn_top1"]
    some = client.predict(**few, probe=True, layer="z", labels=50, api_name="/evaluate")["trained"]
    assert (some["layer"], some["dimensions"], some["probe_percent"]) == ("z", 8, 50)
    assert 140 < some["probe_labels"] < 160


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"k": 0}, "from 1 to 1000"),
        ({"bank": 10}, "from 100"),
        ({"labels": 0}, "from 1.0 to 100.0"),
        ({"layer": "g"}, "choose one of h, z"),
        ({"run": "../x"}, "no run named"),
    ],
)
def test_bad_input_is_answered_in_words(client: Client, given: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(**given, api_name="/evaluate")
