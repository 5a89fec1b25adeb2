"""The film of a view: what the picture is after every operation, and what was drawn for it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ssl_core.augmentations.jitter import STEPS
from ssl_ui.i18n import t
from ssl_ui.pictures import tag
from ssl_ui.view_roles import Roles
from ssl_ui.view_tiles import FEW, look

# How a drawn number is written; one that is not listed has two decimals.
# Hue is a part of a turn.
FORMATS = {
    "brightness": "×{:.2f}",
    "contrast": "×{:.2f}",
    "saturation": "×{:.2f}",
    "hue": "{:+.3f}",
    "sigma": "{:.2f} px",
}


def film(
    seen: Mapping[str, Any], roles: Roles, chosen: int, mean: Sequence[float], std: Sequence[float]
) -> str:
    """The steps of `views.to_json` as HTML, for the views that `filmed` names.

    mean and std are what the recipe normalises with.
    """
    views, caption, head = seen["views"], "", "<td></td>"
    shown = filmed(len(views), chosen)
    if len(shown) < len(views):
        words = t("How {name} was made. Click another to see its own.", name=roles.name(chosen))
        caption, head = f'<caption style="{look(chosen)}">{escape(words)}</caption>', ""
    rows = "".join(_row(k, roles.name(k), views[k]["steps"], bool(head)) for k in shown)
    titles = "".join(f'<th scope="col">{escape(step["title"])}</th>' for step in views[shown[0]]["steps"])
    return (
        f'<table class="film">{caption}<thead><tr>{head}{titles}</tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="film-end">{_normalised(mean, std)}</p>'
    )


def filmed(count: int, chosen: int) -> range:
    """The views whose film is shown: all if they are few, else the chosen one."""
    return range(count) if count <= FEW else range(chosen, chosen + 1)


def _row(k: int, name: str, steps: Sequence[Mapping[str, Any]], named: bool) -> str:
    head = f'<th scope="row"><span>{escape(name)}</span></th>' if named else ""
    cells = "".join(_cell(step, f"{name}: {step['title']}") for step in steps)
    return f'<tr style="{look(k)}">{head}{cells}</tr>'


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
