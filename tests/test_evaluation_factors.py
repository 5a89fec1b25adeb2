"""Probes of what a picture was made of: against scikit-learn, colorsys and limits known by thought."""

import colorsys
import math

import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from torch import Tensor

from ssl_core.datasets.base import Split
from ssl_core.datasets.shapes import SHAPES, draw_factors
from ssl_core.evaluation import Regression, ridge_probe
from ssl_core.evaluation.factors import COLOURFUL, DIRECTED, MEANING, MEASURED, target
from ssl_core.problem import Problem


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def split(n: int = 600) -> Split:
    return Split(
        torch.zeros(n, 3, 1, 1, dtype=torch.uint8), torch.arange(n) % len(SHAPES), draw_factors(n, seeded())
    )


def probe(x: Tensor, y: Tensor, **more: object) -> Regression:
    half = len(x) // 2
    return ridge_probe(x[:half], y[:half], x[half:], y[half:], seeded(), **more)  # type: ignore[arg-type]


def test_it_is_scikit_learns_ridge(generator: torch.Generator) -> None:
    x = torch.randn(300, 12, generator=generator) * torch.logspace(-2, 2, 12) + 5
    y = x[:, :2] * torch.tensor([30.0, 10.0]) + torch.randn(300, 2, generator=generator)
    found = probe(x, y, penalties=[0.1])
    mean, std = x[:150].double().mean(0), x[:150].double().std(0, correction=0)
    model = Ridge(alpha=0.1 * 150).fit((x[:150] - mean) / std, y[:150])
    said = model.predict((x[150:] - mean) / std)
    assert torch.allclose(found.predictions.double(), torch.from_numpy(said), atol=1e-4)
    assert found.r2 == pytest.approx(r2_score(y[150:], said, multioutput="variance_weighted"), abs=1e-5)
    assert found.interval.low < found.r2 < found.interval.high


def test_features_that_hold_the_answer_give_1_and_noise_about_0(generator: torch.Generator) -> None:
    y = torch.randn(800, 1, generator=generator)
    noise = torch.randn(800, 20, generator=generator)
    told = probe(torch.cat([noise, 7 * y - 3], dim=1), y)
    assert (told.r2, told.penalty) == (pytest.approx(1, abs=1e-4), 1e-4)
    blind = probe(noise, y)
    assert -0.1 < blind.r2 < 0.05


def test_the_penalty_is_never_chosen_on_test(generator: torch.Generator) -> None:
    x = torch.randn(200, 30, generator=generator)
    y = x[:, :1] + torch.randn(200, 1, generator=generator)
    one = ridge_probe(x[:100], y[:100], x[100:], y[100:], seeded())
    other = ridge_probe(x[:100], y[:100], x[100:], -y[100:], seeded())
    assert (one.penalty, one.validation) == (other.penalty, other.validation)
    assert torch.equal(one.predictions, other.predictions)


def test_constant_features_give_a_number_and_constant_answers_a_problem() -> None:
    y = torch.arange(20.0)[:, None]
    assert math.isfinite(probe(torch.ones(20, 3), y).r2)
    with pytest.raises(Problem, match="they must differ"):
        probe(torch.ones(20, 3), torch.ones(20, 1))


def test_a_hue_is_that_of_colorsys_and_grey_has_none() -> None:
    pictures = split()
    hue = target("colour", pictures, tuple(SHAPES))
    for (c, s), place in zip(hue.values.tolist()[:200], hue.index.tolist()[:200], strict=True):
        known = colorsys.rgb_to_hsv(*pictures.factors["colour"][place].tolist())[0] * 2 * math.pi
        assert math.hypot(c, s) == pytest.approx(1, abs=1e-5)
        apart = (math.atan2(s, c) - known + math.pi) % (2 * math.pi) - math.pi
        assert abs(apart) < 0.03  # HSV's hexagon against the circle
    pictures.factors["colour"][:] = 0.4
    assert len(target("colour", pictures, tuple(SHAPES)).index) == 0
    assert COLOURFUL > 0


def test_an_angle_is_foretold_across_the_closing_of_the_circle() -> None:
    """Cosine and sine as features tell it wholly, wherever 0 lies; the bare angle cannot."""
    turn = split().factors["turn"]
    circle = torch.stack([turn.cos(), turn.sin()], dim=1)
    moved = torch.stack([(turn + 1).cos(), (turn + 1).sin()], dim=1)
    assert probe(circle, moved).r2 == pytest.approx(1, abs=1e-4)
    assert probe(turn[:, None], moved).r2 < 0.7


def test_turn_is_asked_only_of_shapes_that_have_one() -> None:
    pictures, names = split(), tuple(SHAPES)
    turning = target("turn", pictures, names)
    assert {names[label] for label in pictures.labels[turning.index].tolist()} == set(DIRECTED)
    assert len(turning.index) == 180
    one = turning.index[7]
    assert turning.values[7].tolist() == pytest.approx(
        [math.cos(pictures.factors["turn"][one]), math.sin(pictures.factors["turn"][one])]
    )


def test_place_and_size_are_the_drawn_ones_of_every_picture() -> None:
    pictures = split()
    place, size = (target(name, pictures, tuple(SHAPES)) for name in ("place", "size"))
    assert torch.equal(place.values[:, 1], pictures.factors["y"])
    assert torch.equal(size.values[:, 0], pictures.factors["radius"])
    assert len(place.index) == len(size.index) == 600


def test_every_factor_has_its_meaning() -> None:
    assert ["shape", *MEASURED] == list(MEANING)


def test_pictures_of_which_nothing_is_known_are_a_problem() -> None:
    plain = Split(torch.zeros(4, 3, 1, 1, dtype=torch.uint8), torch.arange(4))
    with pytest.raises(Problem, match="no factors are known"):
        target("size", plain, ("a", "b", "c", "d"))
