"""The loss tab: the numbers it shows are the loss's own, and programs get the same."""

import base64
import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch
from gradio_client import Client

from ssl_core.config import build
from ssl_core.losses import LOSSES, PairTrace
from ssl_core.problem import Problem
from ssl_ui.loss_stages import LossState, Worked, fixed_views, takes_cs231n, to_json, work_out
from ssl_ui.loss_walk import to_steps
from ssl_ui.stepper import Step
from ssl_ui.tabs.loss_steps import loss_trace

every_loss = pytest.mark.parametrize("loss", LOSSES)


@pytest.mark.parametrize(("temperature", "published"), [(5.0, 1.0883454), (1.0, 1.0537996)])
def test_the_cs231n_example(temperature: float, published: float) -> None:
    said = loss_trace("nt_xent", batch="cs231n", temperature=temperature)
    assert said["loss"] == pytest.approx(published, abs=1e-6)
    state = LossState(batch="cs231n", knobs={"temperature": temperature})
    assert to_steps(work_out(state))[-1].scalar == f"{published:.7f}"


@every_loss
def test_the_walk_ends_at_the_loss_of_the_same_batch(loss: str) -> None:
    batch = LOSSES[loss].example(torch.Generator().manual_seed(3), 2, 4, 8)
    alone = float(LOSSES[loss]()(**batch).loss)
    said = loss_trace(loss, n=4, d=8, seed=3)
    assert said["loss"] == pytest.approx(alone)
    assert said["stages"][-1]["value"] == said["loss"]
    assert [s["name"] for s in said["stages"][: len(batch)]] == list(batch)
    json.dumps(said, allow_nan=False)


@every_loss
@pytest.mark.parametrize(("n", "d"), [(2, 2), (4, 8), (8, 16)])
def test_every_stage_can_be_shown(loss: str, n: int, d: int) -> None:
    worked = work_out(LossState(loss=loss, n=n, d=d))
    steps = to_steps(worked)
    assert len(steps) == len(worked.stages)
    for step, stage in zip(steps, worked.stages, strict=True):
        assert step.title
        assert step.tex
        assert bool(step.scalar) == (stage.value.ndim == 0)
        assert (step.figure is None) == (stage.value.ndim == 0)
        json.dumps(step.figure, allow_nan=False)


def drawn(**state: Any) -> dict[str, Step]:
    """The walk by the names of its stages."""
    return {s.name: s for s in to_steps(work_out(LossState(**state)))}


def ticks(step: Step, axis: str) -> list[str]:
    assert step.figure
    return step.figure["layout"][f"{axis}axis"]["ticktext"]


def lines(step: Step, name: str) -> list[dict[str, Any]]:
    return [trace for trace in (step.figure or {"data": []})["data"] if trace.get("name") == name]


@every_loss
@pytest.mark.parametrize("views", [2, 3, 6])
def test_positives_are_framed_where_pairs_are_compared_and_nowhere_else(loss: str, views: int) -> None:
    views = fixed_views(LOSSES[loss]) or views
    worked = work_out(LossState(loss=loss, views=views if views != 1 else 2, n=4, d=8))
    pairs = isinstance(worked.trace, PairTrace)
    alike = {s.name for s in worked.stages if pairs and s.axes == axes(worked, "sim")}  # z may be square too
    assert bool(alike) == pairs
    for step in to_steps(worked):
        assert bool(lines(step, "positive")) == (step.name in alike)
        assert ("positives framed" in step.shape) == (step.name in alike)
        if step.name in alike:
            masks = worked.trace.masks()  # type: ignore[attr-defined]
            assert cells(lines(step, "positive")[0]) == {tuple(p) for p in masks.positive.nonzero().tolist()}
            assert ("the rest unused" in step.shape) == bool(masks.unused.any())


def axes(worked: Worked, name: str) -> tuple[str, ...]:
    return next(s.axes for s in worked.stages if s.name == name)


def cells(line: dict[str, Any]) -> set[tuple[int, int]]:
    """The cells that a line with gaps draws in, as (row, column)."""
    x, y = (np.frombuffer(base64.b64decode(line[axis]["bdata"]), "<f4") for axis in "xy")
    there = np.isfinite(x)
    return {(round(float(r)), round(float(c))) for r, c in zip(y[there], x[there], strict=True)}


def test_views_are_named_by_picture() -> None:
    steps = drawn(n=2, d=3)
    assert ticks(steps["sim"], "y") == ["a₁", "a₂", "b₁", "b₂"]
    assert steps["positive"].figure["data"][0]["text"] == [["b₁", "b₂", "a₁", "a₂"]]
    assert ticks(drawn(loss="sup_con", views=3, n=2)["z"], "y") == ["a₁", "a₂", "b₁", "b₂", "c₁", "c₂"]
    one = drawn(loss="sup_con", n=2, knobs={"contrast_mode": "one"})["sim"]
    assert (ticks(one, "y"), ticks(one, "x")) == (["a₁", "a₂"], ["a₁", "a₂", "b₁", "b₂"])


