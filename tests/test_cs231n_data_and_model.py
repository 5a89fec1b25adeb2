"""The assignment's pictures and its network: what it lists, under the names it loads weights by."""

import random
from collections.abc import Iterator

import numpy
import pytest
import torch
from PIL import Image
from torch import nn

from ssl_core import cs231n


@pytest.fixture(autouse=True)
def global_generators() -> Iterator[None]:
    """The assignment seeds globally; what comes after this test must not notice."""
    state = random.getstate()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
    random.setstate(state)


def picture(seed: int = 0, size: int = 32) -> Image.Image:
    pixels = numpy.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=numpy.uint8)
    return Image.fromarray(pixels)


def test_train_transform_replays_from_its_seed() -> None:
    first = [cs231n.compute_train_transform(seed=7)(picture()) for _ in range(2)]
    assert torch.equal(*first), "each call seeds again"
    transform = cs231n.compute_train_transform(seed=7)
    assert random.random() == random.Random(7).random(), "Python's generator too, as the assignment does"
    one, two = transform(picture()), transform(picture())
    assert torch.equal(one, first[0])
    assert not torch.equal(one, two)
    assert not torch.equal(one, cs231n.compute_train_transform()(picture()))
    assert one.shape == (3, 32, 32)
    assert transform(picture(size=50)).shape == (3, 32, 32)


def test_train_transform_does_what_the_notebook_lists() -> None:
    """By what comes out: 80 % recoloured, 20 % grey, half of them mirrored."""
    transform = cs231n.compute_train_transform(seed=1)
    mean, std = (torch.tensor(v)[:, None, None] for v in ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]))
    plain = Image.new("RGB", (32, 32), (200, 100, 50))  # one colour: crops and flips change nothing
    colours = torch.stack([(transform(plain) * std + mean)[:, 0, 0] for _ in range(500)])
    grey = (colours.amax(1) - colours.amin(1)) < 1e-3
    same = (colours - torch.tensor([200, 100, 50]) / 255).abs().amax(1) < 1e-3
    assert grey.float().mean() == pytest.approx(0.2, abs=0.06)
    assert same.float().mean() == pytest.approx(0.2 * 0.8, abs=0.06)
    halves = Image.new("L", (32, 32))
    halves.paste(255, (16, 0, 32, 32))  # bright on the right
    views = torch.stack([transform(halves.convert("RGB")) for _ in range(300)])
    left, right = views[..., :8].mean((1, 2, 3)), views[..., -8:].mean((1, 2, 3))
    clear = (left - right).abs() > 0.5
    assert (left > right)[clear].float().mean() == pytest.approx(0.5, abs=0.1)


def test_test_transform_is_the_picture_normalised() -> None:
    pixels = numpy.asarray(picture()).astype(float) / 255
    expected = (pixels - [0.4914, 0.4822, 0.4465]) / [0.2023, 0.1994, 0.2010]
    found = cs231n.compute_test_transform()(picture())
    numpy.testing.assert_allclose(found.permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_pairs_are_two_views_and_the_label() -> None:
    pairs = cs231n.CIFAR10Pair.__new__(cs231n.CIFAR10Pair)  # without the archive
    pairs.data = numpy.stack([numpy.asarray(picture(seed)) for seed in range(2)])
    pairs.targets, pairs.transform, pairs.target_transform = [3, 8], None, None
    x_i, x_j, target = pairs[1]
    assert (x_i.tobytes(), x_j.tobytes(), target) == (picture(1).tobytes(), picture(1).tobytes(), 8)
    pairs.transform, pairs.target_transform = cs231n.compute_train_transform(), lambda label: -label
    x_i, x_j, target = pairs[0]
    assert x_i.shape == x_j.shape == (3, 32, 32)
    assert not torch.equal(x_i, x_j)
    assert target == -3


def test_model_is_the_notebooks() -> None:
    model = cs231n.Model(feature_dim=16)
    state = model.state_dict()
    shapes = {
        name: tuple(state[name].shape) for name in ("f.0.weight", "g.0.weight", "g.3.weight", "g.3.bias")
    }
    assert shapes == {
        "f.0.weight": (64, 3, 3, 3),
        "g.0.weight": (512, 2048),
        "g.3.weight": (16, 512),
        "g.3.bias": (16,),
    }
    # the names in the weights that the assignment hands out: bn1, then four stages of bottlenecks
    depths = [len({name.split(".")[2] for name in state if name.startswith(f"f.{i}.")}) for i in range(3, 7)]
    assert depths == [3, 4, 6, 3]
    assert {"f.1.running_mean", "f.3.0.conv1.weight", "f.3.0.downsample.0.weight", "g.1.running_var"} < set(
        state
    )
    assert "g.0.bias" not in state
    maps = nn.Sequential(*list(model.f)[:-1])(torch.randn(2, 3, 32, 32))
    assert maps.shape == (2, 2048, 4, 4), "stride 1 and no pooling in the stem"
    feature, out = model(torch.randn(2, 3, 32, 32))
    assert feature.shape == (2, 2048)
    assert out.shape == (2, 16)
    for rows in (feature, out):
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(2))
