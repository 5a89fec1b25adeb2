"""DINO: a student says of one view what its slow copy, the teacher, says of the other.

Caron et al. 2021, https://arxiv.org/abs/2104.14294, eq. 1 and 2, with the two global crops alone. Outputs are
scores of k classes without names. Teacher and centre are constants, kept by the method. Subtracting the
centre forbids that one class takes all, the teacher's low temperature that all are equally likely: the
entropy of the teacher, 0 to ln k, tells which of the two has happened.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.base import Loss, above_zero, clusters, public
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class DINOTrace(Trace):
    """The stages of DINO; k classes."""

    teacher: Float[Tensor, "2 n k"] = stage(
        "What the teacher says", r"q_{vi} = \mathrm{softmax}((t_{vi} - c)/\tau_t)"
    )
    teacher_entropy: Float[Tensor, ""] = stage(
        "How undecided it is", r"-\frac{1}{2n}\sum_{v,i,j} q_{vij} \log q_{vij}"
    )
    log_student: Float[Tensor, "2 n k"] = stage(
        "What the student says, in logarithms", r"\log p_{vi} = \log \mathrm{softmax}(s_{vi}/\tau_s)"
    )
    per_anchor: Float[Tensor, "2 n"] = stage(
        "Surprise at the teacher's word on the other view", r"\ell_{vi} = -\sum_j q_{\bar v ij} \log p_{vij}"
    )
    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{2n}\sum_{v,i} \ell_{vi}")


@dataclass(frozen=True)
class DINO(Loss):
    """Foresee the teacher's centred and sharpened opinion of the other view."""

    title: ClassVar[str] = "DINO"
    about: ClassVar[str] = (
        "The student's opinion of one view should be the teacher's of the other. The teacher is a slow copy "
        "of the student; its opinions are centred and sharpened, to be neither all one nor all even."
    )
    paper: ClassVar[str] = "Caron et al. 2021, https://arxiv.org/abs/2104.14294, eq. 2"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{2n}\sum_{v,i} \term{per_anchor}{ "
        r"-\sum_j \term{teacher}{q_{\bar v ij}} \term{log_student}{\log p_{vij}}}} \\ "
        r"\term{teacher}{q_{vi}} &= \term{teacher}{\mathrm{softmax} "
        r"((\term{teachers}{t_{vi}} - \term{centre}{c})/\tau_t)}, \quad "
        r"\term{log_student}{p_{vi} = \mathrm{softmax}(\term{students}{s_{vi}}/\tau_s)} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        "students": ("2", "n", "k"),
        "teachers": ("2", "n", "k"),
        "centre": ("k",),
    }
    constants: ClassVar[tuple[str, ...]] = ("teachers", "centre")
    normalises: ClassVar[bool] = False

    student_temperature: float = knob(0.1, 0.05, 1.0, "How sharp the student speaks.")
    teacher_temperature: float = knob(0.04, 0.01, 0.2, "Lower than the student's: the teacher is surer.")

    def __post_init__(self) -> None:
        above_zero("student_temperature", self.student_temperature)
        above_zero("teacher_temperature", self.teacher_temperature)

    @public
    def __call__(
        self,
        students: Float[Tensor, "2 n k"],
        teachers: Float[Tensor, "2 n k"],
        centre: Float[Tensor, " k"],
    ) -> DINOTrace:
        """The loss in nats; gradient reaches the students alone. Raises Problem on what does not fit."""
        with torch.no_grad():
            log_teacher = ((teachers - centre) / self.teacher_temperature).log_softmax(-1)
            teacher = log_teacher.exp()
            teacher_entropy = -(teacher * log_teacher).sum(-1).mean()
        log_student = (students / self.student_temperature).log_softmax(-1)
        per_anchor = -(teacher.flip(0) * log_student).sum(-1)
        return DINOTrace(teacher, teacher_entropy, log_student, per_anchor, per_anchor.mean())

    @classmethod
    def example(
        cls, generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """Scores of d classes, alike for all views of an image, and their mean as the centre."""
        students, teachers = clusters(generator, 2 * views, n, d, dtype).chunk(2)
        return {"students": students, "teachers": teachers, "centre": teachers.mean((0, 1))}

    @classmethod
    def batch_of(
        cls, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The views as the student's scores of d classes, and the teacher, a copy of it, saying the same."""
        return {"students": views, "teachers": views, "centre": views.mean((0, 1))}

    def collapsed(self, sizes: Mapping[str, int]) -> float:
        """ln(k): equal outputs become the centre, and all classes are equally likely to teacher and student.

        Equal outputs that are not even yet cost more, until they are.
        """
        return math.log(sizes["k"])
