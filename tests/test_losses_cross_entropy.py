"""Cross-entropy against its definition one scalar at a time, against PyTorch's, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.cross_entropy import CrossEntropy
from ssl_core.problem import Problem


def by_hand(logits: Tensor, labels: list[int], smoothing: float) -> float:
    """The surprise at the smoothed label, one scalar at a time."""
    total = 0.0
    for row, label in zip(logits.tolist(), labels, strict=True):
        everything = sum(math.exp(o) for o in row)
        for j, o in enumerate(row):
            target = (1 - smoothing) * (j == label) + smoothing / len(row)
            total -= target * math.log(math.exp(o) / everything)
    return total / len(labels)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    c=st.integers(1, 8),
    labels=st.lists(st.integers(0, 7), min_size=1, max_size=9),
    smoothing=st.floats(0, 1),
)
def test_the_definition_and_pytorchs(seed: int, c: int, labels: list[int], smoothing: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(len(labels), c, generator=generator, dtype=torch.float64).requires_grad_()
    labels = [label % c for label in labels]
    ours = CrossEntropy(smoothing)(logits, torch.tensor(labels)).loss
    assert ours.item() == pytest.approx(by_hand(logits, labels, smoothing), rel=1e-9, abs=1e-9)
    theirs = torch.nn.functional.cross_entropy(logits, torch.tensor(labels), label_smoothing=smoothing)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, logits), torch.autograd.grad(theirs, logits))


def test_accuracy_counts_the_right_guesses() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.0, 1.0, 5.0], [9.0, 0.0, 0.0]])
    trace = CrossEntropy()(logits, torch.tensor([0, 1, 1, 0]))
    assert trace.scalars()["accuracy"] == 0.75


def test_share_is_the_gradient(generator: torch.Generator) -> None:
    batch = CrossEntropy.example(generator, 1, 5, 4, torch.float64)
    trace = CrossEntropy(0.1)(batch["logits"].requires_grad_(), batch["labels"])
    (gradient,) = torch.autograd.grad(trace.loss, batch["logits"])
    torch.testing.assert_close(gradient, (trace.share - trace.target) / 5)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1, 1.0])
def test_even_scores_cost_ln_c(label_smoothing: float) -> None:
    loss = CrossEntropy(label_smoothing)
    said = loss(torch.zeros(6, 10), torch.arange(6)).loss.item()
    assert said == pytest.approx(math.log(10)) == loss.collapsed({"n": 6, "c": 10})


def test_certain_and_right_costs_nothing_and_certain_and_wrong_its_distance() -> None:
    sure = 100 * torch.eye(3)
    assert CrossEntropy()(sure, torch.arange(3)).loss == 0
    assert CrossEntropy()(sure, torch.tensor([1, 2, 0])).loss.item() == pytest.approx(100)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 64), c=st.integers(1, 12), scale=st.sampled_from([0.0, 1.0, 1e6, 1e30]))
def test_always_a_number(n: int, c: int, scale: float) -> None:
    batch = CrossEntropy.example(torch.Generator().manual_seed(n), 1, n, c)
    logits = (batch["logits"] * scale).requires_grad_()
    loss = CrossEntropy(0.1)(logits, batch["labels"]).loss
    assert loss.isfinite()
    assert torch.autograd.grad(loss, logits)[0].isfinite().all()


@pytest.mark.parametrize("labels", [[0, 3], [-1, 2]])
def test_a_label_without_a_score_is_named(labels: list[int]) -> None:
    with pytest.raises(Problem, match=rf"from {min(labels)} to {max(labels)}.*3 classes: 0 to 2.*outputs"):
        CrossEntropy()(torch.zeros(2, 3), torch.tensor(labels))


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_more_than_all_cannot_be_spread(value: float) -> None:
    with pytest.raises(Problem, match=r"label_smoothing is .* from 0 to 1"):
        CrossEntropy(value)


def test_small_label_types_will_do(generator: torch.Generator) -> None:
    batch = CrossEntropy.example(generator, 1, 5, 4)
    small = batch["labels"].to(torch.int32)
    assert CrossEntropy()(batch["logits"], small).loss == CrossEntropy()(**batch).loss
