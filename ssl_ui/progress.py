"""How a job in a worker goes, for the page: in words and as a bar (its looks are in encoders.css)."""

from collections.abc import Callable, Generator
from html import escape
from typing import Any, TypeVar

from ssl_core.jobs import Done, Progress, Worker
from ssl_ui.i18n import t

T = TypeVar("T")
Job = Generator[Progress, None, T]  # says how it goes and returns a T; closing it stops it


def finished(worker: Worker, function: Callable[..., T], *args: Any, **kwargs: Any) -> Job[T]:
    """A job of one function in the worker: `value = yield from finished(worker, function, …)`."""
    for news in worker.stream(function, *args, **kwargs):
        if isinstance(news, Done):
            return news.value
        yield news
    raise AssertionError("a stream ends with Done")


def in_words(job: Job[T]) -> Generator[str, None, T]:
    """The same job, told as HTML."""
    try:
        while True:
            yield bar(next(job))
    except StopIteration as end:
        return end.value
    finally:
        job.close()


def result(job: Job[T]) -> T:
    """What the job returns, for a program that waits."""
    try:
        while True:
            next(job)
    except StopIteration as end:
        return end.value


def note(text: str) -> str:
    """A quiet sentence where the bar is while something runs."""
    return f'<p class="job">{escape(text)}</p>'


def bar(progress: Progress) -> str:
    """What is done now, and a bar once it is known how far that is."""
    words, drawn = escape(t(progress.what)), ""
    if 0 < progress.fraction < 1:
        drawn = f'<progress value="{progress.fraction:.3f}"></progress>'
        words += f" {100 * progress.fraction:.0f} %"
    return f'<p class="job" role="status">{drawn}{words} …</p>'
