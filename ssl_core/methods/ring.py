"""MoCo's queue: a ring of keys, in which the newest take the places of the oldest.

He et al. 2020, https://arxiv.org/abs/1911.05722, section 3.2. It is as long as one likes whatever the batch
is. All of it is saved with a run: keys, pointer, and when each key was written.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

UNWRITTEN = -1


class Ring(nn.Module):
    """`length` unit rows. Those not written yet are random, from torch's global generator as weights are."""

    keys: Float[Tensor, "k d"]
    written: Int[Tensor, " k"]  # the step in which each key came, or UNWRITTEN
    pointer: Int[Tensor, ""]  # where the next key goes

    def __init__(self, length: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("keys", F.normalize(torch.randn(length, dim), dim=1))
        self.register_buffer("written", torch.full((length,), UNWRITTEN))
        self.register_buffer("pointer", torch.tensor(0))

    @torch.no_grad()
    def enqueue(self, keys: Float[Tensor, "n d"], step: int) -> Int[Tensor, " n"]:
        """Write keys over the oldest, and turn; the places they took. At the end it goes on at the start."""
        places = (self.pointer + torch.arange(len(keys), device=keys.device)) % len(self.keys)
        self.keys[places] = keys.to(self.keys)
        self.written[places] = step
        self.pointer.copy_((self.pointer + len(keys)) % len(self.keys))
        return places

    def ages(self, step: int) -> Int[Tensor, " r"]:
        """How many steps ago each of the r keys came that were written at all."""
        return step - self.written[self.written != UNWRITTEN]
