"""One run at a time on a device: who comes next, and who lives.

The locks are files, so that the page and the command line stand in one line.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ssl_core.checkpoints import written_whole
from ssl_core.datasets.base import cache_folder
from ssl_core.events import Waiting


@contextmanager
def turn(device: str, folder: Path) -> Iterator[Iterator[Waiting]]:
    """One run at a time on a device. Iterate what this gives to wait: it says the place when it changes."""
    line = cache_folder() / "line" / device
    line.mkdir(parents=True, exist_ok=True)
    place = str(folder.resolve())
    for old in tickets(line):  # whoever drew a ticket for this folder before was killed: we hold its lock
        if _written(old) == place:
            old.unlink(missing_ok=True)
    ticket = line / f"{time.time_ns()}-{os.getpid()}"
    with written_whole(ticket) as beside:
        beside.write_text(place, encoding="utf-8")
    lock = FileLock(line / "lock")

    def wait() -> Iterator[Waiting]:
        while True:
            ahead = sum(_queued(other) for other in tickets(line) if other.name < ticket.name)
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


def tickets(line: Path) -> list[Path]:
    """All tickets of a line, whole ones only."""
    return list(line.glob("[0-9]*-*"))


def _written(ticket: Path) -> str | None:
    try:
        return ticket.read_text(encoding="utf-8")
    except FileNotFoundError:  # its owner has just taken it away
        return None


def _queued(ticket: Path) -> bool:
    """Whether the process that drew the ticket still lives; a dead one's ticket is taken out of the line."""
    place = _written(ticket)
    if place is not None and held(Path(place) / "lock"):
        return True
    ticket.unlink(missing_ok=True)
    return False
