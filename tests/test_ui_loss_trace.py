"""`/loss_trace`: programs get every stage of a loss with the numbers of the bench."""

import json
from typing import Any

import pytest
from gradio_client import Client

from ssl_core.lab import Bench, lay, takes
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_ui.loss_trace import loss_trace

every_loss = pytest.mark.parametrize("loss", LOSSES)


@pytest.mark.parametrize(("temperature", "published"), [(5.0, 1.0883454), (1.0, 1.0537996)])
def test_the_cs231n_example(temperature: float, published: float) -> None:
    said = loss_trace("nt_xent", batch="cs231n", temperature=temperature)
    assert said["loss"] == pytest.approx(published, abs=1e-7)


@every_loss
def test_it_is_the_bench_stage_by_stage(loss: str) -> None:
    said = loss_trace(loss, n=4, d=8, seed=3)
    table = lay(Bench(loss=loss, source="random", n=4, d=8, seed=3))
    walked = list(table.loss(**table.inputs).walk())
    assert said["loss"] == said["stages"][-1]["value"] == float(walked[-1].value)
    assert [s["name"] for s in said["stages"]] == [*table.inputs, *(s.name for s in walked)]
    values = [*table.inputs.values(), *(s.value for s in walked)]
    for told, value in zip(said["stages"], values, strict=True):
        assert told["title"]
        assert told["tex"]
        assert told["shape"] == list(value.shape)
        assert len(told["axes"]) == value.ndim
    json.dumps(said, allow_nan=False)


def test_an_input_says_what_it_is() -> None:
    views, labels = loss_trace("sup_con")["stages"][:2]
    assert (views["title"], views["tex"]) == (
        "The batch",
        r"\mathrm{views} \in \mathbb{R}^{v \times n \times d}",
    )
    assert (labels["title"], labels["tex"]) == ("Labels", r"\mathrm{labels} \in \mathbb{N}^{n}")


def test_masked_numbers_are_null() -> None:
    logits = next(s for s in loss_trace(n=2)["stages"] if s["name"] == "logits")
    assert [row[i] for i, row in enumerate(logits["value"])] == [None] * 4
    assert (logits["axes"], logits["shape"]) == (["m", "m"], [4, 4])


def test_only_losses_of_any_number_of_views_take_another() -> None:
    assert {name for name, kind in LOSSES.items() if takes(kind) is None} == {
        "sup_con",
        "triplet",
        "emp_ssl",
        "negative_cosine",
    }
    assert loss_trace("emp_ssl", views=5)["stages"][0]["shape"] == [5, 4, 8]
    with pytest.raises(Problem, match="views is 3; NT-Xent takes 2"):
        loss_trace("nt_xent", views=3)
    with pytest.raises(Problem, match="only one"):
        loss_trace("emp_ssl", views=1)


def test_a_switch_that_is_off_stays_off() -> None:
    off, on = (loss_trace("sup_con", knobs={"base_temperature": base}) for base in (None, 0.05))
    assert off["loss"] == loss_trace("sup_con")["loss"]
    assert on["loss"] == pytest.approx(2 * off["loss"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "none"},
        {"n": 10**9},
        {"batch": "real"},
        {"batch": "circle"},
        {"temperature": 0.0},
        {"temperature": "hot"},
        {"knobs": 3},
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        loss_trace(**wrong)


def test_endpoint(client: Client) -> None:
    said = client.predict("nt_xent", 4, 8, 0, 0.5, api_name="/loss_trace")
    assert said == loss_trace("nt_xent", 4, 8, 0, 0.5)
    with pytest.raises(Exception, match="n is 99; give a number from 2 to 16"):
        client.predict(n=99, api_name="/loss_trace")
