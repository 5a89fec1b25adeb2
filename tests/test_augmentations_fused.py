"""The compiled views are those of the operations, whatever the recipe, its knobs, sizes and threads."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssl_core.augmentations import AUGMENTATIONS, RECIPES, Recipe, fused
from ssl_core.augmentations.pixels import normalise, unit

N = fused.FEWEST


def pictures(height: int, width: int, seed: int = 0, n: int = N) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 3, height, width), dtype=torch.uint8, generator=generator)


def one_by_one(recipe: Recipe, images: torch.Tensor, params: dict) -> torch.Tensor:
    """The operations of the recipe, each over all pictures: the form that is read."""
    views = unit(images)
    for name, operation in recipe.operations.items():
        views = operation.apply(views, params[name], recipe.size)
    return normalise(views, recipe.mean, recipe.std)


def compiled(recipe: Recipe, images: torch.Tensor, params: dict) -> torch.Tensor:
    assert fused.fits(recipe.operations, images)
    return recipe.apply(images, params)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(RECIPES)),
    sides=st.tuples(st.integers(8, 50), st.integers(8, 50)),
    size=st.sampled_from([8, 31, 32, 48]),
    scale=st.floats(0.05, 1.0),
    often=st.floats(0.0, 1.0),
    seed=st.integers(0, 9999),
)
def test_the_same_parameters_give_the_same_views(
    name: str, sides: tuple[int, int], size: int, scale: float, often: float, seed: int
) -> None:
    recipe = replace(RECIPES[name], size=size)
    knobs = {key: often for key in recipe.knobs() if key.endswith(".probability")}
    recipe = recipe.turned(knobs | {"crop.scale_low": scale, "crop.scale_high": 1.0})
    images = pictures(*sides, seed)
    params = recipe.sample(N, torch.Generator().manual_seed(seed))
    ours, theirs = compiled(recipe, images, params), one_by_one(recipe, images, params)
    std = torch.tensor(recipe.std)[:, None, None]
    # a hair's breadth from the threshold a pixel may fall on either side of it, and is inverted or not
    wrong = ((ours - theirs).abs() * std > 1e-4).float().mean()
    assert wrong == 0 if "solarize" not in recipe.operations else wrong < 1e-3


def test_every_operation_is_known_to_the_kernel() -> None:
    assert set(AUGMENTATIONS.values()) == set(fused.KINDS)


def test_as_many_threads_as_torch_has_change_nothing() -> None:
    recipe, images = RECIPES["simclr"], pictures(32, 32, n=2 * N + 1)
    params = recipe.sample(len(images), torch.Generator().manual_seed(0))
    threads = torch.get_num_threads()
    try:
        found = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(recipe.apply(images, params))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_few_pictures_and_other_orders_take_the_operations_themselves() -> None:
    recipe = RECIPES["simclr"]
    assert not fused.fits(recipe.operations, pictures(32, 32, n=N - 1))
    turned = dict(reversed(recipe.operations.items()))
    assert not fused.fits(turned, pictures(32, 32))
    assert not fused.fits(recipe.operations, pictures(32, 32).to("meta"))


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_what_is_given_is_not_written_to(name: str) -> None:
    recipe, images = RECIPES[name], pictures(32, 32)
    before, params = images.clone(), recipe.sample(N, torch.Generator().manual_seed(0))
    first = recipe.apply(images, params)
    assert torch.equal(images, before)
    assert torch.equal(recipe.apply(images, params), first)
