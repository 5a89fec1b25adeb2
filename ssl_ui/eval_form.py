"""What is to be measured: which figures, of which layer, on how many pictures."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.evaluation import KNNKnobs
from ssl_core.frozen import LAYERS
from ssl_core.measure import Evaluation
from ssl_ui.controls import Group, control, group
from ssl_ui.eval_measure import Asked
from ssl_ui.handlers import Given, checked_state
from ssl_ui.i18n import t

KNN = "knn"
SHARES = (1.0, 10.0, 100.0)  # percents of the labels, as papers report them


@dataclass(frozen=True, eq=False)
class AskedForm:
    """The controls of a measurement."""

    figures: gr.CheckboxGroup
    layer: gr.Radio
    amounts: Group
    votes: Group

    @property
    def parts(self) -> set[Any]:
        """Its controls, as inputs of a handler."""
        return {self.figures, self.layer, *self.amounts.parts.values(), *self.votes.parts.values()}

    def read(self, given: Given, runs: list[str]) -> Asked:
        """What the controls stand at. Raises Problem."""
        amount = {**self.amounts.values(given), "layer": given[self.layer]}
        wanted = given[self.figures]
        return Asked(
            tuple(runs),
            KNN in wanted,
            tuple(share for share in SHARES if f"{share:g}" in wanted),
            checked_state(Evaluation, amount),
            checked_state(KNNKnobs, self.votes.values(given)),
        )


def form() -> AskedForm:
    """Lay out the controls."""
    probes = [(t("Linear, {percent:g} %", percent=share), f"{share:g}") for share in SHARES]
    figures = gr.CheckboxGroup(
        [(t("kNN"), KNN), *probes],
        value=[KNN],
        label=t("Measure anew"),
        info=t("kNN, or a linear probe on a part of each class's labels."),
        elem_id="evaluate-what",
    )
    turned = knobs(Evaluation)
    layers = [(t(words), name) for name, words in reversed(LAYERS.items())]
    with gr.Accordion(t("Layer, pictures, patches, k"), open=False):
        layer = gr.Radio(layers, value="h", label=t("Layer"), elem_id="evaluate-layer")
        amounts = Group({name: control(turned[name]) for name in ("patches", "bank", "queries")})
        votes = group(knobs(KNNKnobs))
    return AskedForm(figures, layer, amounts, votes)
