"""The fused losses are the traced ones in value and gradient, and never hold their matrix."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bench.peak import peak
from ssl_core.config import build
from ssl_core.losses import LOSSES, Loss
from ssl_core.losses import denominator_fused as fused
from ssl_core.losses.base import clusters
from ssl_core.losses.labelled import some_labels
from ssl_core.methods import METHODS
from ssl_core.problem import Problem
from ssl_core.settings import Settings

FUSED = ("nt_xent", "sup_con", "info_nce")
LABELS = {
    "few classes": some_labels,
    "all different": torch.arange,
    "one class": lambda n: torch.zeros(n, dtype=torch.long),
    "two alike, out of order": lambda n: torch.arange(n).clamp(min=1).flip(0),
}
each_loss = pytest.mark.parametrize("name", FUSED)


@pytest.fixture(autouse=True, scope="module")
def small_blocks():  # type: ignore[no-untyped-def]
    """Every batch is large here, and is cut into many blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fused, "FEWEST", 1)
        patch.setattr(fused, "BLOCK", 7)
        yield


def both(loss: Loss, inputs: dict[str, Any]) -> list[tuple[Tensor, Tensor]]:
    """Value and gradient, traced and fused."""
    found = []
    for call in (loss, loss.brief):
        views = inputs["views"].clone().requires_grad_()
        trace = call(**{**inputs, "views": views})
        found.append((trace.loss.detach(), *torch.autograd.grad(trace.loss, views)))
        scalars = trace.scalars()
    assert type(trace).__name__.endswith("Brief")
    assert list(scalars) == list(loss(**inputs).scalars())
    return found


def batch(name: str, n: int, d: int, v: int, seed: int, dtype: torch.dtype) -> dict[str, Tensor]:
    return LOSSES[name].example(torch.Generator().manual_seed(seed), v, n, d, dtype)


sizes = {"n": st.integers(2, 20), "d": st.integers(1, 16), "seed": st.integers(0, 9999)}
temperatures = st.sampled_from([0.004, 0.01, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0])  # both precisions


