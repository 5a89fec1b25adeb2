"""Loading pictures: as a stream of events, so that whoever waits sees how far it is and may stop it, or
beforehand, so that what cannot be trained on is refused before a run has a folder.
"""

import queue
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import Any

from ssl_core.building import build_encoder
from ssl_core.datasets.base import Pictures, Report, Source, silent
from ssl_core.events import Event, Preparing
from ssl_core.monitor import divide, enough
from ssl_core.problem import Problem
from ssl_core.settings import Settings


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


def readable(settings: Settings, report: Report = silent) -> None:
    """Read what a run that is about to be made begins with. Raises Problem if it could not train on that."""
    settings = settings.check()
    if settings.start:
        build_encoder(settings)
    labels = settings.source().load(report).train.labels
    enough(len(divide(labels, settings)[1]), settings.training)
