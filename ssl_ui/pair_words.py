"""What stands with a matrix of pairs, as HTML: the batch in numbers, and one pair, large."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from ssl_ui.encoders import heading
from ssl_ui.i18n import t
from ssl_ui.mask_signs import MASKS
from ssl_ui.pair_layout import Line, Number
from ssl_ui.pictures import data_url, tag
from ssl_ui.view_batch import Seen


def facts(seen: Seen, title: str) -> str:
    """A heading over a matrix: the encoder, and what the whole batch comes to."""
    means = seen.layout.headline or dict(zip(("mean positive", "mean negative"), seen.means(), strict=True))
    numbers = {t(name): minus(f"{mean:.3f}") for name, mean in means.items() if np.isfinite(mean)}
    if seen.loss is not None:
        collapsed = seen.scene.compared.collapsed
        alike = (
            t("loss ({loss:.3f} if all were alike)", loss=collapsed) if collapsed is not None else t("loss")
        )
        numbers[minus(alike)] = minus(f"{seen.loss:.3f}")
    where = t(
        "{method} · {layer} · {dataset}, test · {encoder}",
        method=t(seen.scene.method.title),
        encoder=seen.picked.called,
        layer=seen.layer,
        dataset=t(seen.dataset),
    )
    return heading(title, where, numbers)


def pair(batches: Mapping[str, Seen], row: int, column: int) -> str:
    """The two sides of a cell, large, and what each of the batches (by their titles) makes of them."""
    seen = list(batches.values())[-1]
    lines = seen.layout.rows[row], seen.layout.columns[column]
    sides = "".join(_side(seen, line, row) for line in lines)
    kind = seen.layout.kind(row, column)
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in batches)
    return (
        f'<div class="pair"><div class="pair-views">{sides}</div><div class="pair-table">'
        f'<p class="pair-kind"><b>{MASKS[kind][0]} {escape(_role(kind, seen, row, column))}</b></p>'
        f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>"
        f"{_rows(list(batches.values()), row, column)}</tbody></table></div></div>"
    )


def _side(seen: Seen, line: Line, row: int) -> str:
    """A line of the matrix with its picture, or in words alone where it has none."""
    place = line.tiles[row] if line.tiles else line.tile
    name = f"<b>{escape(line.name)}</b> {escape(line.words)}"
    if place is None:
        return f'<figure class="pair-bare"><figcaption>{name}</figcaption></figure>'
    labels = seen.scene.labels
    label = t(seen.scene.classes[int(labels[place % seen.scene.n])])
    said = name if label in line.words else f"{name}: {escape(label)}"
    tiles = seen.tiles
    if tiles is None:
        return f'<figure class="pair-bare"><p>{escape(label)}</p><figcaption>{name}</figcaption></figure>'
    picture = tag(data_url(tiles[place]), f"{line.words}: {label}")
    return f"<figure>{picture}<figcaption>{said}</figcaption></figure>"


def _role(kind: str, seen: Seen, row: int, column: int) -> str:
    text = seen.layout.role(kind)
    tiles = seen.layout.rows[row].tile, seen.layout.columns[column].tile
    if kind != "negative" or None in tiles or seen.scene.method.supervised:
        return text
    one, other = (seen.scene.labels[place % seen.scene.n] for place in tiles if place is not None)
    if one == other:
        text += " " + t("Both are of one class, which the loss cannot know: it sees no labels.")
    return text


def _rows(batches: Sequence[Seen], row: int, column: int) -> str:
    layouts = [seen.layout for seen in batches]
    lines = {
        t(number.title): [written(layout.numbers[name], row, column) for layout in layouts]
        for name, number in layouts[-1].numbers.items()
    }
    for name in layouts[-1].of_row:
        lines[t(name)] = [f"{float(layout.of_row[name][row]):.3f}" for layout in layouts]
    return "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{minus(v)}</td>" for v in values)}</tr>'
        for name, values in lines.items()
    )


def written(number: Number, row: int, column: int) -> str:
    """A number as a person reads it."""
    value = float(number.values[row, column])
    if not np.isfinite(value):
        return "−∞"
    if number.kind == "share":
        return f"{100 * value:.2f} %"
    return f"{value:.4f}" if number.kind == "cosine" else f"{value:.3f}"


def minus(number: str) -> str:
    """A number as it is typeset."""
    return number.replace("-", "−")
