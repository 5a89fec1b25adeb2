"""The drawn shapes: what their factors say is what is in the picture."""

import math

import pytest
import torch

from ssl_core.datasets.shapes import LUMA, SHAPES, Shapes, draw_factors, paint

UPRIGHT = {
    "colour": torch.tensor([[1.0, 1.0, 1.0]]),
    "x": torch.tensor([0.5]),
    "y": torch.tensor([0.5]),
    "radius": torch.tensor([0.4]),
    "turn": torch.tensor([0.0]),
    "background": torch.zeros(1, 2, 3),
    "split_turn": torch.tensor([0.0]),
    "split_at": torch.tensor([0.0]),
    "split_width": torch.tensor([0.5]),
}


def drawn(shape: str, size: int = 64, **factors: float) -> torch.Tensor:
    """One white shape on black, as (size, size) values from 0 to 1."""
    changed = {key: torch.tensor([value]) for key, value in factors.items()}
    label = torch.tensor([list(SHAPES).index(shape)])
    return paint(label, UPRIGHT | changed, size)[0, 0].double() / 255


def test_the_ten_are_there_in_order() -> None:
    assert list(SHAPES) == (
        ["circle", "square", "triangle", "star", "ring", "cross", "crescent", "hexagon", "arrow", "heart"]
    )


AREAS = {  # in units of the radius squared, by hand
    "circle": math.pi * 0.95**2,
    "square": 1.44**2,
    "triangle": 3 * math.sqrt(3) / 4,
    "ring": math.pi * (0.97**2 - 0.53**2),
    "cross": 2 * 0.54 * 1.90 - 0.54**2,
    "hexagon": 3 * math.sqrt(3) / 2,
    "arrow": 0.44 * 1.05 - 0.44 * 0.05 + 0.44 * 0.05 + 0.75 * 0.95**2 - 0.44 * 0.05,
    "star": 10 * 0.5 * 0.45 * math.sin(math.pi / 5),
}


@pytest.mark.parametrize("shape", AREAS)
@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_areas_are_those_of_the_figures(shape: str, turn: float) -> None:
    pixels = drawn(shape, 128, turn=turn).sum().item() / (0.4 * 128) ** 2
    assert pixels == pytest.approx(AREAS[shape], rel=0.01)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_stays_within_its_radius_and_nearly_fills_it(shape: str) -> None:
    image = drawn(shape, 128)
    centres = (torch.arange(128) + 0.5) / 128 - 0.5
    far = torch.hypot(centres[None], centres[:, None])[image > 0.5].max()
    assert 0.9 * 0.4 < far < 1.02 * 0.4


@pytest.mark.parametrize("shape", SHAPES)
def test_a_quarter_turn_turns_the_picture(shape: str) -> None:
    upright = drawn(shape)
    assert torch.allclose(drawn(shape, turn=math.pi / 2), upright.rot90(), atol=0.26)
    assert (drawn(shape, turn=math.pi / 2) - upright.rot90()).abs().mean() < 0.005


def test_upright_things_stand_upright() -> None:
    arrow, heart, triangle = drawn("arrow"), drawn("heart"), drawn("triangle")
    assert (arrow[8:30] > 0.5).any(1).all()  # its head is above
    assert (arrow[:32] > 0.5).sum() > (arrow[32:] > 0.5).sum()
    for pointed_below in (heart, triangle.flip(0)):
        widths = (pointed_below > 0.5).sum(1)
        assert widths[widths > 0][0] > widths[widths > 0][-1]


def test_place_size_and_colours_are_what_the_factors_say() -> None:
    small = drawn("circle", x=0.3, y=0.6, radius=0.2)
    rows, columns = torch.meshgrid(*[(torch.arange(64) + 0.5) / 64] * 2, indexing="ij")
    weight = small / small.sum()
    assert (columns * weight).sum().item() == pytest.approx(0.3, abs=1e-3)
    assert (rows * weight).sum().item() == pytest.approx(0.6, abs=1e-3)
    factors = draw_factors(50, torch.Generator().manual_seed(3))
    picture = paint(torch.zeros(50, dtype=torch.long), factors, 32)
    at = (torch.stack([factors["y"], factors["x"]]) * 32).long()
    middle = picture[torch.arange(50), :, at[0], at[1]].float() / 255
    assert torch.allclose(middle, factors["colour"], atol=1 / 255)


def test_the_background_goes_from_one_colour_to_the_other() -> None:
    ends = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    picture = paint(torch.tensor([4]), UPRIGHT | {"background": ends, "radius": torch.tensor([1e-6])}, 32)[0]
    assert picture[:, 16, 0].tolist() == [255, 0, 0]
    assert picture[:, 16, 31].tolist() == [0, 0, 255]
    assert (picture[2, 16].int().diff() >= 0).all()


def test_edges_are_smooth() -> None:
    circle = drawn("circle", 32)
    assert set((circle * 16).unique().round(decimals=1).tolist()) > {0.0, 16.0}
    assert 20 < ((circle > 0.02) & (circle < 0.98)).sum() < 120


def test_shapes_stand_out_in_grey_and_lie_in_the_picture() -> None:
    f = draw_factors(2000, torch.Generator().manual_seed(0))
    luma = torch.tensor(LUMA)
    contrast = (f["colour"] @ luma).unsqueeze(1).sub(f["background"] @ luma).abs().amin(1)
    assert (contrast >= 0.15).float().mean() > 0.98
    assert contrast.min() > 0.05
    for place in (f["x"], f["y"]):
        assert ((place - f["radius"] >= -1e-6) & (place + f["radius"] <= 1 + 1e-6)).all()


def test_no_factor_tells_the_shape() -> None:
    """Shape is independent of all the rest: the mean of every factor is the same for all ten."""
    train = Shapes(train_count=5000, test_count=10).load().train
    for name, factor in train.factors.items():
        values = factor.flatten(1) if factor.ndim > 1 else factor.unsqueeze(1)
        means = torch.stack([values[train.labels == k].mean(0) for k in range(10)])
        assert ((means - values.mean(0)).abs() < 4.5 * values.std(0) / math.sqrt(500)).all(), name


def test_the_factors_redraw_the_pictures_and_the_seed_matters() -> None:
    one, other = (Shapes(seed=s, train_count=60, test_count=20).load() for s in (1, 2))
    assert torch.equal(paint(one.train.labels, dict(one.train.factors), 32), one.train.images)
    assert not torch.equal(one.train.images, other.train.images)
    assert not torch.equal(one.train.images[:20], one.test.images)
