"""What is drawn is distributed as torchvision's own draws, and replays."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, ks_2samp
from torchvision.transforms import v2

from ssl_core.augmentations import AUGMENTATIONS
from ssl_core.augmentations.crop import Crop
from ssl_core.problem import Problem

N = 3000
DOUBT = 1e-3  # one in a thousand seeds fails by chance; the seeds are fixed


def alike(ours, theirs):
    return ks_2samp(ours, theirs, method="asymp").pvalue > DOUBT


def torchvision_draws(transform, height=32, width=32):
    picture = torch.empty(3, height, width)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        draws = [transform.make_params([picture]) for _ in range(N)]
    return {key: [float(d[key]) for d in draws] for key in draws[0] if not hasattr(draws[0][key], "shape")}


@pytest.mark.parametrize("height_width", [(32, 32), (48, 64), (300, 20)], ids=str)
@pytest.mark.parametrize("scale", [(0.08, 1.0), (0.35, 1.0), (0.25, 0.25)], ids=str)
def test_boxes_are_torchvisions(height_width, scale, generator):
    crop = Crop(scale_low=scale[0], scale_high=scale[1])
    ours = crop.resolve(crop.sample(N, generator), *height_width)
    theirs = torchvision_draws(v2.RandomResizedCrop(32, scale=scale), *height_width)
    assert set(ours) == {*theirs, "applied"}
    for key, values in theirs.items():
        assert alike(ours[key], values), key
    area = ours["height"] * ours["width"]
    assert alike(area, [a * b for a, b in zip(theirs["height"], theirs["width"], strict=True)])


def test_shapes_of_boxes_are_log_uniform(generator):
    crop = Crop(scale_low=0.1, scale_high=0.5)
    boxes = crop.resolve(crop.sample(N, generator), 2000, 2000)  # so large that rounding does not matter
    even = torch.linspace(math.log(3 / 4), math.log(4 / 3), N)
    assert alike((boxes["width"] / boxes["height"]).log(), even)
    assert alike(boxes["width"] * boxes["height"] / 2000**2, torch.linspace(0.1, 0.5, N))


@pytest.mark.parametrize(
    ("height", "width", "box"),
    [(1, 1, (0, 0, 1, 1)), (300, 2, (148, 0, 3, 2)), (2, 300, (0, 148, 2, 3)), (1, 100, (0, 49, 1, 1))],
)
def test_what_never_fits_is_cut_from_the_centre(height, width, box, generator):
    crop = Crop(scale_low=1.0)
    assert crop.boxes(crop.sample(5, generator), height, width).tolist() == [list(box)] * 5
    want = v2.RandomResizedCrop(32, scale=(1.0, 1.0)).make_params([torch.empty(3, height, width)])
    assert tuple(want[k] for k in ("top", "left", "height", "width")) == box


@settings(deadline=None)
@given(st.integers(1, 80), st.integers(1, 80), st.floats(0.01, 1), st.floats(0.25, 4), st.floats(0.25, 4))
def test_boxes_lie_in_the_picture(height, width, scale, one, other):
    crop = Crop(scale_low=scale, ratio_low=min(one, other), ratio_high=max(one, other))
    params = crop.sample(16, torch.Generator().manual_seed(height))
    top, left, tall, wide = crop.boxes(params, height, width).unbind(1)
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (tall >= 1).all()
    assert (wide >= 1).all()
    assert (top + tall <= height).all()
    assert (left + wide <= width).all()


def test_jitter_draws_are_torchvisions(generator):
    ours = AUGMENTATIONS["jitter"](brightness=0.4, contrast=0.7, saturation=1.5, hue=0.3).sample(N, generator)
    theirs = torchvision_draws(v2.ColorJitter(0.4, 0.7, 1.5, 0.3))
    assert len(theirs) == 4
    for key, values in theirs.items():
        assert alike(ours[key.removesuffix("_factor")], values), key
    first = ours["order"][:, 0].bincount(minlength=4).tolist()
    assert all(binomtest(count, N, 1 / 4).pvalue > DOUBT for count in first)


def test_blur_draws_are_torchvisions(generator):
    theirs = torch.rand(N, generator=torch.Generator().manual_seed(3)) * 1.9 + 0.1
    assert alike(AUGMENTATIONS["blur"]().sample(N, generator)["sigma"], theirs)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_as_often_as_asked(name, probability, generator):
    applied = AUGMENTATIONS[name](probability=probability).sample(N, generator)["applied"]
    assert applied.dtype == torch.bool
    assert binomtest(int(applied.sum()), N, probability).pvalue > DOUBT


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_pictures_parameters_are_its_own(name, generator):
    params = AUGMENTATIONS[name](probability=0.5).sample(50, generator)
    for key, values in params.items():
        assert len(values) == 50
        assert key == "threshold" or len(values.unique(dim=0)) > 1


REFUSED = [
    ("crop", {"scale_low": 0.8, "scale_high": 0.2}, "scale_low = 0.8, scale_high = 0.2"),
    ("crop", {"scale_low": 0.0}, "0 < scale_low"),
    ("crop", {"scale_high": 1.5}, "scale_high ≤ 1"),
    ("crop", {"ratio_low": 2.0, "ratio_high": 1.0}, "ratio_low ≤ ratio_high"),
    ("crop", {"ratio_low": -1.0}, "0 < ratio_low"),
    ("jitter", {"hue": 0.6}, "0 ≤ hue ≤ 0.5"),
    ("jitter", {"brightness": -0.1}, "0 ≤ brightness"),
    ("jitter", {"contrast": float("nan")}, "0 ≤ contrast"),
    ("jitter", {"saturation": float("inf")}, "0 ≤ saturation"),
    ("solarize", {"threshold": 1.1}, "0 ≤ threshold ≤ 1"),
    ("blur", {"kernel": 0.0}, "0 < kernel ≤ 1"),
    ("blur", {"sigma_low": 0.0}, "0 < sigma_low"),
    ("blur", {"sigma_low": 3.0, "sigma_high": 2.0}, "sigma_low ≤ sigma_high"),
]


@pytest.mark.parametrize(
    ("name", "knobs", "says"), REFUSED, ids=[f"{n}-{'-'.join(k)}" for n, k, _ in REFUSED]
)
def test_what_is_not_defined_is_refused_with_the_rule(name, knobs, says):
    with pytest.raises(Problem) as problem:
        AUGMENTATIONS[name](**knobs)
    assert says in str(problem.value)
    assert AUGMENTATIONS[name].title in str(problem.value)


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_probability_is_one(name, probability):
    with pytest.raises(Problem, match="0 ≤ probability ≤ 1"):
        AUGMENTATIONS[name](probability=probability)
