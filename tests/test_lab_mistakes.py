"""The classic mistakes: without one the loss is right, with one it does what is said of it."""

import json
import math
import warnings
from itertools import chain, combinations
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from ssl_core.lab.mistakes import MISTAKES, PROGRAM, written
from ssl_core.lab.student import student_loss
from ssl_core.lab.verdict import Comparison, compare
from ssl_core.losses.base import clusters
from ssl_core.losses.nt_xent import NTXent
from ssl_core.losses.sup_con import SupCon
from ssl_core.problem import Problem

EVEN, UNEVEN = torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([0, 1, 2, 0, 1, 1])
LABELS = {"nt_xent": None, "sup_con": UNEVEN}
OF = [(loss, name) for name, mistake in MISTAKES.items() for loss in mistake.effects]


def batch(seed: int = 1, v: int = 2, n: int = 6, d: int = 5) -> Tensor:
    return clusters(torch.Generator().manual_seed(seed), v, n, d, torch.float64)


def slope(loss: Tensor, leaf: Tensor) -> Tensor:
    return torch.autograd.grad(loss, leaf, retain_graph=True)[0]


def ratio(found: Comparison) -> Tensor:
    return found.gradient_wrong.norm() / found.gradient_right.norm()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(2, 8), d=st.integers(2, 8), tau=st.floats(0.01, 5))
def test_without_a_switch_it_is_nt_xent(seed: int, n: int, d: int, tau: float) -> None:
    leaf = batch(seed, 2, n, d).requires_grad_()
    right, ours = NTXent(tau)(leaf).loss, student_loss(leaf, None, tau).loss
    torch.testing.assert_close(ours, right, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slope(ours, leaf), slope(right, leaf), rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(2, 8), st.floats(0.01, 5))
