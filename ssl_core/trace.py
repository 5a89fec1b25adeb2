"""Named intermediate results: what a loss returns, and what a lesson walks through."""

from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, field, fields
from functools import wraps
from inspect import signature
from types import UnionType
from typing import Any, ClassVar, ParamSpec, TypeVar

from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, TypeCheckError, jaxtyped
from torch import Tensor

from ssl_core.problem import Problem

P = ParamSpec("P")
R = TypeVar("R")

TYPECHECKER = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is a float as well


@dataclass(frozen=True, eq=False)
class Stage:
    """One named step of a computation, with the words a lesson shows beside it."""

    name: str
    title: str
    tex: str
    axes: tuple[str, ...]
    value: Tensor
    into: str = ""  # of whole numbers that are places: the axis they point into, -1 for nowhere


def stage(title: str, tex: str, into: str = "") -> Any:
    """Declare one stage of a computation, with the words the lesson shows beside it.

    Whole numbers that are places say which axis they point `into`; others are amounts.
    """
    return field(metadata={"title": title, "tex": tex, "into": into})


class Trace:
    """Base of every loss result: a frozen dataclass (eq=False) whose fields stand in the order of the maths.

    Not a dataclass itself: its `loss` would come first.
    """

    loss: Tensor
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def walk(self) -> Iterator[Stage]:
        """Every stage in the order of the maths, detached from the graph."""
        for f in fields(self):
            axes = tuple(getattr(f.type, "dim_str", "").split())
            words, value = f.metadata, getattr(self, f.name).detach()
            yield Stage(f.name, words["title"], words["tex"], axes, value, words["into"])

    def scalars(self) -> dict[str, float]:
        """The stages that are single numbers: the terms of the loss and the loss itself."""
        return {s.name: float(s.value) for s in self.walk() if s.value.ndim == 0}


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check the shapes and types in a public signature at every call (some 0.4 ms).

    Mismatched batches fed to an unchecked contrastive loss silently return a number. Raises Problem.
    """
    inner = jaxtyped(typechecker=TYPECHECKER)(function)

    @wraps(function)
    def door(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return inner(*args, **kwargs)
        except TypeCheckError as error:
            given = signature(function).bind(*args, **kwargs).arguments
            where = type(given["self"]).__name__ if "self" in given else function.__name__
            raise Problem(
                "{where} cannot use this input: {given}.",
                where=where,
                given="; ".join(_mismatch(function, n, v) for n, v in given.items() if n != "self"),
            ) from error

    return door


def _mismatch(function: Callable[..., Any], name: str, value: Any) -> str:
    want = function.__annotations__.get(name)
    kinds = want.__args__ if isinstance(want, UnionType) else (want,)
    wanted = " or ".join(_words(kind) for kind in kinds)
    got = f"{tuple(value.shape)} of {value.dtype}" if isinstance(value, Tensor) else type(value).__name__
    return f"{name} should be {wanted} and is {got}"


def _words(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, AbstractArray):
        name = kind.__name__.split("[")[0].lower()
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name} tensor ({', '.join(kind.dim_str.split())})"
    return "None" if kind is type(None) else getattr(kind, "__name__", str(kind))
