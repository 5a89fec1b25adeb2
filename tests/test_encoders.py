"""Encoders and heads: shapes for any picture size, and torchvision's own answers."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from PIL import Image
from torchvision.models import resnet18, resnet50
from torchvision.transforms.functional import pil_to_tensor

from ssl_core.config import knobs
from ssl_core.encoders import ENCODERS, HEADS
from ssl_core.encoders.waves import waves

SMALL = {"resnet18": {"width": 16}, "resnet50": {"width": 16}}


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("size", [32, 64, 224])
def test_features_have_the_promised_length_at_any_size(name: str, size: int) -> None:
    stems = knobs(ENCODERS[name])["stem"].choices if "stem" in knobs(ENCODERS[name]) else (None,)
    for stem in stems:
        chosen = {"stem": stem} if stem else {}
        encoder = ENCODERS[name](**SMALL.get(name, {}), **chosen)
        encoder = encoder.build().eval()
        with torch.no_grad():
            assert encoder(torch.randn(2, 3, size, size)).shape == (2, encoder.dim)


@pytest.mark.parametrize(("name", "theirs"), [("resnet18", resnet18), ("resnet50", resnet50)])
def test_with_the_imagenet_stem_it_is_torchvisions(name: str, theirs) -> None:  # type: ignore[no-untyped-def]
    reference = theirs(weights=None).eval()
    reference.fc = torch.nn.Identity()
    ours = ENCODERS[name](stem="imagenet").build().eval()
    ours.load_state_dict(reference.state_dict())
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), reference(x))


def test_the_narrow_resnet_is_as_small_as_it_says() -> None:
    encoder = ENCODERS["resnet10"]().build()
    assert encoder.dim == 128
    assert 0.25e6 < sum(p.numel() for p in encoder.parameters()) < 0.4e6


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("output", [2, 128])
def test_heads_give_the_output_dimension(name: str, output: int) -> None:
    head = HEADS[name](output_dim=output, hidden=32).build(64)
    assert head(torch.randn(4, 64)).shape == (4, output)


def test_cs231ns_head_is_the_assignments() -> None:
    head = HEADS["cs231n"]().build(2048)
    kinds = [type(layer).__name__ for layer in head]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU", "Linear"]
    assert (head[0].in_features, head[0].out_features, head[0].bias) == (2048, 512, None)
    assert (head[3].out_features, head[3].bias is None) == (128, False)


@pytest.mark.parametrize("layers", range(5))
def test_the_general_head_has_as_many_layers_as_asked(layers: int) -> None:
    head = HEADS["mlp"](layers=layers, hidden=8, output_dim=4).build(6)
    assert sum(isinstance(m, torch.nn.Linear) for m in head.modules()) == layers
    assert head(torch.randn(3, 6)).shape == (3, 4 if layers else 6)


@pytest.mark.parametrize("channels", [1, 8, 15, 54])
def test_waves_are_at_right_angles_each_beside_its_negative(channels: int) -> None:
    flat = waves(channels).flatten(1)
    half = (channels + 1) // 2
    torch.testing.assert_close(flat[:half] @ flat[:half].T, torch.eye(half))
    torch.testing.assert_close(flat[half:], -flat[: channels - half])


def test_waves_are_nearly_the_axes_of_photographs(cifar_zip: Path) -> None:
    """Projected on them, patches of CIFAR-10 are nearly uncorrelated; their pixels are not."""
    with ZipFile(cifar_zip) as held:
        names = [name for name in held.namelist() if name.endswith((".jpg", ".png"))][::100]
        opened = [Image.open(BytesIO(held.read(name))).convert("RGB") for name in names]
    images = torch.stack([pil_to_tensor(picture) for picture in opened]) / 255
    patches = torch.nn.functional.unfold(images - images.mean((0, 2, 3), keepdim=True), 3)
    pixels = patches.permute(1, 0, 2).flatten(1)

    def correlation(rows: torch.Tensor) -> float:
        found = torch.corrcoef(rows).abs()
        return float((found.sum() - len(found)) / (found.numel() - len(found)))

    assert correlation(pixels) > 0.7
    assert correlation(waves(54)[:27].flatten(1) @ pixels) < 0.1


def test_a_stem_of_waves_is_not_trained(generator: torch.Generator) -> None:
    encoder = ENCODERS["resnet10"](width=8, stem="waves").build()
    encoder(torch.randn(4, 3, 16, 16, generator=generator)).sum().backward()
    assert encoder.conv1.weight.grad is None
    assert torch.equal(encoder.conv1.weight, waves(8))
    assert encoder.layer1[0].conv1.weight.grad is not None
