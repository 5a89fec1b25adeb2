"""Break it: what is revealed after a prediction is what the recorded runs show."""

import math
from collections.abc import Callable

import pytest

from ssl_core.events import Step
from ssl_core.experiments import EXPERIMENTS, HEALTHY
from ssl_core.presets import PRESETS
from ssl_core.problem import Problem
from ssl_core.recordings import RECORDINGS, Recording, recording
from ssl_ui.breaking import LAST, SMOOTHED, TITLES, charts, numbers, origin, verdict

every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


def knn(seen: Recording) -> float:
    return seen.monitored[-1].knn


def noise(seen: Recording) -> float:
    """One standard error of the difference of two kNN accuracies on so many held-out pictures."""
    share = knn(seen)
    return math.sqrt(2 * share * (1 - share) / seen.monitored[-1].queries)


def line(seen: Recording) -> float:
    assert seen.started.collapsed is not None
    return seen.started.collapsed


# what the right answer claims, of the healthy recording and the broken one
CLAIMS: dict[str, Callable[[Recording, Recording], bool]] = {
    "colour": lambda h, b: knn(h) > 0.45 and knn(b) < 0.25 and b.last("loss") < h.last("loss"),
    "no_negatives": lambda h, b: b.last("std") < 0.25 * h.last("std"),
    "stop_gradient": lambda h, b: (
        b.steps[60].loss < -0.85 < h.last("loss") and b.last("std") < 0.65 * h.last("std")
    ),
    "wrong_sign": lambda h, b: b.last("coding_rate") < 0.2 * h.last("coding_rate"),
    "cold": lambda h, b: b.last("loss") > line(b) - 0.2 and knn(b) < 0.2 < 0.3 < knn(h),
    "hot": lambda h, b: b.last("loss") > line(b) - 0.15 and h.last("loss") < line(h) - 0.5,
    "noise_queue": lambda h, b: b.last("accuracy") > 0.95 and h.last("accuracy") < 0.5,
    "bn_leak": lambda h, b: (
        b.last("accuracy", 100) > 1.5 * h.last("accuracy", 100)
        and b.last("loss", 100) < h.last("loss", 100) - 0.05
        and abs(knn(b) - knn(h)) < noise(h)
    ),
}


@every_experiment
def test_the_answer_is_what_the_recordings_show(name: str) -> None:
    assert CLAIMS[name](recording(EXPERIMENTS[name].healthy), recording(name))


@every_experiment
def test_the_two_runs_differ_by_the_change_alone_and_are_recorded_as_they_stand(name: str) -> None:
    found = EXPERIMENTS[name]
    healthy, broken = recording(found.healthy), recording(name)
    assert healthy.run.settings.to_json() == HEALTHY[found.healthy].to_json()
    assert broken.run.settings.to_json() == found.broken.to_json()
    assert found.broken.known().check() != HEALTHY[found.healthy]
    assert healthy.steps[-1].step == broken.steps[-1].step == found.broken.training.budget


@every_experiment
def test_words_and_figures(name: str) -> None:
    found = EXPERIMENTS[name]
    assert 0 <= found.answer < len(found.options) == len(set(found.options))
    assert found.question.endswith("?")
    assert 30 <= len(found.why.split()) <= 80
    assert set(found.watch) <= set(TITLES)
    for figure, field in zip(charts(name), found.watch, strict=True):
        assert [d["name"] for d in figure["data"]] == ["healthy", "broken"]
        assert figure["data"][1]["line"]["dash"] == "dash"
        if field in SMOOTHED:
            assert figure["data"][1]["y"][-1] == pytest.approx(100 * recording(name).last(field, LAST))
            assert f"{100 * recording(name).last(field, LAST):.1f} %" in numbers(name)
        elif field != "knn":
            steps: tuple[Step, ...] = recording(name).steps
            last = steps[-1].terms.get(field, getattr(steps[-1], field, None))
            assert figure["data"][1]["y"][-1] == last
    assert "Right" in verdict(name, found.answer)
    assert "Right" not in verdict(name, found.answer - 1)
    assert "A recording" in origin(name)
    assert f"{100 * recording(name).monitored[-1].knn:.1f} %" in numbers(name)


def test_the_leak_is_asked_for_where_it_is_measured_and_kNN_is_not_said_to_fall() -> None:
    found = EXPERIMENTS["bn_leak"]
    assert "find its key more often" in found.question
    assert found.options[found.answer] == "Yes, and kNN does not rise with it"
    assert HEALTHY[found.healthy].make("method").split_norm == found.broken.make("method").split_norm == 8
    assert HEALTHY[found.healthy].make("method").shuffle
    assert not any("worse kNN" in words for words in (found.question, *found.options, found.why))


def test_all_of_them_can_be_trained_here() -> None:
    for name, found in EXPERIMENTS.items():
        assert PRESETS[f"break_{name}"].settings == found.broken


def test_a_recording_that_is_not_there_is_named() -> None:
    with pytest.raises(Problem, match=r"no recording nonesuch.*ssl_core\.recordings"):
        recording("nonesuch")


def test_nothing_is_recorded_that_nobody_shows() -> None:
    assert {path.name for path in RECORDINGS.iterdir()} == {*EXPERIMENTS, *HEALTHY}
