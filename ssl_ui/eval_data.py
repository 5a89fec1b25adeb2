"""What the Evaluate tab knows of a run without computing: its figures, and its moments, read from files."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ssl_core import runs, snapshots
from ssl_core.collapse import Verdict, judge, shares
from ssl_core.problem import Problem
from ssl_core.results import BAG, Result, Results, load_results
from ssl_ui.context import Context
from ssl_ui.i18n import t
from ssl_ui.run_names import in_order, method

Row = Float[np.ndarray, " n"]
MOST = 8  # runs side by side
COLUMNS = ("knn_h", "knn_z", "linear_1", "linear_10", "linear_100", "finetune_10")
TITLES = {
    "knn_h": "kNN, h",
    "knn_z": "kNN, z",
    "finetune_10": "Fine-tuned, 10 %",
    "cs231n_letter": "CS231n, to the letter",
    "cs231n_corrected": "CS231n, corrected",
}


@dataclass(frozen=True, eq=False)
class Moment:
    """A snapshot without its features: what is small enough to keep of every moment of many runs."""

    step: int
    positive: Row
    negative: Row
    shares: Row
    alignment: float
    uniformity: float
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class Judged:
    """A run, its figures and its moments; `problems` say in words what could not be read of it."""

    run: runs.Run
    title: str  # of its method
    results: Results = field(default_factory=Results)
    moments: tuple[Moment, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The run's."""
        return self.run.name


def offered(context: Context) -> list[tuple[str, str]]:
    """The runs that there is something to tell of, as the menu shows them and by name."""
    found = [run for run in in_order(context) if run.encoder.exists() or snapshots.moments(run.folder)]
    return [(_called(run), run.name) for run in found]


def _called(run: runs.Run) -> str:
    return method(run.settings) if run.shipped else run.name


def first_choice(context: Context) -> list[str]:
    """What stands there before anybody chooses: all runs that came with the project, else the newest."""
    names = [name for _, name in offered(context)]
    shipped = [name for name in names if runs.find(name, context.runs_folder).shipped]
    return shipped[:MOST] or names[:1]


def judged(context: Context, name: str) -> Judged:
    """All that is recorded of a run. Raises Problem where there is none of that name."""
    run = runs.find(name, context.runs_folder)
    kind = run.settings.method_class()
    problems: list[Problem] = []
    results, moments = Results(), []
    try:
        results = load_results(run.folder)
    except Problem as problem:
        problems.append(problem)
    classes = _classes(run, results) if kind.supervised else None
    for path in snapshots.moments(run.folder):
        try:
            moments.append(_moment(path, path.stat().st_mtime_ns, classes))
        except Problem as problem:
            problems.append(problem)
    return Judged(run, t(kind.title), results, tuple(moments), tuple(problems))


def _classes(run: runs.Run, results: Results) -> int | None:
    """How many classes a run was told of, as far as its files know."""
    known = (run.shipped or {}).get("classes") or [c for r in results.trained.values() for c in r.classes]
    if known:
        return len(set(known))
    files = snapshots.moments(run.folder)
    return int(snapshots.load(files[-1]).labels.max()) + 1 if files else None


@lru_cache(maxsize=512)
def _moment(path: Path, stamp: int, classes: int | None) -> Moment:
    found = snapshots.load(path)
    verdict = judge(found.negative, found.spectrum, classes)
    rows = (found.positive.numpy(), found.negative.numpy(), shares(found.spectrum).numpy())
    return Moment(found.step, *rows, found.alignment, found.uniformity, verdict)


def columns(all_of_them: list[Results]) -> list[str]:
    """The names of all figures there are, the usual ones first and in their order."""
    there = {
        name for results in all_of_them for side in (results.trained, results.untrained) for name in side
    }

    def place(name: str) -> tuple[int, str]:
        base = name.partition(BAG)[0]
        return (COLUMNS.index(base) if base in COLUMNS else len(COLUMNS), name)

    return sorted(there, key=place)


def title_of(name: str) -> str:
    """A figure's name as papers write it."""
    base, bag, patches = name.partition(BAG)
    if base in TITLES:
        words = t(TITLES[base])
    elif base.startswith("linear_"):
        percent, _, layer = base.removeprefix("linear_").partition("_")
        words = t("Linear, {percent} %", percent=percent) + (f", {layer}" if layer else "")
    else:
        words = base.replace("_", " ")
    return words + (", " + t("{n} patches", n=patches) if bag else "")


def setting_of(result: Result) -> str:
    """All that names a figure, in one sentence."""
    known = dict(result.setting)
    said = [str(known[key]) for key in ("dataset", "encoder") if key in known]
    if "layer" in known:
        said.append(t("layer {layer}", layer=known["layer"]))
    said += [str(known[key]) for key in ("transform", "split") if key in known]
    if "batch_norm" in known:
        said.append(t("BatchNorm in {mode}", mode=known["batch_norm"]))
    if "k" in known and "temperature" in known:
        said.append(t("cosine, k={k}, T={temperature:g}", k=known["k"], temperature=known["temperature"]))
    if "probe_labels" in known:
        said.append(t("{n:,} labels, C={c:g}", n=known["probe_labels"], c=known.get("probe_C", float("nan"))))
    if len(said) < 3:  # of a measure that names itself in other words
        said += [f"{key}={value}" for key, value in known.items() if isinstance(value, str | int | float)]
    return "; ".join(dict.fromkeys(said))
