"""What the Compare tab shows of the runs that were ticked."""

from pathlib import Path
from typing import Any

from ssl_core.problem import Problem
from ssl_core.published import PUBLISHED, Published
from ssl_core.runs import Run, find
from ssl_core.snapshots import moments
from ssl_ui import compare_results
from ssl_ui.compare_curves import KNN, CurveState, figure, lines
from ssl_ui.compare_look import Chosen, looks
from ssl_ui.compare_maps import lacking, maps
from ssl_ui.compare_published import in_html, stand_beside
from ssl_ui.compare_results import results
from ssl_ui.context import Context
from ssl_ui.figures import Figure


def chosen_runs(context: Context, names: list[str | None]) -> Chosen:
    """The ticked runs that are still there and can be read."""
    found: Chosen = {}
    for name, look in looks(names).items():
        try:
            run = find(name, context.runs_folder)
            run.settings.method_class()
            found[run] = look
        except Problem:
            continue
    return found


def curves(runs: Chosen, state: CurveState) -> Figure:
    """Their curves, and published kNN beside those of CIFAR-10. Raises Problem."""
    beside = stand_beside(_methods(runs), "knn_h") if state.published and state.scalar == KNN else []
    return figure(lines(runs, state), state, beside)


def measured(runs: Chosen, state: CurveState) -> Figure | None:
    """Their figures on test pictures, if there are any. Raises Problem."""
    return compare_results.figure(runs, _methods(runs) if state.published else [])


def published_in_full(runs: Chosen, state: CurveState) -> str:
    """As a table, what the charts show of what others published."""
    if not state.published:
        return ""
    kinds = {kind for those in results(runs).values() for kind in those}
    kinds |= {"supervised"} if kinds else set()
    kinds |= {"knn_h"} if state.scalar == KNN else set()
    methods = {"moco" if name == "moco_v1" else name for name in _methods(runs)}
    shown: list[Published] = [p for p in PUBLISHED if p.method in methods and p.kind in kinds]
    return in_html(shown)


def _methods(runs: Chosen) -> list[str]:
    """How those that learn from CIFAR-10 do: others have nothing published beside them."""
    return [run.settings.method for run in runs if of_cifar(run)]


def of_cifar(run: Run) -> bool:
    """Whether a run's pictures are CIFAR-10, or a folder or zip that is called so."""
    settings = run.settings
    path = str(settings.knobs.get("dataset", {}).get("path", ""))
    said = str((run.shipped or {}).get("pictures", "")) or Path(path).stem
    return settings.dataset == "cifar10" or "cifar10" in said.lower().replace("-", "")


def sides(runs: Chosen, left: str | None, right: str | None) -> tuple[list[str], str | None, str | None]:
    """Runs whose maps can be had, and which two are shown: those that were, if they still can be."""
    names = [run.name for run in runs if moments(run.folder)]
    first = left if left in names else next((n for n in names if n != right), None)
    second = right if right in names and right != first else next((n for n in names if n != first), None)
    return names, first, second


def pair(context: Context, runs: Chosen, left: str | None, right: str | None) -> dict[str, Any]:
    """Two maps of the same pictures, or why there are none."""
    by_name = {run.name: (run, look) for run, look in runs.items()}
    wanted = [by_name[name] for name in (left, right) if name and name in by_name]
    try:
        if len(wanted) < 2:
            raise Problem("Tick two runs that have kept snapshots of test pictures to see their maps.")
        return maps(context, wanted)
    except Problem as problem:
        return lacking(problem)
