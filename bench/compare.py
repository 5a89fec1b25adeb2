"""Two ways to one result, timed in turns in one run, so that a busy machine slows both alike."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import torch

from bench.row import Row


def compare(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    target: float,
    beside: str = "the peer",
    rounds: int = 30,
    threads: int = 1,
) -> Row:
    """Run both in turns, once to warm up and then `rounds` times; milliseconds.

    One thread unless told: with more, small matrices wait for a late thread far longer than they take.
    """
    times: tuple[list[float], list[float]] = ([], [])
    with torch_threads(threads):
        for turn in range(rounds + 1):
            for way, spent in zip((ours, peer), times, strict=True):
                took = seconds(way)
                if turn:
                    spent.append(1000 * took)
    return Row.of(name, *times, target, beside)


def seconds(way: Callable[[], object]) -> float:
    """How long one call takes. What earlier ones left is thrown away before the clock starts."""
    gc.collect()
    start = perf_counter()
    way()
    return perf_counter() - start


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many threads for torch inside, as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
