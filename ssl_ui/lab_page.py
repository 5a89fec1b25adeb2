"""The laboratory as one component: what its browser side is told once, and its scripts in order."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_core.config import Knob, knobs
from ssl_core.lab import SOURCES, Bench
from ssl_core.lab.bench import CS231N_TEMPERATURE, takes
from ssl_core.lab.film import live_knob
from ssl_core.lab.source import source_of
from ssl_core.losses import LOSSES, Loss
from ssl_core.similarity import LAYERS
from ssl_ui import lab_words
from ssl_ui.context import Context
from ssl_ui.encoders import entries, newest
from ssl_ui.i18n import t
from ssl_ui.lab_formula import formulas, typeset
from ssl_ui.lab_places import OWN

FOLDER = Path(__file__).with_name("lab")
LAST = "lab.js"  # it puts the others together
SYMBOLS = {  # of knobs, as the formulas have them
    "temperature": "τ",
    "student_temperature": "τₛ",
    "teacher_temperature": "τₜ",
    "eps": "ε",
    "margin": "α",
    "invariance_weight": "λ",
    "variance_weight": "μ",
    "covariance_weight": "ν",
    "off_diagonal_weight": "λ",
    "rate_weight": "w",
    "label_smoothing": "ε",
}
SECOND = "dcl"  # beside the first loss


def laboratory(context: Context, functions: list[Any]) -> gr.HTML:
    """The component. `functions` are what the browser may call, by their names."""
    text, index = formulas()
    with gr.HTML(
        json.dumps(about(context, index)),
        html_template=_template(),
        js_on_load=scripts(),
        server_functions=functions,
        apply_default_css=False,
    ) as component:
        typeset(text)
    return component


def scripts() -> str:
    """Every script of the laboratory, the one that puts them together last."""
    files = sorted(FOLDER.glob("*.js"), key=lambda path: (path.name == LAST, path.name))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def about(context: Context, index: Mapping[str, Any]) -> dict[str, Any]:
    """What the browser is told once."""
    start = Bench()
    return {
        "start": asdict(start) | {"encoder": newest(context), "dataset": context.default_source()},
        "second": SECOND,
        "own": OWN,
        "cs231n": CS231N_TEMPERATURE,
        "words": lab_words.words(),
        "losses": {name: _loss(kind) for name, kind in LOSSES.items()},
        "formulas": index,
        "sources": {name: t(title) for name, title in SOURCES.items()},
        "bench": {name: _knob(knob, False) for name, knob in knobs(Bench).items()},
        "encoders": entries(context),
        "datasets": [(t(source.title), name) for name, source in context.sources().items()],
        "layers": [(t(title), name) for name, title in LAYERS.items()],
    }


def _loss(kind: type[Loss]) -> dict[str, Any]:
    turned = {name: live_knob(kind, name) for name in knobs(kind)}
    return {
        "title": t(kind.title),
        "about": t(kind.about),
        "paper": kind.paper,
        "takes": takes(kind),
        "labelled": "labels" in kind.inputs,
        "source": asdict(source_of(kind)),
        "knobs": [
            _knob(knob, getattr(turned[name], "name", "") == name) for name, knob in knobs(kind).items()
        ],
    }


def _knob(knob: Knob, live: bool) -> dict[str, Any]:
    title = t(lab_words.TITLES.get(knob.name, knob.title))
    symbol = SYMBOLS.get(knob.name)
    told = {n: getattr(knob, n) for n in ("name", "default", "low", "high", "choices")}
    return told | {"title": title, "help": t(knob.help), "symbol": symbol or title, "live": live}


def _template() -> str:
    text = (FOLDER / "lab.html").read_text(encoding="utf-8")
    return text.format(
        **{name: escape(word) for name, word in lab_words.words().items() if isinstance(word, str)}
    )
