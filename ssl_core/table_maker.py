"""Making the figures of the table: pictures are encoded once for all that needs them, z is made of h,
and each figure is kept as soon as it is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from ssl_core import device as devices
from ssl_core.datasets.base import Pictures, Report, silent
from ssl_core.evaluation import Bag, KNNKnobs
from ssl_core.evaluation.features import evaluating
from ssl_core.frozen import Seen, named, network_of, see
from ssl_core.problem import Problem
from ssl_core.results import Result, keep
from ssl_core.scored import knn_figures, probe_figures
from ssl_core.settings import Settings
from ssl_core.table_figures import BAGGED, FINETUNE, LINEAR, Job, seen_by
from ssl_core.table_tuning import tuned

OWN = ("k", "temperature", "probe_labels", "probe_percent", "probe_C", "probe_validation", "probe_converged")


@dataclass
class Maker:
    """Makes and keeps figures. Networks that are equal, as before the first step, are measured once."""

    pictures: Pictures
    report: Report = silent
    made: dict[str, Result] = field(default_factory=dict)
    latest: tuple[Any, Seen] | None = None  # whose h of whole pictures it is, and that

    def knows(self, settings: Settings, results: Mapping[str, Result]) -> None:
        """Take over what is kept of a run."""
        for name, result in results.items():
            self.made[same(settings, str(result.setting.get("weights")), name)] = result

    def figures(self, job: Job, command: str) -> Iterator[Result | Problem]:
        """The figures of a job, each kept; or why one cannot be made."""
        keys = [same(job.settings, job.weights, name) for name in job.part.names]
        if job.weights and all(key in self.made for key in keys):
            found: Iterator[Result | Problem] = (self.made[key] for key in keys)
        elif FINETUNE in job.part.names:
            found = iter((self._tuned(job),))
        else:
            found = self._measured(job)
        for key, result in zip(keys, found, strict=True):
            if isinstance(result, Result):
                self.made[key] = result = replace(result, command=command)
                keep(job.run.folder, job.side, result)
            yield result

    def _measured(self, job: Job) -> Iterator[Result | Problem]:
        try:
            seen = self._seen(job)
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

    def _seen(self, job: Job) -> Seen:
        whose, layer = (job.run.folder, job.side), job.part.layer
        if layer == "z" and self.latest and self.latest[0] == whose:
            both = network_of(job.settings, job.folder, "z", len(self.pictures.classes))
            return by_head(self.latest[1], both)
        bag = Bag(job.settings.augmentation(), job.part.patches) if job.part.patches else None
        n, m = len(self.pictures.train), len(self.pictures.test)
        seen = see(job.settings, job.folder, n, m, layer, bag, self.report)
        self.latest = (whose, seen) if layer == "h" and bag is None else None
        return seen

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


def same(settings: Settings, weights: str, name: str) -> str:
    """Equal for figures that must be equal, on the same pictures."""
    patches = settings.augmentation() if name.endswith(BAGGED) else ""
    return f"{weights} {name} {settings.normalise} {patches}"


def by_head(seen: Seen, both: nn.Module) -> Seen:
    """z of the pictures of which h is there: what encoder and head in a row give, half the work left out."""
    device = devices.pick()
    head = devices.place(both, device).get_submodule("1")

    def through(h: Tensor) -> Tensor:
        with torch.no_grad(), evaluating(head), devices.autocast(device, devices.precision(device)):
            return torch.cat([head(part.to(device)).float().cpu() for part in h.split(512)])

    known, asked = through(seen.bank_features), through(seen.query_features)
    return replace(seen, network=both, bank_features=known, query_features=asked)
