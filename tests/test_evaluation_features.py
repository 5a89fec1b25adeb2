"""Features are those of the encoder under the test-time transform, and the encoder is left as it was."""

import pytest
import torch
from torch import nn

from ssl_core.augmentations import RECIPES, Recipe, plain
from ssl_core.evaluation import Bag, extract
from ssl_core.evaluation.features import evaluating
from ssl_core.problem import Problem

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)


@pytest.fixture
def images(generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, 256, (13, 3, 8, 8), generator=generator, dtype=torch.uint8)


def small_encoder() -> nn.Sequential:
    torch.manual_seed(0)
    encoder = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
    )
    encoder(torch.randn(16, 3, 8, 8) + 1)  # so that running statistics differ from the first ones
    return encoder


def test_one_picture_at_a_time_gives_the_same(images: torch.Tensor) -> None:
    encoder = small_encoder()
    found = extract(encoder, images, mean=MEAN, std=STD, batch=5)  # a ragged last batch too
    encoder.eval()
    with torch.no_grad():
        by_hand = torch.cat([encoder(plain(image[None], 8, MEAN, STD)) for image in images])
    assert found.dtype == torch.float32
    assert not found.requires_grad
    torch.testing.assert_close(found, by_hand, rtol=1e-4, atol=1e-5)


def test_the_batch_size_changes_nothing(images: torch.Tensor) -> None:
    encoder = small_encoder()
    one, all_ = (extract(encoder, images, mean=MEAN, std=STD, batch=size) for size in (1, 100))
    torch.testing.assert_close(one, all_, rtol=1e-4, atol=1e-5)


def test_modes_and_statistics_stay_as_they_were(images: torch.Tensor) -> None:
    encoder = small_encoder().train()
    encoder[1].eval()  # a frozen BatchNorm in a module that trains
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    extract(encoder, images, mean=MEAN, std=STD)
    assert [part.training for part in encoder] == [True, False, True, True, True, True]
    assert encoder.training
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_modes_come_back_after_an_error() -> None:
    encoder = small_encoder().train()

    def fail() -> None:
        with evaluating(encoder):
            assert not encoder[1].training
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert all(part.training for part in encoder.modules())


def test_another_size_and_precision(images: torch.Tensor) -> None:
    encoder = small_encoder()
    exact = extract(encoder, images, mean=MEAN, std=STD, size=12)
    rough = extract(encoder, images, mean=MEAN, std=STD, size=12, precision=torch.bfloat16)
    assert rough.dtype == torch.float32
    assert not torch.equal(exact, rough)
    torch.testing.assert_close(exact, rough, rtol=0.05, atol=0.05)
    assert not torch.equal(exact, extract(encoder, images, mean=MEAN, std=STD))


def test_it_reports_and_a_report_may_stop_it(images: torch.Tensor) -> None:
    encoder, said = small_encoder().train(), []
    extract(encoder, images, mean=MEAN, std=STD, batch=5, report=lambda what, done: said.append(done))
    assert said == [0, 5 / 13, 10 / 13, 1]

    def enough(what: str, done: float) -> None:
        if done > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        extract(encoder, images, mean=MEAN, std=STD, batch=5, report=enough)
    assert encoder.training


def test_no_pictures_are_a_problem(images: torch.Tensor) -> None:
    with pytest.raises(Problem, match="no pictures"):
        extract(small_encoder(), images[:0], mean=MEAN, std=STD)


def test_a_bag_is_the_mean_over_patches_that_follow_from_the_seed(images: torch.Tensor) -> None:
    encoder, recipe = small_encoder(), RECIPES["emp_ssl"]
    found = extract(encoder, images, mean=MEAN, std=STD, bag=Bag(recipe, 3, seed=5))
    generator, fitted = torch.Generator().manual_seed(5), recipe.fit(8, MEAN, STD)
    encoder.eval()
    by_hand = torch.zeros(13, 4)
    with torch.no_grad():
        for _ in range(3):
            patches = fitted.apply(images, fitted.sample(13, generator))
            for i, patch in enumerate(patches):
                by_hand[i] += encoder(patch[None])[0] / 3
    torch.testing.assert_close(found, by_hand, rtol=1e-4, atol=1e-5)
    for batch in (1, 5):
        again = extract(encoder, images, mean=MEAN, std=STD, bag=Bag(recipe, 3, seed=5), batch=batch)
        torch.testing.assert_close(again, found, rtol=1e-4, atol=1e-5)
    other = extract(encoder, images, mean=MEAN, std=STD, bag=Bag(recipe, 3))
    assert not torch.allclose(other, found, rtol=1e-4, atol=1e-5)


def test_a_bag_of_what_changes_nothing_is_the_whole_picture(images: torch.Tensor) -> None:
    still = Recipe("still", "nothing happens", {})
    whole = extract(small_encoder(), images, mean=MEAN, std=STD)
    bag = extract(small_encoder(), images, mean=MEAN, std=STD, bag=Bag(still, 4))
    torch.testing.assert_close(bag, whole)


def test_a_bag_reports_over_all_its_patches(images: torch.Tensor) -> None:
    said: list[float] = []
    bag = Bag(RECIPES["simclr"], 2)
    extract(
        small_encoder(),
        images,
        mean=MEAN,
        std=STD,
        bag=bag,
        batch=10,
        report=lambda _, done: said.append(done),
    )
    assert said == [0, 10 / 26, 13 / 26, 23 / 26, 1]
