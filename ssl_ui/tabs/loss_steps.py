"""A loss on a batch small enough to read, every stage with its formula and its numbers."""

from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.losses import LOSSES
from ssl_ui.context import Context, Frame
from ssl_ui.controls import Group, choice, control
from ssl_ui.handlers import LIVE, Given, as_knobs, checked_state, endpoint, guarded
from ssl_ui.i18n import t
from ssl_ui.loss_stages import CS231N_TEMPERATURE, LossState, to_json, to_steps, work_out
from ssl_ui.stepper import contents, stepper

TITLE = "Loss, step by step"
SIZES = {"n": "Pairs n", "d": "Length d", "seed": "Seed"}


def loss_trace(
    loss: str = "nt_xent",
    n: int = 4,
    d: int = 8,
    seed: int = 0,
    temperature: float | None = None,
    batch: str = "random",
    knobs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Every stage of a loss on a small batch: name, title, tex, axes, shape and value (null where masked).

    `batch` is "random" (n pairs of d numbers from the seed) or "cs231n". `temperature` is short for
    knobs={"temperature": …}; knobs left out stand at their defaults.
    """
    turned = {**as_knobs(knobs), **({} if temperature is None else {"temperature": temperature})}
    given = {"loss": loss, "n": n, "d": d, "seed": seed, "batch": batch, "knobs": turned}
    return to_json(work_out(checked_state(LossState, given)))


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    endpoint(loss_trace, "loss_trace")
    start = LossState()
    with gr.Row():
        with gr.Column(scale=1, min_width=250):
            loss = choice(LOSSES, t("Loss"), start.loss)
            batches = [(t("Made up from a seed"), "random"), (t("CS231n's example"), "cs231n")]
            batch = gr.Radio(batches, value=start.batch, label=t("Batch"))
            sizes = Group({name: control(knobs(LossState)[name], label=t(SIZES[name])) for name in SIZES})
        with gr.Column(scale=3, min_width=480):
            about = gr.Markdown(_about(start.loss))
            walk = stepper(to_steps(work_out(start)))

    def work(given: Given) -> tuple[dict[str, Any], str, str]:
        name, turned = loss.read(given)
        state = {"loss": name, "batch": given[batch], "knobs": turned, **sizes.values(given)}
        return *contents(to_steps(work_out(checked_state(LossState, state)))), _about(name)

    parts = [batch, *loss.parts, *sizes.parts.values()]
    gr.on(
        [part.change for part in parts],
        guarded(work),
        set(parts),
        [walk.stages, walk.formulas, about],
        **LIVE,
    )
    hot = {name: g.parts["temperature"] for name, g in loss.groups.items() if "temperature" in g.parts}
    batch.change(
        lambda chosen: _fit_controls(chosen == "cs231n", list(hot)),
        batch,
        [*sizes.parts.values(), *hot.values()],
        **LIVE,
    )


def _about(name: str) -> str:
    return f"{t(LOSSES[name].about)} ({LOSSES[name].paper})"


def _fit_controls(cs231n: bool, hot: list[str]) -> list[Any]:
    """CS231n's batch has a size of its own, and its answer is at a temperature far above the usual."""
    sizes: list[Any] = [gr.update(visible=not cs231n) for _ in SIZES]
    if cs231n:
        return sizes + [gr.update(value=CS231N_TEMPERATURE, maximum=CS231N_TEMPERATURE) for _ in hot]
    usual = [knobs(LOSSES[name])["temperature"] for name in hot]
    return sizes + [gr.update(value=knob.default, maximum=knob.high) for knob in usual]
