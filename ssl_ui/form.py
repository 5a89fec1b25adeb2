"""The form of a run: a control for every choice and every knob of Settings, read and filled as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_core.augmentations import RECIPES, Recipe
from ssl_core.config import Knob, knobs
from ssl_core.datasets import DATASETS
from ssl_core.encoders import ENCODERS, HEADS
from ssl_core.losses import LOSSES
from ssl_core.methods import METHODS, Method
from ssl_core.optim import OPTIMIZERS
from ssl_core.runs import list_runs
from ssl_core.settings import Settings, Training
from ssl_ui.context import Context
from ssl_ui.controls import Choice, choice, group
from ssl_ui.handlers import Given
from ssl_ui.i18n import t

BUDGET = ("budget", "unit")  # of Training: always in sight


def method_knobs(method: type[Method]) -> dict[str, Knob]:
    """The knobs of a method's loss and its own, as "loss.temperature" and "method.momentum"."""
    of_loss = {f"loss.{n}": k for n, k in knobs(LOSSES[method.loss_name]).items()}
    return of_loss | {f"method.{n}": k for n, k in (knobs(method.Knobs) if method.Knobs else {}).items()}


class Form:
    """Lays out the controls where it is made."""

    def __init__(self, context: Context) -> None:
        self.context = context
        data = {name: DATASETS[name] for name in context.sources()}
        start = context.default_source()
        self.choices: dict[str, Choice] = {}
        menus: dict[str, tuple[Mapping[str, Any], str, str, Callable[[Any], Mapping[str, Knob]]]] = {
            "dataset": (data, t("Pictures"), start, knobs),
            "recipe": (RECIPES, t("Augmentations"), suggested(start), Recipe.knobs),
            "method": (METHODS, t("Method"), "simclr", method_knobs),
            "encoder": (ENCODERS, t("Encoder f"), "resnet10", knobs),
            "head": (HEADS, t("Projection head g"), "cs231n", knobs),
            "optimizer": (OPTIMIZERS, t("Optimiser"), "adamw", knobs),
        }
        found = knobs(Training)
        self.start = gr.Dropdown(
            self.starts(), value="", label=t("Start from"), info=t("A run's encoder, its head left behind.")
        )
        with gr.Group(), gr.Row(elem_id="train-length"):
            self.training = group({n: found[n] for n in BUDGET}, min_width=120).parts
        for name, (registry, label, value, knobs_of) in menus.items():
            with gr.Group():
                self.choices[name] = choice(registry, label, value, knobs_of, folded=t("Adjust"))
        with gr.Accordion(t("Batch, seed, device"), open=False):
            self.training |= group({n: k for n, k in found.items() if n not in BUDGET}).parts

    @property
    def parts(self) -> set[Any]:
        """All controls: the inputs of a handler."""
        found = [part for c in self.choices.values() for part in c.parts]
        return {*found, *self.training.values(), self.start}

    def starts(self) -> list[tuple[str, str]]:
        """What a run may start from: fresh weights, or a run that has saved an encoder."""
        found = (run.name for run in list_runs(self.context.runs_folder) if run.encoder.exists())
        return [(t("fresh weights"), ""), *((name, name) for name in found)]

    def read(self, given: Given) -> Settings:
        """What the controls stand at. The place of a folder of pictures comes from the server only."""
        names: dict[str, str] = {}
        turned: dict[str, dict[str, Any]] = {"training": {n: given[p] for n, p in self.training.items()}}
        for group_name, menu in self.choices.items():
            names[group_name], values = menu.read(given)
            for key, value in values.items():
                owner, _, short = key.partition(".") if group_name == "method" else (group_name, "", key)
                turned.setdefault(owner, {})[short] = value
        return self.context.placed(Settings(**names, start=given[self.start] or "", knobs=turned))

    def fill(self, settings: Settings) -> Mapping[Any, Any]:
        """The updates that make the controls stand at these settings."""
        settings = replace(settings, dataset=settings.dataset or self.context.default_source())
        settings = replace(settings, recipe=settings.recipe or settings.method_class().recipe_name)
        made: dict[Any, Any] = {self.start: Path(settings.start).name}
        for name, part in self.training.items():
            made[part] = getattr(settings.training, name)
        for group_name, menu in self.choices.items():
            chosen = getattr(settings, group_name)
            made[menu.menu] = chosen
            for key, part in menu.groups[chosen].parts.items():
                owner, _, short = key.partition(".") if group_name == "method" else (group_name, "", key)
                default = settings.group_knobs(owner)[short].default
                made[part] = settings.knobs.get(owner, {}).get(short, default)
        return made


def with_method(settings: Settings) -> Settings:
    """The settings once another method was chosen: pictures, encoder and budget stay, all else suits it."""
    kept = {group: settings.knobs[group] for group in ("dataset", "encoder") if group in settings.knobs}
    training = settings.knobs.get("training", {})
    kept["training"] = {n: training[n] for n in training if n not in ("batch_size", "warmup")}
    recipe = suggested(settings.dataset)
    fresh = Settings(method=settings.method, encoder=settings.encoder, dataset=settings.dataset)
    own = recipe if recipe in DATASETS else ""  # made for these pictures; else the method's own
    return replace(fresh, recipe=own, start=settings.start, knobs=kept).suited()


def suggested(dataset: str) -> str:
    """The recipe that a data set is best begun with."""
    return dataset if dataset in RECIPES else "simclr"
