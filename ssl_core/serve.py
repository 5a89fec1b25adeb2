"""What a job's own process does: one job after the other, until it is ended or its parent is gone.

Jobs, reports and results cross by pickle, tensors as plain arrays: no shared memory, no open files.
"""

import inspect
import io
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

import torch
from torch import Tensor

from ssl_core.problem import Problem

HUSH = 0.05  # seconds between two reports of the same thing that are passed on


@dataclass(frozen=True)
class Progress:
    """What a job is doing, and how far it is (0 to 1). The latest is repeated at every pulse."""

    what: str
    fraction: float


@dataclass(frozen=True, eq=False)
class Done:
    """What the job returned; always the last."""

    value: Any


class JobFailed(RuntimeError):
    """An error in the job that is no Problem; its text is the traceback from the worker."""


def serve(pipe: Connection, warm: Callable[[], object] | None) -> None:
    """Warm up, then answer each job with its reports and, last, Done, a Problem or JobFailed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if warm is not None:
        try:
            warm()
        except Exception:  # a job that needs it will fail with the same words, where a person sees them
            traceback.print_exc()
    said = Progress("", 0.0), 0.0

    def report(what: str, fraction: float) -> None:
        nonlocal said
        progress, now = Progress(what, fraction), time.monotonic()
        if what != said[0].what or now - said[1] > HUSH:
            said = progress, now
            pipe.send_bytes(pickle.dumps(progress))

    with suppress(EOFError, OSError):  # the parent is gone
        report("Working", 0.0)
        while True:
            job = pipe.recv_bytes()
            pipe.send_bytes(_answer(job, report))


def _answer(job: bytes, report: Callable[[str, float], None]) -> bytes:
    try:
        function, args, kwargs = pickle.loads(job)
        if "report" in inspect.signature(function).parameters:
            kwargs = {"report": report, **kwargs}
        return pack(Done(function(*args, **kwargs)))
    except Problem as problem:
        return pack(problem)
    except Exception:
        return pack(JobFailed(traceback.format_exc()))


def _end_with_parent() -> None:
    """A busy worker does not read its pipe; without this it would outlive a killed parent."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class _Packer(pickle.Pickler):
    """Tensors as arrays: pickled by torch itself, a slice would carry all of its storage along."""

    def reducer_override(self, thing: Any) -> Any:
        plain = type(thing) is Tensor and thing.device.type == "cpu" and not thing.requires_grad
        if plain and thing.layout is torch.strided and thing.dtype is not torch.bfloat16:  # numpy has none
            return torch.from_numpy, (thing.numpy(),)
        return NotImplemented


def pack(thing: object) -> bytes:
    """Pickled, with tensors as arrays."""
    buffer = io.BytesIO()
    _Packer(buffer, protocol=5).dump(thing)
    return buffer.getvalue()
