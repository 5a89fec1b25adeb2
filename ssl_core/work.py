"""What a run's own process does: wait in line for the device, load the pictures, train, record."""

import json
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ssl_core import device as devices
from ssl_core.checkpoints import load_json, load_state, written_whole
from ssl_core.events import (
    FORMAT,
    Event,
    Failed,
    Finished,
    Monitored,
    Saved,
    Started,
    Step,
    record,
    replay,
)
from ssl_core.line import turn
from ssl_core.loading import loading
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.trainer import train


def work(folder: Path, announce: bool = False) -> Iterator[Event]:
    """Train the run in `folder` until its budget is used or somebody stops it; events reach the disk first.

    `announce` leaves a file `began` once the lock is held, for a parent that waits. Ctrl-C, SIGTERM and a
    file `stop` all end it after the step it is in, saved. Raises Problem only if the run is taken.
    """
    try:
        lock = FileLock(folder / "lock").acquire(timeout=5)
    except Timeout:
        raise Problem(
            "The run {name} is being written by another process already.", name=folder.name
        ) from None
    with lock, stop_requests(folder) as asked:
        rewind(folder)
        if announce:
            (folder / "began").touch()
        yield from record(_guarded(folder, asked), folder / "events.jsonl")


def train_here(folder: Path) -> Iterator[Event]:
    """`work`, for who trains in this process: a run that fails raises its Problem after saying so."""
    for event in work(folder):
        yield event
        if isinstance(event, Failed):
            raise Problem(event.text, **event.values)


def _guarded(folder: Path, asked: Callable[[], bool]) -> Iterator[Event]:
    step, said = 0, None
    try:
        settings = Settings.from_json(load_json(folder / "config.json")["settings"])
        events = _whole(settings, folder)
        for event in events:
            if event != said:  # whoever waits repeats itself, so that a stop is heard in between
                yield event
            said = event
            step = event.step if isinstance(event, Step | Started) else step
            if asked() and not isinstance(event, Finished):
                events.close()
                yield Finished(step, "stopped")
                return
    except Problem as problem:
        plain = {k: v if isinstance(v, str | int) else str(v) for k, v in problem.values.items()}
        yield Failed(step, problem.text, plain)
    except MemoryError as error:
        yield Failed(
            step, "There is not enough memory ({why}). Try a smaller batch or encoder.", {"why": str(error)}
        )
    except Exception as error:  # a run that dies must say why, whatever it was
        why = f"{type(error).__name__}: {error}"
        yield Failed(step, "The run ended on an error of the program itself: {why}", {"why": why})
        raise


def _whole(settings: Settings, folder: Path) -> Generator[Event, None, None]:
    device = devices.pick(settings.training.device)
    with turn(device.type, folder) as line:
        yield from line
        pictures = yield from loading(settings.source())
        yield from train(settings, pictures, folder)


@contextmanager
def stop_requests(folder: Path) -> Iterator[Callable[[], bool]]:
    """Whether somebody asked to stop: a file `stop`, Ctrl-C or SIGTERM. A second Ctrl-C ends it at once."""
    flag = threading.Event()
    before: dict[signal.Signals, Any] = {}

    def ask(number: int, frame: Any) -> None:
        flag.set()
        signal.signal(number, before[signal.Signals(number)])

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, ask)
    try:
        yield lambda: flag.is_set() or (folder / "stop").exists()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        (folder / "stop").unlink(missing_ok=True)


def rewind(folder: Path) -> None:
    """Forget the events after the saved state: a killed run goes on from there, and its curve with it."""
    path = folder / "events.jsonl"
    if not path.exists():
        return
    saved = load_state(folder / "state.pt")["step"] if (folder / "state.pt").exists() else 0
    kept = [e for e in replay(path) if isinstance(e, Started | Step | Monitored | Saved) and e.step <= saved]
    with written_whole(path) as beside:
        lines = (json.dumps({"kind": type(e).__name__, "format": FORMAT, **asdict(e)}) for e in kept)
        beside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
