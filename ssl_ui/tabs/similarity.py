"""Real views through an encoder: which are alike, which should be, and what the loss makes of each pair."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import gradio as gr

from ssl_core.augmentations import RECIPES
from ssl_core.config import knobs
from ssl_core.similarity import LAYERS, has_head
from ssl_ui.context import Context, Frame
from ssl_ui.controls import control
from ssl_ui.encoders import EncoderMenu, encoder_menu, pick
from ssl_ui.handlers import LIVE, Given, checked_state, endpoint, guarded
from ssl_ui.i18n import t
from ssl_ui.liveplot import live_plot
from ssl_ui.pair_matrix import MASKS, figure
from ssl_ui.pair_words import facts, pair
from ssl_ui.view_batch import SHOWN, Seen, SimilarityState, names, see, to_json

TITLE = "Similarity & masks"
INTRO = (
    "Each row is a view, and so is each column: view a and view b of every picture. A cell says how alike "
    "the encoder finds the two. **Click a cell** to see its pictures and its numbers."
)
EVALUATION = "BatchNorm uses its running statistics here, so that a cosine hangs on its two views alone."


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    _promise(context)
    gr.Markdown(t(INTRO))
    menu = encoder_menu(context)
    layers = [(t(title), name) for name, title in LAYERS.items()]
    with gr.Row():
        menu.encoder.render()
        layer = gr.Radio(layers, value="z", label=t("Look at"), info=t(EVALUATION), scale=2, min_width=300)
    with gr.Row():
        with gr.Column(scale=1, min_width=250):
            parts = {"encoder": menu.encoder, "layer": layer, **_controls(menu)}
        with gr.Column(scale=4, min_width=480):
            _results(context, frame, menu, parts)


def _promise(context: Context) -> None:
    def similarity(
        run: str = "",
        n: int = 8,
        seed: int = 0,
        recipe: str = "",
        temperature: float = 0.5,
        layer: str = "",
        dataset: str = "",
    ) -> dict[str, Any]:
        """Cosines of n × 2 views of test pictures, with masks, shares and NT-Xent of the batch.

        `run` is a run's name, "untrained/<run>" or "untrained/<encoder>"; "" is the newest run. `layer` is
        "z" or "h". Empty choices are left to the run. Row i < n is view a of picture i, row n + i its view
        b; `positive[i]` is the row that row i seeks.
        """
        given = {"n": n, "seed": seed, "temperature": temperature, "layer": layer}
        state = checked_state(SimilarityState, {**given, "recipe": recipe, "dataset": dataset})
        return to_json(see(context, state, pick(context, run, dataset)))

    endpoint(similarity, "similarity")


def _controls(menu: EncoderMenu) -> dict[str, Any]:
    """What is turned beside the matrix: a control for each of these fields of the state."""
    turned = knobs(SimilarityState)
    signs = [(f"{sign} {t(words)}", name) for name, (sign, words) in MASKS.items()]
    shown = [(t(title), name) for name, title in SHOWN.items()]
    menu.compare.render()
    parts: dict[str, Any] = {
        "compare": menu.compare,
        "n": control(turned["n"], label=t("Pictures")),
        "masks": gr.CheckboxGroup(signs, value=["positive"], label=t("Masks")),
        "show": gr.Radio(shown, value="sim", label=t("Show")),
        "temperature": control(turned["temperature"], label=t("Temperature τ")),
    }
    with gr.Accordion(t("Which pictures, which views"), open=False):
        recipes = [(t(recipe.title), name) for name, recipe in RECIPES.items()]
        trained_with = (t("The recipe it was trained with"), "")
        menu.dataset.render()
        parts["dataset"] = menu.dataset
        parts["recipe"] = gr.Dropdown([trained_with, *recipes], value="", label=t("Views by"))
        parts["seed"] = control(turned["seed"])
    return parts


def _results(context: Context, frame: Frame, menu: EncoderMenu, parts: dict[str, Any]) -> None:
    """The two matrices and the chosen pair, and what happens when something is turned."""
    with gr.Row():
        sides = [_side("before", visible=False), _side("after")]
    start = SimilarityState()
    with gr.Row():
        for name, label in (("row", t("Row: the anchor")), ("column", t("Column: the other view"))):
            parts[name] = gr.Dropdown(names(start.n), value=getattr(start, name), label=label)
    chosen = gr.HTML(elem_id="similarity-pair", apply_default_css=False)
    outputs = [*(part for side in sides for part in side), chosen]
    outputs += [parts["row"], parts["column"], parts["layer"]]

    def work(given: Given) -> list[Any]:
        values = {name: given[part] for name, part in parts.items()}
        return _work(context, checked_state(SimilarityState, values))

    def click(given: Given, event: gr.EventData) -> Any:
        values = {name: given[part] for name, part in parts.items()}
        views = names(int(values["n"]))
        row, column = round(event.y), round(event.x)
        if not (0 <= row < len(views) and 0 <= column < len(views)):  # on a thumbnail
            return gr.skip()
        chosen = {**values, "row": views[row], "column": views[column]}
        return _work(context, checked_state(SimilarityState, chosen))

    everything = set(parts.values())
    turned = [parts[name].change for name in ("n", "temperature", "seed")]
    picked = [part.input for name, part in parts.items() if name not in ("n", "temperature", "seed")]
    gr.on([*turned, *picked], guarded(work), everything, outputs, **LIVE)
    for _, _, plot in sides:
        plot.click(guarded(click), everything, outputs, **LIVE)
    menu.keep_fresh(frame).then(guarded(work), everything, outputs, **LIVE | {"show_progress": "minimal"})


def _side(name: str, visible: bool = True) -> tuple[gr.Column, gr.HTML, gr.HTML]:
    with gr.Column(min_width=420, visible=visible) as column:
        head = gr.HTML(f"<p>{t('Choose an encoder.')}</p>", apply_default_css=False)
        plot = live_plot(label=t("Similarity matrix"), height=560, elem_id=f"similarity-{name}")
    return column, head, plot


def _work(context: Context, state: SimilarityState) -> list[Any]:
    picked = pick(context, state.encoder, state.dataset)
    if state.layer == "z" and not has_head(picked.folder):
        state = replace(state, layer="h")
    row, column = state.place(state.row), state.place(state.column)
    batches = {t("trained") if picked.trained else t("untrained"): see(context, state, picked)}
    if picked.trained and state.compare:
        batches = {t("untrained"): see(context, state, picked.before()), **batches}
    *before, after = batches.values()
    offered = list(zip(after.labels, names(state.n), strict=True))
    return [
        *_shown(before[0] if before else None, t("Before training"), state, batches.values()),
        *_shown(after, t("After training") if picked.trained else t("Untrained"), state, batches.values()),
        pair(batches, row, column),
        gr.Dropdown(offered, value=offered[row][1]),
        gr.Dropdown(offered, value=offered[column][1]),
        gr.Radio(_layers(picked.folder), value=after.layer),
    ]


def _shown(seen: Seen | None, title: str, state: SimilarityState, batches: Iterable[Seen]) -> list[Any]:
    if seen is None:
        return [gr.Column(visible=False), "", None]
    most = 1.0 if state.show == "sim" else max(float(b.matrix(state.show).max()) for b in batches)
    return [gr.Column(visible=True), facts(seen, title), figure(seen, state, most)]


def _layers(folder: Any) -> list[tuple[str, str]]:
    return [(t(title), name) for name, title in LAYERS.items() if name == "h" or has_head(folder)]
