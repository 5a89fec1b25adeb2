"""Steps of gradient descent on the embeddings themselves: no encoder in between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.evaluation.geometry import alignment, uniformity
from ssl_core.flow import SPACE, SPHERE, Moment, flow
from ssl_core.lab.bench import Table, free
from ssl_core.trace import Trace

STRIDE = 0.1  # no point goes further in a step: radians on the sphere, else a part of the mean length
ROUNDED = 1e-5  # from a length of 1, for numbers that were kept to so many digits
DIGITS = 7  # to which moved numbers are kept, so that a script that holds them is readable


@dataclass(frozen=True, eq=False)
class Step:
    """The table after a step, and what tells how its embeddings lie."""

    table: Table
    size: float  # η: the points went by minus η times the gradient
    alignment: float | None  # of the views of a picture; None where there is one alone
    uniformity: float


def descend(table: Table, steps: int) -> Iterator[Step]:
    """The table as it is, then after each of so many steps.

    A row h becomes h - η g, g being the gradient of the loss by it; inputs that no gradient reaches stay.
    Where lengths make no difference and all rows are of length 1, they go along the sphere instead.
    """
    still = table.inputs
    names = free(type(table.loss), still)

    def loss(rows: Float[Tensor, "1 r d"]) -> Trace:
        return table.loss(**{**still, **_apart(table, names, rows)})

    yield _seen(table, 0.0)
    if not steps:
        return
    start = torch.cat([_movable(table, n).reshape(-1, still[n].shape[-1]) for n in names])[None]
    sphere = on_sphere(table)
    stride = STRIDE if sphere else STRIDE * max(float(start.norm(dim=-1).mean()), ROUNDED)
    for moment in islice(flow(loss, start, stride, SPHERE if sphere else SPACE), 1, steps + 1):
        yield _seen(replace(table, inputs={**still, **_kept(table, names, moment)}), moment.size)


def on_sphere(table: Table) -> bool:
    """Whether the embeddings live on the unit sphere: lengths make no difference, and all are 1."""
    if not table.loss.normalises:
        return False
    lengths = [_movable(table, name).norm(dim=-1) for name in free(type(table.loss), table.inputs)]
    return all(bool(((length - 1).abs() < ROUNDED).all()) for length in lengths)


def _movable(table: Table, name: str) -> Tensor:
    """The rows of an input that gradient reaches: of MoCo's views the queries alone."""
    value, held = table.inputs[name], type(table.loss).constant_views if name == "views" else ()
    return value[[v for v in range(len(value)) if v not in held]] if held else value


def _apart(table: Table, names: Sequence[str], rows: Float[Tensor, "1 r d"]) -> dict[str, Tensor]:
    """The rows as the inputs that they are."""
    out, at = {}, 0
    for name in names:
        whole, part = table.inputs[name], _movable(table, name)
        count = part[..., 0].numel()
        moved = rows[0, at : at + count].view(part.shape)
        held = type(table.loss).constant_views if name == "views" else ()
        order = iter(moved)
        out[name] = (
            torch.stack([whole[v] if v in held else next(order) for v in range(len(whole))])
            if held
            else moved
        )
        at += count
    return out


def _kept(table: Table, names: Sequence[str], moment: Moment) -> Mapping[str, Tensor]:
    return _apart(table, names, moment.points.detach().round(decimals=DIGITS))


def _seen(table: Table, size: float) -> Step:
    cloud = next(iter(table.inputs.values()))
    views = cloud if cloud.ndim == 3 else cloud[None]
    pairs = [(a, b) for a in range(len(views)) for b in range(a)]
    near = sum(alignment(views[a], views[b]) for a, b in pairs) / len(pairs) if pairs else None
    return Step(table, size, near, uniformity(views.flatten(0, 1)))
