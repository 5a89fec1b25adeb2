"""Free embeddings on the sphere: the flow keeps to it, the loss falls, and the coding rate spreads them."""

import math
from collections.abc import Callable
from functools import partial
from itertools import islice, pairwise

import pytest
import torch
from torch import Tensor

from ssl_core.flow import Moment, flow, slope, travel
from ssl_core.losses import LOSSES
from ssl_core.losses.base import clusters
from ssl_core.losses.coding_rate import coding_rate, ellipsoid
from ssl_core.losses.emp_ssl import EMPSSL
from ssl_core.problem import Problem
from ssl_core.trace import Trace

EPS = 0.2


def rate_alone(z: Tensor, eps: float = EPS, rate_weight: float = 1.0) -> Trace:
    """-R of one point a picture: two patches that are the same agree whatever they do."""
    return EMPSSL(eps, rate_weight=rate_weight)(z.expand(2, -1, -1))


def nearly_collapsed(generator: torch.Generator, n: int, d: int, noise: float = 0.05) -> Tensor:
    return torch.ones(d, dtype=torch.float64) + noise * torch.randn(
        1, n, d, generator=generator, dtype=torch.float64
    )


def run(loss: Callable[[Tensor], Trace], start: Tensor, steps: int) -> list[Moment]:
    return list(islice(flow(loss, start), steps + 1))


@pytest.mark.parametrize(("n", "d"), [(12, 2), (16, 3), (9, 5), (3, 3)])
@pytest.mark.parametrize("eps", [0.01, 1.0])
def test_the_rate_rises_to_its_bound_and_evens_out_the_eigenvalues(
    generator: torch.Generator, n: int, d: int, eps: float
) -> None:
    moments = run(partial(rate_alone, eps=eps), nearly_collapsed(generator, n, d), 100)
    rates = [m.trace.scalars()["coding_rate"] for m in moments]
    bound = d / 2 * math.log(1 + 1 / eps)
    assert rates[0] < bound - 0.1
    assert all(later >= sooner - 1e-9 for sooner, later in pairwise(rates))
    assert rates[-1] == pytest.approx(bound, abs=1e-3)
    end = moments[-1].points.detach()[0]
    torch.testing.assert_close(
        torch.linalg.eigvalsh(end.T @ end), torch.full((d,), n / d).double(), atol=0.1, rtol=0
    )


def test_the_wrong_sign_flows_into_one_line(generator: torch.Generator) -> None:
    spread = torch.randn(1, 16, 3, generator=generator, dtype=torch.float64)
    end = run(partial(rate_alone, rate_weight=-1.0), spread, 100)[-1]
    assert end.trace.scalars()["coding_rate"] == pytest.approx(math.log(1 + 3 / EPS) / 2, abs=1e-3)
    assert (end.points[0] @ end.points[0].T).abs().min() > 0.99  # z and -z are one direction


def test_pictures_spread_and_their_patches_do_not(generator: torch.Generator) -> None:
    start = nearly_collapsed(generator, 8, 3).expand(3, 8, 3) + 0.05 * clusters(
        generator, 3, 8, 3, torch.float64
    )
    first, *_, last = (m.trace.scalars() for m in run(EMPSSL(EPS), start, 120))
    assert last["similarity"] > max(0.999, first["similarity"])
    assert first["coding_rate"] < 1.5
    assert last["coding_rate"] > 2.5


def test_where_all_are_equal_nothing_pushes() -> None:
    """The gradient points along the common direction, off the sphere; along the sphere nothing is left."""
    same = torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64).expand(1, 10, 3).clone().requires_grad_()
    rate = coding_rate(same, EPS).sum()
    assert float(rate.detach()) == pytest.approx(math.log(1 + 3 / EPS) / 2)
    (whole,) = torch.autograd.grad(rate, same, retain_graph=True)
    assert whole.norm(dim=-1).min() > 0.01
    assert slope(rate, same).abs().max() < 1e-14
    pole = torch.tensor([1.0, 0.0, 0.0]).expand(1, 10, 3)  # where no rounding gives a first push
    assert torch.equal(run(rate_alone, pole, 5)[-1].points.detach(), pole)


def test_the_slope_is_that_of_finite_differences(generator: torch.Generator) -> None:
    points = torch.nn.functional.normalize(
        torch.randn(1, 5, 3, generator=generator, dtype=torch.float64), dim=-1
    ).requires_grad_()
    found, h = slope(coding_rate(points, EPS).sum(), points), 1e-6
    assert (found * points).sum(-1).abs().max() < 1e-12
    for i in range(5):
        for way in torch.linalg.svd(points.detach()[0, i : i + 1]).Vh[1:]:  # at right angles to the point
            moved = [torch.zeros_like(points), torch.zeros_like(points)]
            moved[0][0, i], moved[1][0, i] = h * way, -h * way
            up, down = (float(coding_rate(travel(points.detach(), m), EPS)) for m in moved)
            assert float(found[0, i].detach() @ way) == pytest.approx((up - down) / (2 * h), abs=1e-7)


def test_travel_goes_along_great_circles() -> None:
    north, east = torch.tensor([[0.0, 0, 1]]).double(), torch.tensor([[1.0, 0, 0]]).double()
    torch.testing.assert_close(travel(north, math.pi / 2 * east), east)
    torch.testing.assert_close(travel(north, math.pi * east), -north)
    torch.testing.assert_close(travel(north, 0 * east), north)


@pytest.mark.parametrize("stride", [0.02, 0.2])
@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if set(loss.inputs) == {"views"}])
def test_any_loss_of_views_falls_step_by_step(generator: torch.Generator, name: str, stride: float) -> None:
    moments = list(islice(flow(LOSSES[name](), clusters(generator, 2, 6, 3, torch.float64), stride), 15))
    losses = [m.trace.scalars()["loss"] for m in moments]
    assert losses[-1] < losses[0]
    assert all(later <= sooner for sooner, later in pairwise(losses))
    for m, after in pairwise(moments):
        torch.testing.assert_close(after.points.norm(dim=-1), torch.ones(2, 6).double())
        cosines = (m.points * after.points).sum(-1).clamp(max=1)
        assert cosines.acos().max() <= stride * (1 + 1e-6)
        assert (m.slope * m.points).sum(-1).abs().max() < 1e-9


def test_a_start_needs_directions() -> None:
    with pytest.raises(Problem, match="no direction"):
        next(flow(rate_alone, torch.zeros(1, 3, 3)))


@pytest.mark.parametrize(("n", "d"), [(2, 3), (10, 3), (6, 2)])
def test_the_ellipsoid_has_the_volume_that_the_rate_measures(
    generator: torch.Generator, n: int, d: int
) -> None:
    z = torch.nn.functional.normalize(torch.randn(4, n, d, generator=generator, dtype=torch.float64), dim=-1)
    axes = ellipsoid(z, EPS)
    grains = axes.norm(dim=-1).prod(-1) / EPS ** (d / 2)  # volumes of ellipsoid and ball: the same constant
    torch.testing.assert_close(grains.log(), coding_rate(z, EPS))
    directions = torch.nn.functional.normalize(axes, dim=-1)
    torch.testing.assert_close(directions @ directions.mT, torch.eye(d).double().expand(4, d, d))
    assert (axes.norm(dim=-1).diff(dim=-1) <= 0).all()
    within = directions @ z.mT @ z @ directions.mT  # the eigenvalues, one by one
    torch.testing.assert_close((EPS + d / n * within.diagonal(dim1=1, dim2=2)).sqrt(), axes.norm(dim=-1))
