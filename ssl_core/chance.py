"""Where chance comes from: generators that follow from a seed and a purpose, so that a resume needs none."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's own initialisers draw from the global generator: seed it, and put it back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def step_generator(seed: int, step: int, what: str) -> torch.Generator:
    """The generator for one purpose in one step: equal arguments, equal draws, whatever came before."""
    mixed = 0
    for number in (seed, step, *what.encode()):
        mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
    return torch.Generator().manual_seed(mixed)
