"""A film of a loss holds nothing but what the loss itself says at each place of its knob."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from ssl_core.config import Knob, knobs
from ssl_core.lab import Bench, Table, lay
from ssl_core.lab.bench import free
from ssl_core.lab.film import SHORT, Frame, denominator, frame, frames, grid, live_knob, numerator, story
from ssl_core.losses import LOSSES, PairTrace
from ssl_core.losses.base import Loss

every_loss = pytest.mark.parametrize("name", LOSSES)
CLOSE = {"rtol": 1e-12, "atol": 1e-12, "equal_nan": True}


def table_of(name: str, **values: Any) -> Table:
    return lay(Bench(loss=name, source="random", **{"n": 4, "d": 5, "views": 2, **values}))


def places(name: str, live: str = "") -> tuple[Knob, list[float]]:
    knob = live_knob(LOSSES[name], live)
    assert knob is not None
    return knob, grid(knob, knob.default)


def value_of(shot: Frame, name: str) -> Tensor:
    (value,) = [s.value for s in shot.stages if s.name == name]
    return value


def loss_at(table: Table, name: str, value: Tensor) -> Tensor:
    return table.loss(**{**table.inputs, name: value}).loss


def turned(kind: type[Loss]) -> list[str]:
    """All its knobs that can be turned live."""
    found = [(knob, live_knob(kind, knob)) for knob in knobs(kind)]
    return [knob for knob, live in found if live is not None and live.name == knob]


TURNED = [(name, knob) for name, kind in LOSSES.items() for knob in turned(kind)]


@pytest.mark.parametrize(("name", "knob"), TURNED)
def test_every_frame_is_a_fresh_call_of_the_loss(name: str, knob: str) -> None:
    table, (live, at) = table_of(name), places(name, knob)
    film = frames(table, live, at)
    assert len(film) == len(at)
    for place, shot in zip(at, film, strict=True):
        fresh = type(table.loss)(**{knob: place})(**table.inputs)
        for stage, wanted in zip(shot.stages, fresh.walk(), strict=False):
            assert (stage.name, stage.axes) == (wanted.name, wanted.axes)
            torch.testing.assert_close(stage.value, wanted.value, **CLOSE)
        assert shot.trace.loss.item() == pytest.approx(fresh.loss.item(), rel=1e-12)


@pytest.mark.parametrize(("name", "knob"), TURNED)
def test_masks_are_the_same_in_every_frame(name: str, knob: str) -> None:
    """They are sent once."""
    table, (live, at) = table_of(name, n=6), places(name, knob)
    first, *others = [shot.trace for shot in frames(table, live, at)]
    if not isinstance(first, PairTrace):
        pytest.skip("compares no pairs")
    for other in others:
        assert isinstance(other, PairTrace)
        for part in ("positive", "negative", "itself", "unused"):
            assert torch.equal(getattr(other.masks(), part), getattr(first.masks(), part))
        assert (denominator(other) is None) == (denominator(first) is None)
        if (sums := denominator(first)) is not None:
            assert torch.equal(denominator(other), sums)


@every_loss
def test_gradients_are_those_of_a_plain_call_and_of_small_differences(name: str) -> None:
    table, kind = table_of(name), LOSSES[name]
    film = frames(table, *places(name))[::9] if live_knob(kind) else [frame(table)]
    for shot, at in zip(film, places(name)[1][::9] if live_knob(kind) else [None], strict=True):
        here = table if at is None else replace(table, loss=kind(**{places(name)[0].name: at}))
        fixed = {stage: getattr(here.loss(**here.inputs), stage).detach() for stage in kind.own_constants}
        for given in free(kind, here.inputs):
            leaf = here.inputs[given].clone().requires_grad_()
            (plain,) = torch.autograd.grad(loss_at(here, given, leaf), leaf)
            slope = value_of(shot, f"grad_{given}")
            torch.testing.assert_close(slope, plain, **CLOSE)
            torch.testing.assert_close(shot.lengths[given], plain.norm(dim=-1), **CLOSE)
            held = kind.constant_views if given == "views" else ()
            assert not slope[list(held)].any()
            for spot in (0, slope[0].numel() // 2, slope[0].numel() - 1):  # of view 0, which moves
                step = torch.zeros_like(leaf).view(-1)
                step[spot] = 1e-6
                up, down = (
                    here.loss(
                        **{**here.inputs, given: here.inputs[given] + way * step.view_as(leaf)}, **fixed
                    )
                    for way in (1, -1)
                )
                difference = (up.loss - down.loss) / 2e-6
                torch.testing.assert_close(slope.flatten()[spot], difference, rtol=2e-4, atol=1e-5)


def test_of_long_embeddings_only_the_length_of_the_gradient_is_shown() -> None:
    short, long = (frame(table_of("nt_xent", d=d)) for d in (SHORT, SHORT + 1))
    assert [s.name for s in short.stages][-1] == "grad_views"
    assert "grad_views" not in [s.name for s in long.stages]
    assert long.lengths["views"].shape == (2, 4)


@pytest.mark.parametrize("temperature", [0.05, 0.5, 5.0])
@pytest.mark.parametrize("name", ["nt_xent", "dcl", "info_nce", "sup_con"])
def test_the_gradient_by_each_similarity_is_the_one_on_paper(name: str, temperature: float) -> None:
    table = table_of(name, n=6, knobs={"temperature": temperature})
    shot = frame(table)
    sim, masks = value_of(shot, "sim"), shot.trace.masks()  # type: ignore[attr-defined]
    sums = ~masks.itself & ~(masks.positive if name == "dcl" else torch.zeros_like(masks.positive))
    share = (sim / temperature).masked_fill(~sums, -torch.inf).softmax(1)
    sought = masks.positive / masks.positive.double().sum(1, keepdim=True)
    wanted = (share - sought) / (temperature * len(sim))  # (q_ij − [j = p(i)]) / (τ · 2n) for NT-Xent
    torch.testing.assert_close(value_of(shot, "grad_sim"), wanted, **CLOSE)
    pulled = value_of(shot, "grad_sim")[masks.positive]
    assert (pulled < 0).all() or name == "sup_con", "a positive among several may be too close"


@every_loss
def test_shares_of_the_push_are_parts_of_one(name: str) -> None:
    table = table_of(name, n=6)
    for shot in frames(table, *places(name)) if live_knob(LOSSES[name]) else [frame(table)]:
        if not any(s.name == "push_share" for s in shot.stages):
            assert name not in ("nt_xent", "dcl", "info_nce", "sup_con")
            continue
        share, pull = value_of(shot, "push_share"), value_of(shot, "grad_sim")
        negative = shot.trace.masks().negative  # type: ignore[attr-defined]
        assert torch.equal(share.isnan(), ~negative), "a number for each negative, and for none else"
        pushed = (pull.clamp(min=0) * negative).sum(1) > 0
        torch.testing.assert_close(share.nansum(1), pushed.double(), rtol=0, atol=1e-12)
        assert (share[negative] >= 0).all()


@every_loss
def test_the_story_of_an_anchor_adds_up(name: str) -> None:
    table = table_of(name, n=6)
    told = 0
    for shot in frames(table, *places(name)) if live_knob(LOSSES[name]) else [frame(table)]:
        parts = {s.name: s.value for s in story(shot.trace)}
        if not parts:
            continue
        told += 1
        torch.testing.assert_close(parts["exponentials"].sum(-1), parts["denominator"], rtol=1e-12, atol=0)
        torch.testing.assert_close(parts["denominator"].log(), value_of(shot, "log_denominator"), **CLOSE)
    assert bool(told) == (name in ("nt_xent", "dcl", "info_nce", "sup_con"))


def pair_masks(name: str, **values: Any) -> tuple[Tensor | None, Tensor | None]:
    trace = frame(table_of(name, **values)).trace
    assert isinstance(trace, PairTrace)
    return numerator(trace, trace.masks()), denominator(trace)


def test_what_numerator_and_denominator_hold() -> None:
    n, itself = 4, torch.eye(8, dtype=torch.bool)
    partner = itself.roll(n, 1)
    label = (torch.arange(n) % 2).repeat(2)
    alike = (label[:, None] == label) & ~itself
    own = torch.zeros(n, 1 + 2 * n, dtype=torch.bool).index_fill(1, torch.tensor([0]), True)
    wanted = {
        "nt_xent": (partner, ~itself),
        "dcl": (partner, ~itself & ~partner),
        "info_nce": (own, torch.ones_like(own)),
        "sup_con": (alike, ~itself),
    }
    for name, (above, below) in wanted.items():
        top, bottom = pair_masks(name)
        assert torch.equal(top, above), name
        assert torch.equal(bottom, below), name
    top, bottom = pair_masks("sup_con", knobs={"contrast_mode": "one"})
    assert torch.equal(top, alike[:n])
    assert torch.equal(bottom, ~itself[:n])
    top, _ = pair_masks("sup_con", labels="0 1 2 3")
    assert torch.equal(top, partner)
    for name in ("triplet", "negative_cosine"):
        assert pair_masks(name) == (None, None), "nothing is divided there"


def test_which_knob_is_turned_live() -> None:
    live = {name: live_knob(kind) for name, kind in LOSSES.items()}
    assert {name: knob and knob.name for name, knob in live.items()} == {
        "nt_xent": "temperature",
        "info_nce": "temperature",
        "sup_con": "temperature",
        "triplet": "margin",
        "dcl": "temperature",
        "cross_entropy": "label_smoothing",
        "emp_ssl": "eps",
        "barlow_twins": "off_diagonal_weight",
        "vicreg": "invariance_weight",
        "negative_cosine": None,
        "swav": "temperature",
        "dino": "student_temperature",
    }
    for name, knob in TURNED:
        chosen = live_knob(LOSSES[name], knob)
        assert chosen is not None
        assert chosen.name == knob
    for other in ("", "no such knob", "contrast_mode", "base_temperature"):
        chosen = live_knob(LOSSES["sup_con"], other)
        assert chosen is not None
        assert chosen.name == "temperature"


def test_a_loss_without_a_number_to_turn_is_one_frame() -> None:
    table = table_of("negative_cosine")
    (shot,) = frames(table, live_knob(type(table.loss)), [])
    assert shot.trace.loss.item() == table.loss(**table.inputs).loss.item()


@pytest.mark.parametrize(("name", "knob"), TURNED)
@pytest.mark.parametrize("present", [None, 0.123456789, 7.5])
def test_a_grid_is_sorted_and_holds_the_default_and_where_the_knob_stands(
    name: str, knob: str, present: float | None
) -> None:
    live = live_knob(LOSSES[name], knob)
    assert live is not None
    assert live.low is not None
    assert live.high is not None
    value = (
        live.default if present is None else round(present) + 1 if isinstance(live.default, int) else present
    )
    at = grid(live, value)
    assert at == sorted(set(at))
    assert {live.default, value, live.low, live.high} <= set(at)
    assert 20 <= len(at) <= 120
    inside = [a for a in at if live.low <= a <= live.high]
    steps = [b - a for a, b in pairwise(inside)]
    if isinstance(live.default, int):
        assert inside == list(range(int(live.low), int(live.high) + 1))
    elif live.log or "temperature" in knob:
        assert all(step <= 0.2 * a for step, a in zip(steps, inside, strict=False)), (
            "no step of above a fifth"
        )
    else:
        assert max(steps) <= (live.high - live.low) / 49


@pytest.mark.parametrize("name", ["nt_xent", "sup_con", "dcl", "info_nce", "swav"])
def test_the_temperature_goes_up_to_that_of_cs231n(name: str) -> None:
    knob, at = places(name)
    assert at[-1] == 5.0
    assert 1.0 in at
    assert all(b / a <= 1.2 for a, b in pairwise(at))
    assert 0.07 in at, "MoCo's"
    assert knob.name == "temperature"
