"""Recipes: replay, independence of pictures, traces, knobs, and whether they hide what they should."""

from dataclasses import fields
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssl_core import config
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


@every_recipe
def test_a_turned_knob_changes_its_own_effect_only(recipe):
    for key, knob in recipe.knobs().items():
        name = key.partition(".")[0]
        way = knob.low if knob.default > knob.low else knob.high
        turned = recipe.turned({key: 0.8 * knob.default + 0.2 * way})
        before, after = recipe.sample(200, seeded()), turned.sample(200, seeded())
        different = {
            operation
            for operation in before
            if not all(torch.equal(before[operation][k], after[operation][k]) for k in before[operation])
        }
        assert different == {name}, key


@every_recipe
def test_knobs_are_all_there_and_turn(recipe):
    found = recipe.knobs()
    assert set(found) == {f"{n}.{k}" for n, o in recipe.operations.items() for k in config.knobs(o)}
    assert recipe.turned({k: knob.default for k, knob in found.items()}) == recipe
    assert recipe.turned({"crop.scale_low": "0.5"}).knobs()["crop.scale_low"].default == 0.5
    assert recipe.knobs()["crop.scale_low"].default != 0.5
    assert all(knob.help and knob.low <= knob.default <= knob.high for knob in found.values())


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_operation_is_made_of_knobs(name):
    cls = AUGMENTATIONS[name]
    found = config.knobs(cls)
    assert list(found) == [f.name for f in fields(cls)]
    assert next(iter(found)) == "probability"
    assert cls.title
    assert all(knob.help and knob.low <= knob.default <= knob.high for knob in found.values())
    assert config.build(cls, config.defaults(cls)) == cls()
    for knob in found.values():
        for end in (knob.low, knob.high):
            ends = knob.name.endswith(("_low", "_high"))  # both ends of a range move together
            names = [f"{knob.name.rpartition('_')[0]}_{side}" for side in ("low", "high")]
            assert cls(**dict.fromkeys(names if ends else [knob.name], end))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"crop.scale": 0.5}, "crop.scale_low"),
        ({"crop.scale_low": "wide"}, "give a number"),
        ({"crop.scale_low": 0.9, "crop.scale_high": 0.5}, "scale_low ≤ scale_high"),
        ({"flip.probability": 2}, "0 ≤ probability ≤ 1"),
    ],
    ids=str,
)
def test_knobs_that_cannot_be_are_refused(values, says):
    with pytest.raises(Problem) as problem:
        RECIPES["simclr"].turned(values)
    assert says in str(problem.value)


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


def test_all_probabilities_at_zero_leave_the_plain_picture(generator):
    for recipe in RECIPES.values():
        off = recipe.turned({key: 0 for key in recipe.knobs() if key.endswith("probability")})
        images = pictures(4, 40, 50)
        want = plain(images, recipe.size, recipe.mean, recipe.std)
        assert torch.allclose(off.apply(images, off.sample(4, generator)), want, atol=1e-5)


def test_a_recipe_without_a_crop_still_gives_its_size(generator):
    recipe = Recipe("Mirror", "A test.", {"flip": AUGMENTATIONS["flip"](probability=1.0)}, size=16)
    images = pictures(3, 20, 30)
    views = recipe.apply(images, recipe.sample(3, generator))
    assert torch.allclose(views, plain(images, 16, recipe.mean, recipe.std).flip(3), atol=1e-5)


def test_simclr_on_cifar_and_cs231n_are_one_recipe():
    simclr, cs231n = RECIPES["simclr"], RECIPES["cs231n"]
    assert simclr.operations == cs231n.operations
    assert (cs231n.mean, cs231n.std) == ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
    knobs = {key: knob.default for key, knob in cs231n.knobs().items()}
    assert [knobs[f"jitter.{k}"] for k in ("brightness", "contrast", "saturation", "hue")] == [
        0.4,
        0.4,
        0.4,
        0.1,
    ]
    assert [knobs[f"{k}.probability"] for k in cs231n.operations] == [1.0, 0.5, 0.8, 0.2]
    assert all("CS231n" in recipe.about or "SimCLR" in recipe.about for recipe in (simclr, cs231n))


def test_shapes_jitters_always_and_turns_the_hue_anywhere():
    knobs = {key: knob.default for key, knob in RECIPES["shapes"].knobs().items()}
    assert (knobs["crop.scale_low"], knobs["crop.scale_high"]) == (0.35, 1.0)
    assert [knobs[f"jitter.{k}"] for k in ("brightness", "contrast", "saturation", "hue")] == [
        0.7,
        0.7,
        0.7,
        0.5,
    ]
    assert [knobs[f"{k}.probability"] for k in RECIPES["shapes"].operations] == [1.0, 0.5, 1.0, 0.5, 0.3]


def matched_by_colour(recipe):
    """How often the mean colours of two views find each other among 64 two-coloured pictures."""
    found, generator = [], seeded()
    for _ in range(20):
        ground, figure = torch.randint(0, 256, (2, 64, 3, 1, 1), dtype=torch.uint8, generator=generator)
        images = ground.repeat(1, 1, 32, 32)
        images[:, :, 10:22, 10:22] = figure
        one, two = (recipe.apply(images, recipe.sample(64, generator)).mean((2, 3)) for _ in range(2))
        found.append((torch.cdist(one, two).argmin(1) == torch.arange(64)).float().mean())
    return float(torch.stack(found).mean())


def test_shapes_hide_colour_where_others_do_not():
    colours_left = RECIPES["simclr"].turned({"jitter.probability": 0, "grayscale.probability": 0})
    assert matched_by_colour(RECIPES["shapes"]) < 2 / 64  # chance is 1 / 64
    assert matched_by_colour(RECIPES["simclr"]) > 4 / 64
    assert matched_by_colour(colours_left) > 32 / 64


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@every_recipe
def test_a_gpu_gives_the_same_views(recipe, generator):
    images, params = pictures(16), recipe.sample(16, generator)
    there = recipe.apply(images.cuda(), params)
    assert there.device.type == "cuda"
    assert torch.allclose(there.cpu(), recipe.apply(images, params), atol=1e-3)
