"""What a run's own process does: wait in line for the device, load the pictures, train, record."""

import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ssl_core import device as devices
from ssl_core.checkpoints import load_json, load_state, written_whole
from ssl_core.datasets.base import Pictures, Source, cache_folder
from ssl_core.events import (
    FORMAT,
    Event,
    Failed,
    Finished,
    Monitored,
    Preparing,
    Saved,
    Started,
    Step,
    Waiting,
    record,
    replay,
)
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
def turn(device: str, folder: Path) -> Iterator[Iterator[Waiting]]:
    """One run at a time on a device. Iterate what this gives to wait: it says the place when it changes."""
    line = cache_folder() / "line" / device
    line.mkdir(parents=True, exist_ok=True)
    place = str(folder.resolve())
    for old in line.glob("*-*"):  # whoever drew a ticket for this folder before was killed: we hold its lock
        if old.read_text(encoding="utf-8") == place:
            old.unlink(missing_ok=True)
    ticket = line / f"{time.time_ns()}-{os.getpid()}"
    ticket.write_text(place, encoding="utf-8")
    lock = FileLock(line / "lock")

    def wait() -> Iterator[Waiting]:
        while True:
            ahead = sum(_queued(other) for other in line.glob("*-*") if other.name < ticket.name)
            if ahead == 0:
                with suppress(Timeout):
                    lock.acquire(timeout=0)
                    return
            yield Waiting(max(1, ahead), device)
            time.sleep(0.25)

    try:
        yield wait()
    finally:
        ticket.unlink(missing_ok=True)
        lock.release()


def held(path: Path) -> bool:
    """Whether a living process holds this lock."""
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0.05, poll_interval=0.01):  # another who only asks holds it for less
            return False
    except Timeout:
        return True


def _queued(ticket: Path) -> bool:
    """Whether the process that drew the ticket still lives; a dead one's ticket is taken out of the line."""
    try:
        if held(Path(ticket.read_text(encoding="utf-8")) / "lock"):
            return True
    except FileNotFoundError:  # its owner has just taken it away
        return False
    ticket.unlink(missing_ok=True)
    return False


def loading(source: Source) -> Generator[Event, None, Pictures]:
    """Load the pictures in a thread, saying again and again how far it is.

    Closing it makes the thread's next report raise, so that loading ends by its own clean-up.
    """
    news: queue.SimpleQueue[Preparing] = queue.SimpleQueue()
    closed = threading.Event()
    latest = Preparing("Opening the pictures", 0.0)
    result: list[Any] = []

    def report(what: str, fraction: float) -> None:
        if closed.is_set():
            raise Problem("Loading was stopped.")
        news.put(Preparing(what, fraction))

    def load() -> None:
        try:
            result.append(source.load(report))
        except Exception as error:  # carried to the caller's thread
            result.append(error)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    try:
        while thread.is_alive() or not news.empty():
            with suppress(queue.Empty):
                latest = news.get(timeout=0.1)
            yield latest
    finally:
        closed.set()
        thread.join(timeout=5)
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


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
