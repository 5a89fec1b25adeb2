"""Encoders f (pictures to features) and projection heads g (features to what the loss sees)."""

from ssl_core.encoders.base import Encoder, EncoderConfig
from ssl_core.encoders.convnet import ConvNet
from ssl_core.encoders.heads import HEADS, CS231nHead, HeadConfig, MLPHead
from ssl_core.encoders.resnet import ResNet10, ResNet18, ResNet50

__all__ = ["ENCODERS", "HEADS", "CS231nHead", "Encoder", "EncoderConfig", "HeadConfig", "MLPHead"]

ENCODERS: dict[str, type[EncoderConfig]] = {
    "convnet": ConvNet,
    "resnet10": ResNet10,
    "resnet18": ResNet18,
    "resnet50": ResNet50,
}
