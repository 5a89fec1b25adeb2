"""The figures of the table: which there are, what each needs, and making those that are not kept yet.

What shares a pass over the pictures is made of one pass, and each figure is kept as soon as it is there. It
stands as long as the weights it was made of and the pictures are the same: renaming a run makes none anew.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from ssl_core.datasets.base import Pictures, Report, silent
from ssl_core.evaluation import Bag, KNNKnobs
from ssl_core.frozen import Seen, named, network_of, see
from ssl_core.problem import Problem
from ssl_core.results import SIDES, Result, keep, load_results
from ssl_core.runs import Run
from ssl_core.scored import knn_figures, probe_figures
from ssl_core.settings import Settings
from ssl_core.table_tuning import LABELS, tuned

SHARES = (1, 10, 100)  # percent of each class's labels
PATCHES = 16  # of a bag, where the method is tested on patches
KNN_H, KNN_Z, FINETUNE = "knn_h", "knn_z", f"finetune_{LABELS}"
LINEAR = {f"linear_{share}": share for share in SHARES}
COLUMNS = (KNN_H, KNN_Z, *LINEAR, FINETUNE)
BAGGED = f"_bag{PATCHES}"
OWN = ("k", "temperature", "probe_labels", "probe_percent", "probe_C", "probe_validation", "probe_converged")


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


@dataclass
class Maker:
    """Makes and keeps figures. Networks that are equal, as before the first step, are measured once."""

    pictures: Pictures
    report: Report = silent
    made: dict[str, Result] = field(default_factory=dict)

    def figures(self, job: Job, command: str) -> Iterator[Result | Problem]:
        """The figures of a job, each kept; or why one cannot be made."""
        same = [f"{job.weights} {job.part.patches} {job.settings.normalise} {n}" for n in job.part.names]
        if job.weights and all(key in self.made for key in same):
            found: Iterator[Result | Problem] = (self.made[key] for key in same)
        elif FINETUNE in job.part.names:
            found = iter((self._tuned(job),))
        else:
            found = self._measured(job)
        for key, result in zip(same, found, strict=True):
            if isinstance(result, Result):
                self.made[key] = result = replace(result, command=command)
                keep(job.run.folder, job.side, result)
            yield result

    def _measured(self, job: Job) -> Iterator[Result | Problem]:
        bag = Bag(job.settings.augmentation(), job.part.patches) if job.part.patches else None
        n, m = len(self.pictures.train), len(self.pictures.test)
        try:
            seen = see(job.settings, job.folder, n, m, job.part.layer, bag, self.report)
        except Problem as problem:
            yield from (problem for _ in job.part.names)
            return
        setting = named(seen, job.settings, job.folder, job.part.layer)
        setting |= seen_by(self.pictures) | {"weights": job.weights}
        for name in job.part.names:
            try:
                yield self._one(name, seen, setting)
            except Problem as problem:
                yield problem

    def _one(self, name: str, seen: Seen, setting: dict[str, Any]) -> Result:
        plain = name.removesuffix(BAGGED)
        if plain in LINEAR:
            what, found = "probe", probe_figures(seen, float(LINEAR[plain]), True, self.report)
        else:
            what, found = "knn", knn_figures(seen, KNNKnobs(), by_class=True)
        own = {k: v for k, v in found.items() if k in OWN}
        return Result(
            name=name,
            value=found[f"{what}_top1"],
            interval=tuple(found[f"{what}_top1_interval"]),
            top5=found[f"{what}_top5"],
            setting=setting | own,
            command="",
            confusion=found[f"{what}_confusion"],
            classes=list(seen.pictures.classes),
        )

    def _tuned(self, job: Job) -> Result | Problem:
        try:
            found, setting = tuned(job.settings, job.folder, self.pictures, self.report)
        except Problem as problem:
            return problem
        return Result(
            name=FINETUNE,
            value=found["top1"],
            interval=tuple(found["top1_interval"]),
            top5=found["top5"],
            setting=setting | seen_by(self.pictures) | {"weights": job.weights},
            command="",
            confusion=found["confusion"],
            classes=found["classes"],
        )
