"""The triplet loss against equation 5 one scalar at a time, and at limits known by thought."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.base import clusters
from ssl_core.losses.sup_con import SupCon
from ssl_core.losses.triplet import Triplet
from ssl_core.problem import Problem


def by_hand(views: Tensor, labels: list[int], margin: float) -> float | None:
    """Equation 5 of the paper, one scalar at a time, over unit rows; None where no anchor counts."""
    h = [[x / math.hypot(*row) for x in row] for row in views.flatten(0, 1).tolist()]
    y = labels * len(views)
    terms = []
    for i in range(len(h)):
        near = [math.dist(h[i], h[j]) for j in range(len(h)) if j != i and y[j] == y[i]]
        far = [math.dist(h[i], h[j]) for j in range(len(h)) if y[j] != y[i]]
        if near and far:
            terms.append(max(0.0, margin + max(near) - min(far)))
    return sum(terms) / len(terms) if terms else None


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 999),
    v=st.integers(1, 4),
    labels=st.lists(st.integers(-2, 2), min_size=1, max_size=6),
    margin=st.floats(0.01, 2),
)
def test_equation_5(seed: int, v: int, labels: list[int], margin: float) -> None:
    views = clusters(torch.Generator().manual_seed(seed), v, len(labels), 5, torch.float64)
    expected = by_hand(views, labels, margin)
    if expected is None:
        with pytest.raises(Problem, match=r"both a positive and a negative.*two views"):
            Triplet(margin)(views, labels=torch.tensor(labels))
    else:
        said = Triplet(margin)(views, labels=torch.tensor(labels)).loss.item()
        assert said == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(
    v=st.integers(1, 8),
    n=st.integers(1, 64),
    classes=st.sampled_from(["one", "all different", "two alike", "none given"]),
    rows=st.sampled_from(["clusters", "identical", "zero", "one zero row"]),
)
def test_a_number_or_a_problem_where_nobody_has_both(v: int, n: int, classes: str, rows: str) -> None:
    views = clusters(torch.Generator().manual_seed(n), v, n, 4)
    views = {"identical": views[:1, :1].expand(v, n, 4), "zero": torch.zeros(v, n, 4)}.get(
        rows, views
    ).clone()
    views[0, 0] *= rows != "one zero row"
    different = torch.arange(n)
    labels = {"one": different * 0, "all different": different, "two alike": different.clamp(min=1)}
    given = labels.get(classes, different)
    if len(given.unique()) == 1 or v * int(given.bincount().max()) == 1:
        with pytest.raises(Problem, match="both a positive and a negative"):
            Triplet()(views, labels=labels.get(classes))
        return
    trace = Triplet()(views.requires_grad_(), labels=labels.get(classes))
    assert trace.loss.isfinite()
    assert not any(stage.value.isnan().any() for stage in trace.walk())
    assert torch.autograd.grad(trace.loss, views)[0].isfinite().all()


def test_classes_apart_by_more_than_the_margin_cost_nothing_and_pull_nothing() -> None:
    views = torch.tensor([[[1.0, 0.1], [1.0, -0.1], [-1.0, 0.1], [-1.0, -0.1]]], requires_grad=True)
    trace = Triplet(0.2)(views, labels=torch.tensor([0, 0, 1, 1]))
    assert trace.loss.item() == 0
    assert trace.active == 0
    assert not torch.autograd.grad(trace.loss, views)[0].any()


def test_opposite_positives_and_a_negative_upon_the_anchor_cost_two_and_the_margin() -> None:
    views = torch.tensor([[[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]])
    trace = Triplet(0.3)(views, labels=torch.tensor([0, 0, 1, 1]))
    assert trace.loss.item() == pytest.approx(2.3)
    assert trace.active == 1
    assert trace.farthest.tolist() == [1, 0, 3, 2]
    assert trace.nearest.tolist() == [2, 3, 0, 1]


def test_those_who_lack_one_are_left_out(generator: torch.Generator) -> None:
    views, labels = clusters(generator, 1, 4, 5), torch.tensor([0, 0, 1, 2])
    trace = Triplet(2.0)(views, labels=labels)
    assert trace.farthest.tolist() == [1, 0, -1, -1]
    assert not trace.per_anchor[2:].any()
    torch.testing.assert_close(trace.loss, trace.per_anchor[:2].mean())
    assert trace.masks().unused.sum() == 6


def test_an_anchor_learns_from_two_views_alone_and_sup_cons_from_all(generator: torch.Generator) -> None:
    views, labels = clusters(generator, 1, 8, 5, torch.float64).requires_grad_(), torch.arange(8) % 2
    trace = Triplet(2.0)(views, labels=labels)
    (pulled,) = torch.autograd.grad(trace.per_anchor[0], views)
    moved = {0, int(trace.farthest[0]), int(trace.nearest[0])}
    assert set(pulled[0].any(1).nonzero().flatten().tolist()) == moved
    (all_pulled,) = torch.autograd.grad(SupCon()(views, labels=labels).per_anchor[0], views)
    assert all_pulled.any(2).all()


def test_its_masks_are_those_of_sup_con(generator: torch.Generator) -> None:
    views, labels = clusters(generator, 2, 6, 5), torch.tensor([0, 1, 0, 2, 2, 2])
    ours, theirs = (loss(views, labels=labels).masks() for loss in (Triplet(), SupCon()))
    for name in ("positive", "negative", "itself", "unused"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name))


def test_gather_brings_views_and_labels_of_other_processes(generator: torch.Generator) -> None:
    whole, labels = clusters(generator, 2, 8, 4, torch.float64).requires_grad_(), torch.arange(8) % 3
    wanted = Triplet()(whole, labels=labels).loss
    here, there = whole.detach()[:, :4].requires_grad_(), whole.detach()[:, 4:]

    def gather(x: Tensor) -> Tensor:
        return torch.cat([x, there if x.is_floating_point() else labels[None, 4:, None]], dim=1)

    loss = Triplet()(here, labels=labels[:4], gather=gather).loss
    torch.testing.assert_close(loss, wanted)
    mine = torch.autograd.grad(wanted, whole)[0][:, :4]
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], mine)


@pytest.mark.parametrize("v", [1, 2, 5])
def test_collapsed_is_the_margin(v: int) -> None:
    loss = Triplet(0.35)(torch.ones(v, 6, 3), labels=torch.arange(6) % 2).loss
    assert loss.item() == pytest.approx(0.35)
    assert Triplet(0.35).collapsed({"v": v, "n": 6, "d": 3}) == 0.35
    assert Triplet().collapsed({"v": v, "n": 1, "d": 3}) is None


def test_a_margin_of_nothing_is_refused() -> None:
    with pytest.raises(Problem, match="margin is 0"):
        Triplet(0.0)
