"""What lies on the bench: a loss, a small batch, and what was turned and moved by hand.

Every source of embeddings gives the same: v views of n pictures, d numbers each, and a label a picture. What
a loss takes besides (a queue, prototypes, a teacher) it makes of them itself (`Loss.batch_of`), so one batch
can be put through any loss. Everything is float64: a figure on the page is the same to its last digit on
every machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import build, knob, look_up
from ssl_core.lab.typed import LARGEST, MOST_ROWS, parse_labels, parse_rows
from ssl_core.losses import LOSSES, Loss
from ssl_core.losses.base import clusters, unit
from ssl_core.losses.labelled import some_labels
from ssl_core.problem import Problem

# The two pairs of the CS231n assignment: NT-Xent is 1.0883454 at temperature 5 and 1.0537995 at 1
CS231N = ((1.0, 2, 3), (4, 5, 6), (0, 8, 3), (10, 4, 9))
CS231N_TEMPERATURE = 5.0
SOURCES = {  # what the menu says
    "circle": "Points on a circle, to drag (D = 2)",
    "sphere": "Points on a sphere, to turn (D = 3)",
    "random": "Random numbers from a seed",
    "pictures": "Real pictures through an encoder",
    "typed": "Typed or pasted numbers",
    "cs231n": "CS231n's example",
}
DIMENSIONS = {"circle": 2, "sphere": 3}


@dataclass(frozen=True)
class Bench:
    """What the laboratory stands at; plain values, so that it goes to and from JSON."""

    loss: str = "nt_xent"
    source: str = knob("circle", choices=tuple(SOURCES), help="Where the embeddings come from.")
    views: int = knob(2, 1, 8, "Of each picture.")
    n: int = knob(4, 2, 16, "Each gives all its views.")
    d: int = knob(8, 2, 128, "Numbers in an embedding.")
    seed: int = knob(0, 0, 9999, "The same seed makes the same batch.")
    text: str = ""  # of the source "typed"
    labels: str = ""  # one number for each picture; empty: those of the source
    encoder: str = ""  # of the source "pictures": a name as the menu of encoders has it
    dataset: str = ""
    layer: str = "z"
    knobs: Mapping[str, Any] = field(default_factory=dict)  # of the loss
    live: str = ""  # the knob that a film is worked out along; empty: the temperature, or the first number
    rows: Sequence[Any] | None = None  # the views, where they were moved by hand
    moved: Mapping[str, Any] = field(default_factory=dict)  # input → its numbers, where a descent moved them
    steps: int = knob(0, 0, 200, "Of gradient descent from there.")


@dataclass(frozen=True, eq=False)
class Table:
    """A loss and the batch it is called with."""

    loss: Loss
    inputs: dict[str, Tensor]
    labels: Int[Tensor, " n"]  # of the pictures, also where the loss does not look at them
    n: int


def takes(kind: type[Loss]) -> int | None:
    """How many views of a picture a loss is called with; None where any number will do."""
    first = next(iter(kind.inputs.values()))
    if first[0].isdigit():
        return int(first[0])
    return None if len(first) == 3 else 1


def lay(bench: Bench, views: Float[Tensor, "v n d"] | None = None, labels: Tensor | None = None) -> Table:
    """The table as the bench describes it, before any step of descent. Raises Problem on what cannot be.

    `views` and `labels` are those of the source "pictures", which are made elsewhere.
    """
    kind = look_up(LOSSES, bench.loss, "loss")
    generator = torch.Generator().manual_seed(bench.seed)
    if views is None:
        views = _views(bench, generator)
    views = views.double()
    if bench.rows is not None:
        views = numbers("views", bench.rows, views.shape)
    v, n = views.shape[:2]
    if (wanted := takes(kind)) not in (None, 1, v):
        raise Problem(
            "{loss} takes {wanted} views of a picture, and there are {views}.",
            loss=kind.title,
            wanted=wanted,
            views=v,
        )
    if bench.labels.strip():
        labels = parse_labels(bench.labels, n)
    elif labels is None:
        labels = some_labels(n)
    inputs = kind.batch_of(views, labels, generator)
    return Table(build(kind, bench.knobs), _moved(bench, inputs), labels, n)


def _views(bench: Bench, generator: torch.Generator) -> Float[Tensor, "v n d"]:
    if bench.source == "pictures":
        raise Problem("Choose an encoder for the pictures.")
    if bench.source == "cs231n":
        return torch.tensor(CS231N, dtype=torch.float64).view(2, 2, 3)
    v = views_of(bench)
    if bench.source == "typed":
        return parse_rows(bench.text, v)
    fits(v, bench.n)
    views = clusters(generator, v, bench.n, DIMENSIONS.get(bench.source, bench.d), torch.float64)
    return unit(views) if bench.source in DIMENSIONS else views


def views_of(bench: Bench) -> int:
    """How many views of a picture lie on the bench; a loss of one view looks at the first."""
    wanted = takes(look_up(LOSSES, bench.loss, "loss"))
    if bench.source == "cs231n":
        return 2
    return bench.views if wanted in (None, 1) else wanted


def fits(v: int, n: int) -> None:
    """Refuse more views than can be looked at. Raises Problem."""
    if v * n > MOST_ROWS:
        raise Problem(
            "{views} views of {n} pictures are {rows} rows; the bench has room for {most}. Choose fewer "
            "views or pictures.",
            views=v,
            n=n,
            rows=v * n,
            most=MOST_ROWS,
        )


def _moved(bench: Bench, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The inputs with what was moved in its place; what belongs to another loss is left. Raises Problem."""
    mine = {n: rows for n, rows in bench.moved.items() if n in inputs and inputs[n].is_floating_point()}
    return {**inputs, **{n: numbers(n, rows, inputs[n].shape) for n, rows in mine.items()}}


def numbers(name: str, rows: Any, shape: torch.Size) -> Tensor:
    """What a browser or a file gave as numbers of this shape. Raises Problem."""
    try:
        value = torch.tensor(rows, dtype=torch.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise Problem("What was moved of {name} is not numbers: {why}.", name=name, why=error) from error
    if value.shape != shape:
        raise Problem(
            "What was moved of {name} is {given} and should be {wanted}.",
            name=name,
            given=tuple(value.shape),
            wanted=tuple(shape),
        )
    if not (value.abs() <= LARGEST).all():  # NaN is not, either
        raise Problem("What was moved of {name} is beyond ±1,000,000 in places, or no number.", name=name)
    return value


def free(kind: type[Loss], inputs: Mapping[str, Tensor]) -> Sequence[str]:
    """The inputs that gradient reaches."""
    return [n for n, value in inputs.items() if value.is_floating_point() and n not in kind.constants]
