"""A film of the laboratory as JSON for the browser: every number to look at, and what it is called.

Of each stage: its words, its axes with the names of their places, and its values, once where all frames agree
and once a frame where they do not. Single numbers travel in full, matrices in single precision. A place of an
axis names the points (embeddings) that it stands for, so that the browser can light what belongs together.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssl_core.lab.bench import Table
from ssl_core.lab.film import Frame, denominator, numerator, story
from ssl_core.losses import LOSSES, PairTrace
from ssl_core.trace import Stage, Trace
from ssl_ui.axis_names import VIEWS, Axis, axes_of, axis_of
from ssl_ui.i18n import t
from ssl_ui.lab_inputs import inputs_of
from ssl_ui.lab_points import Point, points_of

OWN = -2  # a place that is another point in every row: the query's own key


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
    words = _Words(reel, points, [*inputs, *first.stages])
    told = [*story(first.trace)]
    return {
        "loss": reel.name,
        "title": t(kind.title),
        "about": t(kind.about),
        "paper": kind.paper,
        "frames": len(reel.frames),
        "sphere": kind.normalises,
        "points": [point.to_json() for point in points],
        "stages": [
            *(words.stage(s, [_pick(r, s.name) for r in _input_frames(reel)], "input") for s in inputs),
            *(words.stage(s, _values(reel, s.name), _role(s, first)) for s in first.stages),
            *(words.stage(s, told_at, "story") for s, told_at in zip(told, _told(reel), strict=True)),
        ],
        "lengths": {name: packed([f.lengths[name] for f in reel.frames]) for name in first.lengths},
        "masks": _masks(first.trace),
        "anchor": words.anchor(first.trace),
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


def _input_frames(reel: Reel) -> list[dict[str, Tensor]]:
    return [frame.inputs for frame in reel.frames]


def _pick(inputs: dict[str, Tensor], name: str) -> Tensor:
    return inputs[name]


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


class _Words:
    """The names of places, and the points behind them."""

    def __init__(self, reel: Reel, points: Sequence[Point], stages: Sequence[Stage]) -> None:
        self.reel, self.points = reel, points
        self.sizes = {a: k for s in stages for a, k in zip(s.axes, s.value.shape, strict=True)}

    def stage(self, s: Stage, values: Sequence[Tensor], role: str) -> dict[str, Any]:
        """One stage of the film."""
        axes = axes_of(self.reel.name, _like(s))
        into = axis_of(self.reel.name, s.into) if s.into else None
        return {
            "name": s.name,
            "title": t(s.title),
            "role": role,
            "letters": list(s.axes),
            "shape": list(s.value.shape),
            "axes": [
                self.axis(a, letter, size, s, place)
                for place, (a, letter, size) in enumerate(zip(axes, s.axes, s.value.shape, strict=True))
            ],
            "kind": _kind(s),
            "into": into.names(self.sizes[s.into], self.reel.table.n) if into else None,
            "data": packed(values),
        }

    def axis(self, axis: Axis, letter: str, size: int, s: Stage, place: int) -> dict[str, Any]:
        """The names of the places of one axis; of the views and the pictures under them, together as rows."""
        n = self.reel.table.n
        names = axis.names(size, 0 if letter in VIEWS else n)
        if letter in VIEWS and place == 0 and s.value.ndim > 1:
            rows = axis.names(size * s.value.shape[1], s.value.shape[1])
            who = self._who(axis, rows) if s.axes[1] == "n" else [[] for _ in rows]  # else: of a dimension
            return {"title": t(axis.title), "names": names, "rows": rows, "who": who}
        return {"title": t(axis.title), "names": names, "who": self._who(axis, names)}

    def _who(self, axis: Axis, names: Sequence[str]) -> list[list[int] | int]:
        """The points behind each place: by name, all views of a picture, or none."""
        by_name = {p.name: k for k, p in enumerate(reversed(self.points))}
        last = len(self.points) - 1
        out: list[list[int] | int] = []
        for place, name in enumerate(names):
            if name == axis.first:
                out.append(OWN)
            elif name in by_name:
                out.append([last - by_name[name]])
            elif axis.title in ("picture", "mean of a picture's patches"):
                out.append([k for k, p in enumerate(self.points) if p.picture == place])
            else:
                out.append([])
        return out

    def anchor(self, trace: Trace) -> dict[str, Any]:
        """Whose story is told: the leading axes of the stages that tell it, and the names of the anchors."""
        walked = {s.name: s for s in trace.walk()}
        pairs = isinstance(trace, PairTrace)
        each = next((s for n, s in walked.items() if n in ("per_anchor", "per_image")), None)
        deep = [s for s in walked.values() if s.value.ndim >= 2]
        chosen = walked["sim"] if pairs else each or deep[-1]
        count = 1 if pairs else chosen.value.ndim if each is not None else chosen.value.ndim - 1
        described = self.stage(chosen, [chosen.value], "trace")["axes"]
        first = described[0]
        names, who = first.get("rows", first["names"]), first["who"]
        if count == 1 and "rows" in first:
            names = first["names"]
        return {"letters": list(chosen.axes[:count]), "names": names, "who": who, "title": first["title"]}


def _like(s: Stage) -> Stage:
    """The stage whose rows and columns it shares: a gradient has those of what it is taken by."""
    shared = "sim" if s.name == "push_share" else s.name.removeprefix("grad_")
    return replace(s, name=shared)


def _kind(s: Stage) -> str:
    if s.value.dtype == torch.bool:
        return "flag"
    if s.value.is_floating_point():
        return "number"
    return "class" if s.name == "labels" else "place" if s.into else "count"
