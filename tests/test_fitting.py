"""Weights from elsewhere find their encoder, or are refused with what does not fit."""

from typing import Any

import pytest
import torch
import torchvision
from elsewhere import LAYOUTS, cs231n, head, lived, moco, numbered
from torch import Tensor

from ssl_core.command_import import grouped
from ssl_core.cs231n import Model
from ssl_core.encoders import ENCODERS
from ssl_core.fitting import fit
from ssl_core.problem import Problem
from ssl_core.weights_file import tensors


def names_of(model: Any) -> dict[str, Tensor]:
    """A model's state dict, its numbers left out."""
    with torch.device("meta"):
        return model().state_dict()


def torchvision_names(name: str) -> dict[str, Tensor]:
    return names_of(lambda: torchvision.models.get_model(name, weights=None))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_tensor_arrives_under_its_own_name(layout: str) -> None:
    wrap, encoder, stem, prefix = LAYOUTS[layout]
    ours = lived(encoder, stem).state_dict()
    found = fit(dict(tensors(wrap(ours))))
    assert (found.encoder, found.prefix, found.knobs.get("stem", "")) == (encoder, prefix, stem)
    assert found.knobs["width"] == 8
    assert set(found.weights) | set(found.absent) == set(ours)
    assert all(name.endswith("num_batches_tracked") for name in found.absent)
    assert all(torch.equal(tensor, ours[name]) for name, tensor in found.weights.items())
    assert not found.doubt


def test_what_was_left_out_is_named() -> None:
    state = dict(tensors(moco(lived().state_dict())))
    found = fit(state)
    assert len(found.unused) + len(found.weights) == len(state)
    assert found.others == ("state_dict.module.encoder_k.",)
    assert grouped(found) == {
        "state_dict.module.encoder_k": 124,
        "state_dict.module.encoder_q.fc": 4,
        "state_dict.module.queue": 1,
        "state_dict.module.queue_ptr": 1,
    }
    slow = fit(state, prefix="state_dict.module.encoder_k.")
    assert torch.equal(slow.weights["conv1.weight"], 2 * found.weights["conv1.weight"])
    with pytest.raises(Problem, match="hold no encoder"):
        fit(state, prefix="module.")


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_torchvision_computes_the_same(name: str) -> None:
    theirs = torchvision.models.get_model(name, weights=None).eval()
    generator = torch.Generator().manual_seed(0)
    for part in theirs.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.2, generator=generator)  # type: ignore[union-attr]
            part.running_var.uniform_(0.5, 1.5, generator=generator)  # type: ignore[union-attr]
    found = fit(theirs.state_dict())
    assert (found.encoder, found.knobs) == (name, {"stem": "imagenet", "width": 64})
    assert found.unused == ("fc.weight", "fc.bias")
    ours = ENCODERS[name](**found.knobs).build().eval()
    ours.load_state_dict(found.weights)
    theirs.fc = torch.nn.Identity()
    x = torch.randn(2, 3, 96, 96, generator=generator)
    with torch.no_grad():
        assert (ours(x) - theirs(x)).abs().max() <= 1e-6 * theirs(x).abs().max()


def test_the_assignments_model() -> None:
    found = fit(names_of(Model))
    assert (found.encoder, found.prefix, found.doubt) == ("resnet50", "f.", "")
    assert {name.split(".")[0] for name in found.unused} == {"g"}


OTHERS = {
    "resnet34": "of another encoder: layer1.2.conv1.weight",  # all that a ResNet-18 needs is in it, and more
    "resnet101": "of another encoder: layer3.6.conv1.weight",
    "wide_resnet50_2": r"of another shape: layer1.0.conv1.weight \(128×64×1×1, not 64×64×1×1\)",
    "resnext50_32x4d": "of another shape: layer1.0.conv1.weight",
    "vit_b_16": "hold no encoder",
    "vgg11": "hold no encoder",
    "densenet121": "hold no encoder",
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_network_is_refused(name: str) -> None:
    with pytest.raises(Problem, match=OTHERS[name]):
        fit(torchvision_names(name))


def test_what_is_named_is_held_to() -> None:
    state = lived().state_dict()
    for wrong in ({"encoder": "resnet50"}, {"encoder": "resnet10"}, {"stem": "imagenet"}):
        with pytest.raises(Problem, match="No encoder here fits"):
            fit(state, **wrong)
    with pytest.raises(Problem, match="no encoder named 'resnet34'"):
        fit(state, "resnet34")
    with pytest.raises(Problem, match="hold no encoder"):
        fit(state, stem="large")


def test_what_would_change_the_features_unseen_is_refused() -> None:
    state = dict(lived().state_dict())
    with pytest.raises(Problem, match=r"of another encoder: layer1\.0\.se\.fc\.weight"):
        fit({**state, "layer1.0.se.fc.weight": torch.ones(8, 8)})  # squeeze and excitation
    del state["layer4.1.bn2.running_var"]
    with pytest.raises(Problem, match=r"not in the file: layer4\.1\.bn2\.running_var"):
        fit(state)


def test_the_numbering_tells_of_a_pooling() -> None:
    assert fit(cs231n(lived(stem="imagenet").state_dict())).doubt  # 7×7, and no number left for a pooling
    parts = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]
    assert fit(numbered(parts, lived(stem="cifar").state_dict())).doubt


def test_a_head_alone_is_no_encoder() -> None:
    with pytest.raises(Problem, match=r"Their names: head\.0\.weight"):
        fit(head(lived().state_dict(), "head"))
