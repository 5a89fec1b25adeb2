"""What optimisers of our own have in common: a step goes over the parameters, one at a time."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class Stepwise(torch.optim.Optimizer):
    """An optimiser that says in `move` what becomes of one parameter."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step down the gradients. A closure, which other optimisers may need, is not called."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, group)

    def move(self, p: nn.Parameter, group: dict[str, Any]) -> None:
        """Change a parameter that has a gradient, by the knobs of its group."""
        raise NotImplementedError
