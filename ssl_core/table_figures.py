"""The figures of the table: which there are, what each needs, and which are not kept yet.

A figure stands as long as the weights it was made of and the pictures are the same: renaming a run makes none
anew, training it further does.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from ssl_core.datasets.base import Pictures
from ssl_core.frozen import network_of
from ssl_core.problem import Problem
from ssl_core.results import BAG, SIDES, Result, load_results
from ssl_core.runs import Run
from ssl_core.settings import Settings
from ssl_core.table_tuning import LABELS

SHARES = (1, 10, 100)  # percent of each class's labels
PATCHES = 16  # of a bag, where the method is tested on patches
KNN_H, KNN_Z, FINETUNE = "knn_h", "knn_z", f"finetune_{LABELS}"
LINEAR = {f"linear_{share}": share for share in SHARES}
COLUMNS = (KNN_H, KNN_Z, *LINEAR, FINETUNE)
BAGGED = f"{BAG}{PATCHES}"


@dataclass(frozen=True)
class Part:
    """Figures of one pass over the pictures."""

    layer: str
    patches: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One part of one side of one run, with the figures of it that are wanted."""

    run: Run
    settings: Settings
    side: str
    part: Part
    weights: str

    @property
    def folder(self) -> Any:
        """Where the weights are; None: as before the first step."""
        return self.run.folder if self.side == "trained" else None

    @property
    def cost(self) -> float:
        """How long it takes beside others, in passes of whole pictures."""
        if FINETUNE in self.part.names:
            return 3.0  # ten times a tenth, forward and backward
        return max(1, self.part.patches) + 0.3 * len(self.part.names)


def parts(settings: Settings) -> tuple[Part, ...]:
    """All that is made of a run, what is quick first."""
    found = (Part("h", 0, (KNN_H, *LINEAR)), Part("z", 0, (KNN_Z,)), Part("h", 0, (FINETUNE,)))
    if settings.method_class().test_patches:
        return (*found, Part("h", PATCHES, tuple(name + BAGGED for name in (KNN_H, *LINEAR))))
    return found


def missing(
    run: Run, settings: Settings, pictures: Pictures | None, classes: int, again: bool = False
) -> list[Job]:
    """What is not kept, or of other weights; with `pictures`, of others as well. Raises Problem."""
    jobs, kept = [], load_results(run.folder)
    for side in SIDES:
        folder = run.folder if side == "trained" else None
        for part in parts(settings):
            try:
                weights = fingerprint(network_of(settings, folder, part.layer, classes))
            except Problem:  # an encoder without its head has no z, and is told so when it is asked for
                if part.layer == "h":
                    raise
                weights = ""
            names = [
                name
                for name in part.names
                if again or not _stands(getattr(kept, side).get(name), weights, pictures)
            ]
            if names:
                jobs.append(Job(run, settings, side, replace(part, names=tuple(names)), weights))
    return jobs


def _stands(result: Result | None, weights: str, pictures: Pictures | None) -> bool:
    if result is None or result.setting.get("weights") != weights:
        return False
    wanted = seen_by(pictures) if pictures else {}
    return all(result.setting.get(key) == value for key, value in wanted.items())


def seen_by(pictures: Pictures) -> dict[str, Any]:
    """What names the pictures of a figure."""
    return {"dataset": pictures.title, "pictures": [len(pictures.train), len(pictures.test)]}


def fingerprint(network: nn.Module) -> str:
    """Equal for equal weights."""
    found = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        found.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]
