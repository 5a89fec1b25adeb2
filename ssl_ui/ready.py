"""While maps are made ready, how long that still takes: what it took on this machine the last time."""

import time
from collections.abc import Generator
from typing import TypeVar

from ssl_core.evaluation.warming import expected
from ssl_core.jobs import STARTING, Progress, Worker
from ssl_ui.i18n import t
from ssl_ui.progress import Job

T = TypeVar("T")
SOON = "{projection} will be ready in about {seconds:.0f} s"
LATE = "{projection} will be ready soon; {seconds:.0f} s were expected"


def until_ready(mapper: Worker, projection: str, job: Job[T]) -> Generator[Progress, None, T]:
    """A job of the mapper, with words of its own for the time of waiting; closing it stops the job."""
    try:
        while True:
            news = next(job)
            yield waiting(projection, mapper.started) if news.what == STARTING else news
    except StopIteration as end:
        return end.value
    finally:
        job.close()


def waiting(projection: str, started: float) -> Progress:
    """What is said of a process that started then, as time.monotonic() has it; 0: it is about to."""
    needed = expected()
    left = needed - (time.monotonic() - started if started else 0.0)
    if left > 0:
        return Progress(t(SOON, projection=projection, seconds=max(1.0, left)), 0.0)
    return Progress(t(LATE, projection=projection, seconds=needed), 0.0)
