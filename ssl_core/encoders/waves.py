"""A first layer that need not be learnt: cosines in opponent colours.

The principal axes of small patches of photographs hardly depend on the photographs. In place they are close
to a cosine transform, in colour they are brightness, blue against yellow and red against green (Ruderman et
al. 1998, https://doi.org/10.1364/JOSAA.15.002036). BatchNorm, which follows, brings each to variance 1:
together they whiten. That a frozen whitening layer saves training is from Jordan 2024
(https://arxiv.org/abs/2404.00498, section 3.2), who computes its axes from the training pictures.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

SIDE = 3
COLOURS = ((1.0, 1.0, 1.0), (1.0, 1.0, -2.0), (1.0, -1.0, 0.0))  # brightness, yellow–blue, red–green
CHROMA = 3  # colour varies as little as brightness does at so much higher a frequency (squared)


def waves(channels: int) -> Float[Tensor, "k 3 3 3"]:
    """Filters for so many channels, the strongest first, each beside its negative; 54 at the most.

    Each has length 1, and those that are no negatives of one another are at right angles.
    """
    indices = [(c, i, j) for c in range(3) for i in range(SIDE) for j in range(SIDE)]
    indices.sort(key=lambda at: (at[1] ** 2 + at[2] ** 2 + CHROMA * (at[0] > 0), at[0]))
    colours = torch.nn.functional.normalize(torch.tensor(COLOURS), dim=1)
    places = (torch.arange(SIDE) + 0.5) * math.pi / SIDE
    cosines = torch.nn.functional.normalize(torch.cos(torch.arange(SIDE)[:, None] * places), dim=1)
    basis = torch.stack(
        [torch.einsum("c,y,x->cyx", colours[c], cosines[i], cosines[j]) for c, i, j in indices]
    )
    half = min(len(basis), (channels + 1) // 2)
    return torch.cat([basis[:half], -basis[:half]])[:channels]
