"""The two directions along which rows vary most: a map of its own, and where the others begin."""

import torch
from jaxtyping import Float
from torch import Tensor


def principal(z: Float[Tensor, "n d"]) -> Float[Tensor, "n 2"]:
    """Centred coordinates along the two principal directions, each turned so that its largest is positive."""
    _, points = _turned(z)
    return points.float()


def principal_directions(z: Float[Tensor, "n d"]) -> Float[Tensor, "d 2"]:
    """The two unit directions along which rows vary most, turned so that the largest coordinate is positive.

    In double precision. Where there is one dimension alone, the second is zero.
    """
    directions, _ = _turned(z)
    return directions


def _turned(z: Float[Tensor, "n d"]) -> tuple[Float[Tensor, "d 2"], Float[Tensor, "n 2"]]:
    from scipy.linalg import eigh  # of two directions alone: a tenth of the time that all of them take

    d = z.shape[1]
    centred = z - z.mean(0, dtype=torch.float64)  # the one large tensor here
    _, found = eigh((centred.T @ centred).numpy(), subset_by_index=[max(0, d - 2), d - 1])
    directions = torch.nn.functional.pad(torch.from_numpy(found).flip(1), (0, max(0, 2 - d)))  # d = 1: a line
    points = centred @ directions
    largest = points.gather(0, points.abs().argmax(0, keepdim=True))
    turn = torch.where(largest < 0, -1.0, 1.0)
    return directions * turn, points * turn