def test_without_a_switch_it_is_sup_con(data: st.DataObject, v: int, n: int, tau: float) -> None:
    labels = torch.tensor(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    leaf = batch(data.draw(st.integers(0, 999)), v, n).requires_grad_()
    if v == 1 and len(set(labels.tolist())) == n:
        with pytest.raises(Problem, match="No anchor has a positive"):
            student_loss(leaf, labels, tau)
        return
    right, ours = SupCon(tau)(leaf, labels), student_loss(leaf, labels, tau)
    torch.testing.assert_close(ours.per_anchor, right.per_anchor, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(ours.loss, right.loss, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(slope(ours.loss, leaf), slope(right.loss, leaf), rtol=1e-9, atol=1e-11)


def run(views: Tensor, labels: Tensor | None, tau: float, names: tuple[str, ...]) -> dict[str, Any]:
    """The lines that the page shows, executed."""
    out = views.flatten(0, 1)
    label = (torch.arange(views.shape[1]) if labels is None else labels).repeat(len(views))
    itself, same = torch.eye(len(out), dtype=torch.bool), label[:, None] == label
    names_in_code = {"itself": itself, "same": same, "positive": same & ~itself, "tau": tau, "inf": math.inf}
    room = names_in_code | {"torch": torch, "F": F, "out": out.float() if "late_mask" in names else out}
    with warnings.catch_warnings():  # torch warns of what the detached denominator does
        warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad=True")
        exec("\n".join(wrong for _, wrong in written(names)), room)
    return room


@pytest.mark.parametrize("loss", LABELS)
def test_the_code_shown_does_the_same(loss: str) -> None:
    """All subsets: what people write runs, with the value, the gradient and the shape of the function."""
    names = [name for name, mistake in MISTAKES.items() if loss in mistake.effects]
    leaf, labels = batch().requires_grad_(), LABELS[loss]
    for made in chain.from_iterable(combinations(names, count) for count in range(len(names) + 1)):
        ours, code = student_loss(leaf, labels, 0.3, made), run(leaf, labels, 0.3, made)
        close = 1e-4 if "late_mask" in made else 1e-10
        assert ours.loss.item() == pytest.approx(code["loss"].item(), rel=close, abs=close), made
        assert ours.per_anchor.shape == code["per_anchor"].shape
        torch.testing.assert_close(slope(ours.loss, leaf), slope(code["loss"], leaf), rtol=close, atol=close)


def test_every_piece_of_code_is_in_the_program_once() -> None:
    for mistake in MISTAKES.values():
        for right, wrong in mistake.changes:
            assert PROGRAM.count(right) == 1
            assert wrong not in PROGRAM or wrong in right  # a piece left out
    assert all(right == wrong for right, wrong in written(()))


@pytest.mark.parametrize(("loss", "name"), OF)
def test_what_is_expected_of_a_batch(loss: str, name: str) -> None:
    value, gradient = MISTAKES[name].effects[loss]
    for seed in range(5):
        found = compare(batch(seed), LABELS[loss], 0.3, [name])
        assert value == "sometimes" or found.value_same == (value == "same")
        assert gradient == "sometimes" or found.gradient_same == (gradient == "same")


@pytest.mark.parametrize("loss", LABELS)
def test_detached_denominator_pulls_only(loss: str) -> None:
    """The value to 1e-12; the gradient is that of the positives alone."""
    leaf, labels = batch().requires_grad_(), LABELS[loss]
    right, wrong = (student_loss(leaf, labels, 0.3, names) for names in ((), ("detached_denominator",)))
    assert wrong.loss.item() == pytest.approx(right.loss.item(), rel=1e-12)
    alone = -((wrong.sim * wrong.positive).sum(1) / wrong.count).mean() / 0.3
    torch.testing.assert_close(slope(wrong.loss, leaf), slope(alone, leaf))
    assert not compare(batch(), labels, 0.3, ["detached_denominator"]).gradient_same


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(2, 8), tau=st.floats(0.05, 2))
def test_the_broadcast_is_silent_in_nt_xent(seed: int, n: int, tau: float) -> None:
    found = compare(batch(seed, 2, n), None, tau, ["silent_broadcast"])
    assert found.value_same
    assert found.gradient_same
    assert found.anchors_wrong.shape == (2 * n, 2 * n)
    assert found.anchors_right.shape == (2 * n,)


def test_the_broadcast_is_silent_in_sup_con_while_classes_are_of_one_size() -> None:
    for labels, silent in ((EVEN, True), (UNEVEN, False)):
        found = compare(batch(), labels, 0.3, ["silent_broadcast"])
        assert (found.value_same, found.gradient_same) == (silent, silent)


def test_other_classes_only_is_too_small_and_falls_below_zero() -> None:
    for seed in range(10):
        found = compare(batch(seed), UNEVEN, 0.3, ["other_classes_only"])
        assert found.value_wrong < found.value_right
    near = F.one_hot(EVEN).double().expand(2, 6, 3)  # every view where its class is, apart from the others
    assert compare(near, EVEN, 0.3, ["other_classes_only"]).value_wrong < 0


def test_divided_by_all_shrinks_and_turns_only_where_classes_differ_in_size() -> None:
    even = compare(batch(), EVEN, 0.3, ["divided_by_all"])
    assert even.value_wrong / even.value_right == pytest.approx(3 / 11)  # 3 positives among 11 others
    assert ratio(even) == pytest.approx(3 / 11)
    assert even.stretch == pytest.approx(3 / 11)
    assert even.cosine == pytest.approx(1)
    uneven = compare(batch(), UNEVEN, 0.3, ["divided_by_all"])
    assert uneven.cosine is not None
    assert uneven.cosine < 0.999
    assert uneven.value_wrong < uneven.value_right


@pytest.mark.parametrize("loss", LABELS)
def test_not_normalised_moves_lengths(loss: str) -> None:
    """At length 1 the value is right, but the gradient is no longer along the sphere."""
    unit = F.normalize(batch(), dim=-1)
    found = compare(unit, LABELS[loss], 0.3, ["not_normalised"])
    assert found.value_same
    assert not found.gradient_same
    assert (found.gradient_right * unit).sum(-1).abs().max() < 1e-12
    assert (found.gradient_wrong * unit).sum(-1).abs().min() > 1e-6


@pytest.mark.parametrize("loss", LABELS)
def test_self_not_masked_leaves_no_push_when_cold(loss: str) -> None:
    """Self takes the whole softmax: what is left is the gradient with a detached denominator."""
    wrong = [compare(batch(), LABELS[loss], 0.3, ["self_not_masked"]), compare(batch(), None, 0.3, [])]
    assert wrong[0].value_wrong > wrong[0].value_right
    gaps = []
    for tau in (0.5, 0.1, 0.01):
        ours = compare(batch(), LABELS[loss], tau, ["self_not_masked"]).gradient_wrong
        pulls = compare(batch(), LABELS[loss], tau, ["detached_denominator"]).gradient_wrong
        gaps.append(float((ours - pulls).norm() / pulls.norm()))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-2


def test_the_late_mask_cancels_on_paper() -> None:
    """Worked out in float64 it is right down to where float64, too, can no longer."""
    leaf = batch()
    z = F.normalize(leaf.flatten(0, 1), dim=1)
    logits = z @ z.T / 0.05
    exps = (logits - logits.amax(1, keepdim=True)).exp().masked_fill(torch.eye(12, dtype=torch.bool), 0)
    surprise = exps.sum(1).log() + logits.amax(1) - logits.diagonal(6).repeat(2)
    assert surprise.mean().item() == pytest.approx(NTXent(0.05)(leaf).loss.item(), rel=1e-12)


def test_the_late_mask_breaks_in_float32_where_it_says() -> None:
    """Opposite views of two pictures: the nearest other view has cosine 0, so exp(-1/τ) must be above 0."""
    views = torch.tensor([[[1.0, 0], [0, 1.0]], [[-1.0, 0], [0, -1.0]]], dtype=torch.float64)
    found = compare(views, None, 0.5, ["late_mask"])
    assert found.value_same
    assert found.gradient_same
    assert found.breaks == pytest.approx(1 / (150 * math.log(2)), rel=2e-3)  # half of 2^-149 rounds to 0
    cold = compare(views, None, 0.0096, ["late_mask"])
    assert cold.value_wrong == -math.inf
    assert math.isfinite(cold.value_right)
    assert not cold.value_same
    assert not cold.gradient_same
    assert cold.cosine is None
    assert math.isfinite(NTXent(0.0096)(views.float()).loss)  # masked first, float32 is fine


def test_the_late_mask_breaks_earlier_with_long_features() -> None:
    short = compare(batch(), None, 0.5, ["late_mask"]).breaks
    long = compare(20 * batch(), None, 0.5, ["late_mask", "not_normalised"])
    assert short is not None
    assert long.breaks is not None
    assert long.breaks > 0.5 > short
    assert not math.isfinite(long.value_wrong)
    with_self = compare(batch(), None, 0.5, ["late_mask", "self_not_masked"])
    assert with_self.breaks is None  # self is in the sum: it is never empty


def test_equal_embeddings_compare_as_well() -> None:
    found = compare(torch.ones(2, 3, 4), None, 0.5, ["detached_denominator"])
    assert found.value_same
    assert found.gradient_same  # both are 0
    assert found.cosine is None or math.isfinite(found.cosine)
    assert len(found.turns()) == 6


@pytest.mark.parametrize(("loss", "name"), OF)
def test_the_trace_can_be_walked(loss: str, name: str) -> None:
    stages = list(student_loss(batch(), LABELS[loss], 0.3, [name]).walk())
    assert [stage.name for stage in stages][-1] == "loss"
    for stage in stages:
        assert stage.title
        assert stage.tex
        assert len(stage.axes) == stage.value.ndim


def test_mistakes_that_are_not_there_are_refused() -> None:
    with pytest.raises(Problem, match="no mistake named 'typo'"):
        student_loss(batch(), None, 0.3, ["typo"])
    with pytest.raises(Problem, match="a mistake of SupCon"):
        compare(batch(), None, 0.3, ["divided_by_all"])
    with pytest.raises(Problem, match="temperature is 0"):
        compare(batch(), None, 0.0, [])


def answer(**state: Any) -> dict[str, Any]:
    from ssl_ui.lab_mistakes import mistakes_answer

    return json.loads(json.dumps(mistakes_answer(state), allow_nan=False))


def test_an_answer_has_what_the_panel_shows() -> None:
    got = answer(n=3, mistakes=["detached_denominator", "divided_by_all"])
    on = [switch["name"] for switch in got["switches"] if switch["on"]]
    assert on == ["detached_denominator"]  # the other is SupCon's
    assert [switch["name"] for switch in got["switches"] if not switch["fits"]] == [
        "other_classes_only",
        "divided_by_all",
    ]
    assert all(bool(switch["why"]) != switch["fits"] for switch in got["switches"])
    assert (got["value"]["sign"], got["gradient"]["sign"]) == ("=", "≠")
    assert got["value"]["right"] == got["value"]["wrong"]
    assert [len(side) for side in got["lengths"]] == [6, 6]
    assert [line["wrong"] for line in got["program"] if line["wrong"]] == [
        "denominator = torch.tensor([row.sum() for row in exps])"
    ]
    assert got["names"][0] == "a₁"


def test_the_assignments_example_has_its_value() -> None:
    got = answer(source="cs231n", knobs={"temperature": 5}, mistakes=["silent_broadcast"])
    assert got["value"] == {
        "right": "1.0883454",
        "wrong": "1.0883454",
        "sign": "=",
        "words": "the same value",
    }
    assert len(got["anchors"][1]) == 16
    assert got["broadcast"] is True
    assert "16 numbers" in got["notes"][0]


def test_an_infinite_loss_is_told_in_words() -> None:
    one_class = {"loss": "sup_con", "labels": "1 1 1 1"}
    got = answer(**one_class, mistakes=["other_classes_only"])
    assert got["value"]["wrong"] == "−∞"
    assert got["value"]["sign"] == got["gradient"]["sign"] == "≠"
    assert set(got["anchors"][1]) == {"−∞"}
    rows = (50 * batch(n=4, d=2)).tolist()
    got = answer(rows=rows, mistakes=["late_mask", "not_normalised"])
    assert got["value"]["wrong"] == "−∞"
    assert set(got["lengths"][1]) & {"NaN"}
    assert "breaks below" in got["notes"][-1]
    assert "not a number" in got["gradient"]["words"]


def test_other_losses_are_told_apart() -> None:
    assert "VICReg" in answer(loss="vicreg")["notes"][0]
    assert answer(loss="triplet")["loss"] == "sup_con"
    assert "positives" in answer(loss="sup_con", knobs={"positives": "in"})["notes"][0]
    with pytest.raises(Problem, match="NT-Xent and SupCon"):
        answer(loss="negative_cosine")


@pytest.mark.parametrize(
    "state", [{"mistakes": "all"}, {"mistakes": [3]}, {"mistakes": ["typo"]}, {"n": 99}, {"loss": "x"}]
)
def test_bad_input_is_a_problem(state: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        answer(**state)


def test_the_source_is_that_of_the_modules() -> None:
    from ssl_ui.lab_mistakes import mistakes_words

    words = mistakes_words()
    assert words["naive"].startswith("@public\ndef simclr_loss_naive(")
    assert "def _surprise(" in words["naive"]
    assert "logsumexp(1)" in words["vectorized"]
    assert all(words.values())
