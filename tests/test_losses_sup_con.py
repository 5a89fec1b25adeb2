"""SupCon against published answers, against equations 2 and 3 one scalar at a time, and at known limits."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.config import build
from ssl_core.losses.base import clusters
from ssl_core.losses.nt_xent import NTXent
from ssl_core.losses.sup_con import SupCon
from ssl_core.problem import Problem

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]


def by_hand(views: Tensor, labels: list[int], loss: SupCon) -> float | None:
    """Equations 2 and 3 of the paper, one scalar at a time; None where no anchor counts."""
    v, n = views.shape[:2]
    h = views.flatten(0, 1).tolist()
    y = labels * v

    def e(i: int, k: int) -> float:
        dot = sum(a * b for a, b in zip(h[i], h[k], strict=True))
        return math.exp(dot / (math.hypot(*h[i]) * math.hypot(*h[k])) / loss.temperature)

    terms = []
    for i in range(v * n if loss.contrast_mode == "all" else n):
        others = [k for k in range(v * n) if k != i]
        positives = [k for k in others if y[k] == y[i]]
        shares = [e(i, p) / sum(e(i, k) for k in others) for p in positives]
        if not shares:
            terms += [0.0] if loss.no_positive == "zero" else []
        elif loss.positives == "out":
            terms.append(-sum(math.log(q) for q in shares) / len(shares))
        else:
            terms.append(-math.log(sum(shares) / len(shares)))
    scale = loss.temperature / loss.base_temperature if loss.base_temperature else 1
    return scale * sum(terms) / len(terms) if terms else None


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("entry", "labels", "knobs"),
    [
        ("sup_con_all", "labels", {}),
        ("sup_con_one", "labels", {"contrast_mode": "one"}),
        ("sup_con_unlabelled", None, {}),
        ("sup_con_sparse_official_zero", "labels_sparse", {"no_positive": "zero"}),
    ],
)
def test_published_answers(golden, case: str, entry: str, labels: str | None, knobs: dict[str, Any]) -> None:
    views = torch.from_numpy(golden[f"{case}/views"]).requires_grad_()  # image first, then view
    given = None if labels is None else torch.from_numpy(golden[f"{case}/{labels}"])
    used = views[:, :1] if "sparse" in entry else views
    loss = SupCon(float(golden[f"{case}/temperature"]), **knobs)(used.transpose(0, 1), labels=given).loss
    assert loss.item() == pytest.approx(float(golden[f"{case}/{entry}"]), rel=1e-6)
    loss.backward()
    wanted = torch.from_numpy(golden[f"{case}/{entry}.grad0"])
    torch.testing.assert_close(views.grad, wanted, rtol=1e-5, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 999),
    v=st.integers(1, 4),
    labels=st.lists(st.integers(-2, 2), min_size=1, max_size=6),
    loss=st.builds(
        SupCon,
        st.floats(0.05, 2),
        st.sampled_from(["all", "one"]),
        st.one_of(st.none(), st.floats(0.05, 1)),
        st.sampled_from(["out", "in"]),
        st.sampled_from(["skip", "zero"]),
    ),
)
def test_equations_2_and_3(seed: int, v: int, labels: list[int], loss: SupCon) -> None:
    views = clusters(torch.Generator().manual_seed(seed), v, len(labels), 5, torch.float64)
    expected = by_hand(views, labels, loss)
    if expected is None:
        with pytest.raises(Problem, match=r'alone in their class.*two views.*no_positive to "zero"'):
            loss(views, labels=torch.tensor(labels))
    else:
        said = loss(views, labels=torch.tensor(labels)).loss.item()
        assert said == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    v=st.integers(1, 8),
    n=st.integers(1, 64),
    mode=st.sampled_from(["all", "one"]),
    positives=st.sampled_from(["out", "in"]),
    no_positive=st.sampled_from(["skip", "zero"]),
    classes=st.sampled_from(["one", "all different", "two alike", "none given"]),
    rows=st.sampled_from(["clusters", "identical", "zero", "one zero row"]),
)
def test_a_number_or_a_problem_where_nobody_has_a_positive(
    v: int, n: int, mode: str, positives: str, no_positive: str, classes: str, rows: str
) -> None:
    views = clusters(torch.Generator().manual_seed(n), v, n, 4)
    views = {"identical": views[:1, :1].expand(v, n, 4), "zero": torch.zeros(v, n, 4)}.get(
        rows, views
    ).clone()
    views[0, 0] *= rows != "one zero row"
    different = torch.arange(n)
    labels = {"one": different * 0, "all different": different, "two alike": different.clamp(min=1)}
    loss = SupCon(0.1, mode, None, positives, no_positive)
    images = n if classes == "one" else min(n, 2) if classes == "two alike" and n > 2 else 1
    if v * images == 1 and no_positive == "skip":
        with pytest.raises(Problem, match="alone in their class"):
            loss(views, labels=labels.get(classes))
        return
    trace = loss(views.requires_grad_(), labels=labels.get(classes))
    assert trace.loss.isfinite()
    assert not any(stage.value.isnan().any() for stage in trace.walk())
    (gradient,) = torch.autograd.grad(trace.loss, views)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("positives", ["out", "in"])
@pytest.mark.parametrize("n", [1, 4])
def test_nobody_to_be_drawn_to_counts_as_nothing_and_pulls_nothing(positives: str, n: int) -> None:
    views = torch.randn(1, n, 3).requires_grad_()
    loss = SupCon(positives=positives, no_positive="zero")(views, labels=torch.arange(n)).loss
    (gradient,) = torch.autograd.grad(loss, views)
    assert loss.item() == 0
    assert not gradient.any()


def test_without_labels_and_with_two_views_it_is_nt_xent(generator: torch.Generator) -> None:
    views = clusters(generator, 2, 9, 5, torch.float64)
    wanted = NTXent(0.3)(views).loss
    for positives in ("out", "in"):
        torch.testing.assert_close(SupCon(0.3, positives=positives)(views).loss, wanted)
    torch.testing.assert_close(SupCon(0.3)(views, labels=torch.arange(9) * 7 - 20).loss, wanted)


def test_skipping_and_zero_differ_by_those_who_count(generator: torch.Generator) -> None:
    views, labels = clusters(generator, 1, 5, 4, torch.float64), torch.tensor([3, 3, 0, 1, 2])
    skip, zero = (SupCon(no_positive=how)(views, labels=labels) for how in ("skip", "zero"))
    assert torch.equal(skip.per_anchor, zero.per_anchor)
    assert skip.positives.tolist() == [1, 1, 0, 0, 0]
    torch.testing.assert_close(skip.loss * 2, zero.loss * 5)


def test_the_mean_inside_the_logarithm_is_never_more(generator: torch.Generator) -> None:
    """Jensen's inequality (sec. 3.2.2): L_in ≤ L_out, and equal where each anchor has one positive."""
    views, labels = clusters(generator, 2, 12, 6, torch.float64), torch.arange(12) % 3
    out, inside = (SupCon(positives=how)(views, labels=labels) for how in ("out", "in"))
    assert (inside.per_anchor < out.per_anchor).all()


