"""What the similarity tab shows at a state: matrices, the chosen pair, and controls that fit the method."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.similarity import LAYERS, has_head
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.i18n import t
from ssl_ui.pair_controls import is_untrained
from ssl_ui.pair_layout import Line
from ssl_ui.pair_matrix import figure
from ssl_ui.pair_words import facts, pair
from ssl_ui.similarity_state import SimilarityState
from ssl_ui.view_batch import Seen, see

TEMPERATURE = knobs(SimilarityState)["temperature"]
SCALES = {  # what colours run over where they are not stretched
    True: "Else cosines are coloured from −1 to 1.",
    False: "Else colours run from 0 to the largest that occurs.",
}
Sides = dict[str, Seen]  # by "before" and "after", one or both


def results(context: Context, state: SimilarityState, owner: str) -> list[Any]:
    """The values of all outputs, in the order of the tab. Raises Problem.

    `owner` names whose temperature the slider shows; another encoder or method begins with its own.
    """
    state, whose = _fitted(context, state, owner)
    sides = _look(context, state)
    after = sides["after"]
    trained = after.picked.trained
    titles = {"before": t("Before training"), "after": t("After training") if trained else t("Untrained")}
    columns = {
        t("untrained") if name == "before" or not trained else t("trained"): s for name, s in sides.items()
    }
    row, column = after.layout.place(state.row, state.column)
    layout = after.layout
    return [
        after.note,
        *(part for name, title in titles.items() for part in _shown(sides, name, title, state)),
        pair(columns, row, column),
        whose if _turns(after) else "",
        _menu([layout.rows[i] for i in layout.drawn_rows], layout.rows[row]),
        _menu([layout.columns[k] for k in dict.fromkeys(layout.drawn_columns)], layout.columns[column]),
        gr.Radio(_layers(after), value=after.layer),
        gr.update(value=after.settings.method, visible=is_untrained(after.picked.name)),
        gr.update(
            value=state.temperature or after.temperature, visible=_turns(after) and after.loss is not None
        ),
        gr.update(visible=len(layout.shown) > 1),
        gr.update(info=scale(after, state)),
    ]


def scale(seen: Seen, state: SimilarityState) -> str:
    """What the colours of this matrix run over where they are not stretched, in words."""
    return t(SCALES[seen.layout.numbers[seen.shows(state.show)].kind == "cosine"])


def clicked(
    context: Context, state: SimilarityState, owner: str, side: str, row: int, column: int
) -> SimilarityState | None:
    """The state once a cell of one side was clicked; None beside the cells. Raises Problem."""
    state, _ = _fitted(context, state, owner)
    layout = _look(context, state)[side].layout
    rows, columns = layout.drawn_rows, layout.drawn_columns
    if not (0 <= row < len(rows) and 0 <= column < len(columns)):  # on a thumbnail
        return None
    return replace(state, row=layout.rows[rows[row]].key, column=layout.columns[columns[column]].key)


def _fitted(context: Context, state: SimilarityState, owner: str) -> tuple[SimilarityState, str]:
    """The state with what does not fit its encoder left to it, and whose temperature it now has."""
    picked = pick(context, state.encoder, state.dataset, recorded=True)
    if picked.trained:
        state = replace(state, method="")
    if state.layer == "z" and not has_head(picked.folder):
        state = replace(state, layer="h")
    whose = f"{picked.name} {state.method}"
    return (state if whose == owner else replace(state, temperature=None)), whose


def _look(context: Context, state: SimilarityState) -> Sides:
    picked = pick(context, state.encoder, state.dataset, recorded=True)
    after = see(context, state, picked)
    if not (picked.trained and state.compare):
        return {"after": after}
    return {"before": see(context, state, picked.before()), "after": after}


def _shown(sides: Sides, name: str, title: str, state: SimilarityState) -> list[Any]:
    if name not in sides:
        return [gr.Column(visible=False), "", None]
    seen = sides[name]
    matrices = [s.layout.numbers[s.shows(state.show)].values for s in sides.values()]
    most = max(float(values.max()) for values in matrices)
    return [gr.Column(visible=True), facts(seen, title), figure(seen, state, most)]


def _menu(lines: Sequence[Line], chosen: Line) -> gr.Dropdown:
    offered = [(f"{line.name}  {line.words}", line.key) for line in lines]
    return gr.Dropdown(offered, value=chosen.key)


def _turns(seen: Seen) -> bool:
    """Whether the slider can show the temperature; one that it cannot reach is left alone."""
    low, high = TEMPERATURE.low, TEMPERATURE.high
    return (
        seen.temperature is not None
        and low is not None
        and high is not None
        and low <= seen.temperature <= high
    )


def _layers(seen: Seen) -> list[tuple[str, str]]:
    return [(t(title), name) for name, title in LAYERS.items() if name == "h" or has_head(seen.picked.folder)]
