"""EMP-SSL: many patches of a picture agree with their mean, and all fill the space.

Tong et al. 2023, https://arxiv.org/abs/2304.03977. What is kept and probed is the encoder with a wide layer
on top. Patches may go through the encoder a chunk at a time, so that memory is bounded by the chunk, not by
the number of patches.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.config import at_least, knob
from ssl_core.encoders import Encoder
from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.chunks import in_chunks


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
    # kNN on CIFAR-10 after 150 steps, whole held-out pictures: LARS 39.0, SGD at .03 38.3, AdamW 33.4
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
        chunk = self.knobs.chunk
        z = in_chunks(self, self.project, x, chunk) if 0 < chunk < len(x) else self.project(x)
        return Outcome(self.loss(z), z)
