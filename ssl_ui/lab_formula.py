r"""The formulas of all losses for the browser: one block of TeX each, its terms told apart by their colour.

`\term{sim}{s_{ij}}` says that this part is what the stage or input `sim` stands for. KaTeX as Gradio sets it
up allows no class or data attribute, but it does allow colours, and writes them at every part: so each term
gets a colour of its own, #0a0000, #0a0001, …, by which ssl_ui/lab/formula.js finds it. A part has the colour
of the innermost term alone, so the terms come with the term that each is within.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.lab import Bench, lay
from ssl_core.lab.film import frame
from ssl_core.lab.source import example_trace
from ssl_core.losses import LOSSES, Loss
from ssl_ui.lab_inputs import stages_of

PIECES = re.compile(r"\\term\{(?P<name>\w+)\}\{|\\.|[{}]|[^\\{}]+", re.DOTALL)
CLASS = "lab-formulas"  # of the Markdown that formula.js copies from


@dataclass(frozen=True)
class Term:
    """A marked part of a formula: what it stands for, and the place of the term around it, -1 for none."""

    name: str
    parent: int


def coloured(tex: str) -> tuple[str, list[Term]]:
    """TeX that KaTeX can set, with a colour for every term, and the terms in the order of their colours."""
    out: list[str] = []
    terms: list[Term] = []
    around = [-1]  # the innermost term at every brace that is open
    for piece in PIECES.finditer(tex):
        text, name = piece[0], piece["name"]
        if name:
            terms.append(Term(name, around[-1]))
            around.append(len(terms) - 1)
            text = rf"\textcolor{{#0a{around[-1]:04x}}}{{"
        elif text == "{":
            around.append(around[-1])
        elif text == "}":
            around.pop()
            if not around:
                raise ValueError(f"a brace closes that was not open: {tex}")
        out.append(text)
    if len(around) > 1:
        raise ValueError(f"a brace stays open: {tex}")
    return "".join(out), terms


def marked(loss: Loss) -> str:
    """The whole formula of a loss with its terms marked; the stages' own, one a line, where it has none."""
    if whole := loss.whole():
        return whole
    lines = (rf"\term{{{stage.name}}}{{{stage.tex}}}" for stage in example_trace(type(loss)).walk())
    return r"\begin{gathered} " + r" \\ ".join(lines) + r" \end{gathered}"


def variants(kind: type[Loss]) -> Iterator[tuple[dict[str, Any], str]]:
    """The formula for every setting of the switches that change it; the default comes first."""
    plain = kind()
    switches = {
        name: [knob.default, *(choice for choice in knob.choices if choice != knob.default)]
        for name, knob in knobs(kind).items()
        if knob.choices and any(kind(**{name: choice}).whole() != plain.whole() for choice in knob.choices)
    }
    for choice in product(*switches.values()):
        when = dict(zip(switches, choice, strict=True))
        yield when, marked(kind(**when))


def formulas() -> tuple[str, dict[str, Any]]:
    """The text of one Markdown that holds every formula, and where in it and of what each is made.

    The second is {loss: {"whole": [{"when": {switch: choice}, "place", "terms": [[name, parent], …]}, …],
    "stages": {input or stage: place}}}; a place counts the formulas from 0.
    """
    places: dict[str, int] = {}
    index: dict[str, Any] = {}
    for loss, kind in LOSSES.items():
        whole = []
        for when, tex in variants(kind):
            ready, terms = coloured(tex)
            place = places.setdefault(ready, len(places))
            whole.append({"when": when, "place": place, "terms": [[t.name, t.parent] for t in terms]})
        table = lay(Bench(loss=loss))
        stages = [*stages_of(table), *frame(table).stages]  # the gradients as well
        own = {stage.name: places.setdefault(stage.tex, len(places)) for stage in stages}
        index[loss] = {"whole": whole, "stages": own}
    return "\n\n".join(f"$${tex}$$" for tex in places), index


def typeset(text: str) -> gr.Markdown:
    """The hidden Markdown in which Gradio typesets them; a child of the laboratory's component."""
    delimiters: list[dict[str, str | bool]] = [{"left": "$$", "right": "$$", "display": True}]
    return gr.Markdown(text, latex_delimiters=delimiters, elem_classes=CLASS)
