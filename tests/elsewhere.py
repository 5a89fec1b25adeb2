"""Weights as other projects write them, made from our own encoder's by renaming."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ssl_core.encoders import ENCODERS, Encoder

State = Mapping[str, Tensor]
PARTS = [
    "conv1",
    "bn1",
    "relu",
    "maxpool",
    "layer1",
    "layer2",
    "layer3",
    "layer4",
    "avgpool",
]  # torchvision's


def lived(name: str = "resnet18", stem: str = "cifar", width: int = 8) -> Encoder:
    """An encoder whose every number is drawn: BatchNorm's too, as after training."""
    generator = torch.Generator().manual_seed(1)
    knobs: dict[str, Any] = {"width": width} if name == "convnet" else {"width": width, "stem": stem}
    encoder = ENCODERS[name](**knobs).build()
    for tensor in encoder.state_dict().values():
        if tensor.dim() == 1:
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif tensor.dim() == 0:
            tensor.fill_(7)
        else:
            tensor.normal_(0, 2 / tensor[0].numel() ** 0.5, generator=generator)
    return encoder.eval()


def before(prefix: str, state: State) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in state.items()}


def numbered(parts: list[str], state: State) -> dict[str, Tensor]:
    """As nn.Sequential(*parts) names them."""
    found = {}
    for name, tensor in state.items():
        first, _, rest = name.partition(".")
        found[f"{parts.index(first)}.{rest}"] = tensor
    return found


def shortcuts(state: State) -> dict[str, Tensor]:
    return {name.replace("downsample", "shortcut"): tensor for name, tensor in state.items()}


def head(state: State, name: str) -> dict[str, Tensor]:
    """A projection head of two layers."""
    dim = len(list(state.values())[-2])
    sizes = {"0.weight": (dim, dim), "0.bias": (dim,), "2.weight": (4, dim), "2.bias": (4,)}
    return {f"{name}.{key}": torch.ones(size) for key, size in sizes.items()}


def torchvision_like(s: State) -> Any:
    return {**s, "fc.weight": torch.ones(5, 64), "fc.bias": torch.ones(5)}


def old_torchvision(s: State) -> Any:
    return {name: tensor for name, tensor in s.items() if "num_batches" not in name}


def timm_half(s: State) -> Any:
    return {name: tensor.half() if tensor.dim() else tensor for name, tensor in torchvision_like(s).items()}


def moco(s: State) -> Any:
    slow = {name: tensor * 2 for name, tensor in s.items()}
    keys = {**before("module.encoder_k.", slow), **head(s, "module.encoder_k.fc")}
    queries = {**before("module.encoder_q.", s), **head(s, "module.encoder_q.fc")}
    queue = {"module.queue": torch.ones(4, 9), "module.queue_ptr": torch.zeros(1, dtype=torch.long)}
    buffers = {0: {"momentum_buffer": torch.ones(3)}}
    optimizer = {"state": buffers, "param_groups": [{"lr": 0.03, "params": [0]}]}
    state = {**keys, **queries, **queue}  # the slow copy first: it is not chosen for standing first
    return {"epoch": 200, "arch": "resnet18", "state_dict": state, "optimizer": optimizer}


def supcontrast(s: State) -> Any:
    return {"model": {**before("encoder.", shortcuts(s)), **head(s, "head")}, "epoch": 3}


def supcontrast_parallel(s: State) -> Any:
    return {"model": {**before("encoder.module.", shortcuts(s)), **head(s, "head")}, "epoch": 3}


def supcontrast_whole(s: State) -> Any:
    return {"model": {**before("module.encoder.", shortcuts(s)), **head(s, "module.head")}}


def solo(s: State) -> Any:
    slow = before("momentum_backbone.", {name: tensor * 2 for name, tensor in s.items()})
    state = {**slow, **before("backbone.", s), **head(s, "projector"), **head(s, "classifier")}
    return {"state_dict": state, "pytorch-lightning_version": "2.0", "global_step": 9, "loops": {}}


def lightly(s: State) -> Any:
    return {"state_dict": {**before("backbone.", numbered(PARTS, s)), **head(s, "projection_head.layers")}}


def lightly_small(s: State) -> Any:
    parts = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    return before("backbone.", numbered(parts, shortcuts(s)))


def cs231n(s: State) -> Any:
    parts = [part for part in PARTS if part != "maxpool"]
    counted = {
        "total_ops": torch.zeros(1),
        "f.0.total_ops": torch.zeros(1),
        "f.3.0.total_ops": torch.zeros(1),
    }
    return {**before("f.", numbered(parts, s)), **head(s, "g"), **counted}


LAYOUTS: dict[str, tuple[Callable[[State], Any], str, str, str]] = {  # function, encoder, stem, prefix
    "torchvision": (torchvision_like, "resnet18", "imagenet", ""),
    "torchvision, of old": (old_torchvision, "resnet18", "imagenet", ""),
    "timm": (torchvision_like, "resnet50", "imagenet", ""),
    "MoCo": (moco, "resnet18", "imagenet", "state_dict.module.encoder_q."),
    "SupContrast": (supcontrast, "resnet18", "cifar", "model.encoder."),
    "SupContrast, parallel": (supcontrast_parallel, "resnet50", "cifar", "model.encoder.module."),
    "SupContrast, whole": (supcontrast_whole, "resnet18", "cifar", "model.module.encoder."),
    "solo-learn": (solo, "resnet18", "cifar", "state_dict.backbone."),
    "lightly": (lightly, "resnet18", "imagenet", "state_dict.backbone."),
    "lightly, small": (lightly_small, "resnet18", "cifar", "backbone."),
    "CS231n": (cs231n, "resnet50", "cifar", "f."),
    "CS231n, of 18 layers": (cs231n, "resnet18", "cifar", "f."),
    "ours": (dict, "resnet10", "cifar", ""),
    "our convnet": (dict, "convnet", "", ""),
}
