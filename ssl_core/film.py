"""Where the same test pictures lay as a run went on: a map of each of its snapshots, to be played.

Maps of single moments would turn and jump from one to the next. By PCA all moments are drawn on the axes of
the last one. By UMAP each moment is begun from the map of the next, the last one first, and then turned to
lie over it; that takes seconds a moment, so it is made once and kept (`maps.npz`).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.checkpoints import TORN, load_arrays, save_arrays
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation.geometry import unit
from ssl_core.evaluation.principal import principal_directions
from ssl_core.evaluation.projection import UMAP, project
from ssl_core.problem import Problem
from ssl_core.snapshots import Snapshot, load, moments

FORMAT = 1
KEPT = "maps.npz"


@dataclass(frozen=True, eq=False)
class Film:
    """k maps of the same n test pictures (places in the split), in the order of training."""

    steps: Int[Tensor, " k"]
    points: Float[Tensor, "k n 2"]
    labels: Int[Tensor, " n"]
    index: Int[Tensor, " n"]
    projection: str  # "umap" or "pca"


def film(folder: Path) -> Film:
    """The film that is kept, else one by PCA. Raises Problem where a run has no snapshots."""
    if (folder / KEPT).exists():
        return _kept(folder / KEPT)
    return pca_film(snapshots(folder))


def snapshots(folder: Path) -> list[Snapshot]:
    """All moments of a run. Raises Problem if there are none."""
    found = [load(path) for path in moments(folder)]
    if not found:
        raise Problem("{run} has kept no snapshots yet. Train it a little longer.", run=folder.name)
    return found


def pca_film(taken: list[Snapshot]) -> Film:
    """Every moment, about its own centre, on the two principal axes of the last one."""
    axes = principal_directions(unit(taken[-1].h))
    drawn = [(z - z.mean(0)) @ axes for z in (unit(moment.h).double() for moment in taken)]
    return _film(taken, drawn, "pca")


def umap_film(taken: list[Snapshot], seed: int = 0, report: Report = silent) -> Film:
    """Every moment by UMAP, each begun from the map of the next and turned to lie over it."""
    drawn = [project(taken[-1].h, "umap", seed)]
    for done, moment in enumerate(reversed(taken[:-1]), 1):
        report("Drawing a map of each moment", done / len(taken))
        drawn.append(turned(UMAP().begun_from(drawn[-1], unit(moment.h), seed), drawn[-1]))
    return _film(taken, drawn[::-1], "umap")


def turned(points: Float[Tensor, "n 2"], onto: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
    """Points moved and turned (perhaps mirrored, never stretched) to lie as near as can be to others.

    Orthogonal Procrustes: the rotation is U Vᵀ of the singular value decomposition of the cross-covariance.
    """
    a, b = points - points.mean(0), onto - onto.mean(0)
    u, _, v = torch.linalg.svd(a.T @ b)
    return a @ u @ v + onto.mean(0)


def keep(folder: Path, made: Film) -> None:
    """Keep a film in a run's folder."""
    save_arrays(
        folder / KEPT,
        format=FORMAT,
        steps=made.steps.numpy(),
        points=made.points.numpy().astype(np.float16),
        labels=made.labels.numpy().astype(np.int16),
        index=made.index.numpy().astype(np.int32),
        projection=made.projection,
    )


def _kept(path: Path) -> Film:
    try:
        known = load_arrays(path)
        return Film(
            torch.from_numpy(known["steps"]),
            torch.from_numpy(known["points"].astype(np.float32)),
            torch.from_numpy(known["labels"].astype(np.int64)),
            torch.from_numpy(known["index"].astype(np.int64)),
            str(known["projection"]),
        )
    except TORN as error:
        raise Problem("{file} cannot be read ({why}). Delete it.", file=str(path), why=str(error)) from error


def _film(taken: list[Snapshot], drawn: list[Tensor], projection: str) -> Film:
    steps = torch.tensor([moment.step for moment in taken])
    return Film(steps, torch.stack(drawn).float(), taken[-1].labels, taken[-1].index, projection)
