"""Features drawn as points on a plane. Every method looks at directions only, as kNN does: rows of length 1.

UMAP and t-SNE keep neighbourhoods, not distances or sizes of clusters; PCA keeps the widest directions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import build, knob, look_up
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation.geometry import unit
from ssl_core.evaluation.principal import principal
from ssl_core.evaluation.umap import UMAP
from ssl_core.problem import Problem


class Projection(Protocol):
    """A dataclass of knobs that lays unit rows out on a plane, the same way for the same seed."""

    title: ClassVar[str]

    def __call__(self, z: Float[Tensor, "n d"], seed: int, report: Report) -> Float[Tensor, "n 2"]:
        """One point for each row."""


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
    """Place n features (of some 10,000 or fewer pictures) on a plane; the same seed gives the same points.

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
