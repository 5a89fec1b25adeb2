"""CS231n, assignment 3, self-supervised learning: the notebook's own names, answered by this project.

Each file is called as in the assignment's `cs231n/simclr`, so a notebook cell runs after changing only its
import: `from ssl_core.cs231n import *`. Where the notebook leaves room for a mistake, the docstring names it.
Two differences throughout: `device=None` picks a device where the notebook says "cuda", and a batch that does
not fit raises Problem instead of broadcasting to a number.

torchvision is read when a name that needs it is asked for: that takes a second or two, and the page, which
shows the losses, does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ssl_core.cs231n.contrastive_loss import (
    compute_sim_matrix,
    sim,
    sim_positive_pairs,
    simclr_loss_naive,
    simclr_loss_vectorized,
)
from ssl_core.cs231n.model import Model
from ssl_core.cs231n.utils import test, train, train_val

if TYPE_CHECKING:
    from ssl_core.cs231n.data_utils import CIFAR10Pair, compute_test_transform, compute_train_transform

__all__ = [
    "CIFAR10Pair",
    "Model",
    "compute_sim_matrix",
    "compute_test_transform",
    "compute_train_transform",
    "sim",
    "sim_positive_pairs",
    "simclr_loss_naive",
    "simclr_loss_vectorized",
    "test",
    "train",
    "train_val",
]


def __getattr__(name: str) -> Any:
    if name in ("CIFAR10Pair", "compute_test_transform", "compute_train_transform"):
        return getattr(import_module("ssl_core.cs231n.data_utils"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
