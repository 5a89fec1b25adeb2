"""A fresh measurement: run by run, untrained beside trained, with the time that is left; and what is kept."""

import json
import time
from collections import OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field, replace
from threading import Lock

from ssl_core import fresh
from ssl_core.evaluation import KNNKnobs
from ssl_core.fresh import Measured
from ssl_core.jobs import Progress
from ssl_core.measure import Evaluation
from ssl_core.problem import Problem
from ssl_core.results import Results
from ssl_core.settings import Settings
from ssl_core.whereabouts import remembered
from ssl_ui.context import Context
from ssl_ui.encoders import Picked, pick
from ssl_ui.i18n import explain, t
from ssl_ui.progress import finished

KEPT = 64  # measurements that are remembered for all visitors
ENCODING = "Encoding pictures"  # of which there are two rounds: the bank, then the test pictures
SIDES = ("untrained", "trained")


@dataclass(frozen=True)
class Asked:
    """What is to be measured. `probes` are percents of the labels."""

    runs: tuple[str, ...]
    knn: bool = True
    probes: tuple[float, ...] = ()
    amount: Evaluation = field(default_factory=Evaluation)
    vote: KNNKnobs = field(default_factory=KNNKnobs)

    def command(self, run: str, settings: Settings) -> str:
        """What measures the same in a terminal; a probe adds the share of its labels to it."""
        amount, vote = self.amount, self.vote
        words = f"{remembered('evaluate', run, settings)} --bank {amount.bank} --queries {amount.queries}"
        words += f" --layer {amount.layer} --patches {amount.patches} --k {vote.k}"
        return f"{words} --temperature {vote.temperature:g} --confusion"


@dataclass(frozen=True, eq=False)
class Fresh:
    """What one encoder was measured to be: the figures by name, each with its predictions."""

    figures: dict[str, Measured]


_kept: OrderedDict[str, Fresh] = OrderedDict()
_lock = Lock()


def measure(context: Context, asked: Asked) -> Generator[Progress, None, dict[str, list[str]]]:
    """For each run the keys of its two sides (untrained, trained), for `standing`. Raises Problem.

    What was measured before is not measured again.
    """
    if not asked.runs:
        raise Problem("Choose at least one run.")
    if not asked.knn and not asked.probes:
        raise Problem("Choose what to measure: kNN, a linear probe, or both.")
    picked = [pick(context, name) for name in asked.runs]
    sides = [(name, side) for name, p in zip(asked.runs, picked, strict=True) for side in (p.before(), p)]
    clock = Clock(len(sides), asked)
    keys: dict[str, list[str]] = {name: [] for name in asked.runs}
    for place, (name, side) in enumerate(sides):
        key = _key(side, asked)
        keys[name].append(key)
        if key not in _kept:
            yield from _side(context, asked, name, side, clock, place, key)
    return keys


def _side(
    context: Context, asked: Asked, name: str, side: Picked, clock: "Clock", place: int, key: str
) -> Generator[Progress, None, None]:
    who = t("{run}, {side}", run=name, side=t(SIDES[side.trained]))
    job = finished(
        context.worker,
        fresh.measured,
        side.settings,
        side.folder,
        asked.amount,
        asked.vote,
        asked.probes,
        asked.knn,
        asked.command(name, side.settings),
    )
    try:
        while True:
            news = next(job)
            fraction, left = clock.at(place, news)
            words = f"{who}: {t(news.what)}" + (f" · {left}" if left else "")
            yield Progress(words, fraction)
    except StopIteration as end:
        with _lock:
            _kept[key] = Fresh({m.result.name: m for m in end.value})
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    finally:
        job.close()


def _key(side: Picked, asked: Asked) -> str:
    what = replace(asked, runs=())
    return json.dumps([side.name, side.settings.to_json(), side.stamp, asdict(what)], sort_keys=True)


def standing(keys: Sequence[str]) -> tuple[Results, dict[str, Measured]]:
    """The figures behind a run's keys, and the trained ones with their predictions; none if forgotten."""
    found = [_kept.get(key, Fresh({})).figures for key in keys]
    if len(found) < 2:
        return Results(), {}
    results = [{name: m.result for name, m in figures.items()} for figures in found]
    return Results(trained=results[1], untrained=results[0]), found[1]


class Clock:
    """How far all the jobs are, and how long the rest may take at the pace so far."""

    def __init__(self, jobs: int, asked: Asked) -> None:
        self.jobs, self.place, self.round, self.last = jobs, 0, 0, 0.0
        bank, queries = asked.amount.bank, asked.amount.queries
        self.rounds = (bank / (bank + queries), queries / (bank + queries))
        self.began: tuple[float, float] | None = None  # when, and how much had been done by then

    def at(self, place: int, news: Progress) -> tuple[float, str]:
        """The share that is done, 0 to 1, and the time left in words once there is a pace."""
        if place != self.place:
            self.place, self.round, self.last = place, 0, 0.0
        if news.what != ENCODING and not self.last:
            return place / self.jobs, ""  # pictures are being loaded, or another job runs
        if news.what == ENCODING:
            if news.fraction < self.last:
                self.round = 1
            self.last = news.fraction
        inside = sum(self.rounds[: self.round]) + self.rounds[self.round] * self.last
        done, now = (place + min(inside, 0.99)) / self.jobs, time.monotonic()
        self.began = self.began or (now, done)
        seconds, gained = now - self.began[0], done - self.began[1]
        if seconds < 1 or gained <= 0:
            return done, ""
        return done, t("about {seconds:.0f} s left", seconds=seconds / gained * (1 - done))


def hindrance(context: Context, names: Sequence[str]) -> str:
    """Why a run cannot be measured anew here, in words; "" where all can."""
    for name in names:
        try:
            pick(context, name)
        except Problem as problem:
            why = explain(problem)
            return t("{run} cannot be measured anew here: {why}", run=name, why=why)
    return ""
