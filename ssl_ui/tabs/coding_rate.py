"""EMP-SSL's formula made visible: why its gradient pushes features apart, on a sphere that can be turned."""

from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_ui.coding_flow import FlowState, work_out
from ssl_ui.coding_view import coding_view
from ssl_ui.context import Context, Frame
from ssl_ui.controls import Group, control
from ssl_ui.handlers import LIVE, Given, checked_state, endpoint, guarded
from ssl_ui.i18n import t

TITLE = "Coding rate"
TITLES = {
    "n": "Pictures n",
    "patches": "Patches p",
    "eps": "ε",
    "invariance_weight": "Weight λ",
    "seed": "Seed",
}
SPACES = {3: "Sphere, d = 3", 2: "Circle, d = 2"}
SIGNS = {"maximise": "Maximise R (EMP-SSL)", "minimise": "Minimise R (wrong sign)"}

QUESTION = "Why does maximising this push features apart?"
FORMULA = (
    r"$$R = \tfrac12 \log\det\left(I + \tfrac{d}{n\epsilon} Z^\top Z\right)"
    r" = \tfrac12 \sum_i \ln\left(1 + \tfrac{d}{n\epsilon}\,\sigma_i^2\right)$$"
)
ANSWER = (
    "**R is the logarithm of a volume**: that of the ellipsoid, in grains. The rows of Z have length 1, so "
    "the σ² always sum to n; only their shares can change. A logarithm rewards what is missing: where the "
    "ellipsoid is long, more σ² adds little; where it is thin, much (last column, ∂R/∂σ²). So the gradient "
    "pushes every point **towards the thin directions**, until all are even: σ² = n/d.\n\n"
    "The other term of the loss, −λ cos, **holds the patches of one picture together**: pictures spread, "
    "their patches do not. Try 3 patches.\n\n"
    "If all points were equal, the gradient along the sphere would be exactly zero; so the collapsed start "
    "has a little noise from the seed. With the **wrong sign**, as one well-known library has it, everything "
    "flows into one line (z and −z count alike): collapse is rewarded."
)


def coding_rate(
    n: int = 12,
    patches: int = 1,
    d: int = 3,
    eps: float = 0.2,
    invariance_weight: float = 200.0,
    sign: str = "maximise",
    seed: int = 0,
) -> dict[str, Any]:
    """The EMP-SSL loss's gradient flow on the sphere from a nearly collapsed and from a spread start.

    For each start and step: points, the gradient of R on each, half axes of the ellipsoid, σ² with its term
    and its gain, R, agreement of the patches, loss. `sign` is "maximise" or "minimise" (wrong).
    """
    return work_out(checked_state(FlowState, dict(locals())))


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    endpoint(coding_rate, "coding_rate")
    start = FlowState()
    delimiters: list[dict[str, str | bool]] = [{"left": "$$", "right": "$$", "display": True}]
    with gr.Row():
        with gr.Column(scale=1, min_width=250):
            turned = Group(_controls())
        with gr.Column(scale=4, min_width=560):
            gr.Markdown(
                f"## {t(QUESTION)}\n\n{FORMULA}", latex_delimiters=delimiters, elem_classes="rate-question"
            )
            shown = coding_view(work_out(start))
            gr.Markdown(t(ANSWER), elem_classes="rate-answer")

    def work(given: Given) -> dict[str, Any]:
        return work_out(checked_state(FlowState, turned.values(given)))

    parts = turned.parts
    gr.on([part.change for part in parts.values()], guarded(work), set(parts.values()), shown, **LIVE)
    weight = parts["invariance_weight"]
    parts["patches"].change(lambda patches: gr.update(visible=patches > 1), parts["patches"], weight, **LIVE)


def _controls() -> dict[str, Any]:
    found = knobs(FlowState)
    menus: dict[str, tuple[str, dict[Any, str]]] = {
        "d": ("Space", SPACES),
        "sign": ("What the loss does", SIGNS),
    }
    made: dict[str, Any] = {}
    for name, knob in found.items():
        if name in menus:
            label, words = menus[name]
            made[name] = gr.Radio([(t(w), v) for v, w in words.items()], value=knob.default, label=t(label))
        else:
            made[name] = control(knob, label=t(TITLES[name]), visible=name != "invariance_weight")
    return made
