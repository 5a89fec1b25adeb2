"""A loss on a small batch for programs: the endpoint `/loss_trace`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ssl_core.config import knobs as every
from ssl_core.config import look_up
from ssl_core.lab import Bench, lay, takes
from ssl_core.losses import LOSSES, Loss
from ssl_core.problem import Problem
from ssl_ui.handlers import as_knobs, checked_state
from ssl_ui.i18n import t
from ssl_ui.lab_inputs import stages_of

BATCHES = {"random": "Made up from the seed", "cs231n": "CS231n's example"}  # each a source of the bench


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
    look_up(BATCHES, batch, "batch")
    turned = {**as_knobs(knobs), **({} if temperature is None else {"temperature": temperature})}
    _known(look_up(LOSSES, loss, "loss"), turned)
    sizes = {"n": n, "d": d, "seed": seed, "views": _views(look_up(LOSSES, loss, "loss"), views)}
    stages = stages_of(lay(checked_state(Bench, {"loss": loss, "source": batch, "knobs": turned, **sizes})))
    told = [
        {
            "name": s.name,
            "title": t(s.title),
            "tex": s.tex,
            "axes": list(s.axes),
            "shape": list(s.value.shape),
            "value": _gaps(s.value.tolist()),
        }
        for s in stages
    ]
    return {"stages": told, "loss": float(stages[-1].value)}


def _known(kind: type[Loss], turned: Mapping[str, Any]) -> None:
    """Refuse a knob that the loss has not: misspelt, it would silently stand at its default."""
    for name in turned:
        look_up(every(kind), name, "knob of this loss")


def _views(kind: type[Loss], views: int) -> int:
    """How many views are asked for; the default two are right for any loss. Raises Problem."""
    wanted = takes(kind)
    if wanted not in (None, views) and views != Bench.views:
        raise Problem(
            "views is {given}; {loss} takes {views}, no other number.",
            given=views,
            loss=kind.title,
            views=wanted,
        )
    return views


def _gaps(value: Any) -> Any:
    if isinstance(value, list):
        return [_gaps(v) for v in value]
    return value if np.isfinite(value) else None
