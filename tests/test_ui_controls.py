"""Every knob of the house gets a control that fits it, the knobs not written yet too."""

from typing import Any

import gradio as gr
import pytest

from ssl_core.augmentations import AUGMENTATIONS, RECIPES
from ssl_core.config import Knob, knobs
from ssl_core.datasets import DATASETS
from ssl_core.encoders import ENCODERS, HEADS
from ssl_core.lab import Bench
from ssl_core.losses import LOSSES
from ssl_core.methods import METHODS
from ssl_core.optim import OPTIMIZERS
from ssl_core.settings import Training
from ssl_ui.controls import Choice, choice, control, group, rungs, step

REGISTRIES: list[dict[str, Any]] = [LOSSES, ENCODERS, HEADS, OPTIMIZERS, DATASETS, AUGMENTATIONS]
CLASSES = [*(cls for registry in REGISTRIES for cls in registry.values()), Training, Bench]
CLASSES += [method.Knobs for method in METHODS.values() if method.Knobs]
KNOBS = {f"{cls.__name__}.{name}": knob for cls in CLASSES for name, knob in knobs(cls).items()}
KNOBS |= {f"{name}.{key}": knob for name, r in RECIPES.items() for key, knob in r.knobs().items()}
every_knob = pytest.mark.parametrize("knob", KNOBS.values(), ids=KNOBS)


def test_there_are_knobs() -> None:
    assert len(KNOBS) > 30


@every_knob
def test_an_untouched_control_gives_the_default(knob: Knob) -> None:
    part = control(knob)
    assert knob.parse(part.preprocess(part.value)) == knob.default
    assert part.label


@every_knob
def test_the_control_reaches_both_ends(knob: Knob) -> None:
    part = control(knob)
    if isinstance(part, gr.Slider):
        assert (part.minimum, part.maximum) == (knob.low, knob.high)
        assert part.minimum < part.maximum
        steps = (knob.default - part.minimum) / part.step
        assert steps == pytest.approx(round(steps), abs=1e-6), "dragging never comes back to the default"
    elif isinstance(part, gr.Dropdown):
        offered = [value for _, value in part.choices]
        assert knob.default in offered
        assert knob.choices is None or tuple(offered) == knob.choices


@every_knob
def test_all_that_is_offered_is_understood(knob: Knob) -> None:
    part = control(knob)
    for _, value in getattr(part, "choices", []):
        assert knob.parse(value) == value
        assert knob.parse(str(value)) == value, "a menu may give back text"


def test_a_number_that_may_be_off_is_an_empty_field_that_says_so() -> None:
    knob = knobs(LOSSES["sup_con"])["base_temperature"]
    part = control(knob)
    assert isinstance(part, gr.Textbox)
    assert part.placeholder == "off, or 0.05 to 1"
    assert [knob.parse(part.preprocess(written)) for written in (None, "", "0.07")] == [None, None, 0.07]


def knob_of(default: Any, low: float, high: float, log: bool = False) -> Knob:
    return Knob("x", default, low, high, "", log, None)


def test_ladders() -> None:
    assert rungs(knob_of(1e-3, 1e-4, 0.1, True)) == [
        1e-4,
        2e-4,
        5e-4,
        1e-3,
        2e-3,
        5e-3,
        0.01,
        0.02,
        0.05,
        0.1,
    ]
    assert rungs(knob_of(256, 16, 1024, True)) == [16, 32, 64, 128, 256, 512, 1024]
    assert rungs(knob_of(3, 1, 8, True)) == [1, 2, 3, 4, 8]


def test_steps() -> None:
    assert step(knob_of(4, 2, 8)) == 1
    assert step(knob_of(0.5, 0.05, 1.0)) == 0.01
    assert step(knob_of(0.0051, 0.0, 1.0)) == 0.0001


def test_a_choice_reads_the_knobs_of_the_chosen_only() -> None:
    with gr.Blocks():
        chosen = choice(LOSSES, "Loss")
    assert isinstance(chosen, Choice)
    name = next(iter(LOSSES))
    given = {part: part.value for part in chosen.parts}
    assert chosen.read(given) == (name, {n: k.default for n, k in knobs(LOSSES[name]).items()})


def test_a_group_is_made_of_a_class_or_of_knobs() -> None:
    with gr.Blocks():
        of_class, of_knobs = group(Bench), group({"seed": knobs(Bench)["seed"]})
    assert list(of_class.parts) == ["source", "views", "n", "d", "seed", "steps"]
    assert list(of_knobs.parts) == ["seed"]
