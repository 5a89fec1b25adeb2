"""The coding rate through the smaller Gram matrix beside the paper's d × d form, forward and backward."""

from functools import partial

import torch
from torch import Tensor

from bench.compare import compare
from bench.row import Row
from ssl_core.losses.base import unit
from ssl_core.losses.coding_rate import coding_rate

EPS, TARGET = 0.2, 5.0


def d_by_d(z: Tensor) -> Tensor:
    """½ logdet of the d × d matrix, as the paper writes it."""
    n, d = z.shape
    return torch.logdet(torch.eye(d) + d / (n * EPS) * z.T @ z) / 2


def ours(z: Tensor) -> Tensor:
    return coding_rate(z, EPS)


def there_and_back(way, z: Tensor) -> None:  # type: ignore[no-untyped-def]
    """Value and gradient."""
    way(z).backward()
    z.grad = None


def run() -> list[Row]:
    """At n = 100 and d = 1024, the sizes of EMP-SSL."""
    z = unit(torch.randn(100, 1024, generator=torch.Generator().manual_seed(0))).requires_grad_()
    values = [way(z) for way in (ours, d_by_d)]
    torch.testing.assert_close(*values)
    name = "coding rate, n = 100, d = 1024"
    small, large = (partial(there_and_back, way, z) for way in (ours, d_by_d))
    return [compare(name, small, large, TARGET, "the d × d form")]
