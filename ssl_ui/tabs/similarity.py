"""Real views through an encoder and its method's loss: which pairs it compares, and what it makes of each."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from ssl_core.methods import METHODS
from ssl_core.similarity import LAYERS
from ssl_ui.context import Context, Frame
from ssl_ui.encoders import EncoderMenu, encoder_menu, newest, pick
from ssl_ui.handlers import LIVE, Given, checked_state, endpoint, guarded
from ssl_ui.i18n import t
from ssl_ui.liveplot import live_plot
from ssl_ui.pair_controls import controls, is_untrained
from ssl_ui.pair_results import clicked, results
from ssl_ui.similarity_state import SimilarityState
from ssl_ui.view_batch import see, to_json

TITLE = "Similarity & masks"
INTRO = (
    "What a method's loss compares: each row seeks, each column is sought or avoided. **Click a cell** to "
    "see its pictures and its numbers."
)
EVALUATION = "BatchNorm uses its running statistics here, so that a cosine hangs on its two views alone."


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    _promise(context)
    gr.Markdown(t(INTRO))
    menu = encoder_menu(context)
    layers = [(t(title), name) for name, title in LAYERS.items()]
    methods = [(t(method.title), name) for name, method in METHODS.items()]
    with gr.Row():
        menu.encoder.render()
        method = gr.Dropdown(
            methods, value="simclr", label=t("Method"), visible=is_untrained(newest(context)), min_width=180
        )
        layer = gr.Radio(layers, value="z", label=t("Look at"), info=t(EVALUATION), scale=2, min_width=300)
    with gr.Row():
        with gr.Column(scale=1, min_width=250):
            parts = {"encoder": menu.encoder, "method": method, "layer": layer, **controls(menu)}
        with gr.Column(scale=4, min_width=480):
            _results(context, frame, menu, parts)


def _promise(context: Context) -> None:
    def similarity(
        run: str = "",
        n: int = 8,
        seed: int = 0,
        recipe: str = "",
        temperature: float | None = None,
        layer: str = "",
        dataset: str = "",
        method: str = "",
    ) -> dict[str, Any]:
        """What a method's loss compares in n test pictures: `sim`, shares of the softmax, and the loss.

        `run` is a run's name, "untrained/<run>" or "untrained/<encoder>"; "" is the newest run. `layer` is
        "z" or "h". Empty choices are left to the run; `method` is for the untrained. `rows` and `columns` say
        what each stands for ("view a of picture 1", "key of age 3"), and `positive[i]` are the columns that
        row i seeks. Of a run that shipped, without its pictures, outputs are the `recorded` ones.
        `sim` holds what `shown` says: cosines, or what the loss has in their place.
        """
        given = {"method": method, "n": n, "seed": seed, "temperature": temperature, "layer": layer}
        state = checked_state(SimilarityState, {**given, "recipe": recipe, "dataset": dataset})
        return to_json(see(context, state, pick(context, run, dataset, recorded=True)))

    endpoint(similarity, "similarity")


def _results(context: Context, frame: Frame, menu: EncoderMenu, parts: dict[str, Any]) -> None:
    """The two matrices and the chosen pair, and what happens when something is turned."""
    note = gr.Markdown(elem_id="similarity-note")
    with gr.Row():
        sides = [_side("before", visible=False), _side("after")]
    with gr.Row():
        for name, label in (("row", t("Row")), ("column", t("Column"))):
            parts[name] = gr.Dropdown([], value=None, label=label, allow_custom_value=True)
    chosen = gr.HTML(elem_id="similarity-pair", apply_default_css=False)
    owner = gr.State("")  # whose temperature the slider shows
    outputs = [note, *(part for side in sides for part in side), chosen, owner]
    outputs += [
        parts[name] for name in ("row", "column", "layer", "method", "temperature", "show", "stretch")
    ]

    def state_of(given: Given) -> tuple[SimilarityState, str]:
        values: Mapping[str, Any] = {name: given[part] for name, part in parts.items()}
        return checked_state(SimilarityState, values), given[owner]

    def work(given: Given) -> list[Any]:
        return results(context, *state_of(given))

    def clicks(side: str) -> Callable[..., Any]:
        def click(given: Given, event: gr.EventData) -> Any:
            state, whose = state_of(given)
            chosen = clicked(context, state, whose, side, round(event.y), round(event.x))
            return gr.skip() if chosen is None else results(context, chosen, whose)

        return guarded(click)

    everything = {*parts.values(), owner}
    turned = [parts[name].change for name in ("n", "seed")]
    picked = [part.input for name, part in parts.items() if name not in ("n", "seed")]
    gr.on([*turned, *picked], guarded(work), everything, outputs, **LIVE)
    for side, (_, _, plot) in zip(("before", "after"), sides, strict=True):
        plot.click(clicks(side), everything, outputs, **LIVE)
    opening = {"show_progress": "minimal", "show_progress_on": sides[-1][-1]}
    menu.keep_fresh(frame).then(guarded(work), everything, outputs, **LIVE | opening)


def _side(name: str, visible: bool = True) -> tuple[gr.Column, gr.HTML, gr.HTML]:
    with gr.Column(min_width=420, visible=visible) as column:
        head = gr.HTML(f"<p>{t('Choose an encoder.')}</p>", apply_default_css=False)
        plot = live_plot(label=t("Similarity matrix"), height=560, elem_id=f"similarity-{name}")
    return column, head, plot
