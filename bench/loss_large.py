"""NT-Xent of very many pairs in a process of its own: `python -m bench.loss_large PAIRS D` prints JSON.

Before and after each of its rounds a share of the two matrix products is made: the similarities of all views,
and their product with the embeddings, in blocks of the quickest size, into room that is there already.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from bench.compare import seconds, torch_threads
from ssl_core.losses.base import clusters
from ssl_core.losses.nt_xent import NTXent

ROUNDS, SHARE, SIDE = 2, 32, 512


def share_of_products(z: Tensor) -> Callable[[], None]:
    """One in so many of the blocks of z zᵀ and of (z zᵀ) z."""
    sim, gradient = z.new_empty(SIDE, SIDE), z.new_zeros(SIDE, z.shape[1])

    def products() -> None:
        for rows in range(0, len(z) // SHARE, SIDE):
            for columns in range(0, len(z), SIDE):
                others = z[columns : columns + SIDE]
                torch.mm(z[rows : rows + SIDE], others.T, out=sim)
                gradient.addmm_(sim, others)

    return products


def memory() -> int | None:
    """Bytes that this process ever held at once, libraries included, where Linux tells."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


def measure(pairs: int, d: int) -> dict[str, object]:
    """Seconds of each round, ours and the products', and the rate that those had."""
    views = clusters(torch.Generator().manual_seed(0), 2, pairs, d).requires_grad_()
    loss, products = NTXent(0.5), share_of_products(views.detach().flatten(0, 1))
    products()
    times: dict[str, list[float]] = {"ours": [], "products": []}
    for _ in range(ROUNDS):
        before = seconds(products)
        times["ours"].append(seconds(lambda: loss.brief(views).loss.backward()))
        views.grad = None
        times["products"].append(SHARE * (before + seconds(products)) / 2)
    flops = 2 * 2 * (2 * pairs) ** 2 * d
    return {**times, "rate": flops / median(times["products"]) / 1e9, "memory": memory()}


if __name__ == "__main__":
    with torch_threads(1):
        print(json.dumps(measure(*map(int, sys.argv[1:]))))
