"""Layouts of predictions by targets: BYOL, SimSiam, SwAV and DINO, which have no negatives."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.losses.base import masks
from ssl_core.losses.dino import DINOTrace
from ssl_core.losses.negative_cosine import NegativeCosineTrace
from ssl_core.losses.swav import SwAVTrace
from ssl_ui.i18n import t
from ssl_ui.layouts_views import of_trace
from ssl_ui.pair_layout import Layout, Line, Number, Scene, views

OWN_TARGET = {
    "positive": "Positive: a prediction and its own target, made from the other view of the picture.",
    "unused": "Not compared: there are no negatives. A prediction is held to its own target alone.",
}


def predictions(trace: NegativeCosineTrace, scene: Scene) -> Layout:
    """BYOL and SimSiam: each view's prediction by each view's target, the own target on the diagonal."""
    note = t(
        "Each row is the prediction made from a view, each column a target: what the other view became. Only "
        "the diagonal is compared, a prediction with the target from the other view of its picture."
    )
    rows = views(scene, "prediction from view {view} of picture {number}")
    return replace(of_trace(trace, rows, _swapped(scene), note), roles=OWN_TARGET)


def codes(trace: SwAVTrace, scene: Scene) -> Layout:
    """SwAV: how surprised each view is at each view's code."""
    note = t(
        "Each row is what a view says of the prototypes, each column a code: to which prototypes a view was "
        "assigned. A cell is the surprise at that code, in nats: low is alike. Only the diagonal is "
        "compared, a view with the code of the other view of its picture."
    )
    return _surprise(trace.codes, trace.log_probabilities, trace.per_anchor, scene, note)


def opinions(trace: DINOTrace, scene: Scene) -> Layout:
    """DINO: how surprised the student is, from each view, at the teacher's word on each view."""
    note = t(
        "Each row is what the student says of a view, each column what the teacher says of one. A cell is "
        "the student's surprise, in nats: low is alike. Only the diagonal is compared, a view with the "
        "teacher's word on the other view of its picture."
    )
    return _surprise(trace.teacher, trace.log_student, trace.per_anchor, scene, note)


def _swapped(scene: Scene) -> list[Line]:
    """The targets in the loss's order: that of the first view is what the last view became."""
    every = views(scene, "target from view {view} of picture {number}", prime="′")
    return [line for v in reversed(range(scene.v)) for line in every[v * scene.n : (v + 1) * scene.n]]


def _surprise(
    target: Float[Tensor, "2 n k"],
    log_said: Float[Tensor, "2 n k"],
    per_anchor: Float[Tensor, "2 n"],
    scene: Scene,
    note: str,
) -> Layout:
    value = -log_said.flatten(0, 1) @ target.flip(0).flatten(0, 1).T
    own = torch.eye(len(value), dtype=torch.bool)
    numbers = {"surprise": Number("Surprise", value, "amount")}
    of_row = {"Loss of the anchor": per_anchor.flatten()}
    found = masks(own, unused=~own)
    return Layout(views(scene), _swapped(scene), numbers, found, note, ("surprise",), OWN_TARGET, of_row)
