"""The door of every loss, by a loss made up here: a new one needs its file and its entry, and no more."""

import math
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.base import Loss, above_zero, clusters, public, unit
from ssl_core.problem import Problem
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class ToyTrace(Trace):
    product: Float[Tensor, "n k"] = stage("Products", "xy")
    loss: Float[Tensor, ""] = stage("Mean", "m")


@dataclass(frozen=True)
class Toy(Loss):
    title: ClassVar[str] = "Toy"
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"x": ("n", "d"), "y": ("k", "d"), "labels": ("n",)}
    weight: float = knob(1.0, 0.0, 2.0, "Weight.")

    @public
    def __call__(
        self, x: Float[Tensor, "n d"], y: Float[Tensor, "k d"], labels: Int[Tensor, " n"] | None = None
    ) -> ToyTrace:
        product = x @ y.T * self.weight
        return ToyTrace(product, product.mean())


def test_half_and_single_precision_meet_in_float32() -> None:
    x, y = torch.randn(3, 4), torch.randn(2, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert (x @ y.T).dtype == torch.bfloat16, "autocast would have lowered it"
        assert Toy()(x.half(), y=y).product.dtype == torch.float32


def test_positional_and_named_arguments_are_checked_alike() -> None:
    x, y = torch.randn(3, 4), torch.randn(2, 5)
    for call in (lambda: Toy()(x, y), lambda: Toy()(x, y=y), lambda: Toy()(y=y, x=x)):
        with pytest.raises(Problem, match=r"y should be a float tensor \(k, d\) and is \(2, 5\)"):
            call()
    with pytest.raises(Problem, match=r"labels .*\(2,\) of torch.int64"):
        Toy()(x, torch.randn(2, 4), torch.zeros(2, dtype=torch.long))
    with pytest.raises(Problem, match="y holds 2 numbers"):
        Toy()(x, torch.full((1, 2), math.nan))
    with pytest.raises(Problem, match="x is empty"):
        Toy()(x[:0], y)


def test_defaults_of_a_loss() -> None:
    assert Toy().collapsed({"n": 8, "d": 4}) is None
    assert Toy.example(torch.Generator(), 2, 3, 4)["views"].shape == (2, 3, 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_clusters_keep_the_views_of_an_image_together(generator: torch.Generator, dtype: torch.dtype) -> None:
    views = clusters(generator, 3, 10, 16, dtype)
    assert views.shape == (3, 10, 16)
    assert views.dtype == dtype
    z = unit(views)
    assert (z[0] * z[1]).sum(-1).min() > 0.3  # expected cosine 1 / 1.25
    assert (z[0] * z[1].roll(1, 0)).sum(-1).mean().abs() < 0.3
    assert torch.equal(views, clusters(torch.Generator().manual_seed(0), 3, 10, 16, dtype))


@pytest.mark.parametrize("scale", [1e-10, 1.0, 1e18, 1e37])
def test_unit_is_the_direction_at_every_scale(generator: torch.Generator, scale: float) -> None:
    rows = torch.randn(4, 3, generator=generator)
    expected = [[x / math.hypot(*row) for x in row] for row in rows.tolist()]
    torch.testing.assert_close(unit(rows * scale), torch.tensor(expected))


def test_unit_has_the_gradient_of_normalize(generator: torch.Generator) -> None:
    rows = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(unit, (rows,))
    weight = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    ours, theirs = (
        torch.autograd.grad((f(rows) * weight).sum(), rows)[0]
        for f in (unit, lambda r: torch.nn.functional.normalize(r, dim=-1))
    )
    torch.testing.assert_close(ours, theirs)


def test_a_zero_row_stays_zero_and_gets_no_gradient() -> None:
    rows = torch.tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
    z = unit(rows)
    torch.testing.assert_close(z, torch.tensor([[0.0, 0.0], [0.6, 0.8]]))
    z[:, 0].sum().backward()
    assert rows.grad is not None
    assert rows.grad[0].tolist() == [0.0, 0.0]
    torch.testing.assert_close(rows.grad[1], torch.tensor([0.128, -0.096]))  # (1 - .36) / 5, -.48 / 5


@pytest.mark.parametrize("value", [0.0, -0.5, 1e-300, math.nan, math.inf])
def test_above_zero_names_the_knob(value: float) -> None:
    with pytest.raises(Problem, match=f"margin is {value}; give a number above zero"):
        above_zero("margin", value)
