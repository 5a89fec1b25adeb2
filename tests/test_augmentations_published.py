"""The recipes of the four methods are the published code's, operation by operation, in its order."""

import pytest
import torch
from PIL import ImageFilter
from torchvision.transforms.functional import pil_to_tensor, to_pil_image

from ssl_core.augmentations import AUGMENTATIONS, RECIPES

CROP = {"probability": 1.0, "scale_low": 0.2, "scale_high": 1.0, "ratio_low": 3 / 4, "ratio_high": 4 / 3}
FLIP, GRAY = {"probability": 0.5}, {"probability": 0.2}
BLUR = {"sigma_low": 0.1, "sigma_high": 2.0}


def jitter(probability: float, hue: float) -> dict[str, float]:
    return {"probability": probability, "brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": hue}


# read off the published code: main_moco.py, main_supcon.py, dataset/aug.py
PUBLISHED = {
    "moco_v1": {"crop": CROP, "grayscale": GRAY, "jitter": jitter(1.0, 0.4), "flip": FLIP},
    "moco_v2": {
        "crop": CROP,
        "jitter": jitter(0.8, 0.1),
        "grayscale": GRAY,
        "blur": {"probability": 0.5, **BLUR},
        "flip": FLIP,
    },
    "sup_con": {"crop": CROP, "flip": FLIP, "jitter": jitter(0.8, 0.1), "grayscale": GRAY},
    "emp_ssl": {
        "crop": {
            "probability": 1.0,
            "scale_low": 0.25,
            "scale_high": 0.25,
            "ratio_low": 1.0,
            "ratio_high": 1.0,
        },
        "flip": FLIP,
        "jitter": jitter(0.8, 0.2),
        "grayscale": GRAY,
        "blur": {"probability": 0.1, **BLUR},
        "solarize": {"probability": 0.1, "threshold": 0.5},
    },
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_operations_numbers_and_order_are_the_published(name):
    recipe, told = RECIPES[name], PUBLISHED[name]
    assert list(recipe.operations) == list(told)
    for key, numbers in told.items():
        operation = recipe.operations[key]
        assert type(operation) is AUGMENTATIONS[key]
        assert {knob: getattr(operation, knob) for knob in numbers} == numbers


def test_normalisation_is_the_published():
    half = (0.5, 0.5, 0.5)
    assert (RECIPES["emp_ssl"].mean, RECIPES["emp_ssl"].std) == (half, half)
    assert RECIPES["moco_v1"].mean == RECIPES["moco_v2"].mean == (0.485, 0.456, 0.406)
    assert RECIPES["sup_con"].mean == RECIPES["simclr"].mean


@pytest.mark.parametrize("side", [32, 96])
def test_a_patch_is_a_square_of_a_quarter_of_the_picture(side, generator):
    crop = RECIPES["emp_ssl"].operations["crop"]
    drawn = crop.resolve(crop.sample(500, generator), side, side)
    assert (drawn["height"] == side // 2).all()
    assert (drawn["width"] == side // 2).all()
    assert set(drawn["top"].tolist()) == set(drawn["left"].tolist()) == set(range(side // 2 + 1))


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_the_blur_of_patches_is_as_strong_as_the_published(sigma):
    """Pillow's blur, which the published code uses, is of the standard deviation that it is told."""
    noise = torch.randint(0, 256, (3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    theirs = pil_to_tensor(to_pil_image(noise).filter(ImageFilter.GaussianBlur(sigma))).float() / 255
    blur = RECIPES["emp_ssl"].operations["blur"]
    ours = blur.apply(
        noise[None] / 255, {"applied": torch.ones(1, dtype=torch.bool), "sigma": torch.full((1,), sigma)}
    )
    inner = slice(7, 25)  # beyond the edge theirs repeats a pixel and ours mirrors
    gap = (ours[0] - theirs)[:, inner, inner].abs().mean()
    assert gap < 0.1 * theirs[:, inner, inner].std()
    narrow = RECIPES["moco_v2"].operations["blur"]
    assert narrow.reach(32) == 1
    assert blur.reach(32) >= 3 * blur.sigma_high


def test_a_made_up_picture_keeps_its_brightness_when_blurred(generator):
    flat = torch.full((4, 3, 32, 32), 0.3)
    for name in ("moco_v2", "emp_ssl"):
        blur = RECIPES[name].operations["blur"]
        params = blur.sample(4, generator) | {"applied": torch.ones(4, dtype=torch.bool)}
        assert torch.allclose(blur.apply(flat, params), flat, atol=1e-5)
