"""The methods that read labels: SupCon's two stages, and cross-entropy beside them."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from ssl_core import runs
from ssl_core.building import build_encoder, build_method
from ssl_core.events import Step
from ssl_core.learner import Learner
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.work import work

N = 12
SMALL = Settings(dataset="digits", encoder="convnet").with_knobs("encoder", width=8)
LABELS = torch.arange(N) % 3


def steps(settings: Settings, count: int) -> Settings:
    training = {"budget": count, "unit": "steps", "batch_size": 64, "monitors": 0, "precision": "float32"}
    return settings.with_knobs("training", **training)


def views(v: int) -> torch.Tensor:
    return torch.randn(v, N, 3, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("v", [1, 2, 4])
def test_sup_con_is_its_loss_of_all_views_projected_together(v: int) -> None:
    settings = replace(SMALL, method="sup_con").with_knobs("method", views=v)
    method, x = build_method(settings), views(v)
    assert method.views == v
    z = method.head(method.encoder(x.flatten(0, 1))).unflatten(0, (v, N))
    expected = LOSSES["sup_con"]()(z, labels=LABELS).loss
    assert method(x, LABELS).trace.loss.item() == pytest.approx(expected.item(), rel=1e-6)


def test_cross_entropy_of_one_view() -> None:
    method = build_method(replace(SMALL, method="cross_entropy"), classes=3).train()
    x = views(1)
    outcome = method(x, LABELS)
    assert outcome.z.shape == (1, N, 3)
    expected = F.cross_entropy(method.head(method.encoder(x[0])), LABELS)
    assert outcome.trace.loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert method.collapsed(N, 3) == pytest.approx(math.log(3))


def learner(method: str) -> Learner:
    settings = steps(replace(SMALL, method=method).suited(), 5)
    return Learner(settings, 32, (0.5,) * 3, (0.25,) * 3, 3)


@pytest.mark.parametrize(("method", "moves"), [("cross_entropy", True), ("linear", False)])
def test_only_the_linear_stage_leaves_the_encoder_as_it_is(method: str, moves: bool) -> None:
    trained = learner(method)
    before = {k: v.clone() for k, v in trained.method.state_dict().items()}
    images = torch.randint(0, 256, (N, 3, 32, 32), dtype=torch.uint8)
    trained.step(images, LABELS, 0, 0.1)
    after = trained.method.state_dict()
    changed = {k for k, v in after.items() if not torch.equal(v, before[k])}
    assert any(k.startswith("head.") for k in changed)
    assert any(k.startswith("encoder.") for k in changed) == moves  # BatchNorm's statistics too


def test_the_second_stage_starts_from_what_the_first_one_saved(tmp_path: Path) -> None:
    first = runs.create(steps(replace(SMALL, method="sup_con"), 3), tmp_path)
    assert isinstance([e for e in work(first.folder) if isinstance(e, Step)][-1], Step)
    # of another encoder, which the run it starts from overrules
    wanted = replace(steps(SMALL, 3), method="linear", encoder="resnet10", start=first.name, knobs={})
    second = runs.create(steps(wanted, 3), tmp_path)
    assert second.settings.encoder == "convnet"
    saved = build_encoder(second.settings).state_dict()
    list(work(second.folder))
    third = runs.create(replace(steps(SMALL, 3), start=second.name), tmp_path)
    for key, value in build_encoder(third.settings).state_dict().items():
        assert torch.equal(value, saved[key]), key


def test_a_start_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="There is no run named 'nowhere'"):
        runs.create(replace(SMALL, start="nowhere"), tmp_path)
    empty = runs.create(SMALL, tmp_path)
    with pytest.raises(Problem, match="has not saved an encoder yet"):
        runs.create(replace(SMALL, start=f"../{empty.name}"), tmp_path)
