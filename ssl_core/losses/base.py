"""What every loss is: a frozen dataclass of knobs that turns embeddings into a trace.

Losses are pure: queues, slow copies and centres belong to the methods, and come in as arguments. A new loss
is one file with a `Loss` and its `Trace`, and one entry in `LOSSES`; sliders, flags, the laboratory and the
contract tests follow from these.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, ParamSpec, TypeVar

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn import functional as F

from ssl_core.device import autocast, raise_precision
from ssl_core.problem import Problem
from ssl_core.trace import Trace, checked

P = ParamSpec("P")
R = TypeVar("R")

# (v, n, d) of this process → (v, all n, d), labels as well; the gradient must come back
Gather = Callable[[Tensor], Tensor]


def alone(views: Shaped[Tensor, "v n d"]) -> Shaped[Tensor, "v n d"]:
    """The Gather of a single process: what is here is all there is."""
    return views


@dataclass(frozen=True)
class Loss(ABC):
    """The knobs of one loss. Decorate `__call__` with `public`."""

    title: ClassVar[str]
    about: ClassVar[str]  # one or two sentences for the page: what it wants of the embeddings
    paper: ClassVar[str]  # who, when, address, equation
    # all of it on two or three lines of TeX, in the letters of its stages; \term{sim}{s_{ij}} marks what a
    # stage or an input stands for, also within another term. Without one, the formulas of the stages serve
    formula: ClassVar[str] = ""
    inputs: ClassVar[dict[str, tuple[str, ...]]]  # what it is called with, and the axes of each
    constants: ClassVar[tuple[str, ...]] = ()  # the inputs that no gradient reaches (a queue, a teacher)
    constant_views: ClassVar[tuple[int, ...]] = ()  # places in `views` that none reaches (MoCo's keys)
    own_constants: ClassVar[tuple[str, ...]] = ()  # stages without gradient, which can be given as arguments
    normalises: ClassVar[bool] = True  # whether the length of an embedding makes no difference

    @abstractmethod
    def __call__(self, *args: Any, **kwargs: Any) -> Trace:
        """The loss of one batch with all its stages. Raises Problem on a batch that does not fit."""

    def brief(self, *args: Any, **kwargs: Any) -> Trace:
        """What a training step needs of a call: the loss, and the other single numbers of its trace.

        A loss whose matrix is large has a quicker way to them, in a file `<name>_fused.py` beside its own.
        """
        return self(*args, **kwargs)

    @classmethod
    def example(
        cls, generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """A made-up batch to call the loss with; losses that take more than `views` add to it."""
        return {"views": clusters(generator, views, n, d, dtype)}

    @classmethod
    def batch_of(
        cls, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """What the loss is called with, made of views that are there; all else is drawn.

        A loss that is called with more than views and labels says how.
        """
        given = {"views": views, "labels": labels}
        return {name: given[name] for name in cls.inputs}

    def whole(self) -> str:
        """`formula` as the knobs have it: a loss with switches says what they change."""
        return self.formula

    def collapsed(self, sizes: Mapping[str, int]) -> float | None:
        """The loss when every embedding is the same, a line to draw on the chart; None where it has none.

        `sizes` are those of the axes that `inputs` names: {"n": 256, "d": 128} and so on.
        """
        return None


@dataclass(frozen=True, eq=False)
class Masks:
    """What each entry of a similarity matrix is to the loss; every entry is exactly one of the four."""

    positive: Bool[Tensor, "a b"]
    negative: Bool[Tensor, "a b"]
    itself: Bool[Tensor, "a b"]
    unused: Bool[Tensor, "a b"]  # the loss does not look at this pair


def masks(
    positive: Bool[Tensor, "a b"],
    itself: Bool[Tensor, "a b"] | None = None,
    unused: Bool[Tensor, "a b"] | None = None,
) -> Masks:
    """The masks of a loss; what is none of those given is negative."""
    none = torch.zeros_like(positive)
    itself, unused = none if itself is None else itself, none if unused is None else unused
    return Masks(positive, ~(positive | itself | unused), itself, unused)


class PairTrace(Trace, ABC):
    """The trace of a loss that compares pairs in a matrix `sim`."""

    sim: Tensor

    @abstractmethod
    def masks(self) -> Masks:
        """Positive, negative, self and unused, read off the very tensors that the loss used."""

    def pair(self, row: int, column: int) -> dict[str, float]:
        """One entry of every matrix shaped like `sim`: what the loss knows of this pair."""
        stages = {s.name: s for s in self.walk()}
        axes = stages["sim"].axes
        return {n: float(s.value[row, column]) for n, s in stages.items() if s.axes == axes}


def public(call: Callable[P, R]) -> Callable[P, R]:
    """The door of every loss: a batch that fits, finite, in at least float32, and outside autocast.

    Under autocast a similarity would come out in bfloat16, which has two digits. Raises Problem.
    """
    inner, parameters = checked(call), signature(call)

    @wraps(call)
    def door(*args: P.args, **kwargs: P.kwargs) -> R:
        given = parameters.bind(*args, **kwargs)
        tensors = {n: v for n, v in given.arguments.items() if isinstance(v, Tensor)}
        given.arguments.update({n: _sound(n, v) for n, v in tensors.items()})
        device = next((v.device for v in tensors.values()), torch.device("cpu"))
        with autocast(device, torch.float32):
            return inner(*given.args, **given.kwargs)

    return door


def _sound(name: str, value: Tensor) -> Tensor:
    if value.numel() == 0:
        raise Problem("{name} is empty: {shape}. Give at least one.", name=name, shape=tuple(value.shape))
    if not value.isfinite().all():
        raise Problem(
            "{name} holds {count} numbers that are NaN or infinite. In training that is an overflow: "
            "try a lower learning rate, more warm-up, or precision float32.",
            name=name,
            count=int((~value.isfinite()).sum()),
        )
    return raise_precision(value)


def unit(rows: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """Rows of length 1. A row of zeros has no direction: it stays zero and gets no gradient."""
    # the square of 1e20 overflows float32, so each row is first scaled by its largest entry; what is below
    # F.normalize's own epsilon counts as zero, or its gradient would be a billion times that of the others
    largest = rows.detach().abs().amax(-1, keepdim=True)
    return F.normalize(rows / largest.masked_fill(largest < 1e-12, float("inf")), dim=-1)


def clusters(
    generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "views n d"]:
    """Embeddings as a half-trained encoder gives them: the views of an image lie around one point."""
    images = torch.randn(n, d, generator=generator, dtype=dtype)
    return images + 0.5 * torch.randn(views, n, d, generator=generator, dtype=dtype)


def above_zero(name: str, value: float) -> None:
    """Refuse a knob that the formula divides by. Raises Problem."""
    if not 1e-30 < value < float("inf"):  # float32 cannot divide by less
        raise Problem("{name} is {value}; give a number above zero, for example 0.5.", name=name, value=value)
