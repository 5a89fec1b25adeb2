"""More views than memory holds: a chunk of them at a time, each computed once more in the backward pass.

Between the passes only a chunk's input and output exist. torch.utils.checkpoint would keep the nodes of every
chunk's graph as well; small as they are, they lie between the activations, and the C library's heap then
grows by an activation a chunk although all of them are freed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ssl_core import device as devices


def in_chunks(
    module: nn.Module, run: Callable[[Tensor], Tensor], x: Float[Tensor, "v n c h w"], chunk: int
) -> Float[Tensor, "v n d"]:
    """run(x), `chunk` views at a time; the gradient reaches the weights of `module`, not x.

    BatchNorm sees one chunk at a time and counts each once.
    """
    weights = [p for p in module.parameters() if p.requires_grad]
    return torch.cat([_Twice.apply(module, run, part, *weights) for part in x.split(chunk)])


class _Twice(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, module: nn.Module, run: Callable[[Tensor], Tensor], x: Tensor, *weights: Tensor
    ) -> Tensor:
        kind = x.device.type
        ctx.precision = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else torch.float32
        ctx.module, ctx.run, ctx.x, ctx.weights = module, run, x, weights
        return run(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        with (
            torch.enable_grad(),
            statistics_kept(ctx.module),
            devices.autocast(ctx.x.device, ctx.precision),
        ):
            z = ctx.run(ctx.x)
        return None, None, None, *torch.autograd.grad(z, ctx.weights, grad, allow_unused=True)


@contextmanager
def statistics_kept(module: nn.Module) -> Iterator[None]:
    """What BatchNorm counts inside goes to copies: the second pass over a chunk must not count twice."""
    own = [(part, dict(part.named_buffers(recurse=False))) for part in module.modules()]
    try:
        for part, buffers in own:
            for name, value in buffers.items():
                setattr(part, name, value.clone())
        yield
    finally:
        for part, buffers in own:
            for name, value in buffers.items():
                setattr(part, name, value)
