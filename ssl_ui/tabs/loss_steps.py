"""A loss on a batch small enough to read, every stage with its formula and its numbers."""

from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.losses import LOSSES
from ssl_ui.context import Context, Frame
from ssl_ui.controls import Group, choice, control
from ssl_ui.handlers import LIVE, Given, as_knobs, checked_state, endpoint, guarded
from ssl_ui.i18n import t
from ssl_ui.loss_stages import (
    CS231N_TEMPERATURE,
    LossState,
    fixed_views,
    takes_cs231n,
    to_json,
    work_out,
)
from ssl_ui.loss_walk import to_steps
from ssl_ui.stepper import contents, stepper

TITLE = "Loss, step by step"
SIZES = {"views": "Views v", "n": "Pictures n", "d": "Length d", "seed": "Seed"}


def loss_trace(
    loss: str = "nt_xent",
    n: int = 4,
    d: int = 8,
    seed: int = 0,
    temperature: float | None = None,
    batch: str = "random",
    knobs: dict[str, Any] | None = None,
    views: int = 2,
) -> dict[str, Any]:
    """Every stage of a loss on a small batch: name, title, tex, axes, shape and value (null where masked).

    `batch` is "random" (`views` of n pictures, d numbers each, from the seed) or "cs231n". Most losses take
    two views and no other number. `temperature` is short for knobs={"temperature": …}; knobs left out stand
    at their defaults.
    """
    turned = {**as_knobs(knobs), **({} if temperature is None else {"temperature": temperature})}
    given = {"loss": loss, "n": n, "d": d, "seed": seed, "batch": batch, "views": views, "knobs": turned}
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
    sizes.parts["views"].visible = fixed_views(LOSSES[start.loss]) is None

    def work(given: Given) -> tuple[dict[str, Any], str, str]:
        name, turned = loss.read(given)
        kind = LOSSES[name]
        values = {"loss": name, "batch": given[batch], "knobs": turned, **sizes.values(given)}
        if fixed_views(kind):
            values["views"] = LossState.views
        if not takes_cs231n(kind):
            values["batch"] = LossState.batch
        return *contents(to_steps(work_out(checked_state(LossState, values)))), _about(name)

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
        lambda chosen: _fit_temperatures(chosen == "cs231n", list(hot)), batch, [*hot.values()], **LIVE
    )
    gr.on(
        [batch.change, loss.menu.change],
        _fit_batch,
        [loss.menu, batch],
        [batch, *sizes.parts.values()],
        **LIVE,
    )


def _about(name: str) -> str:
    return f"{t(LOSSES[name].about)} ({LOSSES[name].paper})"


def _fit_batch(loss: str, batch: str) -> list[Any]:
    """Controls of what the loss can be given; the assignment's batch has a size of its own."""
    kind = LOSSES[loss]
    free = batch != "cs231n" or not takes_cs231n(kind)
    views = gr.update(visible=free and fixed_views(kind) is None)
    return [
        gr.update(visible=takes_cs231n(kind)),
        views,
        *(gr.update(visible=free) for _ in range(len(SIZES) - 1)),
    ]


def _fit_temperatures(cs231n: bool, hot: list[str]) -> list[Any]:
    """The assignment's answer is at a temperature far above the usual."""
    if cs231n:
        return [gr.update(value=CS231N_TEMPERATURE, maximum=CS231N_TEMPERATURE) for _ in hot]
    usual = [knobs(LOSSES[name])["temperature"] for name in hot]
    return [gr.update(value=knob.default, maximum=knob.high) for knob in usual]
