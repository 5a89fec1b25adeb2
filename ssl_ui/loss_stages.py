"""A loss on a small batch, stage by stage: the numbers for programs and the figures for the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ssl_core.config import build, knob, look_up
from ssl_core.losses import LOSSES, Loss, PairTrace
from ssl_core.problem import Problem
from ssl_core.trace import Stage, Trace
from ssl_ui import figures
from ssl_ui.i18n import t
from ssl_ui.stepper import Step

# The two pairs of the CS231n assignment: NT-Xent is 1.0883454 at temperature 5 and 1.0537996 at 1
CS231N = torch.tensor([[[1.0, 2, 3], [4, 5, 6]], [[0, 8, 3], [10, 4, 9]]])
CS231N_TEMPERATURE = 5.0


@dataclass(frozen=True)
class LossState:
    """What the tab stands at."""

    loss: str = "nt_xent"
    batch: str = knob("random", choices=("random", "cs231n"), help="Made-up embeddings, or CS231n's four.")
    n: int = knob(4, 2, 8, "Pairs in the batch: n pictures give 2n views.")
    d: int = knob(8, 2, 16, "Numbers in an embedding.")
    seed: int = knob(0, 0, 9999, "The same seed makes the same batch.")
    knobs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Worked:
    """A loss worked out on a batch: its inputs, then every stage of its trace."""

    inputs: list[Stage]
    trace: Trace
    views: int
    n: int

    @property
    def stages(self) -> list[Stage]:
        """All there is to walk through."""
        return [*self.inputs, *self.trace.walk()]


def work_out(state: LossState) -> Worked:
    """Call the loss on the batch that the state names. Raises Problem."""
    kind = look_up(LOSSES, state.loss, "loss")
    views, n, d = (2, *CS231N.shape[1:]) if state.batch == "cs231n" else (2, state.n, state.d)
    batch = kind.example(torch.Generator().manual_seed(state.seed), views, n, d)
    if state.batch == "cs231n":
        if "views" not in batch:
            raise Problem(
                "CS231n's example is two views, and {loss} takes {inputs}. Choose the random batch.",
                loss=kind.title,
                inputs=", ".join(kind.inputs),
            )
        batch["views"] = CS231N
    inputs = [_input(kind, name, value) for name, value in batch.items()]
    return Worked(inputs, build(kind, state.knobs)(**batch), views, n)


def _input(kind: type[Loss], name: str, value: torch.Tensor) -> Stage:
    axes = kind.inputs[name]
    title = "The batch" if name == "views" else name.replace("_", " ").capitalize()
    product = r" \times ".join(axes)
    return Stage(name, title, rf"\mathrm{{{name}}} \in \mathbb{{R}}^{{{product}}}", axes, value)


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


def to_steps(worked: Worked) -> list[Step]:
    """For the page: every stage as a figure, or as one large number."""
    return [_step(worked, s) for s in worked.stages]


def _step(worked: Worked, s: Stage) -> Step:
    sizes = " × ".join(map(str, s.value.shape))
    shape = f"{' × '.join(s.axes)} = {sizes}" if s.value.ndim else t("one number")
    if _compares(worked, s):
        shape += t(", positives framed")
    value = s.value.numpy()
    if value.ndim == 0:
        return Step(s.name, t(s.title), shape, s.tex, scalar=f"{float(value):.7f}")
    figure = _vector(worked, value) if value.ndim == 1 else _matrix(worked, s, value)
    rows = 1 if value.ndim == 1 else int(np.prod(value.shape[:-1]))
    figure["layout"]["uirevision"] = f"{s.name} {sizes}"  # a zoom belongs to its stage
    cell = 56 if rows <= 8 else 36
    height = 300 if figure["data"][0]["type"] == "bar" else 100 + cell * rows
    return Step(s.name, t(s.title), shape, s.tex, figure, height)


def _vector(worked: Worked, value: np.ndarray) -> figures.Figure:
    names = _names(worked, len(value))
    if value.dtype.kind == "f":
        return figures.bars(value, names)
    figure = figures.heatmap(value[None], [""], names, cosine=False)
    figures.write(figure, [[names[v] if 0 <= v < len(names) else str(v) for v in value.tolist()]])
    plain = [[0, "#f7f7f7"], [1, "#f7f7f7"]]  # places are names, not amounts
    figure["data"][0] |= {"hovertemplate": "%{x} → %{text}<extra></extra>", "colorscale": plain}
    return figure


def _matrix(worked: Worked, s: Stage, value: np.ndarray) -> figures.Figure:
    flat = value.reshape(-1, value.shape[-1])
    rows = _names(worked, len(flat))
    paired = flat.shape[0] == flat.shape[1] and s.axes[0] == s.axes[-1]
    columns = rows if paired else [str(i + 1) for i in range(flat.shape[1])]
    finite = flat[np.isfinite(flat)]
    within_one = np.abs(finite).max(initial=0) <= 1 + 1e-6
    figure = figures.heatmap(
        flat, rows, columns, cosine=bool((finite < 0).any()), limit=1.0 if within_one else None
    )
    if _compares(worked, s):
        figures.outline(figure, worked.trace.masks().positive.numpy())  # type: ignore[attr-defined]
    return figure


def _compares(worked: Worked, s: Stage) -> bool:
    """Whether the stage holds a number for each pair that the loss compares."""
    pairs = {stage.axes for stage in worked.trace.walk() if stage.name == "sim"}
    return isinstance(worked.trace, PairTrace) and s.axes in pairs


def _names(worked: Worked, count: int) -> list[str]:
    """a₁ a₂ … b₁ b₂ …: the views of picture 1, 2 …; plain numbers for anything else."""
    if count != worked.views * worked.n:
        return [str(i + 1) for i in range(count)]
    low = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    return [f"{chr(97 + v)}{i + 1}".translate(low) for v in range(worked.views) for i in range(worked.n)]
