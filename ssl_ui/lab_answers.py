"""What the laboratory answers when the browser asks: a state as plain JSON in, a film as JSON text out.

A person's mistake comes back as {"problem": words}, so that it can stand beside the field and what was there
stays. Text and not objects: Gradio would walk through every number of them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any

from ssl_core.config import Knob, look_up
from ssl_core.lab import Bench, Table, lay
from ssl_core.lab.descent import Step, descend
from ssl_core.lab.film import frame, frames, grid, live_knob
from ssl_core.lab.script import script
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_ui.context import Context
from ssl_ui.handlers import checked_state
from ssl_ui.i18n import explain
from ssl_ui.lab_film import Reel, to_json
from ssl_ui.lab_pictures import Shown, show

MOST_STEPS = 200
MORE = Knob("more", 1, 1, MOST_STEPS, "Steps of descent.", False, None)
PLAIN = {name: value for name, value in asdict(Bench()).items() if isinstance(value, str | dict)}


def answer(function: Callable[..., Mapping[str, Any]]) -> Callable[..., str]:
    """A function of plain JSON as the browser calls it."""

    @wraps(function)
    def call(given: Any) -> str:
        try:
            return json.dumps(function(given), allow_nan=False)
        except Problem as problem:
            return json.dumps({"problem": explain(problem)})

    return call


@dataclass(frozen=True)
class Answers:
    """The laboratory of one page."""

    context: Context

    def film(self, given: Any) -> dict[str, Any]:
        """The loss along the knob that is turned live, after the steps of descent that the state names."""
        bench, shown = self._bench(given)
        *_, last = descend(self._table(bench, shown), bench.steps)
        table = last.table
        knob = live_knob(type(table.loss), bench.live)
        places = grid(knob, getattr(table.loss, knob.name)) if knob else []
        out = to_json(Reel(bench.loss, table, frames(table, knob, places)))
        out["live"] = None if knob is None else self._live(table, knob.name, places)
        out["inputs"] = {n: v.tolist() for n, v in table.inputs.items() if v.is_floating_point()}
        out["labels"] = table.labels.tolist()
        out["tiles"] = shown.tiles if shown else None
        return out | {"alignment": last.alignment, "uniformity": last.uniformity}

    def descent(self, given: Any) -> dict[str, Any]:
        """The loss along steps of gradient descent from where the state stands; `more` steps."""
        bench, shown = self._bench(given)
        more = MORE.parse(given.get("more", 1))
        if more < 1:
            raise Problem("{more} steps of descent were asked for; give at least one.", more=more)
        if bench.steps + more > MOST_STEPS:
            raise Problem("That is more than {most} steps. Rewind first.", most=MOST_STEPS)
        steps = list(descend(self._table(bench, shown), bench.steps + more))
        out = to_json(Reel(bench.loss, steps[0].table, [frame(step.table) for step in steps]))
        return out | _curves(steps)

    def script(self, given: Any) -> dict[str, Any]:
        """The state as a short Python script that prints the same numbers."""
        bench, shown = self._bench(given)
        self._table(bench, shown)  # a state that cannot be has no script
        return {"script": script(bench, shown.origin if shown else None, _mistakes(given))}

    def table(self, given: Any) -> Table:
        """What lies on the bench, after the steps of descent that the state names. Raises Problem."""
        bench, shown = self._bench(given)
        *_, last = descend(self._table(bench, shown), bench.steps)
        return last.table

    def _bench(self, given: Any) -> tuple[Bench, Shown | None]:
        if not isinstance(given, Mapping):
            raise Problem("The state of the bench is {given!r}; give an object.", given=given)
        for name, plain in PLAIN.items():
            if not isinstance(given.get(name, plain), type(plain)):
                raise Problem(
                    "{name} is {value!r}, which the bench cannot read.", name=name, value=given[name]
                )
        if not isinstance(rows := given.get("rows"), list | None):
            raise Problem("{name} is {value!r}, which the bench cannot read.", name="rows", value=rows)
        bench = checked_state(Bench, given)
        look_up(LOSSES, bench.loss, "loss")
        return bench, show(self.context, bench) if bench.source == "pictures" else None

    def _table(self, bench: Bench, shown: Shown | None) -> Table:
        return lay(bench, shown.views, shown.labels) if shown else lay(bench)

    def _live(self, table: Table, name: str, places: list[float]) -> dict[str, Any]:
        value = getattr(table.loss, name)
        return {"name": name, "places": places, "at": places.index(value)}


def _mistakes(given: Mapping[str, Any]) -> list[str]:
    names = given.get("mistakes", [])
    if not isinstance(names, list):
        raise Problem("mistakes is {given!r}; give a list of names.", given=names)
    return [str(name) for name in names]


def _curves(steps: list[Step]) -> dict[str, Any]:
    return {
        "sizes": [step.size for step in steps],
        "alignment": [step.alignment for step in steps],
        "uniformity": [step.uniformity for step in steps],
    }
