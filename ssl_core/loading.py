"""Loading pictures as a stream of events, so that whoever waits sees how far it is and may stop it."""

import queue
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import Any

from ssl_core.datasets.base import Pictures, Source
from ssl_core.events import Event, Preparing
from ssl_core.problem import Problem


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
