"""Muon: momentum whose matrices are made orthogonal before each step, so that no direction is left behind.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon. A kernel counts as the matrix of its output
channels by all else; its step has the length of a matrix of that shape with entries of about 0.2 (Liu et al.
2025, https://arxiv.org/abs/2502.16982, section 2.2), so that the learning rate means what it means to Adam.
Vectors (biases and normalisation) have no directions to balance and take Adam's steps.
"""

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ssl_core.stepwise import Stepwise

BETAS, EPS = (0.9, 0.999), 1e-8  # Adam's, for vectors
QUINTIC = (3.4445, -4.7750, 2.0315)  # of the iteration: steep at 0, and within 0.7 to 1.2 after five rounds
ROUNDS = 5
LENGTH = 0.2  # root mean square of a step's entries at learning rate 1: about Adam's


class Muon(Stepwise):
    """Orthogonalised Nesterov momentum with decoupled weight decay."""

    def __init__(
        self, params: Iterable[Any], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    def move(self, p: nn.Parameter, group: dict[str, Any]) -> None:
        way = self.turned(p, group["momentum"]) if p.ndim > 1 else self.adam(p)
        p.mul_(1 - group["lr"] * group["weight_decay"]).add_(way, alpha=-group["lr"])

    def turned(self, p: Tensor, momentum: float) -> Tensor:
        """The direction for a matrix or a kernel."""
        memory, grad = self.state[p], p.grad
        assert grad is not None
        if not memory:
            memory["momentum_buffer"] = torch.zeros_like(p)
        speed = memory["momentum_buffer"].lerp_(grad, 1 - momentum)
        matrix = grad.lerp(speed, momentum).flatten(1)
        return orthogonal(matrix).mul_(LENGTH * max(matrix.shape) ** 0.5).view(p.shape)

    def adam(self, p: Tensor) -> Tensor:
        """The direction for a vector (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1)."""
        memory, grad = self.state[p], p.grad
        assert grad is not None
        if not memory:
            memory.update(
                step=torch.zeros((), dtype=torch.float64),
                mean=torch.zeros_like(p),
                square=torch.zeros_like(p),
            )
        memory["step"] += 1
        mean = memory["mean"].lerp_(grad, 1 - BETAS[0]) / (1 - BETAS[0] ** memory["step"])
        square = memory["square"].lerp_(grad.square(), 1 - BETAS[1]) / (1 - BETAS[1] ** memory["step"])
        return mean / (square.sqrt() + EPS)


def orthogonal(matrix: Float[Tensor, "a b"]) -> Float[Tensor, "a b"]:
    """A matrix of the same singular vectors, whose singular values are all near 1 (about 0.7 to 1.2).

    Newton and Schulz's iteration on the smaller Gram matrix; a matrix of zeros stays so.
    """
    a, b, c = QUINTIC
    x = matrix.T if len(matrix) > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)  # all singular values at most 1
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = a * x + torch.addmm(gram, gram, gram, beta=b, alpha=c) @ x
    return x.T if len(matrix) > matrix.shape[1] else x
