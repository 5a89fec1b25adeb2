"""A film: a loss with all its stages at every place of an axis, for the page to look numbers up in.

The axis is a fine grid of one knob (turn the temperature and watch), or the steps of a descent. Besides the
stages of the trace a frame holds the gradient by every input, and of a loss that compares pairs the gradient
by every similarity: below 0 the pair is drawn together, above 0 it is pushed apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import Knob, knobs
from ssl_core.lab.bench import Table, free
from ssl_core.losses import Loss, Masks, PairTrace
from ssl_core.trace import Stage, Trace

FINE = (*range(10, 20), 20, 22, 25, 28, 30, 33, 36, 40, 45, 50, 55, 60, 65, 70, 75, 80, 90)

EVEN = 50  # places of a grid whose scale is not logarithmic
HIGHEST = {"temperature": 5.0}  # CS231n's example is at 5, far above the usual
SHORT = 16  # numbers in an embedding whose gradient is shown whole; of longer ones only its length


@dataclass(frozen=True, eq=False)
class Frame:
    """A loss at one place."""

    inputs: dict[str, Tensor]
    trace: Trace
    stages: list[Stage]
    lengths: dict[str, Float[Tensor, "..."]]  # input → the length of the gradient by each of its rows


def frame(table: Table) -> Frame:
    """The loss on the table, with its gradients. Raises Problem on a batch that the loss refuses."""
    kind = type(table.loss)
    leaves = {n: table.inputs[n].clone().requires_grad_() for n in free(kind, table.inputs)}
    trace = table.loss(**{**table.inputs, **leaves})
    stages, wanted = list(trace.walk()), list(leaves.values())
    if isinstance(trace, PairTrace):
        *found, pull = torch.autograd.grad(trace.loss, [*wanted, trace.sim], allow_unused=True)
        stages += [] if pull is None else _pairs(trace, pull)
    else:
        found = list(torch.autograd.grad(trace.loss, wanted, allow_unused=True))
    slopes = {n: _there(g, leaves[n]) for n, g in zip(leaves, found, strict=True)}
    stages += [
        Stage(f"grad_{name}", f"Gradient by the {name}", _by(name), kind.inputs[name], slope)
        for name, slope in slopes.items()
        if slope.shape[-1] <= SHORT
    ]
    return Frame(table.inputs, trace, stages, {name: slope.norm(dim=-1) for name, slope in slopes.items()})


def _there(slope: Tensor | None, leaf: Tensor) -> Tensor:
    return torch.zeros_like(leaf) if slope is None else slope


def _by(name: str) -> str:
    return rf"\partial \ell / \partial \mathrm{{{name}}}"


def _pairs(trace: PairTrace, pull: Float[Tensor, "a b"]) -> list[Stage]:
    """The gradient by each similarity, and which share of an anchor's push each negative takes."""
    axes = next(s.axes for s in trace.walk() if s.name == "sim")
    negative = trace.masks().negative
    push = pull.clamp(min=0).masked_fill(~negative, 0)
    total = push.sum(1, keepdim=True)
    part = (push / total.masked_fill(total == 0, 1)).masked_fill(~negative, math.nan)
    out = [
        Stage(
            "grad_sim",
            "Pull (−) and push (+)",
            r"\partial \ell / \partial s_{ij}",
            axes,
            pull,
        )
    ]
    if negative.any():
        tex = (
            r"\frac{\partial \ell / \partial s_{ij}}"
            r"{\sum_{k \in N(i)} \partial \ell / \partial s_{ik}}, \; j \in N(i)"
        )
        out.append(Stage("push_share", "Share of the push", tex, axes, part))
    return out


def story(trace: Trace) -> list[Stage]:
    """What stands between the logits and their logarithm, for the story of an anchor: exponentials, sums.

    The code takes logarithms of sums without them, so that nothing overflows.
    """
    stages = {s.name: s for s in trace.walk()}
    if not {"logits", "log_denominator"} <= stages.keys():
        return []
    logits, total = stages["logits"], stages["log_denominator"]
    return [
        Stage("exponentials", "Exponentials", r"e^{s_{ij}/\tau}", logits.axes, logits.value.exp()),
        Stage("denominator", "Denominator", r"\sum_j e^{s_{ij}/\tau}", total.axes, total.value.exp()),
    ]


def denominator(trace: PairTrace) -> Tensor | None:
    """The entries that an anchor's denominator sums over; None where the loss has no denominator."""
    logits = getattr(trace, "logits", None)
    return None if logits is None or logits.shape != trace.sim.shape else logits.isfinite()


def numerator(trace: PairTrace, masks: Masks) -> Tensor | None:
    """The entries that an anchor seeks, where there is a denominator to set them against."""
    return None if denominator(trace) is None else masks.positive


def live_knob(kind: type[Loss], name: str = "") -> Knob | None:
    """The knob that is turned live: the named one, else a temperature, else the first that is a number."""
    turned = [k for k in knobs(kind).values() if _ranged(k)]
    wanted = [k for k in turned if k.name == name] or [k for k in turned if "temperature" in k.name] or turned
    return wanted[0] if wanted else None


def _ranged(knob: Knob) -> bool:
    number = isinstance(knob.default, int | float) and not isinstance(knob.default, bool)
    return number and knob.low is not None and knob.high is not None


def grid(knob: Knob, value: float) -> list[float]:
    """Places to turn a knob to, the present one among them."""
    assert knob.low is not None
    assert knob.high is not None
    low, high = knob.low, max(knob.high, HIGHEST.get(knob.name, knob.high))
    if isinstance(knob.default, int):
        places: set[float] = set(range(int(low), int(high) + 1))
    elif knob.log or "temperature" in knob.name:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        places = {float(f"{mantissa}e{decade - 1}") for decade in decades for mantissa in FINE}
    else:
        places = {round(low + (high - low) * k / EVEN, 6) for k in range(EVEN + 1)}
    return sorted({p for p in places if low <= p <= high} | {knob.default, value})


def frames(table: Table, knob: Knob | None, places: Sequence[float]) -> list[Frame]:
    """The loss at every place of its knob; without one, as it stands."""
    if knob is None:
        return [frame(table)]
    turned = (replace(table.loss, **{knob.name: place}) for place in places)
    return [frame(replace(table, loss=loss)) for loss in turned]
