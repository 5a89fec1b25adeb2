"""Recipes: replay, independence of pictures, traces, knobs, and whether they hide what they should."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssl_core.augmentations import AUGMENTATIONS, RECIPES, Recipe, plain, take
from ssl_core.problem import Problem

every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


def pictures(n, height=32, width=32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 3, height, width), dtype=torch.uint8, generator=generator)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@settings(deadline=None)
@given(
    st.sampled_from(list(RECIPES)),
    st.integers(1, 6),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_any_picture_becomes_a_view(name, n, height, width, size):
    recipe = RECIPES[name].fit(size, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    views = recipe.apply(pictures(n, height, width), recipe.sample(n, seeded(n)))
    assert views.shape == (n, 3, size, size)
    assert views.dtype == torch.float32
    assert views.min() >= -1e-5
    assert views.max() <= 1 + 1e-5


@every_recipe
def test_the_same_seed_gives_the_same_views(recipe):
    images = pictures(16)
    first, again, other = (recipe.apply(images, recipe.sample(16, seeded(s))) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@every_recipe
def test_the_same_parameters_give_the_same_views(recipe, generator):
    images, params = pictures(16), recipe.sample(16, generator)
    assert torch.equal(recipe.apply(images, params), recipe.apply(images, params))


@every_recipe
def test_a_view_depends_on_its_own_picture_alone(recipe, generator):
    images, params = pictures(8), recipe.sample(8, generator)
    views = recipe.apply(images, params)
    others = pictures(8, seed=1)
    others[3] = images[3]
    assert torch.allclose(recipe.apply(others, params)[3], views[3], atol=1e-5)
    assert torch.allclose(recipe.apply(images[3:4], take(params, [3]))[0], views[3], atol=1e-5)
    assert torch.allclose(recipe.apply(images[[5, 3]], take(params, [5, 3]))[1], views[3], atol=1e-5)


@every_recipe
@pytest.mark.parametrize("height_width", [(32, 32), (48, 64)], ids=str)
def test_the_trace_ends_in_the_view(recipe, height_width, generator):
    images, params = pictures(12, *height_width), recipe.sample(12, generator)
    views = recipe.apply(images, params)
    for i in range(12):
        steps = recipe.trace(images[i], params=take(params, [i]))
        assert [s.name for s in steps] == list(recipe.operations)
        assert [s.title for s in steps] == [o.title for o in recipe.operations.values()]
        mean, std = (torch.tensor(c)[:, None, None] for c in (recipe.mean, recipe.std))
        assert torch.allclose((steps[-1].image - mean) / std, views[i], atol=1e-5)
        for before, after in pairwise(steps):
            assert after.happened or torch.equal(before.image, after.image)
        top, left, tall, wide = steps[0].box
        assert 0 <= top <= top + tall <= height_width[0]
        assert 0 <= left <= left + wide <= height_width[1]
        assert steps[1].box is None


def test_a_trace_draws_as_a_batch_of_one_does():
    recipe, images = RECIPES["simclr"], pictures(1)
    steps = recipe.trace(images[0], seeded(5))
    again = recipe.trace(images[0], params=recipe.sample(1, seeded(5)))
    assert torch.equal(steps[-1].image, again[-1].image)
    with pytest.raises(TypeError):
        recipe.trace(images[0])


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (pictures(0), "no pictures"),
        (pictures(2).float(), "uint8"),
        (pictures(2)[:, :1], r"\(n, 3, h, w\)"),
        (pictures(2)[0], r"\(n, 3, h, w\)"),
        (pictures(3), "of 2 pictures, and there are 3"),
    ],
    ids=["empty", "float", "one channel", "no batch", "another number"],
)
def test_what_is_no_batch_is_refused(images, says, generator):
    with pytest.raises(Problem, match=says):
        RECIPES["simclr"].apply(images, RECIPES["simclr"].sample(2, generator))


def test_nothing_to_augment_is_refused(generator):
    with pytest.raises(Problem, match="no pictures"):
        RECIPES["simclr"].sample(0, generator)
    with pytest.raises(Problem, match="no pictures"):
        plain(pictures(0), 32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    with pytest.raises(Problem, match="uint8"):
        plain(pictures(1).float(), 32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def test_plain_is_the_picture_normalised():
    images, mean, std = pictures(4), (0.4, 0.5, 0.6), (0.1, 0.2, 0.3)
    back = plain(images, 32, mean, std) * torch.tensor(std)[:, None, None] + torch.tensor(mean)[:, None, None]
    assert (back * 255 - images).abs().max() < 1e-3


@pytest.mark.parametrize("height_width", [(48, 64), (224, 224), (1, 1), (20, 20)], ids=str)
def test_plain_resizes_as_torch_does(height_width):
    images = pictures(4, *height_width)
    want = torch.nn.functional.interpolate(images / 255, (32, 32), mode="bilinear", antialias=True)
    assert (plain(images, 32, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)) - want).abs().max() < 1e-4


def test_a_recipe_without_a_crop_still_gives_its_size(generator):
    recipe = Recipe("Mirror", "A test.", {"flip": AUGMENTATIONS["flip"](probability=1.0)}, size=16)
    images = pictures(3, 20, 30)
    views = recipe.apply(images, recipe.sample(3, generator))
    assert torch.allclose(views, plain(images, 16, recipe.mean, recipe.std).flip(3), atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@every_recipe
def test_a_gpu_gives_the_same_views(recipe, generator):
    images, params = pictures(16), recipe.sample(16, generator)
    there = recipe.apply(images.cuda(), params)
    assert there.device.type == "cuda"
    assert torch.allclose(there.cpu(), recipe.apply(images, params), atol=1e-3)
