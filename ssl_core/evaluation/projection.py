"""Features drawn as points on a plane. Every method looks at directions only, as kNN does: rows of length 1.

UMAP and t-SNE keep neighbourhoods, not distances or sizes of clusters; PCA keeps the widest directions.
Importing UMAP and compiling it takes 4 to 50 s in a fresh process, so `warm_up` pays for that ahead.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import build, knob, look_up
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation.geometry import unit
from ssl_core.evaluation.knn import nearest
from ssl_core.problem import Problem


class Projection(Protocol):
    """A dataclass of knobs that lays unit rows out on a plane, the same way for the same seed."""

    title: ClassVar[str]

    def __call__(self, z: Float[Tensor, "n d"], seed: int, report: Report) -> Float[Tensor, "n 2"]:
        """One point for each row."""


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
        report("Loading UMAP", 0.0)
        from umap import UMAP as Layout

        report("Finding neighbours", 0.1)
        k = min(self.n_neighbors, len(z) - 1)  # each point is the first of its own neighbours
        found = list(nearest(z, z, k, same=True))
        distance = 1 - torch.cat([value for value, _ in found]).clamp_max(1)
        place = torch.cat([places for _, places in found])
        report("Laying points out", 0.2)
        layout = Layout(
            n_neighbors=k,
            min_dist=self.min_dist,
            n_epochs=self.epochs,
            init=start.numpy(),
            precomputed_knn=(place.numpy(), distance.numpy()),
            disconnection_distance=float("inf"),
            random_state=seed % 2**32,
            n_jobs=1,  # what a random_state means: several threads would race
        )
        with warnings.catch_warnings():  # nothing will be added to this map later
            warnings.filterwarnings("ignore", r"precomputed_knn\[2\]", UserWarning)
            return torch.from_numpy(layout.fit_transform(z.numpy()))


@dataclass(frozen=True)
class TSNE:
    """t-distributed stochastic neighbour embedding (van der Maaten & Hinton 2008), started from PCA."""

    title: ClassVar[str] = "t-SNE"
    perplexity: float = knob(30, 2, 100, "About how many neighbours each point minds", log=True)
    iterations: int = knob(500, 250, 2000, "Steps of the layout", log=True)

    def __post_init__(self) -> None:
        if not self.perplexity > 0 or self.iterations < 250:
            raise Problem("t-SNE needs a perplexity above 0 and 250 or more iterations.")

    def __call__(self, z: Float[Tensor, "n d"], seed: int, report: Report) -> Float[Tensor, "n 2"]:
        """The layout after all iterations."""
        report("Loading t-SNE", 0.0)
        from sklearn.manifold import TSNE as Layout

        report("Laying points out", 0.1)
        start = principal(z)
        layout = Layout(
            perplexity=min(self.perplexity, (len(z) - 1) / 3),
            max_iter=self.iterations,
            init=(start / start[:, 0].std() * 1e-4).numpy(),  # scikit-learn's own scale for a PCA start
            random_state=seed % 2**32,
        )
        return torch.from_numpy(layout.fit_transform(z.numpy()))


@dataclass(frozen=True)
class PCA:
    """The two directions along which unit rows vary most. Linear, so distances mean what they seem."""

    title: ClassVar[str] = "PCA"

    def __call__(self, z: Float[Tensor, "n d"], seed: int, report: Report) -> Float[Tensor, "n 2"]:
        """Coordinates along the two directions; nothing is drawn at random."""
        return principal(z)


PROJECTIONS: Mapping[str, type[Projection]] = {"umap": UMAP, "pca": PCA, "tsne": TSNE}


def project(
    features: Float[Tensor, "n d"],
    method: str = "umap",
    seed: int = 0,
    report: Report = silent,
    **knobs: Any,
) -> Float[Tensor, "n 2"]:
    """Place n features (of some 5,000 or fewer pictures) on a plane; the same seed gives the same points.

    `knobs` are those of the method. Raises Problem on fewer than 4 rows, on rows that all point the same way
    and on numbers that are not finite.
    """
    layout = build(look_up(PROJECTIONS, method, "projection"), knobs)
    z = unit(features).float().cpu()
    if len(z) < 4:
        raise Problem("{n} pictures make no map; choose at least 4.", n=len(z))
    if (z - z[0]).abs().max() < 1e-6:  # what is left is rounding, which a map would enlarge
        raise Problem(
            "All {n} pictures have the same features: the encoder has collapsed, or the pictures are all "
            "alike. Choose another encoder, an earlier step or other pictures.",
            n=len(z),
        )
    points = layout(z, seed, report)
    report("Placed", 1.0)
    return points


def principal(z: Float[Tensor, "n d"]) -> Float[Tensor, "n 2"]:
    """Centred coordinates along the two principal directions, each turned so that its largest is positive."""
    return ((z.double() - z.double().mean(0)) @ principal_directions(z)).float()


def principal_directions(z: Float[Tensor, "n d"]) -> Float[Tensor, "d 2"]:
    """The two unit directions along which rows vary most, turned so that the largest coordinate is positive.

    In double precision. Where there is one dimension alone, the second is zero.
    """
    centred = z.double() - z.double().mean(0)
    found = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1)[:, :2]
    directions = torch.nn.functional.pad(found, (0, 2 - found.shape[1]))  # d = 1 makes a line
    points = centred @ directions
    largest = points.gather(0, points.abs().argmax(0, keepdim=True))
    return directions * torch.where(largest < 0, -1.0, 1.0)


def _start(z: Float[Tensor, "n d"], seed: int) -> Float[Tensor, "n 2"]:
    """Principal coordinates with a breath of noise: UMAP stretches each axis, and equal points never part."""
    start = principal(z)
    noise = torch.randn(start.shape, generator=torch.Generator().manual_seed(seed))
    return start / start.abs().max() + 1e-5 * noise


def warm_up() -> None:
    """Import and compile UMAP by a real fit of a few points, so that the first map is there at once."""
    project(torch.randn(40, 8, generator=torch.Generator().manual_seed(0)), "umap")
