"""Layouts of views by means or by classes, and of dimensions by dimensions."""

from dataclasses import replace

import torch
from torch.nn import functional as F

from ssl_core.losses.barlow_twins import BarlowTwins, BarlowTwinsTrace
from ssl_core.losses.base import masks
from ssl_core.losses.cross_entropy import CrossEntropyTrace
from ssl_core.losses.emp_ssl import EMPSSLTrace
from ssl_ui.axis_names import low
from ssl_ui.i18n import t
from ssl_ui.layouts_views import of_trace
from ssl_ui.pair_layout import Layout, Line, Number, Scene, views

DIMENSIONS = 64  # of a correlation matrix are drawn


def patches(trace: EMPSSLTrace, scene: Scene) -> Layout:
    """EMP-SSL: the patches of a picture stand together; each column is the mean of a picture's patches."""
    m = scene.v * scene.n
    named = views(scene, "patch {view} of picture {number}")
    rows = [replace(line, group=i % scene.n) for i, line in enumerate(named)]
    said = "mean of the patches of picture {number}"
    columns = [Line(f"mean{k + 1}", f"z̄{low(k)}", t(said, number=k + 1), m + k, k) for k in range(scene.n)]
    note = t(
        "Each row is a patch, and the patches of one picture stand together; each column is the mean of a "
        "picture's patches. A patch is drawn to its own mean. Nothing is pushed apart pair by pair: the "
        "coding rate spreads the whole batch at once."
    )
    roles = {
        "positive": "Positive: a patch and the mean of its own picture. The loss draws them together.",
        "unused": "Not compared pair by pair: the coding rate acts on the batch as a whole.",
    }
    order = [p * scene.n + k for k in range(scene.n) for p in range(scene.v)]
    return replace(of_trace(trace, rows, columns, note), roles=roles, row_order=order)


def correlation(trace: BarlowTwinsTrace, scene: Scene) -> Layout:
    """Barlow Twins: dimensions of view a by dimensions of view b."""
    d, loss = len(trace.correlation), scene.method.loss
    assert isinstance(loss, BarlowTwins)
    rows, columns = (
        [Line(str(j + 1), str(j + 1), t("dimension {j} of view {view}", j=j + 1, view=v)) for j in range(d)]
        for v in "ab"
    )
    own = torch.eye(d, dtype=torch.bool)
    adds = torch.where(
        own, (1 - trace.correlation).square(), loss.off_diagonal_weight * trace.correlation.square()
    )
    note = t(
        "Barlow Twins does not compare pictures. Each row is a dimension of view a, each column one of view "
        "b: their correlation over the batch should be 1 on the diagonal and 0 off it. Over {n} pictures "
        "chance alone gives about ±{chance}; more pictures show more.",
        n=scene.n,
        chance=f"{scene.n**-0.5:.2f}",
    )
    if d > DIMENSIONS:
        note += " " + t("The first {shown} of {d} dimensions are drawn.", shown=DIMENSIONS, d=d)
    roles = {
        "positive": "A dimension in both views: their correlation should be 1.",
        "negative": "Two dimensions: their correlation should be 0, or they say the same twice.",
    }
    numbers = {
        "correlation": Number("Correlation", trace.correlation),
        "adds": Number("Adds to the loss", adds, "amount"),
    }
    drawn = range(min(d, DIMENSIONS))
    headline = {
        "mean of the diagonal": float(trace.correlation.diagonal().mean()),
        "mean size off it": float(trace.correlation[~own].abs().mean()),
    }
    return Layout(
        rows, columns, numbers, masks(own), note, ("correlation",), roles, {}, drawn, drawn, headline
    )


def classes(trace: CrossEntropyTrace, scene: Scene) -> Layout:
    """Cross-entropy: views by classes."""
    columns = [
        Line(f"class{k + 1}", t(name), t("class {name}", name=t(name)), None)
        for k, name in enumerate(scene.classes)
    ]
    right = F.one_hot(scene.labels.long(), len(columns)).bool()
    rows = [
        replace(line, group=int(k), words=f"{line.words} ({t(scene.classes[int(k)])})")
        for line, k in zip(views(scene), scene.labels, strict=True)
    ]
    note = t(
        "Each row is a view, sorted by class, each column a class: how likely the classifier finds it. "
        "Pictures are compared with classes, never with each other."
    )
    roles = {
        "positive": "Positive: the class that the label names. Its probability should be 1.",
        "negative": "Negative: another class. Its probability should be 0.",
    }
    numbers = {"share": Number("Probability", trace.share, "share")}
    of_row = {"Loss of the view": trace.per_image}
    order = scene.labels.argsort(stable=True).tolist()
    return Layout(rows, columns, numbers, masks(right), note, ("share",), roles, of_row, order)
