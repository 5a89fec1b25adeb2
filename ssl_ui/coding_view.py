"""Two starts side by side: sphere, ellipsoid, singular values and R, played in the browser."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_ui import as_text
from ssl_ui.i18n import t

STARTS = {"collapsed": "Nearly collapsed start", "spread": "Spread start"}
TEMPLATE = """
<div class="rate">
  <svg class="rate-tips" width="0" height="0" aria-hidden="true"><defs>
    <marker id="rate-tip" viewBox="0 0 10 10" refX="7" refY="5" markerWidth="4" markerHeight="4"
    orient="auto"><path d="M0 0 L10 5 L0 10 z"/></marker></defs></svg>
  <div class="rate-player">
    <button class="rate-play" data-play="▶ {play}" data-pause="❚❚ {pause}">▶ {play}</button>
    <button class="rate-back" aria-label="{back}" title="{back}">←</button>
    <button class="rate-next" aria-label="{next}" title="{next}">→</button>
    <input class="rate-scrub" type="range" min="0" step="1" value="0" aria-label="{step}">
    <span class="rate-place">{step} <b>0</b> / <i></i></span>
  </div>
  <div class="rate-starts">{panels}</div>
  <ul class="rate-legend">{legend}</ul>
</div>
"""
PANEL = """
<section data-start="{name}">
  <header><h3>{title}</h3><div class="rate-number">R = <b></b></div></header>
  <svg class="rate-ball rate-ink" role="img" aria-label="{ball}"></svg>
  <table>
    <thead><tr><th scope="col"></th><th scope="col">σ²</th>
      <th scope="col">½ ln(1 + <sup>d</sup>⁄<sub>nε</sub> σ²)</th><th scope="col">{gain}</th></tr></thead>
    <tbody></tbody>
  </table>
  <div class="rate-course">
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{curve}"></svg>
    <span>{most} <b class="rate-most"></b></span><span>{least} <b class="rate-least"></b></span>
  </div>
</section>
"""


def coding_view(value: dict[str, Any], **options: Any) -> gr.HTML:
    """A player for what `coding_flow.work_out` gives; it keeps its step when the value changes."""
    player = gr.HTML(
        value,
        html_template=_template(),
        js_on_load=as_text.SCRIPT + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        **options,
    )
    return as_text.as_text(player)


def _template() -> str:
    words = {
        "ball": t("The points on the sphere, the gradient of R on each, and the ellipsoid; drag to turn"),
        "curve": t("R over the steps"),
        "gain": t("gain per σ²"),
        "most": t("even:"),
        "least": t("all equal:"),
    }
    panels = [PANEL.format(name=n, title=t(title), **_quoted(words)) for n, title in STARTS.items()]
    player = {"play": t("Play"), "pause": t("Pause"), "step": t("step")}
    ways = {"back": t("One step back (←)"), "next": t("One step on (→)")}
    return TEMPLATE.format(panels="".join(panels), legend=_legend(), **_quoted(player | ways))


def _legend() -> str:
    """What is drawn, each with a sample of it."""
    samples = {
        '<circle class="rate-point" cx="9" cy="9" r="6"/>'
        '<g class="rate-far"><circle class="rate-point" cx="27" cy="9" r="5"/></g>': t(
            "a point, before and behind the middle"
        ),
        '<line class="rate-push" x1="3" y1="9" x2="30" y2="9" marker-end="url(#rate-tip)"/>': t(
            "where the term R pushes it, along the sphere (one scale for all steps)"
        ),
        '<ellipse class="rate-body" cx="18" cy="9" rx="16" ry="7"/>': t(
            "the ellipsoid of all points: half axes √(ε + d/n σ²), volume eᴿ grains"
        ),
        '<circle class="rate-grain" cx="18" cy="9" r="7"/>': t("a grain: a ball of radius √ε"),
    }
    sample = '<li><svg class="rate-ink" width="36" height="18" aria-hidden="true">{}</svg> {}</li>'
    return "".join(sample.format(drawn, escape(words)) for drawn, words in samples.items())


def _quoted(words: dict[str, str]) -> dict[str, str]:
    return {name: escape(text) for name, text in words.items()}
