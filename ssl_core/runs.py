"""A run is a folder: start, watch, stop, resume, list.

The folder is all there is between the page, the command line and the process that trains: whoever watches
tails it. `lock` is held by the process that writes, so everybody sees who is alive; `stop` is a request.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ssl_core.checkpoints import load_json, save_json
from ssl_core.events import (
    Event,
    Failed,
    Finished,
    Imported,
    Monitored,
    Preparing,
    Step,
    Waiting,
    parse,
    replay,
)
from ssl_core.line import held
from ssl_core.problem import Problem
from ssl_core.process import context
from ssl_core.settings import Settings
from ssl_core.work import work

STARTED: list[tuple["Run", BaseProcess]] = []  # by this process
CHECKPOINTS = Path(__file__).resolve().parents[1] / "checkpoints"


@dataclass(frozen=True)
class Run:
    """One run, by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        """What the person reads, and the folder's name."""
        return self.folder.name

    @property
    def config(self) -> dict[str, Any]:
        """`config.json`: settings, owner and versions."""
        return load_json(self.folder / "config.json")

    @property
    def settings(self) -> Settings:
        """What rebuilds it."""
        return Settings.from_json(self.config["settings"])

    @property
    def shipped(self) -> dict[str, Any] | None:
        """Of a run that came with the project: the title and classes of the pictures it was trained on."""
        return self.config.get("shipped")

    @property
    def encoder(self) -> Path:
        """The file of its weights, which is there once it has saved."""
        return self.folder / "encoder.safetensors"

    def events(self) -> Iterator[Event]:
        """All it has said so far."""
        return replay(self.folder / "events.jsonl")

    def alive(self) -> bool:
        """Whether a process writes it now."""
        return held(self.folder / "lock")

    def status(self) -> str:
        """waiting, preparing, training, done, stopped, failed, or interrupted (its process was killed).

        A run that was not trained here is "imported".
        """
        alive = self.alive()  # asked first: who lets go of the lock has written its last line
        last = self.last_event()
        if alive:
            return {Waiting: "waiting", Preparing: "preparing", type(None): "preparing"}.get(
                type(last), "training"
            )
        if isinstance(last, Finished):
            return last.reason
        if isinstance(last, Imported):
            return "imported"
        return "failed" if isinstance(last, Failed) else "interrupted"

    def last_event(self, kind: type[Event] = Event) -> Event | None:
        """The newest of a kind in the last lines of the file; None if it is not there."""
        path = self.folder / "events.jsonl"
        if not path.exists():
            return None
        with path.open("rb") as lines:
            lines.seek(max(0, path.stat().st_size - 16_384))
            for line in reversed(lines.read().decode("utf-8", "replace").splitlines()):
                event = parse(line)
                if isinstance(event, kind):
                    return event
        return None

    def monitored(self) -> list[Monitored]:
        """All kNN of a run. They lie far apart in a long file, so other lines are not even parsed."""
        path = self.folder / "events.jsonl"
        text = path.read_bytes() if path.exists() else b""
        lines = re.findall(rb'^\{"kind": "Monitored".*\n', text, re.MULTILINE)
        found = (parse(line.decode("utf-8", "replace")) for line in lines)
        return [event for event in found if isinstance(event, Monitored)]

    def can_resume(self) -> bool:
        """Whether there is a saved state and budget left, and nobody is at it."""
        return (self.folder / "state.pt").exists() and self.status() in ("stopped", "failed", "interrupted")


