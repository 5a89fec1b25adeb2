"""The pipeline picture: what training does with a picture, and below it what remains when it is over.

SVG of our own, in the page's colours (`.pipeline` in page.css), with real pictures in it.
"""

import base64
import html
import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from ssl_ui.i18n import t

Picture = UInt8[np.ndarray, "h w 3"]
X = {"image": 40, "views": 262, "f": 418, "h": 600, "g": 688, "z": 870, "end": 980}  # left edges
TOP, BOTTOM, TEST = 100, 250, 450  # the middle of each lane
SIDE = 96  # of a picture
BOX = 126  # the width of f and g


def draw(
    image: Picture | None = None, views: tuple[Picture, Picture] | None = None, test: Picture | None = None
) -> str:
    """The whole picture as SVG: a training picture, two views of it and a test picture, or empty frames."""
    first, second = views or (None, None)
    middle = (TOP + BOTTOM) / 2
    return f"""
<svg class="pipeline" viewBox="0 0 1180 560" role="img" aria-label="{_words(t(SAID))}">
  <defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
    <path d="M0 0 L10 5 L0 10 z"/></marker></defs>
  {_text(t("Training, without labels"), 20, 28, "lane")}
  {_photo(image, X["image"], middle)} {_text(t("a picture"), X["image"] + SIDE / 2, middle + 72)}
  {_text(t("augment"), 206, middle - 4, "small")} {_text(t("twice"), 206, middle + 16, "small")}
  {_lane(TOP, first, "1")} {_lane(BOTTOM, second, "2")}
  {_arrow(X["image"] + SIDE, middle - 20, X["views"], TOP)}
  {_arrow(X["image"] + SIDE, middle + 20, X["views"], BOTTOM)}
  {_arrow(X["z"] + 30, TOP, X["end"], middle - 22)} {_arrow(X["z"] + 30, BOTTOM, X["end"], middle + 22)}
  {_box("loss", X["end"], middle, 180, 110, t("loss"), t("pairs agree"), t("others differ"))}
  <path class="rule" d="M20 350 H1160"/>
  {_text(t("Testing, with labels"), 20, 384, "lane")}
  {_photo(test, X["image"], TEST)} {_text(t("a test picture"), X["image"] + SIDE / 2, TEST + 72)}
  {_text(t("not augmented"), (X["image"] + SIDE + X["f"]) / 2, TEST - 14, "small")}
  {_arrow(X["image"] + SIDE, TEST, X["f"], TEST)}
  {_box("f", X["f"], TEST, BOX, 84, "f", t("kept, frozen"))}
  {_arrow(X["f"] + BOX, TEST, X["h"], TEST)} {_vector("h", X["h"], TEST, "h")}
  {_box("g gone", X["g"], TEST - 44, BOX, 56, "g")}
  <path class="cross" d="M{X["g"] + 4} {TEST - 70} l118 52 m0 -52 l-118 52"/>
  {_text(t("thrown away"), X["g"] + BOX / 2, TEST + 8, "small")}
  {_arrow(X["h"] + 30, TEST + 24, X["z"] - 22, TEST + 24)}
  {_box("test", X["z"] - 20, TEST - 30, 310, 68, t("kNN"), t("what are the nearest pictures?"))}
  {_box("test", X["z"] - 20, TEST + 50, 310, 68, t("linear probe"), t("one layer, trained on h"))}
</svg>"""


SAID = (
    "Training: a picture is augmented twice; encoder f turns each view into h, head g turns h into z, and "
    "the loss compares the z. Testing: the whole picture goes through f alone; h is judged by nearest "
    "neighbours and by a linear layer; g is thrown away."
)


def _lane(y: float, view: Picture | None, number: str) -> str:
    low = number.translate(str.maketrans("12", "₁₂"))
    return "".join(
        [
            _photo(view, X["views"], y),
            _arrow(X["views"] + SIDE, y, X["f"], y),
            _box("f", X["f"], y, BOX, 84, "f", t("encoder")),
            _arrow(X["f"] + BOX, y, X["h"], y),
            _vector("h", X["h"], y, f"h{low}"),
            _arrow(X["h"] + 30, y, X["g"], y),
            _box("g", X["g"], y, BOX, 84, "g", t("head")),
            _arrow(X["g"] + BOX, y, X["z"], y),
            _vector("z", X["z"], y, f"z{low}"),
        ]
    )


def _photo(picture: Picture | None, x: float, y: float) -> str:
    place = f'x="{x}" y="{y - SIDE / 2}" width="{SIDE}" height="{SIDE}"'
    frame = f'<rect class="frame" {place}/>'
    return frame if picture is None else f'<image {place} href="{png(picture)}"/>{frame}'


def _box(kind: str, x: float, y: float, width: float, height: float, title: str, *notes: str) -> str:
    """A box with a title and lines of notes, centred together."""
    rect = f'<rect x="{x}" y="{y - height / 2}" width="{width}" height="{height}" rx="12"/>'
    middle, first = x + width / 2, y + 8 - 12 * len(notes)
    words = _text(title, middle, first, "title")
    words += "".join(_text(note, middle, first + 24 + 22 * i, "small") for i, note in enumerate(notes))
    return f'<g class="{kind}">{rect}{words}</g>'


def _vector(kind: str, x: float, y: float, name: str) -> str:
    """A column of cells, standing for a list of numbers."""
    cells = "".join(
        f'<rect x="{x + 2}" y="{y - 48 + 16 * i}" width="22" height="14" rx="3"/>' for i in range(6)
    )
    return f'<g class="vector {kind}">{cells}{_text(name, x + 13, y + 72)}</g>'


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="arrow" d="M{x1 + 6} {y1} L{x2 - 6} {y2}" marker-end="url(#tip)"/>'


def _text(words: str, x: float, y: float, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{_words(words)}</text>'


def _words(words: str) -> str:
    return html.escape(words)


def png(picture: Picture) -> str:
    """A picture as a data address, without loss."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
