"""A map of 2,000 and of 10,000 pictures by our UMAP and by umap-learn's default call, on all threads.

What both lay out are rows of length 1, on which Euclid and cosine find the same neighbours: at 2,000 × 128 the
features of a shipped run's test pictures, else points about 20 directions, of three sizes of cluster. Both are
compiled before the clock starts. That the graphs are one and the same is checked first.
"""

import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
import umap
from sklearn.manifold import trustworthiness
from torch import Tensor
from umap.umap_ import fuzzy_simplicial_set

from bench.compare import seconds, torch_threads
from bench.row import Row
from ssl_core.evaluation import project, warm_up
from ssl_core.evaluation.geometry import unit
from ssl_core.evaluation.knn import nearest
from ssl_core.evaluation.umap import UMAP
from ssl_core.snapshots import load, moments

SHIPPED = Path(__file__).resolve().parents[1] / "checkpoints" / "simclr-cifar10"
SIZES = {(2000, 128): 3, (2000, 512): 3, (10_000, 128): 2, (10_000, 512): 2}  # and how many rounds
FASTER, APART, READY, SUBSET = 4.0, 0.01, 3.0, 2000
"""How many times; by how much less neighbours may be kept; seconds; points that are judged."""


def features(n: int, d: int) -> Tensor:
    """Real ones where there are some of this size, else made."""
    taken = moments(SHIPPED)
    if taken and (found := load(taken[-1]).h).shape == (n, d):
        return unit(found.float())
    draw = torch.Generator().manual_seed(0)
    centres, labels = torch.randn(20, d, generator=draw), torch.arange(n) % 20
    wide = torch.tensor([0.6, 1.0, 1.4])[labels % 3, None]
    return unit(centres[labels] + wide * torch.randn(n, d, generator=draw))


def default(z: Tensor) -> np.ndarray:
    """As its documentation shows it."""
    return umap.UMAP().fit_transform(z.numpy())


def same_graph(z: Tensor) -> None:
    """Raises AssertionError unless our edges and their weights are umap-learn's, of the same neighbours."""
    found = list(nearest(z, z, UMAP.n_neighbors, same=True))
    place = torch.cat([places for _, places in found]).numpy()
    distance = 1 - torch.cat([values for values, _ in found]).clamp_max(1).numpy()
    distance[:, 0] = 0
    theirs, _, _ = fuzzy_simplicial_set(
        z.numpy(), UMAP.n_neighbors, np.random.RandomState(0), "cosine", knn_indices=place, knn_dists=distance
    )
    ours, n = UMAP().graph(z), len(z)
    dense = np.zeros((n, n), np.float32)
    dense[np.arange(n).repeat(ours.starts.diff()), ours.tails] = ours.weights
    np.testing.assert_allclose(dense, theirs.toarray(), atol=2e-4)


def kept(z: Tensor, points: np.ndarray) -> float:
    """How well neighbours on the map are neighbours among the features, 0 to 1; of a part if there are many."""
    some = np.random.default_rng(0).permutation(len(z))[:SUBSET]
    return float(trustworthiness(z.numpy()[some], points[some], n_neighbors=15))


def rows_of(n: int, d: int, rounds: int) -> list[Row]:
    """Time and what is kept, at one size."""
    z = features(n, d)
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    trust: dict[str, list[float]] = {"ours": [], "peer": []}
    for seed in range(rounds):
        for name, way in {"ours": partial(project, z, seed=seed), "peer": partial(default, z)}.items():
            drawn: list[np.ndarray] = []
            times[name].append(seconds(lambda way=way, drawn=drawn: drawn.append(np.asarray(way()))))
            trust[name].append(kept(z, drawn[0]))
    name = f"embed: UMAP of {n:,} × {d}"
    less = max(0.0, float(np.mean(trust["peer"]) - np.mean(trust["ours"])))
    beside = f"umap-learn {umap.__version__}, its default call"
    print(name, {k: np.round(v, 4).tolist() for k, v in trust.items()}, times)
    return [
        Row.of(name, times["ours"], times["peer"], FASTER, beside, "s"),
        Row.limit(f"{name}: trustworthiness less than its", less, APART, ""),
    ]


FIRST = """
from time import perf_counter
import torch
from ssl_core.evaluation import project
z = torch.randn(2000, 128)
start = perf_counter()
project(z)
print(perf_counter() - start)
"""


def run() -> list[Row]:
    """Every size, and what a first map costs in a fresh process."""
    warnings.filterwarnings("ignore", module="umap")
    warm_up()
    with torch_threads(2):
        small = features(2000, 128)
        same_graph(small)
        for size in (500, 4500):  # its way to neighbours is another from 4,096 points on
            default(features(size, 16))
        rows = [row for (n, d), rounds in SIZES.items() for row in rows_of(n, d, rounds)]
        warm = [seconds(lambda: project(small)) for _ in range(3)]
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    first = float(done.stdout)
    return [
        *rows,
        Row.limit("embed: UMAP of 2,000 × 128 once warm", max(warm), READY, "s"),
        Row.limit("embed: the first in a process, compiled code on disk", first, READY, "s"),
    ]
