"""What stands with a similarity matrix, as HTML: the batch in numbers, and one pair of views, large."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from ssl_core.similarity import means
from ssl_ui.encoders import heading
from ssl_ui.i18n import t
from ssl_ui.pair_matrix import MASKS
from ssl_ui.pictures import data_url, tag
from ssl_ui.view_batch import Seen


def facts(seen: Seen, title: str) -> str:
    """A heading over a matrix: the encoder, and what the whole batch comes to."""
    positive, negative = means(seen.trace)
    numbers = {
        t("mean positive"): minus(f"{positive:.3f}"),
        t("mean negative"): minus(f"{negative:.3f}"),
        t("loss ({loss:.3f} if all were alike)", loss=seen.collapsed): f"{float(seen.trace.loss):.3f}",
    }
    where = t(
        "{layer} · {dataset}, test · {encoder}",
        encoder=seen.picked.called,
        layer=seen.layer,
        dataset=t(seen.dataset),
    )
    return heading(title, where, numbers)


def pair(batches: Mapping[str, Seen], row: int, column: int) -> str:
    """The two views of a cell, large, and what each of the batches (by their titles) makes of them."""
    seen = list(batches.values())[-1]
    views = "".join(_view(seen, place, role) for place, role in ((row, t("anchor")), (column, t("other"))))
    kind = next(name for name, mask in seen.masks().items() if mask[row, column])
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in batches)
    return (
        f'<div class="pair"><div class="pair-views">{views}</div><div class="pair-table">'
        f'<p class="pair-kind"><b>{MASKS[kind][0]} {escape(_role(kind, seen, row, column))}</b></p>'
        f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>"
        f"{_rows(list(batches.values()), row, column)}</tbody></table></div></div>"
    )


def _view(seen: Seen, place: int, role: str) -> str:
    label = t(seen.classes[int(seen.pairs.labels[place % len(seen.pairs.labels)])])
    words = f"{role} {seen.labels[place]}"
    picture = tag(data_url(seen.views[place]), f"{words}: {label}")
    return f"<figure>{picture}<figcaption><b>{escape(words)}</b> {escape(label)}</figcaption></figure>"


def _role(kind: str, seen: Seen, row: int, column: int) -> str:
    if kind == "positive":
        return t("Positive: two views of one picture. The loss draws them together.")
    if kind == "self":
        return t("Self: a view with itself. Always 1, so it is masked out of the softmax.")
    n = len(seen.pairs.labels)
    text = t("Negative: views of two pictures. The loss pushes them apart.")
    if seen.pairs.labels[row % n] == seen.pairs.labels[column % n]:
        text += " " + t("Both are of one class, which the loss cannot know: it sees no labels.")
    return text


def _rows(batches: Sequence[Seen], row: int, column: int) -> str:
    entries = [seen.trace.pair(row, column) for seen in batches]
    anchors = [float(seen.trace.per_anchor[row]) for seen in batches]
    lines = {
        t("cosine s"): [f"{e['sim']:.4f}" for e in entries],
        t("logit s/τ"): [f"{e['logits']:.3f}" if np.isfinite(e["logits"]) else "−∞" for e in entries],
        t("share of the anchor's softmax"): [f"{100 * e['share']:.2f} %" for e in entries],
        t("loss of the anchor"): [f"{loss:.3f}" for loss in anchors],
    }
    return "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{minus(v)}</td>" for v in values)}</tr>'
        for name, values in lines.items()
    )


def minus(number: str) -> str:
    """A number as it is typeset."""
    return number.replace("-", "−")
