"""ResNets (He et al. 2016, https://arxiv.org/abs/1512.03385) with a stem for small or for large pictures.

Weights carry torchvision's names, so that its state dicts load as they are. For 32 pixels the stem is 3×3,
stride 1, without pooling (SimCLR, appendix B.9): the ImageNet stem would leave 1×1 maps.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from ssl_core.config import knob
from ssl_core.encoders.base import Encoder, EncoderConfig
from ssl_core.encoders.waves import waves


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, planes, stride)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k i j"]:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 convolutions beside a shortcut; the stride sits in the 3×3, as in torchvision."""

    expansion = 4

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        outputs = planes * self.expansion
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k i j"]:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module | None:
    """A 1×1 convolution where the shape changes, else nothing."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class _ResNet(Encoder):
    def __init__(
        self, block: type[BasicBlock] | type[Bottleneck], layers: tuple[int, ...], width: int, stem: str
    ) -> None:
        super().__init__()
        small = stem != "imagenet"
        self.conv1 = nn.Conv2d(3, width, 3 if small else 7, 1 if small else 2, 1 if small else 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        inputs = width
        for i, depth in enumerate(layers):
            planes, stride = width * 2**i, 1 if i == 0 else 2
            blocks = [block(inputs, planes, stride)]
            inputs = planes * block.expansion
            blocks += [block(inputs, planes, 1) for _ in range(depth - 1)]
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
        self.stages = len(layers)
        self.dim = inputs
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
        if stem == "waves":
            fixed = waves(width)  # what is left of a layer wider than that stays random
            self.conv1.weight.data[: len(fixed)] = fixed
            self.conv1.weight.requires_grad_(False)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for i in range(self.stages):
            x = self.get_submodule(f"layer{i + 1}")(x)
        return x.mean((2, 3))


STEM: dict[str, Any] = {
    "choices": ("cifar", "imagenet", "waves"),
    "help": "cifar: 3×3, stride 1, for 32 to 64 pixels; imagenet: 7×7; waves: as cifar, fixed cosines.",
}
WIDTH = "Channels of the first layer; every stage doubles them."


@dataclass(frozen=True)
class ResNet10(EncoderConfig):
    """One basic block a stage, narrow: learns CIFAR-10 on two cores while one waits."""

    title: ClassVar[str] = "ResNet-10, narrow"
    stem: str = knob("cifar", **STEM)
    width: int = knob(16, 8, 64, WIDTH)

    def build(self) -> Encoder:
        """A freshly initialised ResNet-10."""
        return _ResNet(BasicBlock, (1, 1, 1, 1), self.width, self.stem)


@dataclass(frozen=True)
class ResNet18(EncoderConfig):
    """Two basic blocks a stage: what most CIFAR-10 tables use; wants a GPU."""

    title: ClassVar[str] = "ResNet-18"
    stem: str = knob("cifar", **STEM)
    width: int = knob(64, 16, 128, WIDTH)

    def build(self) -> Encoder:
        """A freshly initialised ResNet-18."""
        return _ResNet(BasicBlock, (2, 2, 2, 2), self.width, self.stem)


@dataclass(frozen=True)
class ResNet50(EncoderConfig):
    """Bottleneck blocks: the encoder of SimCLR and of CS231n's assignment; wants a GPU."""

    title: ClassVar[str] = "ResNet-50"
    stem: str = knob("cifar", **STEM)
    width: int = knob(64, 16, 128, WIDTH)

    def build(self) -> Encoder:
        """A freshly initialised ResNet-50."""
        return _ResNet(Bottleneck, (3, 4, 6, 3), self.width, self.stem)
