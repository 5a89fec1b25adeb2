"""Optimisers and the learning rate's way through the budget."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from ssl_core import lars, muon
from ssl_core.config import at_least, knob


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019): forgiving, good for short runs."""

    title: ClassVar[str] = "AdamW"
    learning_rate: float = knob(2e-3, 1e-5, 1e-1, "The peak, reached after warm-up.", log=True)
    weight_decay: float = knob(0.01, 0.0, 0.3, "Pulls weights to zero; not biases and normalisation.")

    def __post_init__(self) -> None:
        at_least(self, 0, "learning_rate", "weight_decay")

    def build(self, module: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a module's parameters."""
        return torch.optim.AdamW(decayed(module, self.weight_decay), lr=self.learning_rate, fused=True)


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with Nesterov momentum, as most of the papers train."""

    title: ClassVar[str] = "SGD with momentum"
    learning_rate: float = knob(0.3, 1e-3, 3.0, "The peak, reached after warm-up.", log=True)
    momentum: float = knob(0.9, 0.0, 0.99, "How much of the last step goes into this one.")
    weight_decay: float = knob(1e-4, 0.0, 1e-2, "Pulls weights to zero; not biases and normalisation.")

    def __post_init__(self) -> None:
        at_least(self, 0, "learning_rate", "momentum", "weight_decay")

    def build(self, module: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a module's parameters."""
        return torch.optim.SGD(
            decayed(module, self.weight_decay),
            lr=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.momentum > 0,
            fused=True,
        )


@dataclass(frozen=True)
class LARS(SGD):
    """SGD whose layers take steps in proportion to their own length: for large batches, and for EMP-SSL."""

    title: ClassVar[str] = "LARS"
    trust: float = knob(5e-3, 1e-4, 0.1, "A layer's step, as a share of the layer's length.", log=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "trust")

    def build(self, module: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a module's parameters."""
        groups = decayed(module, self.weight_decay)
        return lars.LARS(groups, lr=self.learning_rate, momentum=self.momentum, trust=self.trust)


@dataclass(frozen=True)
class Muon:
    """Momentum made orthogonal (Jordan et al. 2024): learns fast in short runs."""

    title: ClassVar[str] = "Muon"
    learning_rate: float = knob(0.02, 1e-4, 0.2, "The peak, reached after warm-up.", log=True)
    momentum: float = knob(0.95, 0.0, 0.99, "How much of the last step goes into this one.")
    weight_decay: float = knob(0.01, 0.0, 0.3, "Pulls weights to zero; not biases and normalisation.")

    def __post_init__(self) -> None:
        at_least(self, 0, "learning_rate", "momentum", "weight_decay")

    def build(self, module: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a module's parameters."""
        groups = decayed(module, self.weight_decay)
        return muon.Muon(groups, lr=self.learning_rate, momentum=self.momentum)


OPTIMIZERS: dict[str, type[AdamW] | type[SGD] | type[Muon]] = {
    "adamw": AdamW,
    "sgd": SGD,
    "lars": LARS,
    "muon": Muon,
}


def decayed(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Parameter groups: matrices and kernels decay, biases and normalisation do not.

    What lies in the parts that the module names as `steady` is marked so: its learning rate stays.
    """
    steady = tuple(f"{part}." for part in getattr(module, "steady", ()))
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, p in module.named_parameters():
        if p.requires_grad:
            groups.setdefault((p.ndim > 1, name.startswith(steady)), []).append(p)
    return [
        {"params": params, "weight_decay": weight_decay * decays, "steady": stays}
        for (decays, stays), params in groups.items()
    ]


def schedule(step: int, progress: float, warmup: int) -> float:
    """The learning rate as a share of its peak: up in a line over `warmup` steps, down a cosine to zero.

    `progress` is of the budget (0 to 1), so that a budget in seconds ends at zero as well.
    """
    return min(1.0, (step + 1) / max(1, warmup)) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float, peak: float) -> None:
    """The same rate for every parameter group, but for the steady ones, which keep the peak."""
    for group in optimizer.param_groups:
        group["lr"] = peak if group.get("steady") else rate


def gradient_norm(parameters: Iterable[nn.Parameter]) -> float:
    """The length of the whole gradient."""
    return float(nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None]))