@settings(max_examples=50, deadline=None)
@given(
    name=st.sampled_from(FUSED),
    temperature=temperatures,
    views=st.integers(1, 4),
    labels=st.sampled_from(sorted(LABELS)),
    mode=st.sampled_from(["all", "one"]),
    positives=st.sampled_from(["out", "in"]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    **sizes,
)
def test_value_and_gradient_are_those_of_the_traced_form(
    name: str,
    temperature: float,
    views: int,
    labels: str,
    mode: str,
    positives: str,
    dtype: torch.dtype,
    n: int,
    d: int,
    seed: int,
) -> None:
    knobs = {"temperature": temperature}
    if name == "sup_con":
        knobs |= {"contrast_mode": mode, "positives": positives, "no_positive": "zero"}
    inputs = batch(name, n, d, views if name == "sup_con" else 2, seed, dtype)
    if name == "sup_con":
        inputs["labels"] = LABELS[labels](n)
    (value, gradient), (brief, slope) = both(build(LOSSES[name], knobs), inputs)
    # what is small beside the terms it is the difference of has their rounding: that of 1 / temperature
    tight = 1e-5 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(brief, value, rtol=tight, atol=tight / 10 * max(1, 1 / temperature))
    most = float(gradient.abs().max())
    torch.testing.assert_close(slope, gradient, rtol=tight, atol=tight * max(most, 1 / temperature))


@each_loss
def test_gradcheck(name: str) -> None:
    inputs = batch(name, 5, 3, 2, 0, torch.float64)
    keys = inputs["views"][1].clone()

    def loss(views: Tensor) -> Tensor:
        if name == "info_nce":  # keys get no gradient
            views = torch.stack([views[0], keys])
        return LOSSES[name]().brief(**{**inputs, "views": views}).loss

    assert torch.autograd.gradcheck(loss, (inputs["views"].requires_grad_(),))


@each_loss
@pytest.mark.parametrize("spoil", ["all alike", "one row of zeros", "opposite"])
def test_at_the_limits_as_the_traced_form(name: str, spoil: str) -> None:
    inputs = batch(name, 12, 6, 2, 3, torch.float32)
    views = inputs["views"]
    if spoil == "all alike":
        views[:] = views[0, 0].clone()
    elif spoil == "one row of zeros":
        views[0, 3] = 0
    else:
        views[0], views[1] = views[0, 0].clone(), -views[0, 0].clone()
    for temperature in (0.05, 0.01):
        (value, gradient), (brief, slope) = both(LOSSES[name](temperature=temperature), inputs)
        torch.testing.assert_close(brief, value, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(slope, gradient, rtol=1e-4, atol=1e-6 / temperature)


@each_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_is_raised_and_autocast_is_left(name: str, dtype: torch.dtype) -> None:
    loss, inputs = LOSSES[name](), batch(name, 9, 6, 2, 1, torch.float32)
    low = {n: v.to(dtype) if v.is_floating_point() else v for n, v in inputs.items()}
    raised = {n: v.to(torch.float32) if v.is_floating_point() else v for n, v in low.items()}
    _, (plain, slope) = both(loss, raised)
    views = raised["views"].clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        there = loss.brief(**{**raised, "views": views}).loss
        assert torch.equal(torch.autograd.grad(there, views)[0], slope)
    assert torch.equal(there, plain)
    assert torch.equal(loss.brief(**low).loss, plain)


@each_loss
def test_the_door_is_that_of_the_traced_form(name: str) -> None:
    loss, inputs = LOSSES[name](), batch(name, 9, 6, 2, 1, torch.float32)
    for bad in (inputs["views"][0], inputs["views"] * torch.nan, inputs["views"][:, :0]):
        answers = []
        for call in (loss, loss.brief):
            with pytest.raises(Problem) as raised:
                call(**{**inputs, "views": bad})
            answers.append(str(raised.value))
        assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["nt_xent", "sup_con"])
def test_views_of_other_processes_count(name: str) -> None:
    inputs = batch(name, 6, 4, 2, 2, torch.float64)

    def gather(here: Tensor) -> Tensor:
        return torch.cat([here, here.flip(1) if here.is_floating_point() else here + 1], 1)

    (value, gradient), (brief, slope) = both(LOSSES[name](), {**inputs, "gather": gather})
    torch.testing.assert_close(brief, value)
    torch.testing.assert_close(slope, gradient)


@each_loss
def test_a_second_derivative_is_refused(name: str) -> None:
    inputs = batch(name, 12, 8, 2, 0, torch.float64)
    views = inputs["views"].requires_grad_()
    loss = LOSSES[name]().brief(**inputs).loss
    with pytest.raises(RuntimeError, match="second derivative"):
        torch.autograd.grad(loss, views, create_graph=True)


def test_anchors_all_alone_are_refused() -> None:
    views = clusters(torch.Generator(), 1, 9, 4)
    with pytest.raises(Problem, match="alone in their class"):
        LOSSES["sup_con"]().brief(views)


def test_a_temperature_beyond_float64_takes_the_traced_form() -> None:
    inputs = batch("nt_xent", 9, 6, 2, 1, torch.float32)
    assert hasattr(LOSSES["nt_xent"](temperature=0.003).brief(**inputs), "sim")


@each_loss
def test_the_matrix_is_never_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 1,024 pairs of 16 a matrix has 16 MB (8 with a queue of 2,048), the embeddings 0.13."""
    monkeypatch.setattr(fused, "BLOCK", 256)
    taken = {}
    for n in (512, 1024):
        inputs = batch(name, n, 16, 2, 0, torch.float32)
        views = inputs["views"].requires_grad_()
        taken[n] = peak(lambda given=inputs: LOSSES[name]().brief(**given).loss.backward())
    assert taken[1024] < 10 * views.nbytes + 2 * 4 * fused.BLOCK**2 < 2_000_000
    assert taken[1024] < 2.2 * taken[512]


def test_4096_pairs_take_a_twentieth_of_five_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is what the usual form allocates; here at the true size of a block."""
    monkeypatch.setattr(fused, "BLOCK", 512)
    views = clusters(torch.Generator(), 2, 4096, 128).requires_grad_()
    assert peak(lambda: LOSSES["nt_xent"]().brief(views).loss.backward()) < 5 * 4 * 8192**2 / 20


@pytest.mark.parametrize("name", ["simclr", "sup_con", "moco"])
def test_a_method_is_brief_in_training_and_shows_all_else(name: str) -> None:
    settings = Settings(method=name, encoder="convnet").suited().with_knobs("encoder", width=8)
    settings = settings.with_knobs("method", queue=64, split_norm=1) if name == "moco" else settings
    encoder = settings.make("encoder").build()
    method = METHODS[name](
        encoder, settings.make("head").build(encoder.dim), settings.make("loss"), settings.make("method")
    )
    x, labels = torch.rand(2, 8, 3, 16, 16), torch.arange(8) % 2
    assert not hasattr(method(x, labels).trace, "sim")
    method.after_step(0.0)
    assert hasattr(method.eval()(x, labels).trace, "sim")
