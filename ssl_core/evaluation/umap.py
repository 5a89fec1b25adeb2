"""UMAP in our own code, since a map should be there when it is asked for.

The usual package compiles for 20 s or more in every process that draws; this kernel is compiled once a
machine and kept on disk. The mathematics is the same: `tests/test_evaluation_umap.py` holds the graphs of
both together, `bench/embed.py` their maps.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation.neighbours import neighbours
from ssl_core.evaluation.principal import principal_directions
from ssl_core.evaluation.umap_graph import Edges, curve, forces, memberships, united
from ssl_core.problem import Problem

WIDTH = 10.0  # of the points that a layout begins with
ENOUGH = 2000  # rows to find the principal directions for it
SHARE = 2500  # points a thread at least: fewer are moved sooner than threads have waited for each other
PARTS = 4  # for each thread: while one is kept from working, as on a busy machine, the others go on


@dataclass(frozen=True)
class UMAP:
    """Uniform manifold approximation (McInnes et al. 2018, https://arxiv.org/abs/1802.03426).

    Neighbours by cosine are exact, not approximate; the layout starts from PCA.
    """

    title: ClassVar[str] = "UMAP"
    n_neighbors: int = knob(15, 2, 200, "Few: fine detail; many: the broad picture", log=True)
    min_dist: float = knob(0.1, 0, 0.99, "How tightly points may pack")
    epochs: int = knob(200, 50, 1000, "Rounds of the layout", log=True)

    def __post_init__(self) -> None:
        if self.n_neighbors < 2 or not 0 <= self.min_dist <= 1 or self.epochs < 1:
            raise Problem("UMAP needs 2 or more neighbours, a min_dist from 0 to 1 and 1 or more epochs.")

    def __call__(self, z: Float[Tensor, "n d"], seed: int, report: Report) -> Float[Tensor, "n 2"]:
        """The layout after all epochs."""
        return self.begun_from(_start(z, seed), z, seed, report)

    def begun_from(
        self, start: Float[Tensor, "n 2"], z: Float[Tensor, "n d"], seed: int, report: Report = silent
    ) -> Float[Tensor, "n 2"]:
        """The same layout begun from these points: another map of the same pictures, say."""
        report("Finding neighbours", 0.0)
        edges = self.graph(z)
        report("Laying points out", 0.1)
        points = start
        for done, points in enumerate(self.epochs_of(edges, start, seed), 1):  # noqa: B007
            report("Laying points out", 0.1 + 0.9 * done / self.epochs)
        return points - points.mean(0)

    def graph(self, z: Float[Tensor, "n d"]) -> Edges:
        """Whom each row has for neighbours, by cosine, and how surely."""
        k = min(self.n_neighbors, len(z) - 1)  # each point is the first of its own neighbours
        cosine, place = neighbours(z, k)
        return united(place, memberships(1 - cosine.clamp_max(1)))

    def epochs_of(self, edges: Edges, start: Float[Tensor, "n 2"], seed: int) -> Iterator[Tensor]:
        """The points after each epoch, always the same tensor. A seed gives the same ones on any threads."""
        from ssl_core.evaluation.umap_layout import WHOLE, move, squares

        now = start.float().clone(memory_format=torch.contiguous_format)
        n, before = len(now), torch.empty_like(now)
        rates = (edges.weights / edges.weights.max() * WHOLE).long()
        tables = forces(squares(), *curve(self.min_dist))
        given: list[Any] = [t.numpy() for t in (now, before, edges.starts, edges.tails, rates)]
        threads = max(1, min(torch.get_num_threads(), n // SHARE))
        parts = 1 if threads == 1 else PARTS * threads
        ends = [n * part // parts for part in range(parts + 1)]

        def step(epoch: int, part: int) -> None:
            rate = np.float32(1 - epoch / self.epochs)
            move(*given, *tables, *ends[part : part + 2], epoch, rate, np.uint64(seed % 2**32))

        with ThreadPoolExecutor(threads) as pool:
            for epoch in range(self.epochs):
                before.copy_(now)
                list((pool.map if threads > 1 else map)(partial(step, epoch), range(parts)))
                yield now


def _start(z: Float[Tensor, "n d"], seed: int) -> Float[Tensor, "n 2"]:
    """Principal coordinates, each as wide as the other, with a breath of noise: equal points never part."""
    start = z @ principal_directions(z[:: 1 + len(z) // ENOUGH]).float()
    noise = torch.randn(start.shape, generator=torch.Generator().manual_seed(seed))
    low, high = start.amin(0), start.amax(0)
    return WIDTH * (start - low) / (high - low).clamp_min(1e-12) + 1e-4 * noise  # of a line, the second is 0
