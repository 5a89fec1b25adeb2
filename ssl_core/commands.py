"""What the command line does: each command is its flags and a function of them."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ssl_core import runs
from ssl_core.checkpoints import written_whole
from ssl_core.config import Knob, knobs
from ssl_core.events import Event, Examined, Finished, Monitored, Preparing, Started, Step, Waiting
from ssl_core.loading import readable
from ssl_core.measure import embed
from ssl_core.problem import Problem
from ssl_core.scored import interval
from ssl_core.settings import Settings
from ssl_core.whereabouts import placed, same_classes
from ssl_core.work import train_here

Options = argparse.Namespace


def add_knob(parser: argparse._ActionsContainer, knob: Knob, *names: str, dest: str) -> None:
    """A flag made from a knob: its help, default and range are the slider's."""
    span = "" if knob.low is None else f"; {knob.low:g} to {knob.high:g}"
    choices = "" if knob.choices is None else f"; one of {', '.join(map(str, knob.choices))}"
    text = f"{knob.help} [{knob.default}{span}{choices}]".replace("%", "%%")
    parser.add_argument(*names, dest=dest, default=argparse.SUPPRESS, metavar="X", help=text)


def add_knobs(parser: argparse._ActionsContainer, *parts: type[Any]) -> None:
    """A flag for every knob of some dataclasses; what is off or on is switched on by naming it."""
    for knob in (knob for part in parts for knob in knobs(part).values()):
        flag = f"--{knob.name}".replace("_", "-")
        if isinstance(knob.default, bool):
            parser.add_argument(flag, dest=knob.name, action="store_true", help=knob.help)
        else:
            add_knob(parser, knob, flag, dest=knob.name)


def train(options: Options) -> int:
    """Train a run, or go on with one, with a progress bar; Ctrl-C saves and stops."""
    if options.resume:
        run = runs.find(options.resume, options.runs)
        if not run.can_resume():
            raise Problem(
                "The run {name} is {status}; nothing to resume.", name=run.name, status=run.status()
            )
    else:
        readable(runs.begun_from(options.settings, options.runs), reporter())
        run = runs.create(options.settings, options.runs)
        if remark := options.settings.remark():
            print(f"no --start: {remark}", file=sys.stderr)
    say = print if not options.json else (lambda line: print(line, file=sys.stderr))
    say(f"run {run.folder}")
    last: Event | None = None
    with percent_bar() as bar:
        for last in train_here(run.folder):
            if options.json:
                print(json.dumps({"kind": type(last).__name__, **asdict(last)}), flush=True)
            show(bar, last)
    elsewhere = "" if options.runs == runs.CHECKPOINTS else f" --runs {options.runs}"
    done = last.reason if isinstance(last, Finished) else "ended"
    say(f"{done}; next: python -m ssl_core evaluate {run.name}{elsewhere}")
    return 0


def percent_bar(**options: Any) -> Any:
    """A progress bar of a run's budget, for `show`."""
    return tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {postfix}", file=sys.stderr, **options)


def show(bar: Any, event: Event) -> None:
    """One event on the progress bar."""
    if isinstance(event, Step):
        bar.n = round(100 * event.progress, 1)
        bar.set_postfix_str(
            f"step {event.step}, loss {event.loss:.3f}, {event.images_per_second:.0f} pictures/s, "
            f"{event.seconds_left:.0f} s left"
        )
    elif isinstance(event, Monitored):
        bar.write(
            f"step {event.step}: kNN {event.knn:.1%} on {event.queries} held-out training pictures",
            file=sys.stderr,
        )
    elif isinstance(event, Examined):
        doubt = "" if event.low is None else f" [95 %: {event.low:.1%}, {event.high:.1%}]"
        bar.write(f"top-1 {event.top1:.1%}{doubt} of {event.pictures} test pictures", file=sys.stderr)
    elif isinstance(event, Waiting):
        bar.set_postfix_str(f"waiting for {event.device}: {event.place} ahead")
    elif isinstance(event, Preparing):
        bar.set_postfix_str(f"{event.what} {event.fraction:.0%}")
    elif isinstance(event, Started):
        bar.write(f"{event.pictures} pictures on {event.device} in {event.precision}", file=sys.stderr)


def reporter() -> Callable[[str, float], None]:
    """A Report that shows on stderr where a person watches."""

    def report(what: str, fraction: float) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{what} {fraction:.0%}", end="" if fraction < 1 else "\r\033[K", file=sys.stderr)

    return report


def embed_run(options: Options) -> int:
    """Write the plane coordinates of test pictures to a CSV file."""
    run = runs.find(options.run_name, options.runs)
    folder = None if options.untrained else run.folder
    found = embed(
        relocated(run, options), folder, options.projection, options.count, options.seed, reporter()
    )
    table = np.column_stack([found.index, found.labels, found.points])
    out = Path(options.out)
    with written_whole(out) as beside:
        np.savetxt(beside, table, "%d,%d,%.5f,%.5f", header="test_index,label,x,y", comments="")
    top1, (low, high) = found.knn.top1, interval(found.knn.predictions, found.labels)
    said = {"run": run.name, "file": str(out), "points": len(table), "knn_top1": top1}
    said["knn_top1_interval"] = [low, high]
    words = f"{len(table)} points in {out}; kNN top-1 {top1:.1%} [95 %: {low:.1%}, {high:.1%}]"
    print(json.dumps(said) if options.json else words)
    return 0


def list_all(options: Options) -> int:
    """One line a run, newest first."""
    rows = [runs.summary(run) for run in runs.list_runs(options.runs)]
    if options.json:
        print(json.dumps(rows))
    for row in [] if options.json else rows:
        loss = "" if row["loss"] is None else f"loss {row['loss']:.3f}"
        print(f"{row['name']:48} {row['status']:12} step {row['step']:6} {loss}")
    return 0


def relocated(run: runs.Run, options: Options) -> Settings:
    """The run's settings with the place of its pictures, which may have moved or never come with it.

    Raises Problem where a shipped run has none, or those that are named have other classes.
    """
    settings = placed(run.settings, run.shipped, options.data)
    if run.shipped:
        same_classes(settings.source().load(reporter()), run.shipped)
    return settings


def add_others(actions: Any) -> None:
    """The small commands."""
    embedding = actions.add_parser("embed", help="coordinates of test pictures on a plane, as CSV")
    embedding.add_argument("run_name", metavar="RUN")
    embedding.add_argument("--projection", default="umap", help="umap, pca or tsne [umap]")
    embedding.add_argument("--count", type=int, default=2000, help="test pictures, at most 5000 [2000]")
    embedding.add_argument("--seed", type=int, default=0, help="of the projection [0]")
    embedding.add_argument("--untrained", action="store_true", help="the encoder before its first step")
    embedding.add_argument("--out", default="embedding.csv", help="where to write [embedding.csv]")
    embedding.set_defaults(run=embed_run)
    listing = actions.add_parser("runs", help="list the runs")
    listing.set_defaults(run=list_all)
    for parser in (embedding, listing):
        common(parser)


def common(parser: argparse.ArgumentParser) -> None:
    """The flags that every command has."""
    runs_folder = Path(os.environ.get("SSL_EXPLORER_RUNS") or runs.CHECKPOINTS)
    parser.add_argument("--runs", type=Path, default=runs_folder, help="the folder of runs [checkpoints]")
    parser.add_argument("--data", help="a folder or zip of class folders [SSL_EXPLORER_DATA]")
    parser.add_argument("--json", action="store_true", help="machine-readable lines on stdout")
