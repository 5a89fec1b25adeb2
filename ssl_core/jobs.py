"""Work that a person may stop: features, maps, probes, in a process that can be ended.

A thread cannot be stopped, and a fresh process for each job would pay UMAP's cold import every time. So a
Worker keeps one process for all its jobs; closing a job's stream in the middle ends the process, and another
takes its place. What such a process does is in serve.py.
"""

import pickle
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from ssl_core.problem import Problem
from ssl_core.process import context
from ssl_core.serve import Done, JobFailed, Progress, pack, serve

__all__ = ["STARTING", "Done", "JobFailed", "Progress", "Worker"]

STARTING = "Starting the worker"  # what is said while a process warms up

PULSE = 0.25  # seconds between two yields at most: a generator can be closed only while it is at one
GRACE = 2.0  # seconds that a process has to end before it is killed

Stream = Generator[Progress | Done, None, None]


class Worker:
    """A process that does one job at a time while others wait. It may be used from many threads.

    `warm`, a function of a module, runs first in each process: slow imports, before a job needs them.
    """

    def __init__(self, warm: Callable[[], object] | None = None) -> None:
        self._warm = warm
        self._turn = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection
        self._ready = False
        self.started = 0.0  # when its process was, as time.monotonic() has it; 0 where there is none

    def start(self) -> None:
        """Start the process, which then warms up by itself. Without this the first job does so."""
        if self._turn.acquire(blocking=False):  # else a job runs, and so does the process
            try:
                self._ensure()
            finally:
                self._turn.release()

    def stream(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Stream:
        """Run a function of a module in the process and say how it goes; closing the stream stops the job.

        A function with a parameter `report` is given one: report(what, fraction). Raises the job's own
        Problem, JobFailed with the traceback of any other error, and Problem if the process is killed.
        """
        job = pack((function, args, kwargs))  # first: what cannot be packed must not disturb the worker
        while not self._turn.acquire(timeout=PULSE):
            yield Progress("Waiting for another job to end", 0.0)
        try:
            yield from self._run(job)
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process, and with it the job that it may be doing. An idle one ends by itself."""
        if self._turn.acquire(blocking=False):
            try:
                self._end(gently=True)
            finally:
                self._turn.release()
            return
        process = self._process
        if process is not None:
            with suppress(ValueError):  # the stream has just ended and forgotten it
                process.terminate()
        if self._turn.acquire(timeout=GRACE):
            try:
                self._end()
            finally:
                self._turn.release()

    def _run(self, job: bytes) -> Stream:
        running = False
        try:
            yield Progress("Working" if self._warmed() else STARTING, 0.0)
            self._ensure()
            while not self._ready:
                self._ready = self._receive() is not None
                yield Progress(STARTING, 0.0)
            running = True
            self._send(job)
            latest = Progress("Working", 0.0)
            while running:
                answer = self._receive() or latest
                if isinstance(answer, Progress):
                    latest = answer
                else:
                    running = False
                if isinstance(answer, Exception):
                    raise answer
                yield answer
        finally:
            if running:
                self._end()
                if self._warm is not None:
                    self._ensure()  # warms up while the person decides what to do next

    def _warmed(self) -> bool:
        """Whether the process is ready for a job. It says so once, and is heard when somebody asks."""
        if not self._ready and self._process is not None and self._pipe.poll():
            with suppress(Problem):  # it has ended, and another will take its place
                self._ready = self._receive() is not None
        return self._ready

    def _ensure(self) -> None:
        # an idle worker says nothing: what there is to read is its end, known sooner here than by is_alive()
        if self._process is not None and self._process.is_alive() and not (self._ready and self._pipe.poll()):
            return
        self._end()
        multiprocess = context()
        self._pipe, there = multiprocess.Pipe()
        process = multiprocess.Process(target=serve, args=(there, self._warm), daemon=True)  # type: ignore[attr-defined]
        self.started = time.monotonic()
        process.start()
        there.close()  # so that the end of the process is the end of the pipe
        self._process = process

    def _send(self, job: bytes) -> None:
        try:
            self._pipe.send_bytes(job)
        except OSError:
            raise self._death() from None

    def _receive(self) -> Progress | Done | Exception | None:
        """How the job ended, or else the newest of its reports, or None after a pulse without any."""
        answer = None
        try:
            while self._pipe.poll(PULSE if answer is None else 0):
                answer = pickle.loads(self._pipe.recv_bytes())
                if not isinstance(answer, Progress):
                    break
        except (EOFError, OSError):
            raise self._death() from None
        return answer

    def _death(self) -> Problem:
        assert self._process is not None
        self._process.join(5 * GRACE)  # on a busy machine the news comes late
        code = self._process.exitcode
        if code == -9:  # SIGKILL
            return Problem(
                "The worker was killed while it worked, as happens when memory runs out. "
                "Choose fewer pictures or close other programs, and try again."
            )
        return Problem("The worker ended while it worked (exit code {code}). Try again.", code=code)

    def _end(self, gently: bool = False) -> None:
        """End the process; gently: let it clean up after itself, such as semaphores, if it does so soon."""
        process, self._process, self._ready, self.started = self._process, None, False, 0.0
        if process is not None:
            if gently:
                self._pipe.close()  # nobody can ask it for anything any more
                process.join(GRACE)
            process.terminate()
            process.join(GRACE)
            process.kill()
            process.join()
            process.close()
            self._pipe.close()
