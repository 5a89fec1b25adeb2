"""`python -m ssl_core table`: what runs are worth, in one table, made where it is not kept yet."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import Any

from ssl_core import runs
from ssl_core.commands import common, relocated, reporter
from ssl_core.datasets.base import Source
from ssl_core.methods import METHODS
from ssl_core.problem import Problem
from ssl_core.results import Result, Results, load_results
from ssl_core.table import cell, tables
from ssl_core.table_figures import Job, missing
from ssl_core.table_maker import Maker
from ssl_core.whereabouts import remembered


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser(
        "table",
        help="kNN, linear probes and fine-tuning of runs and of random encoders, as one table; what was "
        "measured before is not measured again and needs no pictures",
    )
    parser.add_argument("run_names", metavar="RUN", nargs="*")
    parser.add_argument("--all-shipped", action="store_true", help="all runs that came with the project")
    parser.add_argument("--again", action="store_true", help="measure what was measured before, too")
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Make what is missing, keeping each figure as it comes, and print the table."""
    chosen = named(options)
    makers: dict[Source, Maker] = {}
    jobs = [job for one in chosen for job in wanted(one, options, makers)]
    made(jobs, makers)
    kept = {one.name: load_results(one.folder) for one in chosen}
    if options.json:
        print(json.dumps({name: asdict(results) for name, results in kept.items()}, allow_nan=False))
        return 0
    for line in tables(chosen):
        print(line)
    return 0


def named(options: argparse.Namespace) -> list[runs.Run]:
    """The runs of the table, in the order that they were named; shipped ones in that of the methods."""
    chosen = [runs.find(name, options.runs) for name in options.run_names]
    if options.all_shipped:
        order = sorted(METHODS, key=lambda name: METHODS[name].classifies)  # the supervised one last
        shipped = [one for one in runs.list_runs(options.runs) if one.shipped and one not in chosen]
        chosen += sorted(shipped, key=lambda one: order.index(one.settings.method))
    if not chosen:
        raise Problem("Name the runs of the table, or all that came with the project by --all-shipped.")
    return chosen


def wanted(one: runs.Run, options: argparse.Namespace, makers: dict[Source, Maker]) -> list[Job]:
    """What is to be made of a run. Where its pictures are not at hand it is nothing, which is said.

    Raises Problem where they are not at hand and nothing is kept either.
    """
    kept = load_results(one.folder)
    classes = next((len(found.classes) for side in vars(kept).values() for found in side.values()), 0)
    absent = missing(one, one.settings, None, classes, options.again) if classes else None
    if absent == [] and not options.data:
        return []
    try:
        settings = relocated(one, options)
        maker = at(settings.source(), makers)
    except Problem as problem:
        if kept == Results() or options.data or options.again:
            raise
        names = ", ".join(f"{name} ({job.side})" for job in absent or [] for name in job.part.names)
        print(f"{one.name}: {names} cannot be measured here. {problem}", file=sys.stderr)
        return []
    jobs = missing(one, settings, maker.pictures, len(maker.pictures.classes), options.again)
    if not options.again:
        absent_names = {(job.side, name) for job in jobs for name in job.part.names}
        for side, results in vars(kept).items():
            maker.knows(settings, {n: r for n, r in results.items() if (side, n) not in absent_names})
    return jobs


def at(source: Source, makers: dict[Source, Maker]) -> Maker:
    """Who measures on these pictures; they are opened once."""
    if source not in makers:
        makers[source] = Maker(source.load(reporter()), reporter())
    return makers[source]


def made(jobs: list[Job], makers: dict[Source, Maker]) -> None:
    """Make the figures of all jobs, and say of each what it is and how long the rest will take."""
    began, done, total = time.monotonic(), 0.0, sum(job.cost for job in jobs)
    for job in jobs:
        figures = makers[job.settings.source()].figures(job, remembered("table", job.run.name, job.settings))
        for name, found in zip(job.part.names, figures, strict=True):
            print(f"{job.run.name}, {job.side}, {name}: {said(found)}", file=sys.stderr, flush=True)
        done += job.cost
        if done < total:
            left = (time.monotonic() - began) * (total - done) / done
            print(f"{done / total:.0%}; about {minutes(left)} left", file=sys.stderr, flush=True)


def said(found: Result | Problem) -> str:
    """A figure, or why there is none."""
    return f"{cell(found)} %" if isinstance(found, Result) else f"none. {found}"


def minutes(seconds: float) -> str:
    """How long, for a person."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
