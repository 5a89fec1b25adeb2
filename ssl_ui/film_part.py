"""How the film of a run and the maps of fresh features share their place in the Embedding tab."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ssl_core.problem import Problem
from ssl_ui.context import Context
from ssl_ui.encoders import Picked, pick
from ssl_ui.film_data import film_data, has_film, stamp
from ssl_ui.film_view import film_view
from ssl_ui.i18n import explain, t
from ssl_ui.progress import note

VIEWS = {"film": "Through training", "maps": "Before and after"}
EMPTY = "Press Draw the maps: every test picture becomes a point, and pictures that seem alike lie close."
RECORDED = "Recorded with the run; press Draw the maps for other projections of the same. {why}"


@dataclass(frozen=True)
class FilmPart:
    """The switch between the two, the film with its place, and the place of the maps."""

    context: Context
    view: gr.Radio
    film_place: gr.Column
    film: gr.HTML
    maps_place: gr.Column
    status: gr.HTML
    shown: gr.State  # whose film stands there

    @property
    def places(self) -> list[Any]:
        """What `standing` fills in."""
        return [self.view, self.film_place, self.maps_place]

    @property
    def outputs(self) -> list[Any]:
        """What `opened` fills in."""
        return [*self.places, self.film, self.status, self.shown]

    def opened(self, name: str, dataset: str, shown: str) -> Iterator[dict[Any, Any]]:
        """The film of the chosen run at once, if it has one; then with its pictures behind the points.

        Where it stands already, nothing moves: whoever comes back finds the tab as it was.
        """
        try:
            picked = pick(self.context, name, recorded=True)
            if shown == (now := f"{name} {dataset} {stamp(picked)}"):
                yield {self.shown: now}
                return
            if not has_film(picked):
                yield {**self.standing("maps", False), self.status: note(t(EMPTY)), self.shown: now}
                return
            said = note(t(EMPTY) if dataset else _said(picked))
            standing = {**self.standing("film"), self.status: said, self.shown: now}
            yield {**standing, self.film: film_data(self.context, picked, pictures=False)}
            if not picked.missing:
                yield {**standing, self.film: film_data(self.context, picked, pictures=True)}
        except Problem as problem:
            yield {**self.standing("maps", False), self.status: note(explain(problem))}

    def standing(self, view: str, film: bool = True) -> dict[Any, Any]:
        """Which of the two is in sight; without a film there is nothing to switch."""
        return {
            self.view: gr.Radio(value=view, visible=film),
            self.film_place: gr.Column(visible=view == "film"),
            self.maps_place: gr.Column(visible=view == "maps"),
        }


def _said(picked: Picked) -> str:
    return t(RECORDED, why=explain(picked.missing)) if picked.missing else t(EMPTY)


def film_switch(context: Context) -> FilmPart:
    """Lay out the switch, and under it both places; `with part.maps_place:` fills the second."""
    offered = [(t(title), name) for name, title in VIEWS.items()]
    with gr.Row(elem_id="embedding-head"):
        view = gr.Radio(
            offered,
            value="film",
            show_label=False,
            container=False,
            scale=0,
            visible=False,
            elem_id="embedding-view",
        )
        status = gr.HTML(note(t(EMPTY)), elem_id="embedding-status", apply_default_css=False)
    with gr.Column() as film_place:
        film = film_view()
    maps_place = gr.Column(visible=False)
    return FilmPart(context, view, film_place, film, maps_place, status, gr.State(""))
