"""The coding rate: how much room unit rows take up.

R(Z) = ½ logdet(I + d/(n ε) ZᵀZ), the logarithm of the volume of the ellipsoid that the rows of Z fill,
blurred by ε (Yu et al. 2020, https://arxiv.org/abs/2006.08558, sec. 2, where ε is squared). ZᵀZ (d × d) and
ZZᵀ (n × n) share their eigenvalues but for zeros, which add ln 1: the smaller of the two gives the same value
and the same gradient much faster (`python -m bench coding_rate`). The determinant is taken through the
eigenvalues: they cost little more than a Cholesky factor, cannot fail where ε is tiny, and are the squared
singular values of Z, which are worth seeing.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.losses.base import public


@public
def coding_rate(z: Float[Tensor, "*p n d"], eps: float = 0.2) -> Float[Tensor, "*p"]:
    """R of n rows of length 1, in nats; ½ ln(1 + d/ε) when all are the same. Raises Problem."""
    return rate_of(spectrum_of(z), z.shape[-2], z.shape[-1], eps)


def spectrum_of(z: Float[Tensor, "*p n d"]) -> Float[Tensor, "*p r"]:
    """The r = min(n, d) squared singular values, smallest first. Of unit rows they sum to n."""
    n, d = z.shape[-2:]
    gram = z @ z.mT if n <= d else z.mT @ z
    there = gram.cpu() if gram.device.type == "mps" else gram  # Apple's GPU has no eigenvalues
    return torch.linalg.eigvalsh(there).to(gram.device).clamp(min=0)  # rounding makes some of -1e-8


def rate_of(spectrum: Float[Tensor, "*p r"], n: int, d: int, eps: float) -> Float[Tensor, "*p"]:
    """½ logdet as a sum over eigenvalues."""
    return (d / (n * eps) * spectrum).log1p().sum(-1) / 2


def ellipsoid(z: Float[Tensor, "*p n d"], eps: float = 0.2) -> Float[Tensor, "*p d d"]:
    """The body that R measures: its half axes, one a row, longest first.

    They lie along the eigenvectors of ZᵀZ and are √(ε + d/n λ) long, λ the eigenvalues: e^R times the volume
    of a ball of radius √ε. Unit rows that are spread evenly make it a ball a little larger than their sphere.
    """
    n, d = z.shape[-2:]
    spread, directions = torch.linalg.eigh(z.mT @ z)
    lengths = (eps + d / n * spread.clamp(min=0)).sqrt()
    return (directions * lengths.unsqueeze(-2)).mT.flip(-2)
