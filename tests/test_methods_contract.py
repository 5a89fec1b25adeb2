"""What every method keeps, those not written yet too: a new entry in METHODS is tested here as it stands."""

from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor

from ssl_core.augmentations import RECIPES
from ssl_core.building import build_method
from ssl_core.config import knobs
from ssl_core.learner import Learner
from ssl_core.losses import LOSSES
from ssl_core.methods import METHODS
from ssl_core.settings import Settings

N, CLASSES = 16, 3
every_method = pytest.mark.parametrize("name", METHODS)


def small(name: str) -> Settings:
    """The method as it is best begun with, on an encoder and a batch that cost nothing."""
    settings = Settings(method=name, dataset="shapes").suited()
    for group, values in {
        "encoder": {"width": 8},
        "training": {"batch_size": N, "warmup": 0, "budget": 10.0, "unit": "steps", "precision": "float32"},
        "head": {"hidden": 32, "output_dim": 16},
        "method": {n: v for n, v in {"queue": 2 * N, "width": 32}.items() if n in fields_of(name)},
    }.items():
        settings = settings.with_knobs(group, **values)
    return Settings(**{**vars(settings), "encoder": "convnet"})


def fields_of(name: str) -> list[str]:
    kind = METHODS[name].Knobs
    return [f.name for f in fields(kind)] if kind else []


def learner(name: str) -> Learner:
    return Learner(small(name), 32, (0.5,) * 3, (0.25,) * 3, CLASSES)


def batch(step: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(step)
    images = torch.randint(0, 256, (N, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return images, torch.arange(N) % CLASSES


def go(learner: Learner, steps: range) -> list[dict[str, Any]]:
    return [learner.step(*batch(step), step, step / 10) for step in steps]


@every_method
def test_words_and_what_it_is_begun_with(name: str) -> None:
    method = METHODS[name]
    assert method.title
    assert method.paper.startswith("https://")
    assert (method.__doc__ or "").strip()
    assert method.loss_name in LOSSES
    assert method.recipe_name in RECIPES
    assert all(knob.help for knob in knobs(method.Knobs).values()) if method.Knobs else True
    Settings(method=name).suited().known().check()


@every_method
def test_steps_are_finite_move_the_encoder_and_follow_from_the_seed(name: str) -> None:
    first, second = learner(name), learner(name)
    before = [p.detach().clone() for p in first.method.encoder.parameters() if p.requires_grad]
    told = go(first, range(3))
    assert told == go(second, range(3))
    for facts in told:
        numbers = {**facts["terms"], **{k: v for k, v in facts.items() if k != "terms"}}
        assert all(torch.isfinite(torch.tensor(value)) for value in numbers.values()), numbers
    after = [p for p in first.method.encoder.parameters() if p.requires_grad]
    assert not before or any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


@every_method
def test_saved_and_loaded_it_goes_on_as_if_nothing_had_been(name: str) -> None:
    whole, part = learner(name), learner(name)
    expected = go(whole, range(4))
    go(part, range(2))
    fresh = learner(name)
    fresh.load(part.state())
    assert go(fresh, range(2, 4)) == expected[2:]
    for key, value in whole.method.state_dict().items():
        assert torch.equal(fresh.method.state_dict()[key], value), key


@every_method
def test_what_is_projected_is_what_is_watched(name: str) -> None:
    method = build_method(small(name), CLASSES).train()
    x = torch.randn(method.views, N, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    outcome = method(x, torch.arange(N) % CLASSES)
    assert outcome.z.shape[:2] == x.shape[:2]
    assert outcome.z.shape == method.project(x).shape
    assert outcome.trace.loss.requires_grad


@every_method
def test_labels_are_read_only_by_those_who_say_so(name: str) -> None:
    x = torch.randn(build_method(small(name)).views, N, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    losses = []
    for labels in (torch.arange(N) % CLASSES, torch.arange(N) * CLASSES // N):
        losses.append(float(build_method(small(name), CLASSES).train()(x, labels).trace.loss.detach()))
    assert (losses[0] != losses[1]) == METHODS[name].supervised


@every_method
def test_the_line_of_collapse_is_a_number_or_none(name: str) -> None:
    trained = learner(name)
    line = trained.method.collapsed(N, trained.output_dim)
    assert line is None or abs(line) < float("inf")
