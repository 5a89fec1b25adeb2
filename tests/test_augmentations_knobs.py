"""The knobs of recipes, what each recipe is made of, and whether it hides what it should."""

from dataclasses import fields

import pytest
import torch

from ssl_core import config
from ssl_core.augmentations import AUGMENTATIONS, RECIPES, plain
from ssl_core.problem import Problem

every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n, height=32, width=32):
    return torch.randint(0, 256, (n, 3, height, width), dtype=torch.uint8, generator=seeded())


def nudged(knob):
    """A fifth of the way to an end: of a range the side's own, so that low stays below high."""
    far = max(knob.low, knob.high, key=lambda end: abs(end - knob.default))
    side = {"low": knob.low, "high": knob.high}.get(knob.name.rpartition("_")[2], far)
    return 0.8 * knob.default + 0.2 * (far if side == knob.default else side)


@every_recipe
def test_a_turned_knob_changes_its_own_effect_only(recipe):
    images = pictures(200)
    for key, knob in recipe.knobs().items():
        name = key.partition(".")[0]
        turned = recipe.turned({key: nudged(knob)})
        before, after = recipe.sample(200, seeded()), turned.sample(200, seeded())
        different = {
            operation
            for operation in before
            if not all(torch.equal(before[operation][k], after[operation][k]) for k in before[operation])
        }
        assert different == {name} or (different == set() and key == "blur.kernel"), key  # it is not drawn
        assert not torch.equal(recipe.apply(images, before), turned.apply(images, after)), key


@every_recipe
def test_knobs_are_all_there_and_turn(recipe):
    found = recipe.knobs()
    assert set(found) == {f"{n}.{k}" for n, o in recipe.operations.items() for k in config.knobs(o)}
    assert recipe.turned({k: knob.default for k, knob in found.items()}) == recipe
    assert recipe.turned({"crop.scale_low": "0.15"}).knobs()["crop.scale_low"].default == 0.15
    assert recipe.knobs()["crop.scale_low"].default != 0.15
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


def test_all_probabilities_at_zero_leave_the_plain_picture(generator):
    for recipe in RECIPES.values():
        off = recipe.turned({key: 0 for key in recipe.knobs() if key.endswith("probability")})
        images = pictures(4, 40, 50)
        want = plain(images, recipe.size, recipe.mean, recipe.std)
        assert torch.allclose(off.apply(images, off.sample(4, generator)), want, atol=1e-5)


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


def test_shapes_turns_the_hue_anywhere():
    knobs = {key: knob.default for key, knob in RECIPES["shapes"].knobs().items()}
    assert (knobs["crop.scale_low"], knobs["crop.scale_high"]) == (0.35, 1.0)
    assert [knobs[f"jitter.{k}"] for k in ("brightness", "contrast", "saturation", "hue")] == [
        0.7,
        0.7,
        0.7,
        0.5,
    ]
    assert [knobs[f"{k}.probability"] for k in RECIPES["shapes"].operations] == [1.0, 0.5, 0.8, 0.5, 0.3]


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
