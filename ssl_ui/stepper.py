"""A walk through the stages of a computation: buttons, ← and →, and a list to jump; no server in between."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_ui.i18n import t
from ssl_ui.liveplot import SCRIPT, plotly_head

TEMPLATE = """
<div class="stepper">
  <ol class="stepper-list"></ol>
  <section class="stepper-stage">
    <header>
      <div aria-live="polite"><h3 class="stepper-title"></h3><div class="stepper-shape"></div></div>
      <div><nav>
        <button class="stepper-back" aria-label="{back}" title="{back}" disabled>←</button>
        <span class="stepper-place"></span>
        <button class="stepper-next" aria-label="{next}" title="{next}" disabled>→</button>
      </nav><small class="stepper-hint">{keys}</small></div>
    </header>
    <div class="stepper-formula"></div>
    <div class="stepper-scalar" hidden></div>
    <div class="stepper-plot liveplot" role="img" aria-label="{numbers}"></div>
  </section>
</div>
@children
"""


@dataclass(frozen=True)
class Step:
    """One stage as it is shown: a figure, or a single number in words."""

    name: str
    title: str
    shape: str
    tex: str
    figure: dict[str, Any] | None = None
    height: int = 320
    scalar: str = ""


@dataclass(frozen=True)
class Stepper:
    """The two components; a handler's outputs are `[stepper.stages, stepper.formulas]`."""

    stages: gr.HTML
    formulas: gr.Markdown


def stepper(steps: Sequence[Step]) -> Stepper:
    """A walk through these steps; the stage that is shown stays while its numbers change."""
    stages, formulas = contents(steps)
    words = {
        "keys": t("or the keys ← →"),
        "back": t("Back (←)"),
        "next": t("Next (→)"),
        "numbers": t("The numbers of this stage"),
    }
    with gr.HTML(
        stages,
        html_template=TEMPLATE.format(**words),
        js_on_load=SCRIPT + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        head=plotly_head(),
        apply_default_css=False,
    ) as walk:
        delimiters: list[dict[str, str | bool]] = [{"left": "$$", "right": "$$", "display": True}]
        typeset = gr.Markdown(formulas, latex_delimiters=delimiters, elem_classes="stepper-formulas")
    return Stepper(walk, typeset)


def contents(steps: Sequence[Step]) -> tuple[dict[str, Any], str]:
    """What the two components hold: all stages, and all formulas for Gradio to typeset."""
    stages = [{k: v for k, v in asdict(step).items() if k != "tex"} for step in steps]
    return {"stages": stages}, "\n\n".join(f"$${step.tex}$$" for step in steps)
