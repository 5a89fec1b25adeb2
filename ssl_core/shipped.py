"""What a run that came with the project knows without its pictures: outputs of a few pairs of views.

Its curves are in events.jsonl, its embeddings in the snapshots and `maps.npz`, its figures in results.json.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.checkpoints import TORN, load_arrays, save_arrays
from ssl_core.problem import Problem

FORMAT = 1
KEPT = "pairs.npz"
PAIRS = 64
LAYERS = ("z", "h", "z_before", "h_before")


@dataclass(frozen=True, eq=False)
class Pairs:
    """z and h of two views of n test pictures, as trained and as before the first step; not normalised."""

    z: Float[Tensor, "2 n d"]
    h: Float[Tensor, "2 n e"]
    z_before: Float[Tensor, "2 n d"]
    h_before: Float[Tensor, "2 n e"]
    labels: Int[Tensor, " n"]
    index: Int[Tensor, " n"]  # places in the test split
    recipe: str
    seed: int
    title: str  # of the pictures
    classes: tuple[str, ...]


def save_pairs(folder: Path, pairs: Pairs) -> None:
    """Keep them in a run's folder."""
    outputs = {name: getattr(pairs, name).numpy().astype(np.float16) for name in LAYERS}
    save_arrays(
        folder / KEPT,
        format=FORMAT,
        **outputs,
        labels=pairs.labels.numpy().astype(np.int16),
        index=pairs.index.numpy().astype(np.int32),
        recipe=pairs.recipe,
        seed=pairs.seed,
        title=pairs.title,
        classes=np.array(pairs.classes),
    )


def load_pairs(folder: Path) -> Pairs:
    """What `save_pairs` wrote. Raises Problem where there is nothing or it is torn."""
    try:
        known = load_arrays(folder / KEPT)
        outputs = {name: torch.from_numpy(known[name].astype(np.float32)) for name in LAYERS}
        return Pairs(
            **outputs,
            labels=torch.from_numpy(known["labels"].astype(np.int64)),
            index=torch.from_numpy(known["index"].astype(np.int64)),
            recipe=str(known["recipe"]),
            seed=int(known["seed"]),
            title=str(known["title"]),
            classes=tuple(known["classes"].tolist()),
        )
    except TORN as error:
        raise Problem(
            "{run} has no recorded pairs of views ({why}). Name its pictures with --data.",
            run=folder.name,
            why=str(error),
        ) from error
