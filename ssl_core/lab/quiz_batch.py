"""The batch of a question: a partial `Bench` as a lesson writes it, with short-hands for what is moved.

`moved` of a lesson may hold, besides rows written out for an input ({"views": [[[…]]]}) and in this order:

    "angles": {"views": [[0, 90], [10, 100]]}   rows on the circle, in degrees; first all of view a
    "all_equal": true or ["views"]              all rows of these inputs (true: of all) are the first row
    "scale": {"views": 10}                      all rows of an input that many times as long
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from ssl_core.config import knobs, look_up
from ssl_core.lab.bench import Bench, lay
from ssl_core.losses import LOSSES
from ssl_core.losses.base import unit
from ssl_core.problem import Problem

SHORT = ("angles", "all_equal", "scale")
FIELDS = {f.name for f in fields(Bench)} - {"loss", "rows", "steps"}


def bench_of(loss: str, lesson: Mapping[str, Any]) -> Bench:
    """The bench that a lesson describes, short-hands worked out. Raises Problem on an unknown name."""
    known = knobs(look_up(LOSSES, loss, "loss"))
    _named("field of the bench", lesson, FIELDS)
    _named("knob", lesson.get("knobs", {}), known)
    bench = Bench(loss=loss, **{name: value for name, value in lesson.items() if name != "moved"})
    if not lesson.get("moved"):
        return bench
    inputs = {name: v for name, v in lay(bench).inputs.items() if v.is_floating_point()}
    moved = _move(inputs, lesson["moved"])
    return replace(bench, moved={n: v.tolist() for n, v in moved.items() if v is not inputs[n]})


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`under` with what `over` says differently, down to single knobs and inputs."""
    both = {k: merged(under[k], v) for k, v in over.items() if _maps(v) and _maps(under.get(k))}
    return {**under, **over, **both}


def _maps(value: Any) -> bool:
    return isinstance(value, Mapping)


def _move(inputs: Mapping[str, Tensor], moved: Mapping[str, Any]) -> dict[str, Tensor]:
    out = dict(inputs)
    angles, scale = moved.get("angles", {}), moved.get("scale", {})
    equal = moved.get("all_equal", [])
    equal = list(inputs) if equal is True else equal or []
    written = {name: rows for name, rows in moved.items() if name not in SHORT}
    for names in (angles, scale, equal, written):
        _named("input", names, inputs)
    out |= {name: _on_circle(degrees) for name, degrees in angles.items()}
    out |= {name: torch.tensor(rows, dtype=torch.float64) for name, rows in written.items()}
    if equal:
        first = unit(out[equal[0]].flatten(0, -2)[0])
        out |= {name: first.expand_as(out[name]) for name in equal}
    return out | {name: out[name] * factor for name, factor in scale.items()}


def _on_circle(degrees: Sequence[Any]) -> Tensor:
    turn = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([turn.cos(), turn.sin()], -1)


def _named(what: str, given: Any, known: Any) -> None:
    wrong = next((name for name in given if name not in known), None)
    if wrong is not None:
        raise Problem(
            "There is no {what} named {name!r}. Choose one of: {names}.",
            what=what,
            name=wrong,
            names=", ".join(sorted(known)),
        )
