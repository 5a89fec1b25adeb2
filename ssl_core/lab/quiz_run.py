"""A loss called on a question's batch, to look into: its stages, masks and gradients by name and place."""

from collections.abc import Sequence
from dataclasses import fields

import torch
from torch import Tensor

from ssl_core.lab.bench import Bench, lay
from ssl_core.losses.base import Masks, PairTrace
from ssl_core.problem import Problem
from ssl_core.trace import Trace

MASKS = tuple(f.name for f in fields(Masks))


class Run:
    """The trace of a bench, and the gradients that come of it."""

    def __init__(self, bench: Bench) -> None:
        table = lay(bench)
        real = {n: v.clone().requires_grad_() for n, v in table.inputs.items() if v.is_floating_point()}
        self.n = table.n
        self.inputs = {**table.inputs, **real}
        self.trace: Trace = table.loss(**self.inputs)
        self.stages = {s.name: s for s in self.trace.walk()}

    def tensor(self, name: str) -> Tensor:
        """A stage, or else an input, by name. Raises Problem."""
        if name in self.stages:
            found: Tensor = getattr(self.trace, name)
            return found
        if name not in self.inputs:
            names = ", ".join([*self.stages, *self.inputs])
            raise Problem("There is no stage named {name!r}. Choose one of: {names}.", name=name, names=names)
        return self.inputs[name]

    def slope(self, name: str) -> Tensor:
        """∂ loss / ∂ each entry of a stage or an input; zeros where no gradient comes."""
        value = self.tensor(name)
        if not value.requires_grad:
            return torch.zeros_like(value)
        [slope] = torch.autograd.grad(self.trace.loss, value, retain_graph=True, allow_unused=True)
        return torch.zeros_like(value) if slope is None else slope

    def number(self, name: str, at: Sequence[int], measure: str) -> float:
        """One entry of a stage, or how much the loss hangs on it: |∂ loss / ∂ entry|. Raises Problem."""
        if measure not in ("stage", "gradient"):
            raise Problem('measure is {measure!r}; choose "stage" or "gradient".', measure=measure)
        value = self.slope(name).abs() if measure == "gradient" else self.tensor(name)
        entry = part(name, value, at)
        if entry.ndim:
            raise Problem("at {at} of {stage} there are {n} numbers.", at=tuple(at), stage=name, n=len(entry))
        return float(entry.detach())

    def mask(self, name: str) -> Tensor:
        """One of the four masks. Raises Problem."""
        if not isinstance(self.trace, PairTrace) or name not in MASKS:
            raise Problem(
                "This loss has no mask {name!r}. Losses of pairs have: {names}.",
                name=name,
                names=", ".join(MASKS),
            )
        mask: Tensor = getattr(self.trace.masks(), name)
        return mask


def part(name: str, value: Tensor, at: Sequence[int]) -> Tensor:
    """value[at]. Raises Problem where that lies outside."""
    if len(at) > value.ndim or not all(0 <= i < size for i, size in zip(at, value.shape, strict=False)):
        raise Problem(
            "{at} lies outside {stage}, which is {shape}.", at=list(at), stage=name, shape=tuple(value.shape)
        )
    return value[tuple(at)]
