"""What a mistake does to value and gradient, in words and signs."""

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ssl_core.lab.bench import Table
from ssl_core.lab.verdict import Comparison
from ssl_core.losses import LOSSES
from ssl_ui.i18n import t

UNHEEDED = ("contrast_mode", "base_temperature", "positives", "no_positive")  # knobs of SupCon


def spelled(value: float) -> str:
    """A number with seven decimals; in words where it is none."""
    if math.isnan(value):
        return t("not a number")
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return (f"{value:.7f}" if abs(value) < 1e6 else f"{value:.7g}").replace("-", "−")


def notes_of_bench(table: Table, loss: str) -> list[str]:
    """What is not as it stands on the bench."""
    kind = type(table.loss)
    if kind is not LOSSES[loss]:
        words = "{loss} has no such mistakes: this is the same batch through {shown}."
        return [t(words, shown=t(LOSSES[loss].title), loss=t(kind.title))]
    turned = [f.name for f in fields(kind) if f.name in UNHEEDED and getattr(table.loss, f.name) != f.default]
    if turned:
        return [t("L_out with all anchors and unscaled: {knobs} stands aside here.", knobs=", ".join(turned))]
    return []


def notes_of(found: Comparison, made: Sequence[str], temperature: float) -> list[str]:
    """What a number tells of a mistake besides."""
    notes = []
    if found.anchors_wrong.ndim == 2:
        m = len(found.anchors_right)
        notes.append(t("{square} numbers where {m} should be.", square=m * m, m=m))
    if "late_mask" in made:
        notes.append(_breaking(found.breaks, temperature))
    return notes


def _breaking(breaks: float | None, temperature: float) -> str:
    if breaks is None:
        return t("In float32 this batch does not break at any temperature.")
    if breaks == math.inf:
        return t("In float32 this batch breaks at every temperature.")
    words = "In float32 this batch breaks below τ = {breaks}: log 0. τ is {temperature} now."
    return t(words, breaks=f"{breaks:.3g}", temperature=f"{temperature:g}")


def of_value(found: Comparison) -> dict[str, Any]:
    """Both values, and whether they are the same."""
    words = t("the same value") if found.value_same else t("another value")
    if found.value_same and found.anchors_wrong.dtype != found.anchors_right.dtype:
        words = t("the same value, to float32's seven digits")
    return {
        "right": spelled(found.value_right),
        "wrong": spelled(found.value_wrong),
        "sign": "=" if found.value_same else "≠",
        "words": words,
    }


def of_gradient(found: Comparison) -> dict[str, Any]:
    """Whether the gradients are the same, and how they lie to each other."""
    if found.gradient_same:
        words = t("the same gradient")
    elif not math.isfinite(found.difference):
        words = t("no gradient: not a number")
    else:
        words = t("another gradient")
    cosine = "–" if found.cosine is None else f"{found.cosine:.4f}".replace("-", "−")
    stretch = f"{found.stretch:.3g}" if math.isfinite(found.stretch) else "–"
    return {
        "sign": "=" if found.gradient_same else "≠",
        "words": words,
        "facts": [
            [t("cosine of the two"), cosine],
            [t("times as long"), stretch],
            [t("largest difference"), _part(found.difference)],
        ],
    }


def _part(of: float) -> str:
    """A part of the largest number of the right gradient."""
    if not math.isfinite(of):
        return "–"
    return f"{100 * of:.3g} %" if of >= 1e-4 or of == 0 else f"{of:.0e}".replace("-", "−")
