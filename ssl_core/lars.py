"""LARS: every layer takes a step in proportion to its own length (You et al. 2017).

https://arxiv.org/abs/1708.03888, eq. 6 and algorithm 1, with Nesterov momentum and, as in NVIDIA's LARC, the
layer's own rate clipped at the common one: a schedule that goes to zero ends at zero. Vectors (biases and
normalisation) take plain steps and do not decay.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ssl_core.stepwise import Stepwise


class LARS(Stepwise):
    """SGD with momentum whose gradients are first brought to `trust` of the length of their weights."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = 5e-3,
    ) -> None:
        knobs = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust}
        super().__init__(params, knobs)

    def move(self, p: nn.Parameter, group: dict[str, Any]) -> None:
        grad = self.trusted(p, group) if p.ndim > 1 else p.grad
        memory = self.state[p]
        if not memory:
            memory["momentum_buffer"] = torch.zeros_like(p)
        speed = memory["momentum_buffer"]
        speed.mul_(group["momentum"]).add_(grad)
        p.add_(grad.add(speed, alpha=group["momentum"]), alpha=-group["lr"])  # type: ignore[union-attr]

    @staticmethod
    def trusted(p: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient with its decay, times min(1, local rate / common rate); as it is where either is 0."""
        length, slope = p.norm(), p.grad.norm()  # type: ignore[union-attr]
        local = group["trust"] * length / (slope + group["weight_decay"] * length + 1e-8)
        share = (local / max(group["lr"], 1e-12)).clamp(max=1)
        share = torch.where((length > 0) & (slope > 0), share, torch.ones_like(share))
        return p.grad.add(p, alpha=group["weight_decay"]).mul_(share)  # type: ignore[union-attr]
