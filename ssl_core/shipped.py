"""What a run that came with the project knows without its pictures: outputs of a few pairs of views.

Its curves are in events.jsonl, its embeddings in the snapshots and `maps.npz`, its figures in results.json.
"""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.checkpoints import written_whole
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
    with written_whole(folder / KEPT) as beside, beside.open("wb") as out:
        np.savez_compressed(
            out,
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
        with np.load(folder / KEPT, allow_pickle=False) as file:
            outputs = {name: torch.from_numpy(file[name].astype(np.float32)) for name in LAYERS}
            return Pairs(
                **outputs,
                labels=torch.from_numpy(file["labels"].astype(np.int64)),
                index=torch.from_numpy(file["index"].astype(np.int64)),
                recipe=str(file["recipe"]),
                seed=int(file["seed"]),
                title=str(file["title"]),
                classes=tuple(file["classes"].tolist()),
            )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise Problem(
            "{run} has no recorded pairs of views ({why}). Name its pictures with --data.",
            run=folder.name,
            why=str(error),
        ) from error