def create(settings: Settings, runs: Path = CHECKPOINTS, owner: str | None = None) -> Run:
    """A folder for a new run, named after what it trains. Raises Problem if the settings do not fit."""
    import torch

    settings = begun_from(settings, runs).check()
    stem = re.sub(r"[^a-z0-9]+", "-", f"{settings.method}-{settings.dataset}-{settings.encoder}".lower())
    stem = f"{stem}-{time.strftime('%m%d-%H%M%S')}"
    for number in range(1000):
        folder = runs / (stem if number == 0 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            continue
    versions = {"torch": torch.__version__}
    config = {"format": 1, "settings": settings.to_json(), "owner": owner, "versions": versions}
    save_json(folder / "config.json", {**config, "created": time.time()})
    return Run(folder)


def begun_from(settings: Settings, runs: Path) -> Settings:
    """The settings with the run that they start from found, and its encoder as their own. Raises Problem."""
    if not settings.start:
        return settings
    source = find(Path(settings.start).name, runs)
    if not source.encoder.exists():
        raise Problem("{run} has not saved an encoder yet. Train it a little longer.", run=source.name)
    knobs = {**settings.knobs, "encoder": source.settings.knobs.get("encoder", {})}
    encoder, normalise = source.settings.encoder, source.settings.normalise
    start = str(source.folder.resolve())
    return replace(settings, start=start, encoder=encoder, normalise=normalise, knobs=knobs)


def plain_name(name: str) -> str:
    """Itself, if a folder of runs can hold it. Raises Problem."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise Problem("{name!r} is no name for a run. Use letters, digits, - and _.", name=name)
    return name


def start(run: Run, seconds: float = 120.0) -> BaseProcess:
    """Train it in a process of its own; returns once that process holds the run's lock.

    Raises Problem if somebody is at it already or the process ends before it begins.
    """
    if run.alive():
        raise Problem("The run {name} is being written by another process already.", name=run.name)
    for left_over in ("stop", "began"):
        (run.folder / left_over).unlink(missing_ok=True)
    process = context().Process(target=_drain, args=(run.folder,), name=f"run {run.name}")  # type: ignore[attr-defined]
    process.start()
    deadline = time.monotonic() + seconds
    while not (run.folder / "began").exists() and process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    if not (run.folder / "began").exists():
        raise Problem("The process of run {name} did not begin. Try again.", name=run.name)
    (run.folder / "began").unlink()
    STARTED.append((run, process))
    return process


def stop_started() -> None:
    """Have all runs that this process started save and end, and wait for them."""
    for run, _ in STARTED:
        stop(run)
    for _, process in STARTED:
        process.join()
    STARTED.clear()


def _drain(folder: Path) -> None:
    if hasattr(os, "nice"):
        os.nice(5)  # whoever watches comes first: a page that hangs is worse than a step that takes longer
    for _ in work(folder, announce=True):
        pass


def resume(run: Run) -> BaseProcess:
    """Go on from the saved state. Raises Problem if there is nothing to go on from."""
    if not run.can_resume():
        raise Problem(
            "The run {name} is {status} and cannot be resumed. Start a new one.",
            name=run.name,
            status=run.status(),
        )
    return start(run)


def stop(run: Run) -> None:
    """Ask the run to save and end; it does so after the step it is in."""
    if run.alive():
        (run.folder / "stop").touch()


def list_runs(runs: Path = CHECKPOINTS) -> list[Run]:
    """All runs of a folder, newest first."""
    found = [Run(p.parent) for p in runs.glob("*/config.json")]
    return sorted(found, key=lambda run: (run.folder / "config.json").stat().st_mtime, reverse=True)


def find(name: str, runs: Path = CHECKPOINTS) -> Run:
    """The run of that name. Raises Problem; a name with a path in it is no name."""
    if name != os.path.basename(name) or not (runs / name / "config.json").exists():
        some = (run.name for run in list_runs(runs) if run.encoder.exists() or run.alive())
        names = ", ".join(islice(some, 10))
        if not names:
            raise Problem(
                "There is no run named {name!r}, and none in the folder {folder} that has saved an encoder. "
                "Train one first, or name the folder of your runs with --runs.",
                name=name,
                folder=runs.name,
            )
        raise Problem("There is no run named {name!r}. There are: {names}.", name=name, names=names)
    return Run(runs / name)


def summary(run: Run) -> dict[str, Any]:
    """One row of the list of runs."""
    last = run.last_event(Step)
    return {
        "name": run.name,
        "status": run.status(),
        "step": last.step if isinstance(last, Step) else 0,
        "loss": last.loss if isinstance(last, Step) else None,
        "seconds": last.seconds if isinstance(last, Step) else 0.0,
    }
