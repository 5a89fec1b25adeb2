"""Where a loss would carry embeddings that are free to go: gradient flow, step by step.

No encoder stands in between: every point follows the gradient of the loss with respect to itself, along the
unit sphere, or freely for a loss to which lengths matter. A step is steepest descent with a line search
(Absil, Mahony & Sepulchre 2008, Optimization Algorithms on Matrix Manifolds, sec. 4.2): no point goes further
than `stride`, and the step is halved until the loss falls by a fair part of what the gradient promises. So
the loss falls at every step, whatever its scale.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from ssl_core.problem import Problem
from ssl_core.trace import Trace

FAIR = 0.3  # of the promised fall; below one half, so that a step to the bottom of a parabola is accepted
GROWTH = 1.25  # of the size from one step to the next: little, so that most steps need no halving
HALVINGS = 30  # then no step helps within rounding: the points have arrived


@dataclass(frozen=True, eq=False)
class Moment:
    """One moment of a flow. The trace still has its graph: ask `slope` of any of its numbers."""

    points: Float[Tensor, "v n d"]
    trace: Trace
    slope: Float[Tensor, "v n d"]  # of the loss; the points go the other way
    size: float = 0.0  # of the step that led here: points went by minus this times the slope before it


def slope(value: Float[Tensor, ""], points: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """The gradient of a value along the sphere: what is left of it at right angles to every unit point."""
    (gradient,) = torch.autograd.grad(value, points, retain_graph=True)
    here = points.detach()
    return gradient - (gradient * here).sum(-1, keepdim=True) * here


def travel(points: Float[Tensor, "*batch d"], way: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """Every unit point along a great circle, by the length of its way in radians, at right angles to it."""
    angle = way.norm(dim=-1, keepdim=True)
    return normalize(angle.cos() * points + torch.sinc(angle / math.pi) * way, dim=-1)


class Surface(NamedTuple):
    """What the points live on."""

    onto: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]
    travel: Callable[[Tensor, Tensor], Tensor]


def _onto_sphere(start: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    if not (start.norm(dim=-1) > 0).all():
        raise Problem(
            "A row of zeros has no direction. Give every point at least one number other than zero."
        )
    return normalize(start, dim=-1)


def _gradient(value: Float[Tensor, ""], points: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    return torch.autograd.grad(value, points, retain_graph=True)[0]


SPHERE = Surface(_onto_sphere, slope, travel)
SPACE = Surface(torch.clone, _gradient, torch.add)


def flow(
    loss: Callable[[Tensor], Trace],
    start: Float[Tensor, "v n d"],
    stride: float = 0.05,
    surface: Surface = SPHERE,
) -> Iterator[Moment]:
    """The start, then one moment for every step, without end; points that have arrived rest.

    `loss` takes the points and gives a Trace; bind whatever else it needs, such as labels. `stride` is in
    radians (in SPACE: a length). Float64 gets closer to the end than float32. On the SPHERE it raises
    Problem where a row of the start is zero.
    """
    points = surface.onto(start.detach()).requires_grad_()
    trace, size = loss(points), math.inf
    took = 0.0
    while True:
        moment = Moment(points, trace, surface.slope(trace.loss, points), took)
        yield moment
        reach = stride / _longest(moment.slope)
        found = _step(loss, moment, min(GROWTH * size, reach), surface)
        while found is None:
            yield moment
        points, trace, size = found
        took = size


def _longest(ways: Tensor) -> float:
    return max(float(ways.norm(dim=-1).max()), 1e-12)


def _step(
    loss: Callable[[Tensor], Trace], at: Moment, size: float, surface: Surface
) -> tuple[Tensor, Trace, float] | None:
    """The points after a step of this size or a smaller one, their trace, and the size; None at the end."""
    now, promised = float(at.trace.loss.detach()), float(at.slope.square().sum())
    for _ in range(HALVINGS):
        points = surface.travel(at.points.detach(), -size * at.slope).requires_grad_()
        trace = loss(points)
        if float(trace.loss.detach()) <= now - FAIR * size * promised:
            return points, trace, size
        size /= 2
    return None
