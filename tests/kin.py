"""Small builds of the kin of the four methods, and one step of them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ssl_core.building import build_method
from ssl_core.learner import Learner
from ssl_core.settings import Settings

N, D, K = 6, 8, 5
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])


def settings(name: str, **knobs: Any) -> Settings:
    few = {"swav": {"prototypes": K}, "dino": {"out_dim": K}}.get(name, {})
    made = Settings(method=name, dataset="shapes").suited().with_knobs("method", **{**few, **knobs})
    made = made.with_knobs("head", hidden=16, output_dim=D).with_knobs("encoder", width=8)
    made = made.with_knobs("training", batch_size=N, warmup=0, precision="float32")
    return Settings(**{**vars(made), "encoder": "convnet"})


def method(name: str, **knobs: Any) -> Any:
    return build_method(settings(name, **knobs)).train()


def learner(name: str, **knobs: Any) -> Learner:
    return Learner(settings(name, **knobs), 32, (0.5,) * 3, (0.25,) * 3)


def views(seed: int = 0) -> Tensor:
    return torch.randn(2, N, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def step(taught: Learner, progress: float, number: int = 0) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(number)
    images = torch.randint(0, 256, (N, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return taught.step(images, LABELS, number, progress)


def gradients(part: nn.Module, loss: Tensor) -> Tensor:
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(part.parameters()))])


def codes_of(scores: Any) -> Any:
    """Listing 1 of the appendix: Q is prototypes by views, its rows then its columns are evened out."""
    q = np.exp(scores / 0.05).T
    q /= q.sum()
    for _ in range(3):
        q /= q.sum(1, keepdims=True) * len(q)
        q /= q.sum(0, keepdims=True) * q.shape[1]
    return (q * q.shape[1]).T
