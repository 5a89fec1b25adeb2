"""NT-Xent without its matrix: value and gradient of `nt_xent.py`, for batches whose matrix would be large."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ssl_core.losses.denominator_fused import log_denominator
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class NTXentBrief(Trace):
    """The loss alone."""

    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{2n}\sum_i (D_i - s_{ip(i)}/\tau)")


def nt_xent(z: Float[Tensor, "m d"], temperature: float) -> NTXentBrief:
    """The loss of m = 2n unit rows, the n first views first. Its memory grows with m, not with its square."""
    first, second = z.chunk(2)
    pull = (first * second).sum(1) / temperature  # both anchors of a pair seek each other
    return NTXentBrief((log_denominator(z, temperature).view(2, -1) - pull).mean())
