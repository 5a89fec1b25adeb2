"""InfoNCE against published answers, against equation 1 one scalar at a time, and at known limits."""

import math
from dataclasses import dataclass, fields

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Int
from torch import Tensor

from ssl_core.losses.base import clusters, unit
from ssl_core.losses.info_nce import InfoNCE, InfoNCETrace
from ssl_core.problem import Problem
from ssl_core.trace import Trace, stage

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]


def by_hand(views: Tensor, queue: Tensor, tau: float) -> float:
    """Equation 1 of the paper, one scalar at a time."""

    def cosine(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))

    total = 0.0
    for q, key in zip(views[0].tolist(), views[1].tolist(), strict=True):
        others = sum(math.exp(cosine(q, other) / tau) for other in queue.tolist())
        right = math.exp(cosine(q, key) / tau)
        total -= math.log(right / (right + others))
    return total / views.shape[1]


@pytest.mark.parametrize("case", CASES)
def test_published_answers(golden, case: str) -> None:
    views = torch.stack(
        [torch.from_numpy(golden[f"{case}/{name}"]) for name in ("z1", "z2")]
    ).requires_grad_()
    queue = torch.from_numpy(golden[f"{case}/queue"])
    loss = InfoNCE(float(golden[f"{case}/temperature"]))(views, queue=queue).loss
    assert loss.item() == pytest.approx(float(golden[f"{case}/info_nce"]), rel=1e-6)
    loss.backward()
    assert views.grad is not None
    wanted = torch.from_numpy(golden[f"{case}/info_nce.grad0"])
    torch.testing.assert_close(views.grad[0], wanted, rtol=1e-5, atol=1e-12)
    assert not views.grad[1].any(), "keys get no gradient"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 8), k=st.integers(1, 12), tau=st.floats(0.02, 5))
def test_equation_1(seed: int, n: int, k: int, tau: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    views = clusters(generator, 2, n, 5, torch.float64)
    queue = unit(torch.randn(k, 5, generator=generator, dtype=torch.float64))
    said = InfoNCE(tau)(views, queue=queue).loss.item()
    assert said == pytest.approx(by_hand(views, queue, tau), rel=1e-9, abs=1e-9)


def test_neither_keys_nor_queue_get_a_gradient(generator: torch.Generator) -> None:
    inputs = InfoNCE.example(generator, 2, 4, 6)
    leaves = [value.requires_grad_() for value in inputs.values()]
    views, queue = torch.autograd.grad(InfoNCE()(**inputs).loss, leaves, allow_unused=True)
    assert views[0].any()
    assert not views[1].any()
    assert queue is None


def test_the_logits_are_the_key_and_then_the_queue(generator: torch.Generator) -> None:
    trace = InfoNCE(0.1)(**InfoNCE.example(generator, 2, 4, 6))
    assert trace.l_pos.shape == (4, 1)
    assert trace.l_neg.shape == (4, 8)
    assert torch.equal(trace.sim, torch.cat([trace.l_pos, trace.l_neg], 1))
    torch.testing.assert_close(trace.l_pos[:, 0], (trace.q * trace.k).sum(1))
    assert trace.target.tolist() == [0] * 4
    masks = trace.masks()
    assert masks.positive[:, 0].all()
    assert masks.negative[:, 1:].all()
    assert not masks.itself.any()


def test_share_is_the_gradient(generator: torch.Generator) -> None:
    inputs = InfoNCE.example(generator, 2, 4, 6, torch.float64)
    trace = InfoNCE(0.3)(inputs["views"].requires_grad_(), queue=inputs["queue"])
    (gradient,) = torch.autograd.grad(trace.loss, trace.logits)
    torch.testing.assert_close(gradient, (trace.share - trace.masks().positive.double()) / 4)


def test_a_key_met_in_a_queue_of_strangers_costs_nothing_and_is_found() -> None:
    views, strangers = torch.eye(8)[:4].expand(2, 4, 8), torch.eye(8)[4:]
    trace = InfoNCE(0.01)(views, queue=strangers)
    assert trace.loss < 1e-6
    assert trace.accuracy == 1


def test_the_own_key_in_the_queue_costs_ln_2_and_is_a_tie_that_finds_nothing() -> None:
    """What the symmetric form must not do: enqueue an image's key before its query has been compared."""
    views = torch.eye(8)[:4].expand(2, 4, 8)
    trace = InfoNCE(0.1)(views.double(), queue=views[1].double())
    assert trace.loss.item() == pytest.approx(math.log(2), rel=1e-3)
    assert trace.accuracy == 0


def test_collapsed_finds_nothing() -> None:
    trace = InfoNCE()(torch.ones(2, 3, 4), queue=torch.full((9, 4), 0.5))
    assert trace.accuracy == 0
    assert trace.loss.item() == pytest.approx(InfoNCE().collapsed({"n": 3, "k": 9, "d": 4}))


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 64),
    k=st.integers(1, 64),
    rows=st.sampled_from(["clusters", "identical", "zero", "one zero row"]),
    empty=st.booleans(),
)
def test_always_a_number(n: int, k: int, rows: str, empty: bool) -> None:
    views = clusters(torch.Generator().manual_seed(n), 2, n, 4)
    views = {"identical": views[:1, :1].expand(2, n, 4), "zero": torch.zeros(2, n, 4)}.get(
        rows, views
    ).clone()
    views[0, 0] *= rows != "one zero row"
    queue = torch.zeros(k, 4) if empty else torch.full((k, 4), 0.5)
    trace = InfoNCE(0.07)(views.requires_grad_(), queue=queue)
    assert trace.loss.isfinite()
    assert not any(stage.value.isnan().any() for stage in trace.walk())
    assert torch.autograd.grad(trace.loss, views)[0].isfinite().all()


def test_queue_in_another_precision(generator: torch.Generator) -> None:
    inputs = InfoNCE.example(generator, 2, 4, 6)
    wanted = InfoNCE()(**inputs).loss
    assert InfoNCE()(inputs["views"], queue=inputs["queue"].double()).loss == wanted


def test_what_does_not_fit_is_named(generator: torch.Generator) -> None:
    views, queue = InfoNCE.example(generator, 2, 4, 6).values()
    with pytest.raises(Problem, match=r"queue should be a float tensor \(k, d\) and is \(8, 5\)"):
        InfoNCE()(views, queue=queue[:, :5])
    with pytest.raises(Problem, match="temperature is 0"):
        InfoNCE(0.0)


@dataclass(frozen=True, eq=False)
class Shuffled(Trace):
    index: Int[Tensor, " n"] = stage("Shuffled", r"\pi")


@dataclass(frozen=True, eq=False)
class WithShuffle(InfoNCETrace, Shuffled):
    """A method's own stages before those of the loss."""


def test_a_method_can_set_stages_of_its_own_before_it(generator: torch.Generator) -> None:
    trace = InfoNCE()(**InfoNCE.example(generator, 2, 4, 6))
    stages = {f.name: getattr(trace, f.name) for f in fields(trace)}
    longer = WithShuffle(index=torch.randperm(4, generator=generator), **stages)
    names = [s.name for s in longer.walk()]
    assert names == ["index", *stages]
    assert longer.masks().positive[:, 0].all()
