"""A slow copy: an encoder that follows another without gradient (MoCo's key encoder, BYOL's target).

He et al. 2020, https://arxiv.org/abs/1911.05722, eq. 2. Only parameters follow. Buffers, which are
BatchNorm's running statistics, come from the copy's own forward passes.
"""

import copy
import math
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def slow_copy(module: M) -> M:
    """The same weights, apart, and out of gradient's reach."""
    made = copy.deepcopy(module)
    return made.requires_grad_(False)


@torch.no_grad()
def follow(slow: nn.Module, fast: nn.Module, momentum: float) -> None:
    """slow ← momentum · slow + (1 − momentum) · fast, for every parameter."""
    for behind, ahead in zip(slow.parameters(), fast.parameters(), strict=True):
        behind.lerp_(ahead, 1 - momentum)


@torch.no_grad()
def apart(slow: nn.Module, fast: nn.Module) -> float:
    """How far the copy is behind: the distance of all weights, relative to the length of the fast ones."""
    pairs = list(zip(slow.parameters(), fast.parameters(), strict=True))
    gap = torch.stack([(behind - ahead).square().sum() for behind, ahead in pairs]).sum()
    length = torch.stack([ahead.square().sum() for _, ahead in pairs]).sum()
    return float((gap / length).sqrt())


def rising(start: float, progress: float) -> float:
    """BYOL's momentum: from `start` to 1 along a cosine (Grill et al. 2020, section 3.2)."""
    return 1 - (1 - start) * (math.cos(math.pi * min(1.0, progress)) + 1) / 2
