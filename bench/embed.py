"""A map of 2,000 and of 10,000 pictures by our UMAP and by umap-learn's default call, on two threads.

What both lay out are rows of length 1, on which Euclid and cosine find the same neighbours: at 2,000 × 128
features of a shipped run's test pictures, else points about 20 directions, in clusters of three sizes. Ours
makes 200 epochs from a start by PCA, the default call 500 from eigenvectors of the graph; README.md has what
that choice is worth. Both are compiled before the clock starts. That both draw one graph is held by
`tests/test_evaluation_umap.py`.
"""

import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import umap
from sklearn.manifold import trustworthiness
from torch import Tensor

from bench.compare import seconds, torch_threads
from bench.row import Row
from ssl_core.evaluation import project
from ssl_core.evaluation.geometry import unit
from ssl_core.snapshots import load, moments

SHIPPED = Path(__file__).resolve().parents[1] / "checkpoints"
SIZES = {(2000, 128): 3, (2000, 512): 3, (10_000, 128): 2, (10_000, 512): 2}  # and how many rounds
FASTER, APART, READY = 4.0, 0.01, 3.0  # times; trustworthiness; seconds
JUDGED, NEAR = 2000, 15  # points and neighbours of the trustworthiness
FIRST = """
from time import perf_counter
import torch
from ssl_core.evaluation import project
z = torch.randn(2000, 128)
start = perf_counter()
project(z)
print(perf_counter() - start)
"""


def features(n: int, d: int) -> Tensor:
    """Real ones where there are some of this size, else made."""
    for run in sorted(folder for folder in SHIPPED.iterdir() if moments(folder)):
        if (found := load(moments(run)[-1]).h).shape == (n, d):
            return unit(found.float())
    draw = torch.Generator().manual_seed(0)
    centres, labels = torch.randn(20, d, generator=draw), torch.arange(n) % 20
    wide = torch.tensor([0.6, 1.0, 1.4])[labels % 3, None]
    return unit(centres[labels] + wide * torch.randn(n, d, generator=draw))


def default(z: Tensor) -> np.ndarray:
    """As its documentation shows it."""
    return umap.UMAP().fit_transform(z.numpy())


def kept(z: Tensor, points: np.ndarray) -> float:
    """Trustworthiness: how far neighbours on the map are neighbours in the features too, 0 to 1."""
    some = np.random.default_rng(0).permutation(len(z))[:JUDGED]
    return float(trustworthiness(z.numpy()[some], points[some], n_neighbors=NEAR))


def timed(way: Callable[[], object]) -> tuple[float, np.ndarray]:
    """Seconds, and the map."""
    drawn: list[Any] = []
    return seconds(lambda: drawn.append(way())), np.asarray(drawn[0])


def rows_of(n: int, d: int, rounds: int) -> list[Row]:
    """Time, and how much less neighbours are kept, at one size."""
    z = features(n, d)
    ours, peer = [], []
    for seed in range(rounds):
        ours.append(timed(partial(project, z, seed=seed)))
        peer.append(timed(partial(default, z)))
    times = [[took for took, _ in ways] for ways in (ours, peer)]
    trust = [float(np.mean([kept(z, points) for _, points in ways])) for ways in (ours, peer)]
    name, beside = f"embed: UMAP of {n:,} × {d}", f"umap-learn {umap.__version__}, its default call"
    said = f"{name}: trustworthiness (of {min(n, JUDGED):,}) {trust[0]:.3f}, less than its {trust[1]:.3f} by"
    return [
        Row.of(name, times[0], times[1], FASTER, beside, "s"),
        Row.limit(said, max(0.0, trust[1] - trust[0]), APART, ""),
    ]


def run() -> list[Row]:
    """Every size, one map once all is warm, and the first of a fresh process."""
    warnings.filterwarnings("ignore", module="umap")
    with torch_threads(2):
        small = features(2000, 128)
        for size in (500, 4500):  # umap-learn finds neighbours in another way from 4,096 points on
            umap.UMAP(n_epochs=2).fit_transform(features(size, 16).numpy())
        project(small)
        rows = [row for (n, d), rounds in SIZES.items() for row in rows_of(n, d, rounds)]
        warm = max(seconds(lambda: project(small)) for _ in range(5))
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    return [
        *rows,
        Row.limit("embed: UMAP of 2,000 × 128, once warm", warm, READY, "s"),
        Row.limit(
            "embed: the same first in a process, compiled code on disk", float(done.stdout), READY, "s"
        ),
    ]