def test_one_close_positive_is_enough_for_the_mean_inside_and_not_outside() -> None:
    """An anchor with one positive upon it and one opposite, no negatives: q = 1 and e^(-2/τ)."""
    views, tau = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]], dtype=torch.float64), 0.2
    out, inside = (SupCon(tau, positives=p)(views, labels=torch.zeros(3, dtype=int)) for p in ("out", "in"))
    assert inside.per_anchor[0].item() == pytest.approx(math.log(2))
    assert out.per_anchor[0].item() == pytest.approx(1 / tau, rel=1e-4)


def test_the_base_temperature_scales_the_loss_and_leaves_the_unscaled_to_be_seen(
    generator: torch.Generator,
) -> None:
    views, labels = clusters(generator, 2, 6, 4, torch.float64), torch.arange(6) % 2
    plain, official = (SupCon(0.1, base_temperature=b)(views, labels=labels) for b in (None, 0.07))
    assert plain.scalars()["unscaled"] == plain.scalars()["loss"]
    assert official.scalars()["unscaled"] == plain.scalars()["loss"]
    torch.testing.assert_close(official.loss, plain.loss / 0.7)
    same = SupCon(0.1, base_temperature=0.1)(views, labels=labels)
    torch.testing.assert_close(same.loss, plain.loss)


