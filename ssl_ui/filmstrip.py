"""Two views as a person sees them: crop boxes on the original, both views, and every operation in between.

A view is known by its number and by its line (solid, dashed) besides its colour. The colours stand in
assets/page.css.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ssl_core.augmentations.jitter import STEPS
from ssl_ui.i18n import t
from ssl_ui.pictures import tag

# How a drawn number is written; one that is not listed has two decimals.
# Hue is a part of a turn.
FORMATS = {
    "brightness": "×{:.2f}",
    "contrast": "×{:.2f}",
    "saturation": "×{:.2f}",
    "hue": "{:+.3f}",
    "sigma": "{:.2f} px",
}


def film(seen: Mapping[str, Any], mean: Sequence[float], std: Sequence[float]) -> str:
    """All of `two_views.to_json` as HTML; mean and std are what the recipe normalises with."""
    names = [t("View {number}", number=k + 1) for k in range(len(seen["views"]))]
    tiles = [_original(seen)]
    for k, (name, view, box) in enumerate(zip(names, seen["views"], seen["boxes"], strict=True)):
        share = "" if box is None else t("{percent} % of the picture", percent=_percent(box, seen["size"]))
        tiles.append(_tile(f"view-{k + 1}", tag(view["picture"], name), name, share))
    return (
        f'<div class="views">{"".join(tiles)}</div>'
        f'<table class="film">{_head(seen["views"][0]["steps"])}<tbody>'
        f"{''.join(_row(k, name, seen['views'][k]['steps']) for k, name in enumerate(names))}</tbody></table>"
        f'<p class="film-end">{_normalised(mean, std)}</p>'
    )


def _original(seen: Mapping[str, Any]) -> str:
    alt = t("{label}, with the boxes that the views are cut from", label=seen["label"])
    boxes = [box_over(k, box, seen["size"]) for k, box in enumerate(seen["boxes"]) if box]
    return _tile("original", tag(seen["original"], alt) + "".join(boxes), seen["label"], seen["title"])


def _tile(kind: str, inside: str, title: str, text: str) -> str:
    words = f"<b>{escape(title)}</b> <span>{escape(text)}</span>"
    return (
        f'<figure class="{kind}"><div class="frame">{inside}</div><figcaption>{words}</figcaption></figure>'
    )


def box_over(k: int, box: Sequence[int], size: int) -> str:
    """The crop box (top, left, height, width in pixels) of view k, laid over a picture of this size."""
    sides = zip(("top", "left", "height", "width"), box, strict=True)
    place = ";".join(f"{side}:{100 * pixels / size:.4g}%" for side, pixels in sides)
    return f'<span class="box view-{k + 1}" style="{place}"><b>{k + 1}</b></span>'


def _percent(box: Sequence[int], size: int) -> int:
    return round(100 * box[2] * box[3] / size**2)


def _head(steps: Sequence[Mapping[str, Any]]) -> str:
    titles = "".join(f'<th scope="col">{escape(step["title"])}</th>' for step in steps)
    return f"<thead><tr><td></td>{titles}</tr></thead>"


def _row(k: int, name: str, steps: Sequence[Mapping[str, Any]]) -> str:
    cells = "".join(_cell(step, f"{name}: {step['title']}") for step in steps)
    return f'<tr class="view-{k + 1}"><th scope="row"><span>{escape(name)}</span></th>{cells}</tr>'


def _cell(step: Mapping[str, Any], alt: str) -> str:
    if not step["applied"]:
        return f'<td class="skipped">{tag(step["picture"], alt)}<div>{t("skipped")}</div></td>'
    numbers = "".join(f"<span>{escape(name)} <b>{text}</b></span>" for name, text in in_words(step["params"]))
    return f"<td>{tag(step['picture'], alt)}<div>{numbers or t('applied')}</div></td>"


def in_words(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was drawn, name and number. Colour jitter's four stand in the order in which they were done."""
    names = [name for name in params if name != "order"]
    if "order" in params:
        steps = list(STEPS)
        names = [steps[k] for k in params["order"]]
    return [(t(name), _number(name, params[name])) for name in names]


def _number(name: str, value: Any) -> str:
    text = str(value) if isinstance(value, int) else FORMATS.get(name, "{:.2f}").format(value)
    return text.replace("-", "−")


def _normalised(mean: Sequence[float], std: Sequence[float]) -> str:
    shift, scale = (" · ".join(f"{value:.3f}" for value in three) for three in (mean, std))
    return t(
        "Last, red, green and blue are normalised: minus {mean}, divided by {std}. It is not drawn here.",
        mean=shift,
        std=scale,
    )
