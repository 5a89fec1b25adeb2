"""Figures of a run, kept beside it: what was measured, all that names it, and the command that made it.

So a table can be printed where the pictures are not, goes on where it was interrupted, and a figure is never
without its setting. `results.json` holds one figure a line, so that a change shows as the line that it is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ssl_core.checkpoints import written_whole
from ssl_core.config import look_up
from ssl_core.problem import Problem

FORMAT = 1
FILE = "results.json"
BAG = "_bag"  # behind the name of a figure on bags of patches, and then how many
SIDES = {"trained": "as the run left it", "untrained": "the same network before its first step"}


@dataclass(frozen=True)
class Result:
    """One figure on test pictures. `value`, `interval` and `top5` are shares, 0 to 1."""

    name: str  # knn_h, knn_z, linear_1, linear_10, linear_100, finetune_10; with _bag16 on 16 patches
    value: float
    interval: tuple[float, float]  # 95 % of a bootstrap over the test pictures
    top5: float
    setting: Mapping[str, Any]  # all that names it, as `ssl_core.measure.evaluate` does
    command: str
    confusion: list[list[int]] = field(default_factory=list)  # rows: what they are; columns: what was said
    classes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Results:
    """What is kept of one run, by name."""

    trained: dict[str, Result] = field(default_factory=dict)
    untrained: dict[str, Result] = field(default_factory=dict)


def load_results(folder: Path) -> Results:
    """The figures kept in a run's folder; none where there is no file. Raises Problem on a torn file."""
    path = folder / FILE
    if not path.exists():
        return Results()
    known = _read(path)
    try:
        return Results(**{side: _side(known.get(side, {})) for side in SIDES})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _torn(path, f"{type(error).__name__}: {error}") from error


def keep(folder: Path, side: str, result: Result) -> None:
    """Put one figure beside those that are there, in place of an older one of its name. Raises Problem.

    The file is written beside and renamed; what a newer version wrote into it besides is kept.
    """
    look_up(SIDES, side, "side")
    path = folder / FILE
    load_results(folder)  # what cannot be read is not written over
    known = _read(path) if path.exists() else {}
    known = {**known, "format": FORMAT, side: {**known.get(side, {}), result.name: asdict(result)}}
    with written_whole(path) as beside:
        beside.write_text(_a_figure_a_line(known), encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        known: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _torn(path, str(error)) from error
    if not isinstance(known, dict) or not isinstance(known.get("format"), int):
        raise _torn(path, "no format number")
    if known["format"] > FORMAT:
        raise Problem("{file} was written by a newer version. Update to open it.", file=str(path))
    return known


def _side(values: Mapping[str, Any]) -> dict[str, Result]:
    return {name: _result(found) for name, found in values.items()}


def _result(values: Mapping[str, Any]) -> Result:
    """Unknown fields are ignored; a figure that is no share of pictures is an error."""
    found = {f.name: values[f.name] for f in fields(Result) if f.name in values}
    low, high = (float(end) for end in found["interval"])
    for share in (found["value"], low, high, found["top5"]):
        if not 0 <= share <= 1:
            raise ValueError(f"{found['name']} is {share}")
    return Result(**{**found, "interval": (low, high), "setting": dict(found["setting"])})


def _a_figure_a_line(known: Mapping[str, Any]) -> str:
    parts = []
    for name, value in known.items():
        words = json.dumps(value, allow_nan=False)
        if name in SIDES:
            lines = [f"    {json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in value.items()]
            words = "{\n" + ",\n".join(lines) + "\n  }"
        parts.append(f"  {json.dumps(name)}: {words}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _torn(path: Path, why: str) -> Problem:
    return Problem(
        "{file} is torn or no file of figures ({why}). Delete it and make the figures again: "
        "python -m ssl_core table {run}",
        file=str(path),
        why=why,
        run=path.parent.name,
    )
