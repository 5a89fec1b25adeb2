"""The loss tab: the numbers it shows are the loss's own, and programs get the same."""

import dataclasses
import json
from typing import Any

import pytest
import torch
from gradio_client import Client

from ssl_core.config import build
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_ui.loss_stages import LossState, to_json, to_steps, work_out
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


def test_positives_are_framed_where_pairs_are_compared_and_nowhere_else() -> None:
    steps = {s.name: s for s in to_steps(work_out(LossState(n=4, d=8)))}  # z is 8×8 too
    framed = {n for n, s in steps.items() if s.figure and s.figure["layout"].get("shapes")}
    assert framed == {"sim", "logits", "share"}
    assert len(steps["sim"].figure["layout"]["shapes"]) == 8


def test_views_are_named_by_picture() -> None:
    steps = {s.name: s for s in to_steps(work_out(LossState(n=2, d=3)))}
    assert steps["sim"].figure["layout"]["yaxis"]["ticktext"] == ["a₁", "a₂", "b₁", "b₂"]
    assert steps["positive"].figure["data"][0]["text"] == [["b₁", "b₂", "a₁", "a₂"]]


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


def test_endpoint(site: str) -> None:
    client = Client(site, verbose=False)
    said = client.predict("nt_xent", 4, 8, 0, 0.5, api_name="/loss_trace")
    assert said == loss_trace("nt_xent", 4, 8, 0, 0.5)
    with pytest.raises(Exception, match="n is 99; give a number from 2 to 8"):
        client.predict(n=99, api_name="/loss_trace")
