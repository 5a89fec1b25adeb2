"""The lamp's rule: limits known by thought, and numbers against geometry computed from the outputs."""

import torch
from torch.nn.functional import normalize

from ssl_core.collapse import FEW, judge, rank_of, shares
from ssl_core.evaluation import effective_rank
from ssl_core.evaluation.geometry import unit
from ssl_core.snapshots import spectrum


def seen(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """All cosines of two different pictures, and the spectrum, as a snapshot keeps them."""
    cosines = unit(z) @ unit(z).T
    return cosines[~torch.eye(len(z), dtype=torch.bool)], spectrum(z)


def test_even_outputs_are_healthy(generator: torch.Generator) -> None:
    found = judge(*seen(torch.randn(400, 32, generator=generator)))
    assert (found.state, found.directions) == ("healthy", 32)
    assert abs(found.spread - 1) < 0.02
    assert found.rank > 30


def test_one_point_is_collapsed(generator: torch.Generator) -> None:
    point = torch.randn(1, 32, generator=generator)
    found = judge(*seen(point + 0.01 * torch.randn(400, 32, generator=generator)))
    assert found.state == "collapsed"
    assert judge(torch.ones(10), torch.zeros(8)).state == "collapsed"


def test_a_cone_and_few_directions_are_partial(generator: torch.Generator) -> None:
    cone = torch.randn(1, 32, generator=generator) + 0.25 * torch.randn(400, 32, generator=generator)
    found = judge(*seen(cone))
    assert (found.state, found.reason) == ("partial", "narrow")
    plane = torch.zeros(400, 32)
    plane[:, :2] = torch.randn(400, 2, generator=generator)
    flat = judge(*seen(plane))
    assert (flat.state, flat.reason) == ("partial", "few")
    assert flat.rank < 32 * FEW
    # three classes on two directions are all that a method that reads labels needs
    assert judge(*seen(plane), classes=2).state == "healthy"


def test_spread_is_the_standard_deviation_of_unit_outputs(generator: torch.Generator) -> None:
    z = torch.randn(1, 16, generator=generator) + torch.randn(300, 16, generator=generator)
    deviation = normalize(z, dim=1).var(0, correction=1).mean().sqrt()
    assert abs(judge(*seen(z)).spread - float(deviation) * 16**0.5) < 1e-3


def test_rank_is_that_of_the_centred_outputs(generator: torch.Generator) -> None:
    z = torch.randn(50, 8, generator=generator) * torch.arange(1, 9)
    assert abs(rank_of(spectrum(z)) - effective_rank(z - z.mean(0))) < 1e-3
    assert rank_of(torch.zeros(4)) == 0
    assert abs(rank_of(torch.ones(5)) - 5) < 1e-9
    assert abs(float(shares(spectrum(z)).sum()) - 1) < 1e-6
    assert shares(torch.zeros(3)).tolist() == [0, 0, 0]
