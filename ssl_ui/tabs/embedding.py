"""Test pictures on a plane as an encoder sees them, before and after training; and its scores."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.evaluation import PROJECTIONS
from ssl_core.jobs import Progress
from ssl_core.problem import Problem
from ssl_ui.context import Context, Frame
from ssl_ui.controls import Choice, choice, control
from ssl_ui.encoders import EncoderMenu, encoder_menu, pick
from ssl_ui.film_data import has_film
from ssl_ui.film_part import film_switch
from ssl_ui.handlers import LIVE, Given, as_knobs, checked_state, endpoint
from ssl_ui.i18n import explain, t
from ssl_ui.liveplot import live_plot
from ssl_ui.maps import EmbeddingState, Map, draw, facts, figure, to_json
from ssl_ui.progress import bar, note

TITLE = "Embedding"
DRAWN = "Point at a point to see its picture; click a class to hide it."
DRAWN_RECORDED = "Drawn of what the run kept of its test pictures; click a class to hide it."
CAUTION = (
    "**Read it with care.** {projection} keeps who is whose neighbour, and little else: how far apart "
    "clusters lie and how large they are means nothing. Another seed gives another map: try one. kNN is "
    "measured on the features themselves, not on this plane."
)
PLAIN = (
    "PCA shows the two widest of all directions: what is far apart here is far apart, what is close here may "
    "not be."
)


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    _promise(context)
    menu = encoder_menu(context)
    with gr.Row(elem_classes="encoder-row"):
        menu.encoder.render()
        start = gr.Button(
            t("Draw the maps"), variant="primary", scale=0, min_width=210, elem_id="embedding-start"
        )
        stop = gr.Button(
            t("Stop"), variant="stop", interactive=False, scale=0, min_width=90, elem_id="embedding-stop"
        )
    with gr.Row():
        with gr.Column(scale=1, min_width=250):
            projection, parts = _controls(menu)
        with gr.Column(scale=4, min_width=480):
            film = film_switch(context)
            status = film.status
            with film.maps_place:
                with gr.Row():
                    sides = [_side("before", visible=False), _side("after")]
                caution = gr.Markdown()

    def work(given: Given) -> Iterator[dict[Any, Any]]:
        name, turned = projection.read(given)
        values = {field: given[part] for field, part in parts.items()}
        try:
            state = checked_state(EmbeddingState, {**values, "projection": name, "knobs": turned})
            picked = pick(context, state.encoder, state.dataset, recorded=True)
            both = picked.trained and state.compare
            # every answer holds all that stands: the page merges answers that come fast, and what the last
            # of them leaves out is lost
            standing: dict[Any, Any] = {
                **film.standing("maps", has_film(picked)),
                stop: gr.Button(interactive=True),
                sides[0][0]: gr.Column(visible=both),
            }
            for news in draw(context, state, [picked.before(), picked] if both else [picked]):
                if isinstance(news, Progress):
                    standing[status] = bar(news)
                else:
                    side = sides[0] if both and not news.picked.trained else sides[1]
                    standing |= {**_shown(context, news, side), caution: _caution(news)}
                yield dict(standing)
            said = DRAWN_RECORDED if picked.missing else DRAWN
            yield {**standing, status: note(t(said)), stop: gr.Button(interactive=False)}
        except Problem as problem:
            gr.Warning(explain(problem))
            yield {status: note(explain(problem)), stop: gr.Button(interactive=False)}

    shown = [status, stop, caution, *film.places, *(part for side in sides for part in side)]
    once = {**LIVE, "trigger_mode": "once"}
    drawing = start.click(work, {*parts.values(), *projection.parts}, shown, **once)
    stopped = stop.click(None, None, None, cancels=[drawing], **LIVE)
    stopped.then(lambda: (note(t("Stopped.")), gr.Button(interactive=False)), None, [status, stop], **LIVE)
    chosen = [menu.encoder, menu.dataset, film.shown]
    menu.keep_fresh(frame).then(film.opened, chosen, film.outputs, **LIVE)
    gr.on([menu.encoder.input, menu.dataset.input], film.opened, chosen, film.outputs, **LIVE)
    film.view.input(film.standing, film.view, film.places, **LIVE)
    frame.tab.select(context.mapper.start, None, None, **LIVE)  # if nobody has yet


def _promise(context: Context) -> None:
    def embed(
        run: str = "",
        dataset: str = "",
        projection: str = "umap",
        count: int = 2000,
        seed: int = 0,
        knobs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Test pictures on a plane, with their labels and kNN on the same pictures' features.

        `run` as in /similarity ("untrained/<run>": before its first step); `projection` is umap, pca or tsne
        with its own `knobs`. A point stands for the test picture of the same place in `test_index`. Of a run
        that shipped, on a machine without its pictures, features and kNN are those it kept (`recorded`).
        """
        given = {"projection": projection, "count": count, "seed": seed, "knobs": as_knobs(knobs)}
        state = checked_state(EmbeddingState, given)
        *_, last = draw(context, state, [pick(context, run, dataset, recorded=True)])
        assert isinstance(last, Map)
        return to_json(context, last)

    endpoint(embed, "embed")


def _controls(menu: EncoderMenu) -> tuple[Choice, dict[str, Any]]:
    """The projection with its knobs, and a control for each other field of the state."""
    turned = knobs(EmbeddingState)
    projection = choice(PROJECTIONS, t("Projection"), EmbeddingState.projection, folded=t("Its knobs"))
    parts = {
        "encoder": menu.encoder,
        "count": control(turned["count"], label=t("Pictures")),
        "seed": control(turned["seed"]),
        "compare": menu.compare,
    }
    menu.compare.render()
    with gr.Accordion(t("Which pictures"), open=False):
        menu.dataset.render()
    return projection, {**parts, "dataset": menu.dataset}


def _side(name: str, visible: bool = True) -> tuple[gr.Column, gr.HTML, gr.HTML]:
    with gr.Column(min_width=420, visible=visible) as column:
        head = gr.HTML(elem_id=f"embedding-{name}-facts", apply_default_css=False)
        plot = live_plot(label=t("Map of pictures"), height=620, elem_id=f"embedding-{name}")
    return column, head, plot


def _shown(context: Context, made: Map, side: tuple[gr.Column, gr.HTML, gr.HTML]) -> dict[Any, Any]:
    _, head, plot = side
    title = t("After training") if made.picked.trained else t("Before training")
    return {head: facts(made, title), plot: figure(context, made)}


def _caution(made: Map) -> str:
    if made.projection == "pca":
        return t(PLAIN)
    return t(CAUTION, projection=t(PROJECTIONS[made.projection].title))
