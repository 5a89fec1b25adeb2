"""The controls of the augmentations tab, and how what they stand at becomes what is seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from ssl_core.augmentations import RECIPES
from ssl_core.config import knobs
from ssl_core.datasets.base import Source
from ssl_core.problem import Problem
from ssl_ui.context import Context
from ssl_ui.controls import control
from ssl_ui.filmstrip import film, filmed
from ssl_ui.handlers import Given, checked_state
from ssl_ui.i18n import explain, t
from ssl_ui.pictures import ON_LOAD
from ssl_ui.view_roles import roles
from ssl_ui.view_tiles import tiles
from ssl_ui.views import AugmentState, make_views, to_json

TILES_ON_LOAD = (Path(__file__).parent / "view_tiles.js").read_text(encoding="utf-8")

Shown = dict[Any, Any]  # what a handler gives: components and what they are to show; others stay


@dataclass(frozen=True)
class Desk:
    """All components.

    `source` is whose pictures are seen, the data set's or an upload, as parts of a state; None until the tab
    was opened. The menu beside it may name a set that is still loading. `boxes` hold an operation's knobs,
    `stage` shows the picture with its views, `film` how these, or the `chosen` one of many, were made.
    """

    dataset: gr.Dropdown
    index: gr.Number
    strip: gr.HTML
    random: gr.Button
    file: gr.UploadButton
    source: gr.State
    recipe: gr.Dropdown
    about: gr.Markdown
    knobs: dict[str, Component]
    boxes: dict[str, gr.Accordion]
    reset: gr.Button
    views: Component
    seed: gr.Number
    again: gr.Button
    note: gr.HTML
    stage: gr.HTML
    chosen: gr.State
    film: gr.HTML

    @property
    def inputs(self) -> set[Block]:
        """What a state is read from."""
        return {self.dataset, self.source, *self._plain.values(), *self.knobs.values()}

    @property
    def shown(self) -> list[Block]:
        """What every handler may change."""
        return [self.stage, self.film, self.note, self.dataset]

    @property
    def _plain(self) -> dict[str, Component]:
        names = ("index", "recipe", "seed", "views", "chosen")
        return {name: getattr(self, name) for name in names}

    def state(self, given: Given) -> AugmentState:
        """Where the controls stand. Raises Problem."""
        if given[self.source] is None:
            raise Problem("There are no pictures yet. Choose a data set.")
        turned = {name: given[self.knobs[name]] for name in RECIPES[given[self.recipe]].knobs()}
        plain = {name: given[part] for name, part in self._plain.items()}
        return checked_state(AugmentState, plain | {"knobs": turned} | given[self.source])

    def show(self, context: Context, given: Given, changes: Mapping[Component, Any] | None = None) -> Shown:
        """The views where the controls stand once these were changed. Raises Problem, and then none were."""
        changes = changes or {}
        state = self.state({**given, **changes})
        made, parts, chosen = (
            make_views(context, state),
            roles(state.recipe),
            min(state.chosen, state.views) - 1,
        )
        seen = to_json(made, filmed(state.views, chosen))
        return {
            **changes,
            self.stage: tiles(seen, parts, chosen),
            self.film: film(seen, parts, chosen, made.recipe.mean, made.recipe.std),
            self.note: "",
        }

    def told(self, handler: Callable[..., Shown]) -> Callable[..., Shown]:
        """The handler, whose Problems stand in the note: the last good picture stays, with its data set."""

        @wraps(handler)
        def call(given: Given, *args: Any) -> Shown:
            try:
                return handler(given, *args)
            except Problem as problem:
                said = f'<p class="problem" role="alert">{escape(explain(problem))}</p>'
                seen = given[self.source]
                return {self.note: said} | ({self.dataset: seen["dataset"]} if seen else {})

        return call


def lay_out(sources: Mapping[str, Source], first: str) -> Desk:
    """Everything in its place; the menus begin with this data set and the first recipe."""
    names = sorted(sources, key=lambda name: name != first)
    start = AugmentState(first)
    parts: dict[str, Any] = {"source": gr.State(None), "chosen": gr.State(start.chosen)}
    with gr.Row(elem_classes="augment-desk"):
        menu = [(t(sources[name].title), name) for name in names]
        parts["dataset"] = gr.Dropdown(menu, value=first, label=t("Data set"), scale=2, min_width=190)
        parts["index"] = gr.Number(start.index, label=t("Picture"), precision=0, min_width=110)
        recipes = [(t(recipe.title), name) for name, recipe in RECIPES.items()]
        parts["recipe"] = gr.Dropdown(recipes, value=start.recipe, label=t("Recipe"), scale=3, min_width=230)
        look: dict[str, Any] = {"info": None, "min_width": 150, "scale": 2, "elem_classes": "own-value"}
        parts["views"] = control(knobs(AugmentState)["views"], **look)
        parts["seed"] = gr.Number(start.seed, label=t("Seed"), precision=0, min_width=90)
        parts["again"] = gr.Button(t("New draw"), variant="primary", min_width=110)
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            parts["strip"] = gr.HTML(js_on_load=ON_LOAD, apply_default_css=False, elem_classes="flush")
            with gr.Row(elem_classes="augment-buttons"):
                parts["random"] = gr.Button(t("Draw others"), size="md", min_width=110)
                parts["file"] = gr.UploadButton(t("Upload"), size="md", min_width=110)
            parts["knobs"], parts["boxes"] = _knobs(start.recipe)
            parts["reset"] = gr.Button(t("The recipe's own values"), size="md")
        with gr.Column(scale=3, min_width=480, elem_classes="augment-stage"):
            parts["note"] = gr.HTML(apply_default_css=False, elem_classes="flush augment-note")
            look = {"apply_default_css": False, "elem_classes": "flush"}
            parts["stage"] = gr.HTML(js_on_load=TILES_ON_LOAD, min_height=320, **look)
            parts["film"] = gr.HTML(**look)
            parts["about"] = gr.Markdown(t(RECIPES[start.recipe].about))
    return Desk(**parts)


def _knobs(recipe: str) -> tuple[dict[str, Component], dict[str, gr.Accordion]]:
    """A control for every knob of any recipe, by operation; those of other recipes are hidden."""
    parts: dict[str, Component] = {}
    boxes: dict[str, gr.Accordion] = {}
    titles = {name: op.title for other in RECIPES.values() for name, op in other.operations.items()}
    found = {name: knob for other in RECIPES.values() for name, knob in other.knobs().items()}
    found |= RECIPES[recipe].knobs()  # with the defaults of the recipe that is chosen
    for operation, title in titles.items():
        visible = operation in RECIPES[recipe].operations
        look: dict[str, Any] = {"visible": visible, "elem_classes": "own-value"}
        with gr.Accordion(t(title), open=operation == "crop", **look) as boxes[operation]:
            for name, knob in found.items():
                if name.partition(".")[0] == operation:
                    parts[name] = control(knob)
    return parts, boxes
