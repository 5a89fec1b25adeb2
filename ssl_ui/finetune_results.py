"""What came of a classifier: figures on test pictures, who is taken for whom, and which pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from ssl_core import runs
from ssl_core.checkpoints import load_json
from ssl_core.datasets.base import Pictures
from ssl_core.events import Started
from ssl_core.jobs import Progress
from ssl_core.predictions import Predictions, predictions
from ssl_core.problem import Problem
from ssl_core.results import Result
from ssl_ui.context import Context
from ssl_ui.encoders import heading, pick
from ssl_ui.eval_figures import cell, confusion, recall_bars
from ssl_ui.figures import Figure
from ssl_ui.i18n import t
from ssl_ui.pictures import data_url, tag
from ssl_ui.progress import Job, finished

SHOWN, CELL = 12, 60  # pictures of a strip, and of a cell of the matrix
COUNTED = 20  # classes up to which the matrix has its counts in its cells


@dataclass(frozen=True)
class Tested:
    """A run and its `test.json`."""

    run: runs.Run
    found: dict[str, Any]

    @property
    def result(self) -> Result:
        """The same, as what the Evaluate tab's figures are drawn of."""
        found = self.found
        return Result(
            "finetune",
            found["top1"],
            tuple(found.get("top1_interval") or (found["top1"],) * 2),
            found["top5"],
            {},
            "",
            found["confusion"],
            found["classes"],
        )


def tested(context: Context, name: str | None) -> Tested | None:
    """What the test at a run's end found; None of a run that was not tested (yet)."""
    if not name:
        return None
    run = runs.find(name, context.runs_folder)
    path = run.folder / "test.json"
    return Tested(run, load_json(path)) if path.exists() else None


def head(of: Tested) -> str:
    """The large numbers, and in a line what they are of."""
    found, settings = of.found, of.run.settings
    started = next((event for event in of.run.events() if isinstance(event, Started)), None)
    ends = ", ".join(f"{100 * end:.1f}" for end in found.get("top1_interval") or [])
    sure = f' <small title="{escape(t("95 % of a bootstrap over the test pictures"))}">[{ends}]</small>'
    numbers = {
        t("top-1 on test pictures"): f"{100 * found['top1']:.1f} %" + (sure if ends else ""),
        t("test pictures"): f"{found['pictures']:,}",
        t("classes"): str(len(found["classes"])),
    }
    if started:
        numbers[t("pictures learnt from")] = f"{started.pictures:,}"
    start = Path(settings.start).name or t("fresh weights")
    where = t("{dataset}, {transform}; started from {start}", **_words(found), start=start)
    return heading(t("What it is worth"), where, numbers)


def _words(found: dict[str, Any]) -> dict[str, str]:
    return {"dataset": found["dataset"], "transform": t(found["transform"])}


def matrix(of: Tested) -> Figure:
    """Who is taken for whom, with the counts in the cells while there is room for them."""
    figure, counts = confusion(of.result), of.found["confusion"]
    trace, rows = figure["data"][0], len(counts)
    trace |= {"text": [[str(n) if n else "" for n in row] for row in counts], "texttemplate": "%{text}"}
    if rows > COUNTED:
        trace.pop("texttemplate")
    for words in figure["layout"]["annotations"]:  # of a few pictures a count says more than a percentage
        words["text"] = t("row: what it is · column: what was said · pictures")
    return figure


def bars(of: Tested) -> Figure:
    """How much of each class was found."""
    return recall_bars(of.result, None)


def judged(context: Context, of: Tested) -> Job[tuple[Pictures, Predictions]]:
    """The test pictures, and what is said of each. Raises Problem where they are not on this machine."""
    picked = pick(context, of.run.name)
    yield Progress("Opening the pictures", 0.0)  # first: they may wait behind somebody else's
    pictures = picked.pictures(context)
    if list(pictures.classes) != of.found["classes"] or len(pictures.test) != of.found["pictures"]:
        raise Problem("The pictures of this run are no longer on this machine.")
    said = yield from finished(context.worker, predictions, picked.settings, of.run.folder)
    return pictures, said


def strips(pictures: Pictures, said: Predictions) -> str:
    """Some wrongly and some rightly classified test pictures, with what was said of them."""
    wrong, right = said.wrong(), said.right()
    names = {
        t("Taken for another: {n:,}, those first of which it was surest", n=len(wrong)): wrong,
        t("Recognised: {n:,}, those first of which it was surest", n=len(right)): right,
    }
    return "".join(_strip(title, pictures, said, places[:SHOWN]) for title, places in names.items() if places)


def inside(of: Tested, pictures: Pictures, said: Predictions, row: int, column: int) -> str:
    """The pictures in a cell of the matrix."""
    return _strip(cell(of.result, row, column), pictures, said, said.cell(row, column)[:CELL])


def _strip(title: str, pictures: Pictures, said: Predictions, places: Sequence[int]) -> str:
    tiles = "".join(_tile(pictures, said, place) for place in places)
    return f'<h4>{escape(title)}</h4><div class="finetune-strip">{tiles}</div>'


def _tile(pictures: Pictures, said: Predictions, place: int) -> str:
    true, guess = int(said.labels[place]), int(said.said[place])
    name, share = escape(t(pictures.classes[guess])), 100 * float(said.shares[place, guess])
    of_it = "" if guess == true else escape(t("is {name}", name=t(pictures.classes[true])))
    image = tag(data_url(pictures.test.images[place]), t("test picture {n}", n=place))
    return (
        f'<figure class="{"right" if guess == true else "wrong"}" data-place="{place}">{image}'
        f"<figcaption><b>{name}</b> <span>{share:.0f} %</span><br>{of_it}</figcaption></figure>"
    )
