"""Two ways to one result, timed in turns on one thread, so that a busy machine slows both alike.

With more threads the small matrices of one way wait for a late thread far longer than they take.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter

import torch

from bench.timing import Timing


@dataclass(frozen=True)
class Row:
    """Medians in milliseconds, and whether ours takes at most `target` times what the peer takes."""

    name: str
    ours: float
    peer: float
    ratio: float
    target: float
    ok: bool

    def line(self) -> str:
        """As the command line prints it."""
        verdict = "ok" if self.ok else "MISSED"
        return (
            f"{self.name}: {self.ours:.2f} ms against {self.peer:.2f} ms, "
            f"ratio {self.ratio:.3f}, target {self.target:g}: {verdict}"
        )


def compare(
    name: str, ours: Callable[[], object], peer: Callable[[], object], target: float, rounds: int = 30
) -> Row:
    """Run both in turns, once to warm up and then `rounds` times."""
    times: tuple[list[float], list[float]] = ([], [])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for turn in range(rounds + 1):
        for way, spent in zip((ours, peer), times, strict=True):
            start = perf_counter()
            way()
            if turn:
                spent.append(1000 * (perf_counter() - start))
    torch.set_num_threads(threads)
    here, there = map(median, times)
    return Row(name, here, there, here / there, target, here / there <= target)


def show(rows: Sequence[Row | Timing], as_json: bool) -> None:
    """A line for each, or all in one line of JSON."""
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        print(row.line())
