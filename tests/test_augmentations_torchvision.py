"""Every operation is torchvision's functional form, picture by picture, for the same parameters."""

import pytest
import torch
from torchvision.transforms.v2 import functional as V

from ssl_core.augmentations import AUGMENTATIONS, RECIPES, take
from ssl_core.augmentations.crop import BOX
from ssl_core.augmentations.jitter import STEPS

NEAR = 2 / 255
SIZES = [(32, 32), (48, 64), (224, 224), (1, 1), (1, 7), (5, 3)]


def pictures(n, height, width, seed=0):
    """Noise, so that a wrong weight shows, some of it gray and some saturated, where hue is at its limits."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand((n, 3, height, width), generator=generator)
    images[0] = images[0, :1]
    return images.where(torch.rand(images.shape, generator=generator) > 0.1, images.round())


def crop(image, p, size):
    size = [size, size] if size else list(image.shape[1:])
    return V.resized_crop(image, *(int(p[name]) for name in BOX), size=size, antialias=True)


def jitter(image, p, size):
    for place in p["order"].tolist():
        step = list(STEPS)[place]
        image = getattr(V, f"adjust_{step}")(image, float(p[step]))
    return image


def blur(image, p, size, part=0.1):
    height, width = image.shape[1:]
    kernel = 2 * max(1, int(part * min(height, width)) // 2) + 1
    tall = image.repeat(1, 3 if height == 1 else 1, 3 if width == 1 else 1)  # one line mirrored is that line
    return V.gaussian_blur(tall, kernel, float(p["sigma"]))[:, :height, :width]


# one line a new operation; what it is, one picture at a time
TORCHVISION = {
    "crop": crop,
    "flip": lambda image, p, size: V.horizontal_flip(image),
    "jitter": jitter,
    "grayscale": lambda image, p, size: V.rgb_to_grayscale(image, num_output_channels=3),
    "invert": lambda image, p, size: V.invert(image),
    "solarize": lambda image, p, size: V.solarize(image, float(p["threshold"])),
    "blur": blur,
}


def one_by_one(name, images, params, size):
    """The slow second version; `applied` = False leaves a picture alone, whatever the parameters."""
    for i, image in enumerate(images):
        p = {key: values[i] for key, values in params.items()}
        yield TORCHVISION[name](image, p, size) if p["applied"] or name == "crop" else image


@pytest.mark.parametrize("height_width", SIZES, ids=str)
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_batch_is_torchvision_one_by_one(name, height_width, generator):
    images, operation = pictures(24, *height_width), AUGMENTATIONS[name](probability=0.7)
    params = operation.sample(24, generator)
    assert params["applied"].any()
    assert not params["applied"].all()
    sizes = (None, 32, 64) if name == "crop" else (None,)
    for size in sizes:
        want = torch.stack(list(one_by_one(name, images, operation.resolve(params, *height_width), size)))
        got = operation.apply(images, params, size)
        assert got.shape == want.shape
        assert (got - want).abs().max() <= NEAR
        assert got.is_contiguous()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_pictures_given_are_left_as_they_were(name, generator):
    images, operation = pictures(8, 32, 32), AUGMENTATIONS[name](probability=1.0)
    before = images.clone()
    changed = operation.apply(images, operation.sample(8, generator))
    assert torch.equal(images, before)
    assert not torch.equal(changed, before)


def test_jitter_covers_every_order_and_the_order_matters(generator):
    jitter_ = AUGMENTATIONS["jitter"](probability=1.0, brightness=0.7, contrast=0.7, saturation=0.7, hue=0.5)
    params = jitter_.sample(400, generator)
    assert len(params["order"].unique(dim=0)) == 24
    image = pictures(2, 32, 32)[1:].expand(400, -1, -1, -1)
    same = {key: values[:1].expand(400, *values.shape[1:]) for key, values in params.items()}
    views = jitter_.apply(image, {**same, "order": params["order"]})
    assert (views - views[:1]).abs().amax((1, 2, 3)).max() > 0.02
    want = torch.stack(list(one_by_one("jitter", image[:40], take({"": params}, range(40))[""], None)))
    assert (jitter_.apply(image, params)[:40] - want).abs().max() <= NEAR


@pytest.mark.parametrize("turn", [-0.5, -1 / 3, 0.0, 1 / 6, 0.5])
def test_hue_turns_pure_colours_as_torchvision_does(turn):
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 0.5, 1.0])] * 3).T.reshape(1, 3, 3, 9)
    got = STEPS["hue"](corners, torch.full((1, 1, 1, 1), turn))
    assert (got - V.adjust_hue(corners, turn)).abs().max() <= NEAR
    assert got.min() >= 0
    assert got.max() <= 1


@pytest.mark.parametrize("threshold", [0.0, 0.3, 128 / 255, 1.0])
def test_the_threshold_itself_is_inverted(threshold):
    image = torch.tensor([0.0, 0.3, 128 / 255, 1.0]).expand(1, 3, 4, 4)
    solarize = AUGMENTATIONS["solarize"](probability=1.0, threshold=threshold)
    params = solarize.sample(1, torch.Generator())
    assert torch.equal(solarize.apply(image, params), V.solarize(image, float(params["threshold"])))


@pytest.mark.parametrize("side", [8, 32, 64, 224])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_blur_kernels(side, sigma):
    blur_ = AUGMENTATIONS["blur"](probability=1.0, kernel=0.3, sigma_low=sigma, sigma_high=sigma)
    images = pictures(2, side, side)
    kernel = 2 * max(1, int(0.3 * side) // 2) + 1
    got = blur_.apply(images, blur_.sample(2, torch.Generator()))
    assert (got - V.gaussian_blur(images, kernel, sigma)).abs().max() <= NEAR


def test_a_single_pixel_cannot_be_blurred(generator):
    blur_ = AUGMENTATIONS["blur"](probability=1.0)
    images = pictures(3, 1, 1)
    assert torch.allclose(blur_.apply(images, blur_.sample(3, generator)), images)


@pytest.mark.parametrize("height_width", [(32, 32), (48, 64)], ids=str)
@pytest.mark.parametrize("name", RECIPES)
def test_a_whole_recipe_is_torchvision_in_order(name, height_width, generator):
    recipe = RECIPES[name]
    images = torch.randint(0, 256, (32, 3, *height_width), dtype=torch.uint8, generator=generator)
    params = recipe.sample(32, generator)
    want, size = images / 255, height_width
    for key, operation in recipe.operations.items():
        resolved = operation.resolve(params[key], *size)
        if key == "blur":  # each recipe has a kernel of its own
            given = zip(want, resolved["sigma"], resolved["applied"], strict=True)
            want = torch.stack(
                [blur(x, {"sigma": s}, 32, operation.kernel) if on else x for x, s, on in given]
            )
        else:
            want = torch.stack(list(one_by_one(key, want, resolved, 32)))
        size = want.shape[-2:]
    want = V.normalize(want, list(recipe.mean), list(recipe.std))
    off = (recipe.apply(images, params) - want).abs() * torch.tensor(recipe.std)[:, None, None]
    if "solarize" in recipe.operations:  # a value that rounding puts on the other side of the threshold flips
        assert (off > NEAR).double().mean() < 1e-3
    else:
        assert off.max() <= NEAR
