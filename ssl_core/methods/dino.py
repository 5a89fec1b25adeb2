"""DINO: a student foresees into which of many nameless classes its slow copy sorts the other view.

Caron et al. 2021, https://arxiv.org/abs/2104.14294. Collapse has two faces here: one class takes all, which
centring prevents, or all classes are equally likely, which sharpening (the teacher's low temperature)
prevents. Here with the two global crops alone.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.config import at_least, knob
from ssl_core.device import autocast, raise_precision
from ssl_core.losses.base import above_zero, unit
from ssl_core.losses.dino import DINO as DINOLoss
from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.parts import output_length
from ssl_core.methods.slow import apart, follow, rising, slow_copy


@dataclass(frozen=True)
class DINOKnobs:
    """What DINO adds to its loss."""

    out_dim: int = knob(1024, 16, 8192, "Classes that the teacher sorts into; they have no names.", log=True)
    momentum: float = knob(
        0.99, 0.5, 1.0, "How much of the teacher is kept at a step, at first; it rises to 1."
    )
    centre_momentum: float = knob(0.9, 0.0, 0.999, "How much of the centre is kept at a step.")
    # the paper warms up from .04 to .07; in a short run .07 makes all classes equally likely, so .04 stays
    first_temperature: float = knob(0.04, 0.01, 0.1, "The teacher's at first; it warms up to the loss's own.")
    warming: float = knob(0.3, 0.0, 1.0, "Share of the budget in which the teacher warms up.")
    frozen: float = knob(0.02, 0.0, 0.5, "Share of the budget before the last layer starts to learn.")

    def __post_init__(self) -> None:
        at_least(self, 2, "out_dim")
        above_zero("first_temperature", self.first_temperature)


class Cosines(nn.Module):
    """The last layer: cosines with weight rows. Both sides are of length 1, so that no class can shout."""

    def __init__(self, length: int, out_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(unit(torch.randn(out_dim, length)))  # KxD

    def forward(self, z: Float[Tensor, "m d"]) -> Float[Tensor, "m k"]:
        """Never in bfloat16: divided by .04, its rounding would weigh a tenth."""
        with autocast(z.device, torch.float32):
            return unit(raise_precision(z)) @ unit(self.weight).T


class DINO(Method):
    """Distil your own slow copy: no labels, no negatives, no predictor."""

    title: ClassVar[str] = "DINO"
    paper: ClassVar[str] = "https://arxiv.org/abs/2104.14294"
    loss_name: ClassVar[str] = "dino"
    recipe_name: ClassVar[str] = "simclr"
    Knobs: ClassVar[type[DINOKnobs]] = DINOKnobs
    suits: ClassVar[dict[str, Any]] = {
        "head": "mlp",  # three layers down to a bottleneck (section 3.1)
        "knobs": {"head": {"layers": 3}},
    }

    loss: DINOLoss
    centre: Tensor
    progress: Tensor

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.last = Cosines(output_length(self.head, self.encoder.dim), self.knobs.out_dim)
        self.teacher = slow_copy(self.student)
        self.register_buffer("centre", torch.zeros(self.knobs.out_dim))
        self.register_buffer("progress", torch.zeros(()))  # of the budget, as of the last step
        self.seen = self.centre  # the mean of the last batch's teacher outputs, on its way into the centre

    @property
    def student(self) -> nn.Sequential:
        """What the teacher follows."""
        return nn.Sequential(self.encoder, self.head, self.last)

    def temperature(self) -> float:
        """The teacher's, now: from the first in a line to the loss's own."""
        share = min(1.0, float(self.progress) / self.knobs.warming) if self.knobs.warming else 1.0
        first = self.knobs.first_temperature
        return first + (self.loss.teacher_temperature - first) * share

    def forward(self, x: Float[Tensor, "2 n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch of view pairs; labels are not used. `z` is what the last layer sorts."""
        z = self.project(x)
        students = self.last(z.flatten(0, 1)).unflatten(0, z.shape[:2])
        with torch.no_grad():
            teachers = self.teacher(x.flatten(0, 1)).unflatten(0, z.shape[:2])
        self.seen = teachers.mean((0, 1))
        loss = replace(self.loss, teacher_temperature=self.temperature())
        trace = loss(students, teachers, centre=self.centre)
        also = {
            "encoders_apart": apart(self.teacher, self.student),
            "teacher_temperature": loss.teacher_temperature,
        }
        return Outcome(trace, z, also)

    def before_step(self, progress: float) -> None:
        """At first the last layer keeps still (the paper: one epoch), or it would chase a random encoder."""
        if progress < self.knobs.frozen:
            self.last.weight.grad = None

    @torch.no_grad()
    def after_step(self, progress: float) -> None:
        """The teacher follows (section 3.1), and the centre moves towards what it just said (eq. 4)."""
        follow(self.teacher, self.student, rising(self.knobs.momentum, progress))
        self.centre.lerp_(self.seen, 1 - self.knobs.centre_momentum)
        self.progress.fill_(progress)

    def collapsed(self, n: int, d: int) -> float | None:
        """ln(out_dim): every class is equally likely for every picture."""
        return self.loss.collapsed({"k": self.knobs.out_dim, "n": n, "d": d})
