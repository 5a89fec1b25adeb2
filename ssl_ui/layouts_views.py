"""Layouts of all views by all views: SimCLR and its like, by label, and losses that compare no pairs."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import Bool
from torch import Tensor

from ssl_core.losses import PairTrace
from ssl_core.losses.base import masks, unit
from ssl_ui.i18n import t
from ssl_ui.pair_layout import Layout, Line, Number, Scene, numbered, views

TITLES = {"sim": "Cosine", "logits": "Logit s/τ", "share": "Share of the anchor's softmax"}
KINDS = {"sim": "cosine", "share": "share"}  # all else is an amount
PAIR_OF_VIEWS = {
    "positive": "Positive: two views of one picture. The loss draws them together.",
    "negative": "Negative: views of two pictures. The loss pushes them apart.",
    "self": "Self: a view with itself. Always 1, so it is masked out of the softmax.",
}
BY_LABEL = {
    **PAIR_OF_VIEWS,
    "positive": "Positive: two views of one class. The loss draws them together.",
    "negative": "Negative: views of two classes. The loss pushes them apart.",
    "unused": "Not compared: in this batch the anchor has nobody to seek, or nobody to keep away from.",
}


def of_trace(trace: PairTrace, rows: list[Line], columns: list[Line], note: str) -> Layout:
    """The numbers of a trace that are as many as its cosines, its masks, and the loss of each anchor."""
    stages = {s.name: s for s in trace.walk()}
    axes = stages["sim"].axes
    alike = {n: s for n, s in stages.items() if s.axes == axes and s.value.is_floating_point()}
    numbers = {n: Number(TITLES.get(n, s.title), s.value, KINDS.get(n, "amount")) for n, s in alike.items()}
    shown = [n for n in ("sim", "share") if n in numbers]
    of_row = {"Loss of the anchor": stages["per_anchor"].value} if "per_anchor" in stages else {}
    return Layout(rows, columns, numbers, trace.masks(), note, shown, {}, of_row)


def any_pairs(trace: PairTrace, scene: Scene) -> Layout:
    """A loss that is not known here: lines that are as many as the views, or as the pictures, are those."""
    every = views(scene)
    rows, columns = (
        every[:count] if count in (len(every), scene.n) else numbered(count, "number {number}")
        for count in trace.sim.shape
    )
    return of_trace(trace, rows, columns, t(scene.method.loss.about))


def two_views(trace: PairTrace, scene: Scene) -> Layout:
    """NT-Xent and DCL."""
    lines = views(scene)
    note = t("Each row is a view that seeks the other view of its picture; each column is a view as well.")
    return replace(of_trace(trace, lines, lines, note), roles=PAIR_OF_VIEWS)


def by_label(trace: PairTrace, scene: Scene) -> Layout:
    """SupCon and the triplet loss: rows and columns sorted by class."""
    labels = scene.labels
    named = [
        replace(line, group=int(k), words=f"{line.words} ({t(scene.classes[int(k)])})")
        for line, k in zip(views(scene), labels, strict=True)
    ]
    order = labels.argsort(stable=True).tolist()
    rows = len(trace.sim)
    note = t(
        "Rows and columns are views, sorted by class: a line stands between two classes. Every view of the "
        "anchor's class is a positive, whichever picture it shows."
    )
    if rows < len(named):
        note += " " + t("Only the first view of each picture is an anchor (contrast_mode one).")
    return replace(
        of_trace(trace, named[:rows], named, note),
        roles=BY_LABEL,
        row_order=[i for i in order if i < rows],
        column_order=order,
    )


def no_pairs(trace: object, scene: Scene) -> Layout:
    """A loss without a matrix of pairs."""
    note = t("This loss does not compare pairs. The cosines of all views are shown all the same.")
    none = torch.zeros(scene.v * scene.n, scene.v * scene.n, dtype=torch.bool)
    return _cosines(scene, none, note, {})


def only_h(trace: None, scene: Scene) -> Layout:
    """Outputs of a method whose loss takes more than that (a queue, a prediction, classes)."""
    note = t(
        "The loss of {method} cannot be computed here: it takes more than these outputs of views. "
        "Their cosines are shown, and □ marks two views of one picture.",
        method=t(scene.method.title),
    )
    roles = {"positive": "Two views of one picture.", "unused": "Views of two pictures."}
    return _cosines(scene, _same_picture(scene), note, roles)


def only_together(trace: object, scene: Scene) -> Layout:
    """VICReg: two views of a picture meet, and no pair is pushed apart."""
    note = t(
        "VICReg draws the two views of a picture together, by their distance, and compares no other pair: "
        "its variance and covariance keep dimensions apart, not pictures. The cosines are of all views."
    )
    return _cosines(scene, _same_picture(scene), note, PAIR_OF_VIEWS)


def _cosines(scene: Scene, positive: Bool[Tensor, "m m"], note: str, roles: Mapping[str, str]) -> Layout:
    z = unit(scene.compared.outputs.flatten(0, 1))
    itself = torch.eye(len(z), dtype=torch.bool)
    found = masks(positive, itself, ~(positive | itself))
    lines = views(scene)
    roles = {"self": "Self: a view with itself. Always 1.", **roles}
    return Layout(lines, lines, {"sim": Number(TITLES["sim"], z @ z.T)}, found, note, ("sim",), roles)


def _same_picture(scene: Scene) -> Bool[Tensor, "m m"]:
    picture = torch.arange(scene.n).repeat(scene.v)
    return (picture[:, None] == picture) & ~torch.eye(len(picture), dtype=torch.bool)
