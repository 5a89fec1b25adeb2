"""The kin of the four: what no gradient reaches, what keeps still, and what each keeps between steps."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from kin import LABELS, D, K, codes_of, gradients, learner, method, step, views
from torch import nn

from ssl_core.device import autocast
from ssl_core.encoders import MLPHead
from ssl_core.methods import METHODS
from ssl_core.methods.parts import output_length


@pytest.mark.parametrize("name", ["byol", "dino"])
def test_the_slow_copy_gets_no_gradient_and_follows_ever_more_slowly(name: str) -> None:
    taught = learner(name)
    whole: Any = taught.method
    slow = whole.target if name == "byol" else whole.teacher
    fast = whole.online if name == "byol" else whole.student
    assert step(taught, 0.0)["terms"]["encoders_apart"] == 0  # told of before the first step
    assert all(p.grad is None and not p.requires_grad for p in slow.parameters())
    assert step(taught, 0.5, 1)["terms"]["encoders_apart"] > 0
    before = {n: v.clone() for n, v in slow.state_dict().items()}
    whole.after_step(0.5)
    momentum = 1 - (1 - whole.knobs.momentum) * (math.cos(math.pi * 0.5) + 1) / 2
    moves = dict(fast.named_parameters())
    for n, value in slow.state_dict().items():
        goal = momentum * before[n] + (1 - momentum) * moves[n] if n in moves else before[n]
        torch.testing.assert_close(value, goal.detach())


@pytest.mark.parametrize("name", ["byol", "dino"])
def test_the_slow_copy_has_batch_statistics_of_its_own(name: str) -> None:
    whole = method(name)
    slow = whole.target if name == "byol" else whole.teacher
    before = {n: v.clone() for n, v in slow.named_buffers() if "running" in n}
    assert before
    whole(views(), LABELS)
    assert all(not torch.equal(before[n], v) for n, v in slow.named_buffers() if n in before)


def test_simsiam_learns_from_predicting_alone_unless_told_otherwise() -> None:
    found = {}
    for stop in (True, False):
        whole = method("simsiam", stop_gradient=stop)
        z = whole.project(views())
        p = whole.predictor(z.flatten(0, 1)).view_as(z)
        targets = z.detach() if stop else z
        by_hand = -(nn.functional.cosine_similarity(p, targets.flip(0), dim=-1)).mean()
        found[stop] = gradients(whole.encoder, whole(views(), LABELS).trace.loss)
        torch.testing.assert_close(found[stop], gradients(whole.encoder, by_hand))
    assert not torch.allclose(found[True], found[False], rtol=0.1)


def test_simsiam_centres_its_outputs_without_weights_and_its_predictor_keeps_its_rate() -> None:
    taught = learner("simsiam")
    last = taught.method.head[-1]
    assert list(last.parameters()) == []
    z = taught.method.project(views()).flatten(0, 1)
    torch.testing.assert_close(z.mean(0), torch.zeros(D), atol=1e-5, rtol=0)
    assert ((z.var(0, correction=0) > 0.9) & (z.var(0, correction=0) < 1.001)).all()
    step(taught, 0.75)
    rates = {id(p): group["lr"] for group in taught.optimizer.param_groups for p in group["params"]}
    for name, p in taught.method.named_parameters():
        share = 1 if name.startswith("predictor.") else 0.5 * (1 + math.cos(0.75 * math.pi))
        assert rates[id(p)] == pytest.approx(share * taught.peak), name


def test_codes_of_are_constants() -> None:
    whole = method("swav")
    z = nn.functional.normalize(whole.project(views()), dim=-1)
    scores = z @ whole.prototypes.T
    codes = torch.tensor(np.stack([codes_of(s.detach().double().numpy()) for s in scores])).float()
    by_hand = -(codes.flip(0) * (scores / 0.1).log_softmax(-1)).sum(-1).mean()
    loss = whole(views(), LABELS).trace.loss
    torch.testing.assert_close(gradients(whole.encoder, loss), gradients(whole.encoder, by_hand))


def test_swav_prototypes_are_unit_rows_and_keep_still_at_first() -> None:
    taught = learner("swav", frozen=0.1)
    rows: Any = taught.method.prototypes
    start = rows.detach().clone()
    step(taught, 0.09)
    torch.testing.assert_close(rows.detach(), start)
    step(taught, 0.11, 1)
    assert (rows - start).norm(dim=1).min() > 1e-4
    torch.testing.assert_close(rows.detach().norm(dim=1), torch.ones(K))
    torch.testing.assert_close(start.norm(dim=1), torch.ones(K))


def test_dino_centre_follows_the_teacher_after_the_step() -> None:
    whole = method("dino")
    said = whole.teacher(views().flatten(0, 1))
    whole(views(), LABELS)
    assert not whole.centre.any()
    whole.after_step(0.0)
    torch.testing.assert_close(whole.centre, 0.1 * said.mean(0))
    whole(views(), LABELS)
    whole.after_step(0.0)
    torch.testing.assert_close(whole.centre, 0.19 * said.mean(0))


def test_dino_last_layer_keeps_still_at_first_and_gives_cosines() -> None:
    taught = learner("dino", frozen=0.1)
    last: Any = taught.method.last
    start = last.weight.detach().clone()
    step(taught, 0.09)
    assert torch.equal(last.weight, start)
    step(taught, 0.11, 1)
    assert not torch.equal(last.weight, start)
    with autocast(torch.device("cpu"), torch.bfloat16):
        said = last(torch.randn(3, D).bfloat16())
    assert said.dtype == torch.float32
    assert said.abs().max() <= 1 + 1e-6


@pytest.mark.parametrize(("progress", "temperature"), [(0, 0.04), (0.15, 0.055), (0.3, 0.07), (1, 0.07)])
def test_dino_teacher_warms_up(progress: float, temperature: float) -> None:
    whole = method("dino")
    whole.loss = replace(whole.loss, teacher_temperature=0.07)
    whole.after_step(progress)
    assert whole(views(), LABELS).also["teacher_temperature"] == pytest.approx(temperature)


def test_what_outlives_a_step_is_saved_and_knobs_have_defaults() -> None:
    kept = {"byol": {"target", "predictor"}, "swav": {"prototypes"}}
    kept["dino"] = {"teacher", "last", "centre", "progress"}
    for name, parts in kept.items():
        assert parts < {key.split(".")[0] for key in method(name).state_dict()}
        given = method(name)
        assert type(given)(given.encoder, given.head, given.loss).knobs == METHODS[name].Knobs()


def test_length_of_the_output_is_asked_of_the_head_and_leaves_it_alone() -> None:
    assert output_length(nn.Identity(), 7) == 7
    head = MLPHead(output_dim=3).build(7)
    before = {n: v.clone() for n, v in head.state_dict().items()}
    assert output_length(head, 7) == 3
    assert head.training
    assert all(torch.equal(v, before[n]) for n, v in head.state_dict().items())
