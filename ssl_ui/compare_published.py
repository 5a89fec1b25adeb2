"""What others published, beside our own: as lines, in words, and as a table with every setting in full."""

from collections.abc import Sequence
from html import escape
from typing import Any

from ssl_core.methods import METHODS
from ssl_core.published import Published, published
from ssl_core.table_figures import BAGGED
from ssl_ui.i18n import t
from ssl_ui.plotly_json import reference_line

WORDS = 5.5  # per cent on the axis: the height of a line of words
GREY = "#717581"  # no run has this colour
KINDS = {  # in the order of the chart
    "knn_h": "kNN h",
    f"knn_h{BAGGED}": "kNN h,<br>16 patches",
    "knn_z": "kNN z",
    "linear_1": "linear<br>1 %",
    "linear_10": "linear<br>10 %",
    "linear_100": "linear<br>100 %",
    f"linear_100{BAGGED}": "linear 100 %,<br>16 patches",
    "finetune_10": "fine-tune<br>10 %",
}
HEADS = ("Method", "Figure", "Top-1", "Source", "Encoder", "Epochs", "Measured on", "How", "")
NOT_OURS = (
    "Not the same setting as any run here: larger encoders, most trained for 200 to 1,000 epochs, on the "
    "original CIFAR-10 (EMP-SSL 1 to 30, on many patches). What they show is how far there is to go."
)


def lay_beside(data: list[Any], layout: dict[str, Any], beside: Sequence[Published], begin: float) -> None:
    """Published figures as lines across, and above the highest of them, clear of our curves, their words."""
    layout["shapes"] = []
    above = 1 + 100 * max((p.value for p in beside), default=0.0)
    for i, one in enumerate(sorted(beside, key=lambda p: -p.value)):
        y = 100 * one.value
        layout["shapes"].append(reference_line(y) | {"line": {"dash": "dot", "width": 1.5, "color": GREY}})
        where = {"xref": "paper", "x": 0.01, "xanchor": "left", "yanchor": "bottom"}
        where["y"] = above + WORDS * (len(beside) - 1 - i)
        layout["annotations"].append(
            {"text": spelled(one), "showarrow": False, "font": {"size": 14}, **where}
        )
    if beside:  # a range given anew would undo the zoom of whoever watches
        unseen = {"type": "scatter", "mode": "markers", "marker": {"opacity": 0}, "hoverinfo": "skip"}
        data.append(unseen | {"x": [float(begin)], "y": [above + WORDS * len(beside)], "showlegend": False})


def called(one: Published) -> str:
    """A published figure in a few words."""
    title = t(METHODS[one.method].title) if one.method else t("random")
    length = "" if one.epochs is None else t(", {epochs:,} epochs", epochs=one.epochs)
    return f"{title}, {one.source}{length}"


def spelled(one: Published) -> str:
    """A published figure with its setting in a line."""
    title = t(METHODS[one.method].title)
    epochs = t("epochs not said") if one.epochs is None else t("{n:,} epochs", n=one.epochs)
    setting = (one.source, one.encoder.partition(",")[0], epochs, one.layer.partition(",")[0], one.protocol)
    return (
        t("{method} {value:.1f} %", method=title, value=100 * one.value) + ": " + ", ".join(map(t, setting))
    )


def stand_beside(methods: Sequence[str], kind: str) -> list[Published]:
    """What was published of one kind for any of these methods."""
    return [p for name in dict.fromkeys(methods) for p in published(name, kind)]


def in_full(one: Published) -> list[str]:
    """The setting of a published figure, in the order of HEADS from the encoder on."""
    epochs = t("not said") if one.epochs is None else f"{one.epochs:,}"
    return [t(one.encoder), epochs, t(one.layer), t(one.protocol), t(one.remark)]


def in_html(shown: Sequence[Published]) -> str:
    """The published figures as a table, with that they are of other settings than ours."""
    if not shown:
        return ""
    heads = "".join(f'<th scope="col">{escape(t(head))}</th>' for head in HEADS)
    body = "".join(_row(one) for one in shown)
    title = t("{n} figures that others published for CIFAR-10, each with its setting", n=len(shown))
    return (
        f"<p>{escape(t(NOT_OURS))}</p><details><summary>{escape(title)}</summary>"
        f'<div class="knobs-box" tabindex="0"><table class="published"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></details>"
    )


def _row(one: Published) -> str:
    method = t(METHODS[one.method].title) if one.method else t("random encoder")
    kind = {"supervised": "with labels"}.get(one.kind) or KINDS[one.kind].replace("<br>", " ")
    cells = [t(kind), f"<b>{100 * one.value:.1f} %</b>", escape(one.source), *map(escape, in_full(one))]
    tds = "".join(f"<td>{word}</td>" for word in cells)
    return f'<tr><th scope="row">{escape(method)}</th>{tds}</tr>'
