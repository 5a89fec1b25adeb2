"""A film of the laboratory as JSON for the browser: every number to look at, and what it is called.

Of each stage: its words, its axes with the names of their places, and its values, once where all frames agree
and once a frame where they do not. Single numbers travel in full, matrices in single precision. A place of an
axis names the points (embeddings) that it stands for, so that the browser can light what belongs together.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssl_core.lab.bench import Table
from ssl_core.lab.descent import on_sphere
from ssl_core.lab.film import Frame, denominator, numerator, story
from ssl_core.losses import LOSSES, PairTrace
from ssl_core.trace import Stage, Trace
from ssl_ui.i18n import t
from ssl_ui.lab_inputs import inputs_of
from ssl_ui.lab_places import Places
from ssl_ui.lab_points import points_of


@dataclass(frozen=True, eq=False)
class Reel:
    """Frames of one table, in the order of the axis."""

    name: str  # of the loss
    table: Table
    frames: Sequence[Frame]


def to_json(reel: Reel) -> dict[str, Any]:
    """The film for the browser."""
    kind, first = LOSSES[reel.name], reel.frames[0]
    points = points_of(reel.name, reel.table)
    inputs = inputs_of(reel.table)
    places = Places(reel.name, reel.table, points, [*inputs, *first.stages])
    told = story(first.trace)
    return {
        "loss": reel.name,
        "title": t(kind.title),
        "about": t(kind.about),
        "paper": kind.paper,
        "frames": len(reel.frames),
        "sphere": on_sphere(reel.table),
        "points": [point.to_json() for point in points],
        "stages": [
            *(_stage(places, s, [f.inputs[s.name] for f in reel.frames], "input") for s in inputs),
            *(_stage(places, s, _values(reel, s.name), _role(s, first)) for s in first.stages),
            *(_stage(places, s, values, "story") for s, values in zip(told, _told(reel), strict=True)),
        ],
        "lengths": {name: packed([f.lengths[name] for f in reel.frames]) for name in first.lengths},
        "masks": _masks(first.trace),
        "anchor": places.anchor(first.trace),
    }


def packed(values: Sequence[Tensor]) -> dict[str, Any]:
    """The numbers of all frames, once if they never change; `values` of single numbers, else base64."""
    same = all(torch.equal(values[0], v) or _equal(values[0], v) for v in values[1:])
    kept = values[:1] if same else values
    if values[0].ndim == 0:
        return {"frames": len(kept), "values": [_finite(float(v)) for v in kept]}
    array = torch.stack(list(kept)).numpy()
    kinds = {"f": "<f4", "i": "<i4", "b": "|u1"}
    raw = array.astype(kinds[array.dtype.kind])
    return {
        "frames": len(kept),
        "dtype": raw.dtype.str[1:],
        "bdata": base64.b64encode(raw.tobytes()).decode(),
    }


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.is_floating_point() and torch.equal(a.nan_to_num(1e300), b.nan_to_num(1e300))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _stage(places: Places, s: Stage, values: Sequence[Tensor], role: str) -> dict[str, Any]:
    """One stage of the film: what it is called, its axes, and its numbers in all frames."""
    return {
        "name": s.name,
        "title": t(s.title),
        "role": role,
        "letters": list(s.axes),
        "shape": list(s.value.shape),
        "axes": places.axes(s),
        "kind": _kind(s),
        "into": places.into(s),
        "data": packed(values),
    }


def _kind(s: Stage) -> str:
    if s.value.dtype == torch.bool:
        return "flag"
    if s.value.is_floating_point():
        return "number"
    return "class" if s.name == "labels" else "place" if s.into else "count"


def _values(reel: Reel, name: str) -> list[Tensor]:
    return [next(s.value for s in frame.stages if s.name == name) for frame in reel.frames]


def _told(reel: Reel) -> list[list[Tensor]]:
    each = [[s.value for s in story(f.trace)] for f in reel.frames]
    return [list(values) for values in zip(*each, strict=True)]


def _role(stage: Stage, frame: Frame) -> str:
    return "trace" if any(s.name == stage.name for s in frame.trace.walk()) else "gradient"


def _masks(trace: Trace) -> dict[str, Any]:
    """What each pair is to the loss, and what an anchor's numerator and denominator hold."""
    if not isinstance(trace, PairTrace):
        return {}
    masks = trace.masks()
    found = {
        "positive": masks.positive,
        "negative": masks.negative,
        "self": masks.itself,
        "unused": masks.unused,
        "numerator": numerator(trace, masks),
        "denominator": denominator(trace),
    }
    return {name: packed([mask]) for name, mask in found.items() if mask is not None and mask.any()}
