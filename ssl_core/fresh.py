"""Several figures from one encoding of the pictures, with what was said of each: for who wants to see them.

`evaluate` gives one kNN and one probe as plain values; here kNN and probes on several shares of the labels
come of the same features, as `Result`s, and keep their predictions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation import KNNKnobs
from ssl_core.frozen import named, see, some
from ssl_core.measure import Evaluation
from ssl_core.results import BAG, Result
from ssl_core.scored import knn_figures, probe_figures
from ssl_core.settings import Settings

KNN = "knn"


@dataclass(frozen=True)
class Measured:
    """A figure, and of each test picture (its place in the split) the class that was said."""

    result: Result
    predictions: list[int]
    index: list[int]


def measured(
    settings: Settings,
    folder: Path | None,
    amount: Evaluation,
    vote: KNNKnobs,
    probes: Sequence[float] = (),
    knn: bool = True,
    command: str = "",
    report: Report = silent,
) -> list[Measured]:
    """kNN, if wanted, and a linear probe on each of these percents of the labels. Raises Problem.

    `command` is what measures the same in a terminal; that of a probe is given the share of its labels.
    """
    bag = amount.bag(settings)
    seen = see(settings, folder, amount.bank, amount.queries, amount.layer, bag, report)
    names = named(seen, settings, folder, amount.layer)
    asked = [(KNN, knn_figures(seen, vote, by_class=True))] if knn else []
    for percent in probes:
        asked.append(("probe", probe_figures(seen, percent, by_class=True, report=report)))
    index, suffix = some(seen.pictures.test, amount.queries).tolist(), f"{BAG}{bag.patches}" if bag else ""
    made = []
    for kind, found in asked:
        predictions = found.pop(f"{kind}_predictions")
        matrix = found.pop(f"{kind}_confusion")
        share = "" if kind == KNN or not command else f" --labels {found['probe_percent']:g}"
        low, high = found[f"{kind}_top1_interval"]
        figure = Result(
            name_of(kind, amount.layer, found) + suffix,
            found[f"{kind}_top1"],
            (low, high),
            found[f"{kind}_top5"],
            names | {name: value for name, value in found.items() if name != "knn_hits"},
            command + share,
            matrix,
            list(seen.pictures.classes),
        )
        made.append(Measured(figure, predictions, index))
    return made


def name_of(kind: str, layer: str, found: dict[str, Any]) -> str:
    """What `results.json` calls it: knn_h, linear_10, and linear_10_z of a probe on z."""
    if kind == KNN:
        return f"knn_{layer}"
    name = f"linear_{found['probe_percent']:g}"
    return name if layer == "h" else f"{name}_{layer}"