def test_share_gives_the_gradient(generator: torch.Generator) -> None:
    trace = SupCon(0.3)(clusters(generator, 2, 6, 5, torch.float64).requires_grad_(), torch.arange(6) % 2)
    (gradient,) = torch.autograd.grad(trace.loss, trace.logits)
    torch.testing.assert_close(gradient, (trace.share - trace.positive / trace.positives[:, None]) / 12)
    torch.testing.assert_close(trace.share.sum(1), torch.ones(12, dtype=torch.float64))


@pytest.mark.parametrize("mode", ["all", "one"])
def test_masks_follow_from_labels(generator: torch.Generator, mode: str) -> None:
    labels = [0, 1, 0, 2]
    trace = SupCon(contrast_mode=mode)(clusters(generator, 1, 4, 5), labels=torch.tensor(labels))
    masks = trace.masks()
    for i in range(4):
        for j in range(4):
            seeks = labels.count(labels[i]) > 1
            assert masks.itself[i, j] == (i == j)
            assert masks.positive[i, j] == (i != j and labels[i] == labels[j])
            assert masks.negative[i, j] == (labels[i] != labels[j] and seeks)
            assert masks.unused[i, j] == (i != j and not seeks)
    whole = SupCon(contrast_mode=mode)(clusters(generator, 3, 4, 5), labels=torch.tensor(labels))
    assert whole.sim.shape == ((12 if mode == "all" else 4), 12)
    assert whole.positives[:4].tolist() == [5, 2, 5, 2]


def test_gather_brings_views_and_labels_of_other_processes(generator: torch.Generator) -> None:
    """Two processes with half a batch each see the loss of the whole, and the gradient of their half."""
    whole = clusters(generator, 2, 8, 4, torch.float64).requires_grad_()
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 2, 0])
    wanted = SupCon()(whole, labels=labels).loss
    here, there = whole.detach()[:, :4].requires_grad_(), whole.detach()[:, 4:]

    def gather(x: Tensor) -> Tensor:
        others = there if x.is_floating_point() else labels[None, 4:, None]
        return torch.cat([x, others], dim=1)

    loss = SupCon()(here, labels=labels[:4], gather=gather).loss
    torch.testing.assert_close(loss, wanted)
    mine = torch.autograd.grad(wanted, whole)[0][:, :4]
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], mine)
    torch.testing.assert_close(SupCon()(here, gather=gather).loss, SupCon()(whole).loss)


@pytest.mark.parametrize("v", [1, 2, 5])
def test_collapsed(v: int) -> None:
    views, labels = torch.ones(v, 6, 3, dtype=torch.float64), torch.tensor([0, 0, 1, 1, 2, 3])
    sizes = {"v": v, "n": 6, "d": 3}
    for loss in (
        SupCon(),
        SupCon(positives="in"),
        SupCon(contrast_mode="one"),
        SupCon(base_temperature=0.07),
    ):
        expected = loss.collapsed(sizes)
        assert expected is not None
        assert loss(views, labels=labels).loss.item() == pytest.approx(expected)
    assert SupCon().collapsed(sizes) == pytest.approx(math.log(6 * v - 1))
    assert (SupCon(no_positive="zero").collapsed(sizes) is None) == (v == 1)
    assert SupCon().collapsed({"v": 1, "n": 1, "d": 3}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.0},
        {"base_temperature": 0.0},
        {"base_temperature": math.nan},
        {"contrast_mode": "some"},
        {"positives": "both"},
        {"no_positive": "guess"},
    ],
)
def test_what_is_undefined_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem, match=next(iter(wrong))):
        SupCon(**wrong)
    with pytest.raises(Problem, match=next(iter(wrong))):
        build(SupCon, {name: str(value) for name, value in wrong.items()})


def test_labels_that_are_none_are_named(generator: torch.Generator) -> None:
    with pytest.raises(Problem, match=r"labels should be an int tensor \(n\) or None and is \(3,\)"):
        SupCon()(clusters(generator, 2, 4, 3), labels=torch.zeros(3, dtype=torch.long))
