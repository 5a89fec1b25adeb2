"""EMP-SSL: many patches of a picture agree with their mean, and all fill the space.

Tong et al. 2023, https://arxiv.org/abs/2304.03977. What is kept and probed is the encoder with a wide layer
on top. Patches may go through the encoder a chunk at a time. A chunk's activations are then computed once
more in the backward pass instead of being kept, so that memory is bounded by the chunk, not by the number of
patches. BatchNorm looks at one chunk either way, so the gradient is the same.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ssl_core.config import at_least, knob
from ssl_core.encoders import Encoder
from ssl_core.methods.base import Method, Outcome


@dataclass(frozen=True)
class EMPSSLKnobs:
    """How many patches, and what they go through."""

    views: int = knob(8, 2, 200, "Patches of each picture. The paper takes 20 and 200.", log=True)
    width: int = knob(1024, 16, 4096, "Width of the layer above h that is kept and probed.", log=True)
    chunk: int = knob(
        0, 0, 200, "Patches in one pass; fewer need less memory and one more forward pass. 0: all at once."
    )

    def __post_init__(self) -> None:
        at_least(self, 2, "views")
        at_least(self, 1, "width")
        at_least(self, 0, "chunk")


class Widened(Encoder):
    """An encoder, then Linear, BatchNorm and ReLU."""

    def __init__(self, encoder: Encoder, width: int) -> None:
        super().__init__()
        self.encoder, self.dim = encoder, width
        self.wide = nn.Sequential(nn.Linear(encoder.dim, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True))

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n {self.dim}"]:
        return self.wide(self.encoder(x))


class EMPSSL(Method):
    """Extreme multi-patch learning: agreement of patches against the coding rate."""

    title: ClassVar[str] = "EMP-SSL"
    paper: ClassVar[str] = "https://arxiv.org/abs/2304.03977"
    loss_name: ClassVar[str] = "emp_ssl"
    recipe_name: ClassVar[str] = "emp_ssl"
    test_patches: ClassVar[int] = 16  # the encoder never saw a whole picture; the paper takes up to 128
    Knobs: ClassVar[type[Any] | None] = EMPSSLKnobs
    suits: ClassVar[dict[str, Any]] = {
        "head": "mlp",
        "optimizer": "lars",
        "knobs": {
            "head": {"layers": 2, "hidden": 1024, "output_dim": 256},
            "training": {"batch_size": 100},
        },
    }

    @classmethod
    def widen(cls, encoder: Encoder, knobs: EMPSSLKnobs) -> Encoder:
        """The encoder with the wide layer, which is the inner layer of the paper's projector."""
        return Widened(encoder, knobs.width)

    def forward(self, x: Float[Tensor, "p n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of p patches of each picture; labels are not used."""
        parts = x.split(self.knobs.chunk or len(x))
        embed = self.project if len(parts) == 1 else self.recomputed
        z = torch.cat([embed(part) for part in parts])
        return Outcome(self.loss(z), z)

    def recomputed(self, x: Float[Tensor, "p n 3 h w"]) -> Float[Tensor, "p n d"]:
        """`project`, of which nothing but the input is kept for the backward pass."""

        def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
            return nullcontext(), statistics_kept(self)

        return checkpoint(self.project, x, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)


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
