"""A recipe's views by the compiled kernel: the same views as the operations make, faster on a processor.

It knows recipes that crop first and then do what this project has; any other recipe, a GPU, and batches too
small to matter take the operations themselves. The first call on a machine compiles for some seconds; what
was compiled is kept on disk.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ssl_core.augmentations.base import Operation, Params
from ssl_core.augmentations.blur import Blur
from ssl_core.augmentations.crop import Crop
from ssl_core.augmentations.flip import Flip
from ssl_core.augmentations.grayscale import Grayscale
from ssl_core.augmentations.invert import Invert
from ssl_core.augmentations.jitter import STEPS, Jitter
from ssl_core.augmentations.solarize import Solarize
from ssl_core.threads import in_portions

KINDS: tuple[type[Operation], ...] = (Crop, Flip, Jitter, Grayscale, Invert, Solarize, Blur)  # kernel's order
FEWEST = 128  # pictures from which it is worth it
PORTION = 64  # views that a thread makes at a time


def fits(operations: Mapping[str, Operation], images: Tensor) -> bool:
    """Whether the kernel can make these views, and it is worth it."""
    kinds = [type(operation) for operation in operations.values()]
    once = len(set(kinds)) == len(kinds) and kinds[:1] == [Crop] and set(kinds) <= set(KINDS)
    return once and images.device.type == "cpu" and len(images) >= FEWEST


def views(
    operations: Mapping[str, Operation],
    images: UInt8[Tensor, "n 3 h w"],
    params: Mapping[str, Params],
    size: int,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> Float[Tensor, "n 3 {size} {size}"]:
    """Every view, normalised, a part of them on each of torch's threads."""
    from ssl_core.augmentations.kernel import make

    n, _, h, w = images.shape
    out = torch.empty(n, 3, size, size)
    (first, crop), *others = operations.items()
    assert isinstance(crop, Crop)
    given = [
        images.contiguous(),
        crop.boxes(params[first], h, w),
        torch.tensor([KINDS.index(type(operation)) for _, operation in others], dtype=torch.int64),
        _stacked([params[name]["applied"] for name, _ in others], n),
        *_drawn(dict(others), params, n, size),
        torch.tensor(mean),
        1 / torch.tensor(std),
        out,
    ]
    arrays = [tensor.numpy() for tensor in given]
    in_portions(partial(make, *arrays), n, PORTION)
    return out


def _stacked(applied: list[Tensor], n: int) -> Tensor:
    return torch.stack(applied, 1) if applied else torch.zeros(n, 0, dtype=torch.bool)


def _drawn(operations: Mapping[str, Operation], params: Mapping[str, Params], n: int, size: int) -> list[Any]:
    """Factors and order of the jitter, thresholds, blur kernels: rows of nothing where a recipe has none."""
    factors, order = torch.ones(n, len(STEPS)), torch.zeros(n, len(STEPS), dtype=torch.int64)
    threshold, kernels = torch.zeros(n), torch.ones(n, 1)
    for name, operation in operations.items():
        drawn = params[name]
        if isinstance(operation, Jitter):
            factors = torch.stack([drawn[step] for step in STEPS], 1)
            order = drawn["order"].contiguous()
        elif isinstance(operation, Solarize):
            threshold = drawn["threshold"]
        elif isinstance(operation, Blur):
            kernels = operation.weights(drawn["sigma"], size)
    return [factors, order, threshold, kernels]