@pytest.mark.parametrize(
    ("loss", "stage", "rows", "columns"),
    [
        ("info_nce", "sim", ["q₁", "q₂"], ["k", "u₁", "u₂", "u₃", "u₄"]),
        ("info_nce", "views", ["q₁", "q₂", "k₁", "k₂"], ["1", "2", "3"]),
        ("emp_ssl", "sim", ["a₁", "a₂", "b₁", "b₂"], ["z̄₁", "z̄₂"]),
        ("negative_cosine", "sim", ["a₁", "a₂", "b₁", "b₂"], ["a₁′", "a₂′", "b₁′", "b₂′"]),
        ("swav", "codes", ["a₁", "a₂", "b₁", "b₂"], ["c₁", "c₂", "c₃", "c₄", "c₅"]),
        ("cross_entropy", "share", ["1", "2"], ["1", "2", "3"]),
        ("barlow_twins", "correlation", ["1", "2", "3"], ["1", "2", "3"]),
        ("vicreg", "cov", ["a₁", "a₂", "a₃", "b₁", "b₂", "b₃"], ["1", "2", "3"]),
    ],
)
def test_rows_and_columns_are_called_what_they_are(
    loss: str, stage: str, rows: list[str], columns: list[str]
) -> None:
    step = drawn(loss=loss, n=2, d=3)[stage]
    assert (ticks(step, "y"), ticks(step, "x")) == (rows, columns)


@pytest.mark.parametrize(
    ("state", "stage", "words"),
    [
        ({"loss": "sup_con", "n": 4}, "labels", ["class 1", "class 2", "class 1", "class 2"]),
        ({"loss": "sup_con", "n": 4}, "positives", ["3"] * 8),
        ({"loss": "info_nce", "n": 3}, "target", ["k"] * 3),
        ({"loss": "triplet", "n": 2, "views": 2}, "farthest", ["b₁", "b₂", "a₁", "a₂"]),
        ({"loss": "triplet", "n": 3, "views": 1}, "farthest", ["a₃", "none", "a₁"]),
    ],
)
def test_places_and_classes_are_names_and_amounts_are_numbers(
    state: dict[str, Any], stage: str, words: list[str]
) -> None:
    assert drawn(**state)[stage].figure["data"][0]["text"] == [words]


@pytest.mark.parametrize(
    ("loss", "stage"), [("emp_ssl", "spectrum"), ("vicreg", "std"), ("swav", "per_anchor")]
)
def test_a_vector_for_each_view_is_bars_side_by_side(loss: str, stage: str) -> None:
    worked = work_out(LossState(loss=loss, n=4, d=8))
    value = next(s.value for s in worked.stages if s.name == stage)
    figure = drawn(loss=loss, n=4, d=8)[stage].figure
    assert [trace["name"] for trace in figure["data"]] == ["a", "b"]
    assert [trace["y"] for trace in figure["data"]] == value.tolist()


def test_true_is_a_sign() -> None:
    text = drawn(loss="sup_con", n=2, knobs={"no_positive": "zero"})["positive"].figure["data"][0]["text"]
    assert text == [["✓" if abs(i - j) == 2 else "" for j in range(4)] for i in range(4)]


def test_only_losses_of_any_number_of_views_take_another() -> None:
    assert {name for name, kind in LOSSES.items() if fixed_views(kind) is None} == {
        "sup_con",
        "triplet",
        "emp_ssl",
        "negative_cosine",
    }
    assert loss_trace("emp_ssl", views=5)["stages"][0]["shape"] == [5, 4, 8]
    with pytest.raises(Problem, match="NT-Xent takes 2 views"):
        loss_trace("nt_xent", views=3)
    with pytest.raises(Problem, match="only one"):
        loss_trace("emp_ssl", views=1)
    assert takes_cs231n(LOSSES["sup_con"])
    assert not takes_cs231n(LOSSES["dino"])
    with pytest.raises(Problem, match="random batch"):
        loss_trace("dino", batch="cs231n")


def test_a_switch_that_is_off_stays_off() -> None:
    off, on = (loss_trace("sup_con", knobs={"base_temperature": base}) for base in (None, 0.05))
    assert off["loss"] == loss_trace("sup_con")["loss"]
    assert on["loss"] == pytest.approx(2 * off["loss"])


def test_a_state_goes_through_json() -> None:
    state = LossState(batch="cs231n", n=3, seed=7, knobs={"temperature": 0.2})
    assert build(LossState, json.loads(json.dumps(dataclasses.asdict(state)))) == state


def test_masked_numbers_are_null_for_programs() -> None:
    stages = {s["name"]: s for s in to_json(work_out(LossState(n=2)))["stages"]}
    logits = stages["logits"]
    assert [row[i] for i, row in enumerate(logits["value"])] == [None] * 4
    assert (logits["axes"], logits["shape"]) == (["m", "m"], [4, 4])


@pytest.mark.parametrize(
    "wrong", [{"loss": "none"}, {"n": 10**9}, {"batch": "real"}, {"temperature": 0.0}, {"temperature": "hot"}]
)
def test_what_cannot_be_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        loss_trace(**wrong)


def test_endpoint(client: Client) -> None:
    said = client.predict("nt_xent", 4, 8, 0, 0.5, api_name="/loss_trace")
    assert said == loss_trace("nt_xent", 4, 8, 0, 0.5)
    with pytest.raises(Exception, match="n is 99; give a number from 2 to 8"):
        client.predict(n=99, api_name="/loss_trace")
