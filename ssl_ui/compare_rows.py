"""The table of all runs: what stands in its columns, and what each number is a measure of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ssl_core.events import Imported, Step
from ssl_core.problem import Problem
from ssl_core.results import FILE, Result, load_results
from ssl_core.runs import Run
from ssl_core.table_figures import BAGGED
from ssl_ui.context import Context
from ssl_ui.i18n import explain, t
from ssl_ui.run_names import in_order, method, pictures_of
from ssl_ui.watcher import LIVELY

NONE = "–"
FIGURES = {
    "knn_h": "kNN h",
    "knn_z": "kNN z",
    "linear_1": "Linear 1 %",
    "linear_10": "Linear 10 %",
    "linear_100": "Linear 100 %",
    "finetune_10": "Fine-tune 10 %",
}
COLUMNS = {  # id → title, and what it is
    "name": ("Run", "Its folder's name"),
    "method": ("Method", "What it was trained by"),
    "encoder": ("Encoder", "What is kept after training"),
    "pictures": ("Pictures", "What it was trained on"),
    "knn": ("kNN held out", "In %, on held-out training pictures while it trained; never on test pictures"),
    **{name: (title, "Top-1 on test pictures, in %, as the run left it") for name, title in FIGURES.items()},
    "status": ("Status", "Where it stands"),
    "epochs": ("Epochs", "How often every training picture was seen, views not counted"),
    "steps": ("Steps", "Steps of the optimiser"),
    "images": ("Images seen", "Steps × pictures in a step, views not counted"),
    "seconds": ("Seconds", "Trained, over all its sessions"),
    "loss": ("Last loss", "Losses of different methods do not compare"),
}
WORDS = ("name", "method", "encoder", "pictures", "status")  # the other columns are numbers


@dataclass(frozen=True)
class Known:
    """What the files of a run say, whether or not a process writes them now."""

    cells: dict[str, dict[str, Any]]
    curves: bool  # whether there is anything to draw


def table(context: Context) -> dict[str, Any]:
    """The whole table as JSON: columns, and a row for each run in the order of the menus."""
    rows = [row(run) for run in in_order(context)]
    measured = {name for one in rows for name in FIGURES if one["cells"][name]["v"] is not None}
    shown = {name: words for name, words in COLUMNS.items() if name not in FIGURES or name in measured}
    columns = [
        {"id": name, "title": t(title), "about": t(about), "words": name in WORDS}
        for name, (title, about) in shown.items()
    ]
    return {"columns": columns, "rows": rows}


def row(run: Run) -> dict[str, Any]:
    """A run: each cell has a value to sort by (or null), what is shown of it, and what it is a measure of."""
    known, status = _known(run.folder, _stamp(run.folder)), run.status()
    cells = {**known.cells, "status": words(t(status))}
    lively = status in LIVELY
    return {"name": run.name, "cells": cells, "lively": lively, "curves": known.curves}


def _stamp(folder: Path) -> tuple[tuple[int, int], ...]:
    """Changes whenever what `_known` reads does."""
    files = [folder / name for name in ("config.json", "events.jsonl", FILE)]
    stats = [path.stat() if path.exists() else None for path in files]
    return tuple((s.st_size, s.st_mtime_ns) if s else (0, 0) for s in stats)


@lru_cache(maxsize=1024)
def _known(folder: Path, stamp: tuple[tuple[int, int], ...]) -> Known:
    run = Run(folder)
    empty = {name: cell(None) for name in COLUMNS} | {"name": words(run.name)}
    try:
        settings = run.settings
        said = {
            "method": words(t("unknown") if run.last_event(Imported) else method(settings)),
            "encoder": words(t(settings.registered("encoder").title)),
            "pictures": words(pictures_of(settings, run.shipped)),
        }
        return Known({**empty, **said, **_trained(run), **_measured(run)}, _has_steps(run))
    except Problem as problem:
        return Known({**empty, "method": words(t("cannot be read"), explain(problem))}, False)


def _trained(run: Run) -> dict[str, Any]:
    """What its events say: the last step, and the last kNN."""
    last, looks = run.last_event(Step), run.monitored()
    cells = {}
    if isinstance(last, Step):
        batch = run.settings.training.batch_size
        cells = {
            "epochs": cell(last.epoch, f"{last.epoch:,.1f}"),
            "steps": cell(last.step, f"{last.step:,}"),
            "images": cell(last.step * batch, f"{last.step * batch:,}", t("{n} a step", n=batch)),
            "seconds": cell(last.seconds, f"{last.seconds:,.0f}"),
            "loss": cell(last.loss, f"{last.loss:.3f}".replace("-", "−"), loss_of(run)),
        }
    if looks:
        look, first = looks[-1], looks[0]
        tip = t(
            "kNN top-1 on h, {queries:,} held-out training pictures against {bank:,}, after step {step:,}; "
            "{first:.1f} % at step {begin}, {chance:.1f} % by guessing",
            queries=look.queries,
            bank=look.bank,
            step=look.step,
            begin=first.step,
            first=100 * first.knn,
            chance=100 * look.chance,
        )
        cells["knn"] = cell(100 * look.knn, f"{100 * look.knn:.1f}", tip)
    return cells


def loss_of(run: Run) -> str:
    """Which loss it is."""
    return t(run.settings.registered("loss").title)


def _has_steps(run: Run) -> bool:
    return run.last_event(Step) is not None


def _measured(run: Run) -> dict[str, Any]:
    """Its figures on test pictures; what was measured of bags of patches too is told beside the plain one."""
    found = load_results(run.folder).trained
    cells = {}
    for name in FIGURES:
        tips = [setting(found[n]) for n in (name, name + BAGGED) if n in found]
        if result := found.get(name) or found.get(name + BAGGED):
            cells[name] = cell(100 * result.value, f"{100 * result.value:.1f}", " — ".join(tips))
    return cells


def setting(result: Result) -> str:
    """All that names a figure, in a line: interval, setting, command."""
    low, high = (100 * end for end in result.interval)
    said = t("{value:.1f} % [{low:.1f}, {high:.1f}]", value=100 * result.value, low=low, high=high)
    return " · ".join([said, *spelled(result.setting), result.command])


def spelled(named: Mapping[str, Any]) -> list[str]:
    """A setting's names and values."""
    plain = {n: v for n, v in named.items() if isinstance(v, str | int | float) and v not in ("", None)}
    return [f"{t(name.replace('_', ' '))}: {value}" for name, value in plain.items()]


def words(text: str, tip: str = "") -> dict[str, Any]:
    """A cell that is sorted by its letters."""
    return {"v": text, "s": text, "tip": tip}


def cell(value: float | None, shown: str = NONE, tip: str = "") -> dict[str, Any]:
    """A cell that is sorted by its value; what has none comes last."""
    return {"v": value, "s": shown, "tip": tip}
