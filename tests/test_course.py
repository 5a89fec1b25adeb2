"""Runs as columns of numbers, read as they grow, and smoothed."""

import math
from pathlib import Path

import numpy as np
import pytest
from compared import loss_at, went, write

from ssl_core.course import AXES, SCALARS, course
from ssl_core.events import Monitored, Step
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.smoothing import smoothed


def by_hand(values: list[float], steps: list[float], over: float) -> list[float]:
    """Every value so far with weight β to the power of how many steps ago, over the sum of the weights."""
    beta, found = 1 - 1 / over, []
    for i, now in enumerate(steps):
        weights = [beta ** (now - then) for then in steps[: i + 1]]
        found.append(sum(w * v for w, v in zip(weights, values[: i + 1], strict=True)) / sum(weights))
    return found


@pytest.mark.parametrize("over", [1, 2, 20, 500])
@pytest.mark.parametrize("stride", [1, 7])
def test_smoothing_is_the_weighted_mean_of_all_so_far(over: int, stride: int) -> None:
    steps = [float(1 + stride * i) for i in range(40)]
    values = [math.sin(step) + step / 10 for step in steps]
    found = smoothed(np.array(values), np.array(steps), over)
    np.testing.assert_allclose(found, by_hand(values, steps, over) if over > 1 else values, rtol=1e-12)


def test_smoothing_begins_at_the_first_value_leaves_a_constant_and_passes_over_gaps() -> None:
    steps = np.arange(1.0, 6)
    assert smoothed(np.array([5.0, 1, 1, 1, 1]), steps, 100)[0] == 5
    np.testing.assert_allclose(smoothed(np.full(5, 3.0), steps, 10), 3)
    gap = smoothed(np.array([np.nan, 2, np.inf, 2, 2]), steps, 10)
    assert np.isnan(gap[0])
    np.testing.assert_allclose(gap[1:], 2)


def test_a_course_is_the_events_own_numbers_by_every_axis(tmp_path: Path) -> None:
    run = write(tmp_path / "run", Settings().with_knobs("training", batch_size=50), went(9, 4.0, 0.5, 0.25))
    events = list(run.events())
    steps = [e for e in events if isinstance(e, Step)]
    looks = [e for e in events if isinstance(e, Monitored)]
    for scalar in SCALARS:
        for axis in AXES:
            x, y, step = course(run).curve(scalar, axis)
            wanted = [50 * e.step if axis == "images" else getattr(e, axis) for e in steps]
            assert x.tolist() == wanted
            assert y.tolist() == [getattr(e, scalar) for e in steps]
            assert step.tolist() == [e.step for e in steps]
    x, y, _ = course(run).curve("knn", "images")
    assert (x.tolist(), y.tolist()) == ([0, 450], [e.knn for e in looks])
    with pytest.raises(Problem, match="no curve of loss by epoch"):
        course(run).curve("loss", "epoch")


def test_a_course_takes_in_what_is_new_whole_lines_only_and_begins_anew_with_another_file(
    tmp_path: Path,
) -> None:
    run = write(tmp_path / "run", Settings(), went(5, 4.0, 0.5))
    path = run.folder / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3]) + lines[3][:20])
    assert course(run).curve("loss", "step")[0].tolist() == [1, 2]
    with path.open("a") as out:
        out.write(lines[3][20:])
    assert course(run).curve("loss", "step")[1].tolist() == [loss_at(i, 4.0) for i in (1, 2, 3)]
    other = path.with_name("other")
    other.write_text("".join(lines[:2]))
    other.replace(path)
    assert course(run).curve("loss", "step")[0].tolist() == [1]
