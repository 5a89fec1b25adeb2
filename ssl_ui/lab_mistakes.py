"""The classic mistakes and the race of the two forms, as JSON for the browser.

Every number is worked out in `ssl_core.lab`. What is infinite or no number is sent as a word.
"""

import inspect
import math
from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from torch import Tensor

from ssl_core.cs231n import contrastive_loss
from ssl_core.lab.bench import Bench, Table, lay
from ssl_core.lab.mistakes import MISTAKES, chosen, written
from ssl_core.lab.race import lap
from ssl_core.lab.verdict import compare
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_ui.axis_names import axis_of
from ssl_ui.handlers import checked_state
from ssl_ui.i18n import t
from ssl_ui.lab_verdict import notes_of, notes_of_bench, of_gradient, of_value, spelled

TEMPERATURE = 0.5  # where the loss on the bench has none


def mistakes_answer(state: Mapping[str, Any], table: Table | None = None) -> dict[str, Any]:
    """What the mistakes that the state names do to the batch on the bench (`table`, or as the state lays it).

    Mistakes that the loss cannot have are left out. Raises Problem.
    """
    table = lay(checked_state(Bench, state)) if table is None else table
    loss, views, labels = _batch(table)
    asked = _names(state)
    made = [name for name in MISTAKES if name in asked and loss in MISTAKES[name].effects]
    temperature = float(getattr(table.loss, "temperature", TEMPERATURE))
    found = compare(views, labels, temperature, made)
    names = axis_of(loss, "m").names(views.shape[0] * views.shape[1], views.shape[1])
    return {
        "loss": loss,
        "title": t(
            "Classic mistakes in {loss} at τ = {temperature}",
            loss=t(LOSSES[loss].title),
            temperature=f"{temperature:g}",
        ),
        "switches": [_switch(name, loss, name in made) for name in MISTAKES],
        "program": [
            {"right": right, "wrong": None if wrong == right else wrong} for right, wrong in written(made)
        ],
        "notes": [*notes_of_bench(table, loss), *notes_of(found, made, temperature)],
        "value": of_value(found),
        "gradient": of_gradient(found),
        "names": names,
        "lengths": [_plain(found.gradient_right.norm(dim=-1)), _plain(found.gradient_wrong.norm(dim=-1))],
        "turns": found.turns(),
        "anchors": [_plain(found.anchors_right), _plain(found.anchors_wrong)],
        "broadcast": found.anchors_wrong.ndim == 2,
    }


def race_answer(n: Any) -> dict[str, Any]:
    """One lap: both forms on n pairs. Raises Problem."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise Problem("The number of pairs is {n!r}; give a whole number.", n=n)
    done = lap(n)
    return {
        "n": n,
        "values": [spelled(done.naive), spelled(done.vectorized)],
        "difference": f"{done.difference:.0e}",
        "seconds": [done.naive_seconds, done.vectorized_seconds],
        "times": [took(done.naive_seconds), took(done.vectorized_seconds)],
        "repeats": [done.naive_repeats, done.vectorized_repeats],
        "ratio": f"{done.ratio:,.0f} ×",
    }


def sources() -> dict[str, str]:
    """The code of the two forms, read from the modules that run."""
    naive = _source(contrastive_loss.simclr_loss_naive), _source(contrastive_loss._surprise)
    return {"naive": "\n\n".join(naive), "vectorized": _source(LOSSES["nt_xent"].__call__)}


def _source(function: Any) -> str:
    return dedent(inspect.getsource(inspect.unwrap(function)))


def took(seconds: float) -> str:
    """A time in three digits."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def _names(state: Mapping[str, Any]) -> frozenset[str]:
    names = state.get("mistakes", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Problem("mistakes is {given!r}; give a list of names.", given=names)
    return chosen(names, "sup_con")  # which can have them all


def _batch(table: Table) -> tuple[str, Tensor, Tensor | None]:
    """The loss whose mistakes these are, and the batch to put through it."""
    kind, views = type(table.loss), table.inputs.get("views")
    if views is not None and views.ndim == 3:
        if "labels" in kind.inputs:
            return "sup_con", views, table.inputs["labels"]
        if len(views) == 2:
            return "nt_xent", views, None
    raise Problem(
        "{loss} does not tell two views of a picture from all others, as NT-Xent and SupCon do. "
        "Choose one of these: the mistakes are theirs.",
        loss=kind.title,
    )


def _switch(name: str, loss: str, on: bool) -> dict[str, Any]:
    mistake = MISTAKES[name]
    fits = loss in mistake.effects
    why = "" if fits else t("(SupCon)")
    return {
        "name": name,
        "title": t(mistake.title),
        "about": t(mistake.about),
        "fits": fits,
        "why": why,
        "on": on,
    }


def _plain(value: Tensor) -> list[Any]:
    """Row after row, with a word where JSON has no number."""
    return [
        v if math.isfinite(v) else {math.inf: "∞", -math.inf: "−∞"}.get(v, "NaN")
        for v in value.flatten().tolist()
    ]


def mistakes_words() -> dict[str, str]:
    """What the panel says besides its answers, and the code of the two forms."""
    return sources() | {
        "program": t("The code: right, and as it is often written"),
        "value": t("Value"),
        "gradient": t("Gradient"),
        "right": t("right"),
        "wrong": t("with the mistake"),
        "lengths": t("Gradients: length"),
        "lengths_turned": t("Gradients: length, turn"),
        "anchors": t("Surprise of each anchor"),
        "race": t("Race"),
        "stop": t("Stop"),
        "largest": t("N up to"),
        "pairs": t("N pairs"),
        "loop": t("naive"),
        "matrix": t("vectorised"),
        "naive_value": t("naive loss"),
        "vectorized_value": t("vectorised loss"),
        "difference": t("gradients differ by"),
        "naive_time": t("naive time"),
        "vectorized_time": t("vectorised time"),
        "ratio": t("ratio"),
        "times": t("Times of value and gradient on this machine, the median of (k)"),
        "chart": t("Time against N, both axes logarithmic"),
        "source": t("Source code"),
        "source_help": t("Both forms as they stand in the modules that run"),
        "close": t("Close"),
        "none": t("Switch on a mistake: its line appears below the right one."),
    }
