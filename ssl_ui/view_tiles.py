"""The picture with the boxes that its views are cut from, and the views beside it.

A view is known by its number and its line (solid, dashed, dotted) besides its colour. Pointing at a view
lights up its box (view_tiles.js). Numbers keep clear of each other, however many boxes there are.
"""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import product
from typing import Any

from ssl_ui.i18n import t
from ssl_ui.palette import of_class
from ssl_ui.pictures import tag
from ssl_ui.view_roles import Roles

FEW = 3  # views that stand in one row, each with its film
LINES = ("solid", "dashed", "dotted")
NUMBER = (0.11, 0.09)  # width and height of a number on the picture, as parts of its side
Spot = tuple[float, float]  # across and down, as parts of the picture's side


def tiles(seen: Mapping[str, Any], roles: Roles, chosen: int) -> str:
    """All of `views.to_json` but the steps, as HTML. Of many views, `chosen` has its film shown."""
    many = len(seen["views"]) > FEW
    also = seen["also"]
    return (
        _views(seen, roles, chosen if many else None)
        + (_also(also, roles) if also else "")
        + f'<p class="views-words">{escape(t(roles.together))}</p>'
    )


def look(k: int) -> str:
    """The colour and the line of view k, and a colour for words on it, as CSS."""
    colour = of_class(k)
    return f"--view:{colour};--ink:{ink(colour)};--line:{LINES[k % len(LINES)]}"


def ink(colour: str) -> str:
    """Black or white, whichever is easier to read on this colour (#rrggbb)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    light = sum(w * c**2.2 for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))
    return "#000" if light > 0.18 else "#fff"  # where both have the same contrast


def _views(seen: Mapping[str, Any], roles: Roles, chosen: int | None) -> str:
    count = len(seen["views"])
    rows = 1 if chosen is None else 2 if count <= 10 else 3
    shown = "".join(_tile(k, seen, roles, chosen) for k in range(count))
    return (
        f'<div class="views{"" if chosen is None else " many"}" style="--across:{-(-count // rows)}">'
        f'{_original(seen, chosen)}<div class="tiles">{shown}</div></div>'
    )


def _original(seen: Mapping[str, Any], chosen: int | None) -> str:
    alt = t("{label}, with the boxes that the views are cut from", label=seen["label"])
    boxes = {k: box for k, box in enumerate(seen["boxes"]) if box}
    over = "".join(box_over(k, box, seen["size"], k == chosen) for k, box in boxes.items())
    spots = clear_spots(list(boxes.values()), seen["size"])
    over += "".join(number_over(k, spot) for k, spot in zip(boxes, spots, strict=True))
    return (
        f'<figure class="original"><div class="frame">{tag(seen["original"], alt)}{over}</div>'
        f"<figcaption><b>{escape(seen['label'])}</b> <span>{escape(seen['title'])}</span></figcaption>"
        "</figure>"
    )


def _tile(k: int, seen: Mapping[str, Any], roles: Roles, chosen: int | None) -> str:
    name, box = roles.name(k), seen["boxes"][k]
    frame = f'<div class="frame">{tag(seen["views"][k]["picture"], name)}</div>'
    if chosen is not None:
        pressed = "true" if k == chosen else "false"
        return (
            f'<button class="tile" data-view="{k}" style="{look(k)}" aria-pressed="{pressed}">'
            f"{frame}<b>{escape(name)}</b></button>"
        )
    share = t("{percent} % of the picture", percent=_percent(box, seen["size"])) if box else ""
    words = "".join(f"<span>{escape(line)}</span>" for line in (share, roles.path(k)) if line)
    return (
        f'<figure class="tile" data-view="{k}" style="{look(k)}">{frame}'
        f"<figcaption><b>{escape(name)}</b> {words}</figcaption></figure>"
    )


def _also(also: Mapping[str, Any], roles: Roles) -> str:
    words = t(
        "Positives too: views of another picture of the class {label}. The label says so, however different "
        "they look.",
        label=also["label"],
    )
    return f'<div class="also">{_views(also, roles, None)}<p>{escape(words)}</p></div>'


def box_over(k: int, box: Sequence[int], size: int, chosen: bool = False) -> str:
    """The crop box (top, left, height, width in pixels) of view k, laid over a picture of this size."""
    sides = zip(("top", "left", "height", "width"), box, strict=True)
    place = ";".join(f"{side}:{100 * pixels / size:.4g}%" for side, pixels in sides)
    kind = "box chosen" if chosen else "box"
    return f'<span class="{kind}" data-view="{k}" style="{place};{look(k)}"></span>'


def number_over(k: int, spot: Spot) -> str:
    """The number of view k, laid over a picture; the spot is its upper left corner."""
    place = f"left:{100 * spot[0]:.4g}%;top:{100 * spot[1]:.4g}%"
    return f'<b class="number" data-view="{k}" style="{place};{look(k)}">{k + 1}</b>'


def clear_spots(boxes: Sequence[Sequence[int]], size: int) -> list[Spot]:
    """Where the number of each box stands: on its rim, in the first place that no other number has.

    Where there is none, in the place that is farthest from the others. Upper left is the first, then the
    other corners, then the middles of the sides and what is between.
    """
    taken: list[Spot] = []
    for top, left, height, width in boxes:
        across = [(left + share * width) / size - share * NUMBER[0] for share in (0, 1, 0.5, 0.25, 0.75)]
        down = [(top + share * height) / size - share * NUMBER[1] for share in (0, 1, 0.5, 0.25, 0.75)]
        rim = [(x, y) for y, x in product(down[:2], across[:2])]
        rim += [(x, y) for y, x in product(down[:2], across[2:])] + [
            (x, y) for y, x in product(down[2:], across[:2])
        ]
        room = [min((_apart(spot, other) for other in taken), default=1.0) for spot in rim]
        clear = next((k for k, gap in enumerate(room) if gap >= 1), room.index(max(room)))
        taken.append(rim[clear])
    return taken


def _apart(one: Spot, other: Spot) -> float:
    """How far two numbers are from each other: 1 where they touch, less where they overlap."""
    return max(abs(a - b) / side for a, b, side in zip(one, other, NUMBER, strict=True))


def _percent(box: Sequence[int], size: int) -> int:
    return round(100 * box[2] * box[3] / size**2)
