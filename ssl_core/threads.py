"""How many threads work: one for small tensors, where several wait for each other longer than the work takes,
and as many as torch has for compiled kernels, which are not torch's.

Following the coding rate's gradient through 160 steps of 12 × 3 numbers takes 0.15 s on one thread and ten
times that on two, on processors that have something else to do, such as a run that is being watched.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from threading import Lock

import torch

_lock = Lock()
_before: list[int] = []  # how many threads whoever is inside goes back to: those of before the first


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch works on the calling thread alone. Handlers of several visitors may be inside at once."""
    with _lock:
        _before.append(_before[-1] if _before else torch.get_num_threads())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            torch.set_num_threads(_before.pop())


def in_portions(way: Callable[[int, int], object], n: int, portion: int) -> None:
    """Call way(first, last) for all portions of n things, several at once; `way` must release Python's lock.

    Portions, not shares: a processor that is busy elsewhere takes fewer of them.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        way(0, n)
        return
    ends = [*range(0, n, portion), n]
    list(_pool(threads, os.getpid()).map(lambda part: way(*part), pairwise(ends)))


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:  # a forked process has none of the threads
    return ThreadPoolExecutor(threads, thread_name_prefix="portions")
