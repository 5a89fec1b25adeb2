"""A loss on a small batch, stage by stage, and its numbers for programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ssl_core.config import build, knob, look_up
from ssl_core.losses import LOSSES, Loss
from ssl_core.problem import Problem
from ssl_core.trace import Stage, Trace
from ssl_ui.axis_names import VIEWS
from ssl_ui.i18n import t

# The two pairs of the CS231n assignment: NT-Xent is 1.0883454 at temperature 5 and 1.0537996 at 1
CS231N = torch.tensor([[[1.0, 2, 3], [4, 5, 6]], [[0, 8, 3], [10, 4, 9]]])
CS231N_TEMPERATURE = 5.0


@dataclass(frozen=True)
class LossState:
    """What the tab stands at."""

    loss: str = "nt_xent"
    batch: str = knob("random", choices=("random", "cs231n"), help="Made-up embeddings, or CS231n's four.")
    views: int = knob(2, 1, 8, "Of each picture.")
    n: int = knob(4, 2, 8, "Each gives all its views.")
    d: int = knob(8, 2, 16, "Numbers in an embedding.")
    seed: int = knob(0, 0, 9999, "The same seed makes the same batch.")
    knobs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Worked:
    """A loss worked out on a batch: its inputs, then every stage of its trace."""

    loss: str
    inputs: list[Stage]
    trace: Trace
    n: int

    @property
    def stages(self) -> list[Stage]:
        """All there is to walk through."""
        return [*self.inputs, *self.trace.walk()]


def fixed_views(kind: type[Loss]) -> int | None:
    """How many views a loss takes: None where any number does, 1 where it takes none by that name."""
    first = next(iter(kind.inputs.values()))
    if first[0].isdigit():
        return int(first[0])
    return None if first[0] in VIEWS else 1


def takes_cs231n(kind: type[Loss]) -> bool:
    """Whether the assignment's two views can be given to it."""
    return "views" in kind.inputs and fixed_views(kind) in (2, None)


def work_out(state: LossState) -> Worked:
    """Call the loss on the batch that the state names. Raises Problem."""
    kind = look_up(LOSSES, state.loss, "loss")
    views, n, d = fixed_views(kind) or state.views, state.n, state.d
    if state.views not in (views, LossState.views):
        raise Problem(
            "{loss} takes {views} views of a picture, no other number.", loss=kind.title, views=views
        )
    if state.batch == "cs231n":
        if not takes_cs231n(kind):
            raise Problem(
                "CS231n's example is two views, and {loss} takes {inputs}. Choose the random batch.",
                loss=kind.title,
                inputs=", ".join(kind.inputs),
            )
        views, n, d = CS231N.shape
    batch = kind.example(torch.Generator().manual_seed(state.seed), views, n, d)
    if state.batch == "cs231n":
        batch["views"] = CS231N
    inputs = [_input(kind, name, value) for name, value in batch.items()]
    return Worked(state.loss, inputs, build(kind, state.knobs)(**batch), n)


def _input(kind: type[Loss], name: str, value: torch.Tensor) -> Stage:
    axes = kind.inputs[name]
    title = "The batch" if name == "views" else name.replace("_", " ").capitalize()
    product = r" \times ".join(axes)
    field = r"\mathbb{R}" if value.is_floating_point() else r"\mathbb{N}"
    return Stage(name, title, rf"\mathrm{{{name}}} \in {field}^{{{product}}}", axes, value)


def to_json(worked: Worked) -> dict[str, Any]:
    """For programs: every stage with its numbers (null where masked), and the loss."""
    return {
        "stages": [
            {
                "name": s.name,
                "title": t(s.title),
                "tex": s.tex,
                "axes": list(s.axes),
                "shape": list(s.value.shape),
                "value": _gaps(s.value.tolist()),
            }
            for s in worked.stages
        ],
        "loss": float(worked.trace.loss),
    }


def _gaps(value: Any) -> Any:
    if isinstance(value, list):
        return [_gaps(v) for v in value]
    return value if np.isfinite(value) else None
