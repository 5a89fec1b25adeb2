"""DINO against its equations one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.dino import DINO
from ssl_core.problem import Problem


def softmax(scores: list[float], tau: float) -> list[float]:
    top = max(scores)
    whole = sum(math.exp((s - top) / tau) for s in scores)
    return [math.exp((s - top) / tau) / whole for s in scores]


def by_hand(students: Tensor, teachers: Tensor, centre: Tensor, student_t: float, teacher_t: float) -> float:
    """Equations 1 and 2 of the paper with two crops, one scalar at a time."""
    total = 0.0
    for v in (0, 1):
        for s, t in zip(students[v].tolist(), teachers[1 - v].tolist(), strict=True):
            q = softmax([x - c for x, c in zip(t, centre.tolist(), strict=True)], teacher_t)
            p = softmax(s, student_t)
            total -= sum(x * math.log(y) for x, y in zip(q, p, strict=True))
    return total / (2 * students.shape[1])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    n=st.integers(1, 8),
    k=st.integers(1, 8),
    student_t=st.floats(0.05, 1),
    teacher_t=st.floats(0.01, 0.2),
)
def test_the_equations(seed: int, n: int, k: int, student_t: float, teacher_t: float) -> None:
    inputs = DINO.example(torch.Generator().manual_seed(seed), 2, n, k, torch.float64)
    expected = by_hand(*inputs.values(), student_t, teacher_t)
    assert DINO(student_t, teacher_t)(**inputs).loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_student_sure_of_what_the_teacher_is_sure_of_costs_nothing() -> None:
    rows = 4 * torch.eye(3).expand(2, 3, 3)
    trace = DINO()(rows, rows, centre=torch.zeros(3))
    assert trace.loss < 1e-6
    assert trace.teacher_entropy < 1e-6


def test_each_view_is_compared_with_the_teacher_of_the_other() -> None:
    one, two = torch.tensor([[5.0, 0.0]]), torch.tensor([[0.0, 5.0]])
    students, teachers = torch.stack([one, two]), torch.stack([two, one])
    assert DINO()(students, teachers, centre=torch.zeros(2)).loss < 1e-6
    assert DINO()(students, students, centre=torch.zeros(2)).loss.item() == pytest.approx(50)


def test_what_the_teacher_always_says_says_nothing(generator: torch.Generator) -> None:
    """Its centre is taken away: collapse to one class becomes even, and the best answer costs ln k."""
    same = torch.randn(6, generator=generator)
    rows = same.expand(2, 4, 6)
    uneven = DINO()(rows, rows, centre=same)
    even = DINO()(torch.zeros(2, 4, 6), rows, centre=same)
    torch.testing.assert_close(uneven.teacher, torch.full((2, 4, 6), 1 / 6))
    assert uneven.teacher_entropy.item() == pytest.approx(math.log(6))
    assert even.loss.item() == pytest.approx(DINO().collapsed({"k": 6}))
    assert uneven.loss > even.loss


def test_without_a_centre_one_class_may_take_all() -> None:
    """The other collapse: no loss and no entropy."""
    rows = torch.tensor([4.0, 0.0, 0.0]).expand(2, 5, 3)
    trace = DINO()(rows, rows, centre=torch.zeros(3))
    assert trace.loss < 1e-6
    assert trace.teacher_entropy < 1e-6


def test_the_loss_is_entropy_and_divergence(generator: torch.Generator) -> None:
    trace = DINO()(**DINO.example(generator, 2, 5, 4, torch.float64))
    teacher = trace.teacher.flip(0)
    divergence = (teacher * (teacher.log() - trace.log_student)).sum(-1).mean()
    torch.testing.assert_close(trace.teacher_entropy + divergence, trace.loss)


def test_gradient_reaches_the_students_alone(generator: torch.Generator) -> None:
    inputs = {name: value.requires_grad_() for name, value in DINO.example(generator, 2, 5, 4).items()}
    DINO()(**inputs).loss.backward()
    assert {name for name, value in inputs.items() if value.grad is not None} == {"students"}


@pytest.mark.parametrize("name", ["student_temperature", "teacher_temperature"])
def test_a_temperature_that_divides_nothing_is_refused(name: str) -> None:
    with pytest.raises(Problem, match=f"{name} is"):
        DINO(**{name: 0.0})
