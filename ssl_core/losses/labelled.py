"""What the losses that compare views by class share: any number of views, and labels or none."""

from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.losses.base import Gather, Loss, clusters, unit


class LabelledLoss(Loss):
    """A loss of any number of views, called with one label an image."""

    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("v", "n", "d"), "labels": ("n",)}

    @classmethod
    def example(
        cls, generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """Views of n images of several classes."""
        return {"views": clusters(generator, views, n, d, dtype), "labels": some_labels(n)}


def some_labels(n: int) -> Int[Tensor, " n"]:
    """Up to ten classes for n images, at least two images in each as soon as n is 4."""
    return torch.arange(n) % min(10, max(2, n // 2))


def rows(
    views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"] | None, gather: Gather
) -> tuple[Float[Tensor, "m d"], Int[Tensor, " m"]]:
    """Unit embeddings of all views of all processes, the first views first, and the class of each.

    Without labels each image is a class of its own.
    """
    everyone = gather(views)
    v, n = everyone.shape[:2]
    own = torch.arange(n, device=views.device)
    classes = own if labels is None else gather(labels[None, :, None]).flatten()
    return unit(everyone.flatten(0, 1)), classes.repeat(v)
